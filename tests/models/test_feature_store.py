"""What the library of Snowflake's Feature Store is asked for: see docs/snowflake-stand-in.md."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
from snowflake.snowpark import Session

from snowpark_models.errors import MissingTableError, RegistrationError
from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.pointintime import record, register, registration
from tests.models.staged import FIRST, put, shellcorp_until


@dataclass
class Offered:
    """snowflake.ml.feature_store.FeatureView, as far as it is used."""

    name: str
    entities: list[Any]
    feature_df: Any
    timestamp_col: str
    desc: str
    described: dict[str, str] = field(default_factory=dict)

    def attach_feature_desc(self, described: dict[str, str]) -> Offered:
        self.described = described
        return self


@dataclass
class Entity:
    name: str
    join_keys: list[str]


class Library(ModuleType):
    """snowflake.ml.feature_store, which remembers what it is asked for."""

    def __init__(self, refusal: Exception | None = None) -> None:
        super().__init__("snowflake.ml.feature_store")
        self.asked: list[Any] = []
        library = self

        class FeatureStore:
            def __init__(self, **arguments: Any) -> None:
                library.asked.append({name: arguments[name] for name in ("name", "default_warehouse")})

            def register_entity(self, entity: Entity) -> None:
                library.asked.append(entity)

            def register_feature_view(self, view: Offered, version: str) -> None:
                if refusal is not None:
                    raise refusal
                library.asked.append((view, version))

        class CreationMode:
            CREATE_IF_NOT_EXIST = "create"

        self.FeatureStore, self.CreationMode = FeatureStore, CreationMode
        self.FeatureView, self.Entity = Offered, Entity


def install(monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
    package = ModuleType("snowflake.ml")
    package.feature_store = library  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "snowflake.ml", package)
    monkeypatch.setitem(sys.modules, "snowflake.ml.feature_store", library)
    monkeypatch.setattr(registration, "has_feature_store", lambda: True)


def test_a_recorded_version_is_offered_as_a_view_with_its_clock_and_descriptions(
    own_store: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library()
    install(monkeypatch, library)
    with pytest.raises(MissingTableError, match="nothing is recorded of its version 2"):
        register(own_store, CUSTOMER_CHURN)
    put(own_store, shellcorp_until(FIRST), FIRST)
    record(own_store, [CUSTOMER_CHURN], "run-1")
    assert register(own_store, CUSTOMER_CHURN) == "FEATURE_STORE.CUSTOMER_CHURN_FEATURES$V2"
    where, entity, (view, version) = library.asked
    assert where["name"] == "FEATURE_STORE"
    assert entity == Entity("CUSTOMER", ["CUSTOMER_ID"]) == view.entities[0]
    assert (view.name, version, view.timestamp_col) == ("CUSTOMER_CHURN_FEATURES", "V2", "AVAILABLE_TS")
    assert set(view.feature_df.columns) == {
        *CUSTOMER_CHURN.features,
        "CUSTOMER_ID",
        "EVENT_TS",
        "AVAILABLE_TS",
    }
    assert set(view.described) == set(CUSTOMER_CHURN.features)
    assert CUSTOMER_CHURN.code in view.desc
    assert len(view.feature_df.collect()) == 3

    install(monkeypatch, Library(RuntimeError("(1300) insufficient privileges")))
    with pytest.raises(RegistrationError, match=r"refused version 2: \(1300\) insufficient privileges"):
        register(own_store, CUSTOMER_CHURN)
    monkeypatch.setattr(registration, "has_feature_store", lambda: False)
    with pytest.raises(RegistrationError, match=r"pip install -r requirements-feature-store\.txt"):
        register(own_store, CUSTOMER_CHURN)

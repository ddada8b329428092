"""What selectors mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from snowflake.snowpark import DataFrame

from snowpark_models import Column, Model
from snowpark_models.errors import LineageError
from snowpark_models.runner import plan
from snowpark_models.runner.selection import asks_for_state, downstreams_of, upstreams_of

ID = Column("id", "NUMBER(10,0)", "Number of the row.")


def reading(layer: str, name: str, *upstreams: str, tags: tuple[str, ...] = ()) -> Model:
    scope: dict[str, Callable[..., DataFrame]] = {}
    exec(f"def {name}({', '.join(upstreams)}): ...", scope)  # noqa: S102 - signatures made on the fly
    return Model(scope[name], layer, ("id",), (ID,), "o", "Rows.", "one row a row", tags=tags)


MODELS = [
    reading("staging", "stg_a", "raw_orders"),
    reading("staging", "stg_b", "raw_payments"),
    reading("marts", "middle", "stg_a", tags=("daily",)),
    reading("marts", "wide", "middle", "stg_b"),
    reading("features", "last", "wide", tags=("daily",)),
]


@pytest.mark.parametrize(
    ("selectors", "meant"),
    [
        ("", "stg_a stg_b middle wide last"),
        ("wide", "wide"),
        ("staging", "stg_a stg_b"),
        ("+middle", "stg_a middle"),
        ("middle+", "middle wide last"),
        ("+middle+", "stg_a middle wide last"),
        ("+wide", "stg_a stg_b middle wide"),
        ("+staging", "stg_a stg_b"),
        ("tag:daily", "middle last"),
        ("+tag:daily", "stg_a stg_b middle wide last"),
        ("snowpark_models/marts/middle.py", "middle"),
        ("./snowpark_models/marts/middle.py+", "middle wide last"),
        ("snowpark_models/marts/", "middle wide"),
        ("last stg_a", "stg_a last"),
        ("state:modified", "stg_b"),
        ("state:modified+", "stg_b wide last"),
    ],
)
def test_a_selector_means_these_models_in_the_order_of_building(selectors: str, meant: str) -> None:
    chosen = plan(selectors.split(), MODELS, modified={"stg_b"})
    assert [model.name for model in chosen] == meant.split()


def test_nothing_modified_is_nothing_selected() -> None:
    assert plan(["state:modified"], MODELS) == []


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("+midle", "^midle is neither a model nor a layer; perhaps middle"),
        ("tag:dayly", "no model has the tag dayly; perhaps daily"),
        ("+", "a selector is empty"),
        (
            "snowpark_models/marts/midle.py",
            "midle.py holds no model; perhaps snowpark_models/marts/middle.py",
        ),
    ],
)
def test_a_selector_of_nothing_there_is_refused(selector: str, message: str) -> None:
    with pytest.raises(LineageError, match=message):
        plan([selector], MODELS)


def test_what_is_above_and_below() -> None:
    assert upstreams_of(["wide"], MODELS) == {"middle", "stg_a", "stg_b"}
    assert downstreams_of(["stg_a"], MODELS) == {"middle", "wide", "last"}


def test_only_the_state_needs_the_ledger() -> None:
    assert asks_for_state(["marts", "+state:modified+"])
    assert not asks_for_state(["marts", "+tag:daily"])

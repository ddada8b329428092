"""Versions of feature views: one stands for one code, for ever. The ledger is OPS.FEATURE_VERSIONS."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from snowflake.snowpark import Session

from snowpark_models.errors import MissingTableError, VersionError
from snowpark_models.pointintime import sql
from snowpark_models.pointintime.declaration import FeatureView, StoredView
from snowpark_models.runner.names import Namespace, qualified
from snowpark_models.runner.warehouse import Warehouse


@dataclass(frozen=True)
class RecordedVersion:
    """A row of the ledger: what a version of a feature view stands for, and where its rows are."""

    name: str
    version: int
    code: str
    features: tuple[str, ...]
    location: str
    recorded_since: datetime

    @property
    def quoted(self) -> str:
        """Its table, quoted."""
        return qualified(*self.location.split(".", 1))

    def check(self, view: FeatureView) -> None:
        """Hold that a view of this version still has the code that it was recorded with.

        Raises:
            VersionError: it has changed.
        """
        if view.version == self.version and view.code != self.code:
            raise VersionError(
                f"feature view {self.name}: its code has changed since version {self.version} was first "
                f"recorded, on {self.recorded_since:%Y-%m-%d} (code {self.code}, now {view.code}). Give it "
                f"version={self.version + 1} where it is declared; what version {self.version} recorded "
                f"stays readable as .stored(version={self.version})"
            )


def recorded_versions(warehouse: Warehouse, *namespaces: Namespace) -> dict[tuple[str, int], RecordedVersion]:
    """What is recorded in some namespaces, by view and version; the first of them that has one counts."""
    kinds = warehouse.kinds()
    found: dict[tuple[str, int], RecordedVersion] = {}
    for namespace in reversed(dict.fromkeys(namespaces)):
        if (namespace.ops, sql.VERSIONS) in kinds:
            for row in warehouse.rows(sql.read_versions(namespace.ops)):
                version = _version(row.as_dict())
                found[version.name, version.version] = version
    return found


def recorded_version(warehouse: Warehouse, stored: StoredView) -> RecordedVersion:
    """What a stored view stands for: where the namespace has not recorded it, in production.

    Raises:
        MissingTableError: nothing is recorded of it.
        VersionError: today's code of the same version is another one.
    """
    versions = recorded_versions(warehouse, warehouse.namespace, Namespace())
    found = versions.get((stored.name, stored.version))
    if found is None:
        known = ", ".join(str(version) for name, version in sorted(versions) if name == stored.name)
        raise MissingTableError(
            f"feature view {stored.name}: nothing is recorded of its version {stored.version}"
            f"{f' (there is {known})' if known else ''}; the flow transform records it, and so does "
            "`python -m snowpark_models features backfill`"
        )
    found.check(stored.view)
    return found


def changed_without_version(
    session: Session, views: Iterable[FeatureView], namespace: Namespace | None = None
) -> dict[str, str]:
    """The views that may not be built in a namespace, production unless given: by name, with the reason."""
    namespace = namespace or Namespace()
    versions = recorded_versions(Warehouse(session, namespace), namespace)
    refused = {}
    for view in views:
        try:
            if (view.name, view.version) in versions:
                versions[view.name, view.version].check(view)
        except VersionError as error:
            refused[view.name] = str(error)
    return refused


def note_version(warehouse: Warehouse, view: FeatureView, location: str) -> None:
    """Record what a version stands for, in the transaction that records its rows.

    Raises:
        VersionError: it stands for other code.
    """
    features = json.dumps(view.features)
    warehouse.run(sql.note_version(warehouse.namespace.ops, view, features, location))
    rows = warehouse.rows(sql.read_versions(warehouse.namespace.ops))
    versions = {(version.name, version.version): version for version in (_version(r.as_dict()) for r in rows)}
    versions[view.name, view.version].check(view)


def _version(row: dict[str, object]) -> RecordedVersion:
    since = row["RECORDED_SINCE"]
    assert isinstance(since, datetime)  # noqa: S101 - narrows what the connector returns
    return RecordedVersion(
        str(row["FEATURE_VIEW"]),
        int(str(row["VERSION"])),
        str(row["CODE"]),
        tuple(json.loads(str(row["FEATURES"]))),
        str(row["LOCATION"]),
        since,
    )

"""Recorded feature views in Snowflake's Feature Store, for whoever looks there; nothing here depends on it.

Each version is registered as a view over its recorded rows, without refresh_freq: Snowflake computes nothing,
and our gates keep control of what is in it. Its joins take `>=` where ours take `>`; a recorded row knows
nothing from its AVAILABLE_TS on, so on these rows that leaks nothing.
"""

from __future__ import annotations

import importlib.util
from typing import Final

from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkClientException

from snowpark_models.errors import RegistrationError
from snowpark_models.pointintime.declaration import FeatureView
from snowpark_models.pointintime.sets import PRODUCTION
from snowpark_models.pointintime.versions import recorded_version
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.warehouse import Warehouse

SCHEMA: Final = "FEATURE_STORE"
"""Of the store: the objects that Snowflake makes beside a view are kept out of FEATURES."""


def has_feature_store() -> bool:
    """True where the library of the Feature Store is installed: requirements-feature-store.txt."""
    try:
        return importlib.util.find_spec("snowflake.ml.feature_store") is not None
    except ModuleNotFoundError:
        return False


def register(session: Session, view: FeatureView, *, namespace: Namespace = PRODUCTION) -> str:
    """Register what is recorded of a view's version; one that is there stays as it is.

    Args:
        session: with a current warehouse, and the right to create a schema, tags and views.
        view: of which something is recorded.
        namespace: whose recorded rows, and whose store.

    Returns:
        what it is called there.

    Raises:
        MissingTableError: nothing is recorded of the version.
        RegistrationError: the library is not installed, or Snowflake refused.
        VersionError: the view's version stands for other code.
    """
    recorded = recorded_version(Warehouse(session, namespace), view.stored())
    if not has_feature_store():
        raise RegistrationError(
            f"feature view {view.name}: snowflake-ml-python is not installed; "
            "`pip install -r requirements-feature-store.txt`"
        )
    from snowflake.ml import feature_store

    version = f"V{view.version}"
    entity = feature_store.Entity(name=view.entity.name.upper(), join_keys=list(view.entity.keys))
    offered = feature_store.FeatureView(
        name=view.model.table,
        entities=[entity],
        feature_df=session.table(recorded.quoted).drop("RUN_ID"),
        timestamp_col="AVAILABLE_TS",
        desc=f"{view.model.description} Code {view.code}.",
    ).attach_feature_desc(_descriptions(view))
    try:
        store = feature_store.FeatureStore(
            session=session,
            database=_plain(session.get_current_database()),
            name=namespace.schema(SCHEMA),
            default_warehouse=_plain(session.get_current_warehouse()),
            creation_mode=feature_store.CreationMode.CREATE_IF_NOT_EXIST,
        )
        store.register_entity(entity)
        store.register_feature_view(offered, version)
    except (SnowparkClientException, RuntimeError, ValueError) as error:
        raise RegistrationError(
            f"feature view {view.name}: Snowflake's Feature Store refused version {view.version}: {error}"
        ) from error
    return f"{namespace.schema(SCHEMA)}.{view.model.table}${version}"


def _descriptions(view: FeatureView) -> dict[str, str]:
    wanted = set(view.features)
    return {c.name.upper(): c.comment for c in view.model.contract if c.name.upper() in wanted}


def _plain(name: str | None) -> str:
    """A name without the quotes that Snowpark keeps around it."""
    return (name or "").strip('"')

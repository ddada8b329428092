"""What the mails need to know of tables: whose each is, and which of its columns are personal."""

from __future__ import annotations

from deployments.settings import Settings
from expectations.report import TableFacts
from flows.ingest.policies.policy import Policies
from flows.ingest.tables.captured import mirror_name
from snowpark_models.runner import discover
from snowpark_models.sources import SOURCES


def table_facts(settings: Settings) -> dict[str, TableFacts]:
    """The facts of every table that a gate checks, from the models' contracts and the replication's policies.

    A mirror belongs to who owns the staging models that read it.

    Raises:
        ModelError: the models cannot be read.
        PolicyError: the policies cannot be read.
    """
    models, policies = discover(), Policies.read(settings.replication_file)
    personal = {
        mirror_name(*label.split(".", 1)): policies.of(label).personal
        for label in policies.tables
        if "." in label
    }
    facts = {}
    for model in models:
        for upstream in model.upstreams:
            if upstream in SOURCES:
                table = SOURCES[upstream].table
                columns = personal.get(table, policies.defaults.personal)
                facts[f"RAW.{table}"] = TableFacts(model.owner, _upper(columns))
    for model in models:
        columns = frozenset(column.name for column in model.contract if column.personal)
        facts[f"{model.schema}.{model.table}"] = TableFacts(model.owner, _upper(columns))
    return facts


def _upper(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.upper() for name in names)

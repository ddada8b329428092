"""Warehouses and the monitors that stop them."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.quoting import snowflake_name
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account, Row
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step

SQL = Script("04_warehouses.sql")
SIZE = "XSMALL"


def steps(account: Account, names: Names) -> Iterator[Step]:
    """Make what is missing; what is there gets its timeouts, and its monitor its quota."""
    monitors = account.by_name("SHOW RESOURCE MONITORS")
    present = account.by_name("SHOW WAREHOUSES")
    for warehouse in wanted.warehouses(names):
        name = names.own(warehouse.name)
        if warehouse.credits is not None:
            yield from _monitor(monitors.get(name), name, warehouse.credits)
        if name not in present:
            made = SQL(
                "create_warehouse",
                warehouse=name,
                size=SIZE,
                auto_suspend=warehouse.auto_suspend,
                statement_timeout=warehouse.timeout,
                queued_timeout=warehouse.queued_timeout,
                comment=names.marked(warehouse.comment),
            )
            yield Step("+", f"warehouse {name}, {SIZE}: {warehouse.comment}", made)
        else:
            yield from _options(account, present[name], warehouse)
        if warehouse.credits is not None and present.get(name, {}).get("resource_monitor") != name:
            watched = SQL("set_monitor", warehouse=name, monitor=name)
            yield Step("~", f"warehouse {name}: resource monitor {name}", watched)


def _monitor(found: Row | None, name: str, quota: int) -> Iterator[Step]:
    if found is None:
        made = SQL("create_monitor", monitor=name, credits=quota)
        yield Step("+", f"resource monitor {name}, {quota} credits a month", made)
    elif float(found["credit_quota"] or 0) != quota:
        changed = SQL("set_quota", monitor=name, credits=quota)
        yield Step(
            "~", f"resource monitor {name}: {found['credit_quota']} → {quota} credits a month", changed
        )


def _options(account: Account, found: Row, warehouse: wanted.Warehouse) -> Iterator[Step]:
    name = found["name"]
    parameters = {
        row["key"]: row["value"]
        for row in account.rows(f"SHOW PARAMETERS LIKE 'STATEMENT%' IN WAREHOUSE {snowflake_name(name)}")
    }
    for option, now, value in (
        ("AUTO_SUSPEND", found["auto_suspend"], warehouse.auto_suspend),
        ("STATEMENT_TIMEOUT_IN_SECONDS", parameters["STATEMENT_TIMEOUT_IN_SECONDS"], warehouse.timeout),
        (
            "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
            parameters["STATEMENT_QUEUED_TIMEOUT_IN_SECONDS"],
            warehouse.queued_timeout,
        ),
    ):
        if int(now or 0) != value:
            changed = SQL("set_warehouse", warehouse=name, option=option, value=value)
            yield Step("~", f"warehouse {name}: {option} {now} → {value}", changed)

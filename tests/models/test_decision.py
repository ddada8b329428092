"""Whether a model is built, and how, by what the ledger knows."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from snowflake.snowpark import DataFrame

from snowpark_models import Column, Model
from snowpark_models.errors import LocalityError
from snowpark_models.runner import code
from snowpark_models.runner.code import code_hash
from snowpark_models.runner.decision import Input, decide
from snowpark_models.runner.locality import Route, is_by_parts, routes
from snowpark_models.runner.state import ModelState

ORDER = Column("order_id", "NUMBER(10,0)", "Number of the order.")
CUSTOMER = Column("customer_id", "NUMBER(10,0)", "Who ordered.")


def stg_orders(raw_orders: DataFrame) -> DataFrame:
    return raw_orders


def stg_customers(raw_customers: DataFrame) -> DataFrame:
    return raw_customers


def order_facts(stg_orders: DataFrame, stg_customers: DataFrame) -> DataFrame:
    return stg_orders.join(stg_customers, on="CUSTOMER_ID")


def declared(function: object, layer: str, key: str, *contract: Column, kind: str = "incremental") -> Model:
    return Model(function, layer, (key,), contract, "me", "Rows.", "one row a row", kind)  # type: ignore[arg-type]


ORDERS = declared(stg_orders, "staging", "order_id", ORDER, CUSTOMER)
CUSTOMERS = declared(stg_customers, "staging", "customer_id", CUSTOMER)
FACTS = declared(order_facts, "marts", "order_id", ORDER, CUSTOMER)
BY_NAME = {model.name: model for model in (ORDERS, CUSTOMERS, FACTS)}

STATE = ModelState("order_facts", 7, 3, "code", {"STAGING.STG_ORDERS": 5, "STAGING.STG_CUSTOMERS": 2})


def inputs(orders: int | None = 5, orders_from: int | None = 2) -> dict[str, Input]:
    return {
        "stg_orders": Input("STAGING.STG_ORDERS", orders, orders_from),
        "stg_customers": Input("STAGING.STG_CUSTOMERS", 2, 1),
    }


@pytest.mark.parametrize(
    ("state", "code", "read", "mode", "reason"),
    [
        (None, "code", inputs(), "rebuild", "it was never built"),
        (replace(STATE, is_rebuilding=True), "code", inputs(), "rebuild", "a rebuild of it did not end"),
        (STATE, "other", inputs(), "rebuild", "its code or its contract has changed"),
        (
            replace(STATE, is_probed=False),
            "code",
            inputs(orders=6),
            "rebuild",
            "new in stg_orders; it had too little to be tried by parts",
        ),
        (replace(STATE, is_probed=False), "code", inputs(), "nothing", "nothing is new upstream"),
        (STATE, "code", inputs(), "nothing", "nothing is new upstream"),
        (STATE, "code", inputs(orders=9), "incremental", "new in stg_orders"),
        (STATE, "code", inputs(orders=9, orders_from=6), "incremental", "new in stg_orders"),
        (STATE, "code", inputs(9, 7), "rebuild", "stg_orders was rebuilt, or keeps no log that reaches back"),
        (
            STATE,
            "code",
            inputs(9, None),
            "rebuild",
            "stg_orders was rebuilt, or keeps no log that reaches back",
        ),
        (
            replace(STATE, inputs={}),
            "code",
            inputs(),
            "rebuild",
            "stg_orders, stg_customers was rebuilt, or keeps no log that reaches back",
        ),
    ],
)
def test_what_is_decided(
    state: ModelState | None, code: str, read: dict[str, Input], mode: str, reason: str
) -> None:
    decision = decide(state, code, read, is_by_parts=True)
    assert (decision.mode, decision.reason) == (mode, reason)


def test_a_rebuild_can_be_asked_for_and_a_table_is_built_as_a_whole() -> None:
    assert decide(STATE, "code", inputs(), is_by_parts=True, is_wanted=True).mode == "rebuild"
    assert decide(STATE, "code", inputs(orders=9), is_by_parts=False).mode == "rebuild"
    assert is_by_parts(FACTS, BY_NAME)
    assert not is_by_parts(replace(FACTS, materialized="table"), BY_NAME)


def test_an_upstream_without_the_key_is_followed_through_one_that_has_both() -> None:
    assert routes(FACTS, BY_NAME) == [
        Route("stg_orders", ("order_id",)),
        Route("stg_customers", ("customer_id",), through="stg_orders"),
    ]


def test_an_upstream_that_nothing_leads_to_is_refused_with_the_remedy() -> None:
    def names(stg_orders: DataFrame, stg_customers: DataFrame) -> DataFrame:
        return stg_orders.join(stg_customers)

    narrow = {**BY_NAME, "stg_orders": replace(ORDERS, contract=(ORDER,))}
    with pytest.raises(
        LocalityError,
        match=r"model names cannot be incremental: stg_customers has no column order_id, and no upstream "
        r'leads there: say routes=\{"stg_customers": "…"\} with an upstream that has CUSTOMER_ID',
    ):
        routes(declared(names, "marts", "order_id", ORDER), narrow)
    with pytest.raises(LocalityError, match="stg_orders, which is a table, keeps no log"):
        routes(FACTS, {**BY_NAME, "stg_orders": replace(ORDERS, materialized="table")})
    with pytest.raises(LocalityError, match="raw_orders has the key order_id, and what reads a mirror"):
        routes(replace(ORDERS, key=("customer_id",)), BY_NAME)


SOURCE = '''
    """What it says."""
    from snowpark_models import Column, model

    @model(key="id", contract=[Column("id", "NUMBER(10,0)", "Key.")], owner="me", description="d", grain="g")
    def stg_things(raw_orders):
        """More words."""
        return raw_orders.select("{column}")  # {comment}
'''


def hash_of(folder: Path, column: str, comment: str) -> str:
    """The hash of a model in a file of its own."""
    package = folder / f"{column}_{comment}"
    (package / "staging").mkdir(parents=True)
    file = package / "staging" / "stg_things.py"
    file.write_text(textwrap.dedent(SOURCE.format(column=column, comment=comment)))
    module = ModuleType("things.staging.stg_things")
    module.__file__ = str(file)
    exec(compile(file.read_text(), str(file), "exec"), vars(module))  # noqa: S102 - the text above
    return code_hash(module.stg_things)


def test_the_hash_is_of_what_is_computed_and_not_of_how_it_is_written(tmp_path: Path) -> None:
    assert hash_of(tmp_path, "ID", "one") == hash_of(tmp_path, "ID", "other")
    assert hash_of(tmp_path, "ID", "third") != hash_of(tmp_path, "NUMBER", "one")


@pytest.mark.parametrize(
    "statement",
    [
        "import things.helper",
        "from things.helper import answer",
        "from things import helper",
        "from ..helper import answer",
        "from .. import helper",
    ],
)
def test_the_hash_knows_helpers_however_they_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    helper = tmp_path / "helper.py"
    monkeypatch.setitem(sys.modules, "things", ModuleType("things"))
    imported = ModuleType("things.helper")
    imported.__file__ = str(helper)
    monkeypatch.setitem(sys.modules, "things.helper", imported)
    found = set()
    for answer in (1, 2):
        model = tmp_path / "staging" / f"model_{answer}.py"
        model.parent.mkdir(exist_ok=True)
        model.write_text(f"{statement}\n")
        helper.write_text(f"answer = {answer}\n")
        code._own_syntax.cache_clear()
        found.add(code._syntax("things.staging.model", str(model)))
    assert len(found) == 2


def test_the_hash_knows_contract_and_helpers() -> None:
    assert code_hash(FACTS) != code_hash(replace(FACTS, contract=(ORDER,)))
    assert code_hash(FACTS) != code_hash(replace(FACTS, materialized="table"))

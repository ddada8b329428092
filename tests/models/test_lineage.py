"""The order that signatures make, and the graphs that are refused."""

from __future__ import annotations

import random
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snowflake.snowpark import DataFrame

from snowpark_models import Column, Model
from snowpark_models.errors import DefinitionError, LineageError
from snowpark_models.runner import discover, plan
from snowpark_models.runner.lineage import in_order
from snowpark_models.sources import SOURCES

ID = Column("id", "NUMBER(10,0)", "Number of the row.")


def reading(layer: str, name: str, *upstreams: str) -> Model:
    """A model of that name whose parameters are the upstreams."""
    scope: dict[str, Callable[..., DataFrame]] = {}
    exec(f"def {name}({', '.join(upstreams)}): ...", scope)  # noqa: S102 - signatures made on the fly
    return Model(scope[name], layer, ("id",), (ID,), "owner@shellcorp.example", "Rows.", "one row a row")


ORDERS = reading("staging", "stg_orders", "raw_orders")
LINES = reading("staging", "stg_lines", "raw_order_lines")
FACTS = reading("marts", "facts", "stg_orders", "stg_lines")
REVENUE = reading("marts", "a_revenue", "facts")
CHURN = reading("features", "churn", "a_revenue", "stg_orders")
ALL = [CHURN, REVENUE, FACTS, LINES, ORDERS]


def names(models: list[Model]) -> list[str]:
    return [model.name for model in models]


def test_upstreams_come_first_whatever_the_alphabet_says() -> None:
    assert names(in_order(ALL)) == ["stg_lines", "stg_orders", "facts", "a_revenue", "churn"]


@given(st.randoms())
@settings(max_examples=25)
def test_the_order_is_the_same_however_the_files_are_found(chance: random.Random) -> None:
    shuffled = list(ALL)
    chance.shuffle(shuffled)
    assert in_order(shuffled) == in_order(ALL)


def test_a_selection_names_models_and_layers() -> None:
    assert names(plan(["marts", "stg_lines"], ALL)) == ["stg_lines", "facts", "a_revenue"]
    assert plan([], ALL) == in_order(ALL)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([reading("marts", "facts", "stg_ordres"), ORDERS], "its parameter stg_ordres .* perhaps stg_orders"),
        ([reading("staging", "stg_x", "raw_order")], "raw_order names neither .* perhaps raw_orders"),
        ([reading("marts", "a", "b"), reading("marts", "b", "a")], "in a circle: .*(a → b|b → a)"),
        ([reading("marts", "a", "a")], "in a circle: a → a"),
        ([ORDERS, reading("marts", "stg_orders", "raw_orders")], "staging/stg_orders and marts/stg_orders"),
        ([ORDERS, reading("marts", "STG_ORDERS", "stg_orders")], "would be the table STG_ORDERS, .*: rename"),
        ([reading("staging", "raw_orders", "raw_payments")], "raw_orders is called like a source"),
        ([reading("marts", "facts", "raw_orders")], "facts of marts reads the source raw_orders: only"),
        (
            [reading("marts", "facts", "churn"), reading("features", "churn")],
            "facts of marts reads churn of features: the data's way is staging → marts → features",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_graph_is_refused(models: list[Model], message: str) -> None:
    with pytest.raises(LineageError, match=message):
        plan([], models)


def test_a_selection_of_nothing_there_is_refused() -> None:
    with pytest.raises(LineageError, match="fact is neither a model nor a layer; perhaps facts"):
        plan(["fact"], ALL)


def test_every_source_has_its_staging_model_and_all_of_shellcorps_models_have_an_order() -> None:
    ordered = plan()
    staged = {upstream for model in ordered if model.layer == "staging" for upstream in model.upstreams}
    assert staged == set(SOURCES)
    seen: set[str] = set(SOURCES)
    for model in ordered:
        assert set(model.upstreams) <= seen, model.name
        seen.add(model.name)


MODEL_FILE = """
    from snowpark_models import Column, model

    @model(key="id", contract=[Column("id", "NUMBER(10,0)", "Row.")], owner="o", description="d", grain="g")
    def {function}(raw_orders):
        return raw_orders
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty package of models, importable as `other_models`."""
    folder = tmp_path / "other_models"
    for part in (folder, folder / "staging", folder / "marts", folder / "features"):
        part.mkdir()
        (part / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith("other_models")]:
        del sys.modules[name]


def write(file: Path, function: str) -> None:
    file.write_text(textwrap.dedent(MODEL_FILE.format(function=function)))


def test_a_file_in_a_layers_folder_is_a_model(package: Path) -> None:
    write(package / "staging" / "stg_orders.py", "stg_orders")
    (package / "staging" / "_helpers.py").write_text("def help(): ...\n")
    assert [(model.layer, model.name) for model in discover("other_models")] == [("staging", "stg_orders")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("from snowpark_models import model\n\n@model\ndef broken(raw_orders): ...", "TypeError"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named(package: Path, text: str, problem: str) -> None:
    (package / "marts" / "broken.py").write_text(text)
    with pytest.raises(DefinitionError, match=rf"marts/broken\.py cannot be imported: {problem}"):
        discover("other_models")


def test_a_file_must_hold_the_model_that_it_is_called_after(package: Path) -> None:
    write(package / "marts" / "revenue.py", "turnover")
    with pytest.raises(LineageError, match=r"marts/revenue\.py must hold one model, .* holds turnover"):
        discover("other_models")

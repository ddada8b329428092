"""The runner's SQL: what comes from a contract is quoted, whatever it holds."""

from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from snowflake.snowpark import DataFrame
from sqlglot import exp

from snowpark_models import Column, Model
from snowpark_models.runner.names import identifier, literal
from snowpark_models.runner.sql.tables import create_by_contract

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)


def facts(stg_orders: DataFrame) -> DataFrame:
    return stg_orders


def with_contract(*contract: Column) -> Model:
    return Model(facts, "marts", ("id",), contract, "o'neil@shellcorp.example", "It's all.", "one row a row")


@given(TEXT)
def test_any_text_survives_as_a_literal(text: str) -> None:
    assert sqlglot.parse_one(f"SELECT {literal(text)} AS T", read="snowflake").selects[0].this.this == text


@pytest.mark.parametrize(
    ("name", "quoted"), [("amount", '"AMOUNT"'), ('a"b', '"A""B"'), ("x; DROP", '"X; DROP"')]
)
def test_an_identifier_is_quoted_in_upper_case(name: str, quoted: str) -> None:
    assert identifier(name) == quoted


def test_a_candidate_has_the_types_and_the_comments_of_its_contract() -> None:
    created = sqlglot.parse_one(
        create_by_contract(
            with_contract(
                Column("id", "NUMBER(10,0)", "The row's number."),
                Column("email", "VARCHAR(320)", "Address.", nullable=True, personal=True),
            ),
            '"MARTS"."FACTS"',
        ),
        read="snowflake",
    )
    columns = [
        (
            column.name,
            column.args["kind"].sql("snowflake"),
            column.find(exp.CommentColumnConstraint).this.this,
        )
        for column in created.find_all(exp.ColumnDef)
    ]
    assert columns == [
        ("ID", "DECIMAL(10, 0)", "The row's number."),
        ("EMAIL", "VARCHAR(320)", "Address. [personal]"),
    ]
    comment = created.find(exp.SchemaCommentProperty)
    assert comment is not None
    assert comment.this.this == "It's all. Grain: one row a row. Owner: o'neil@shellcorp.example."
    assert created.find(exp.CopyGrantsProperty) is not None

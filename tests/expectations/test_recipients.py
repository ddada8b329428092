"""Who gets what: each address one mail, about what concerns it; and what is personal is masked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.gate.results import CheckResult, GateResult
from expectations.report import TableFacts, compose, compose_digest, groups_of
from expectations.report.findings import finding_of
from expectations.report.limits import WIDEST
from expectations.report.ownership import MASK, masked_error, masked_key
from expectations.report.recipients import EVERYTHING, Concern
from tests.expectations.example_mail import OWNERSHIP, SALES, example, example_week
from tests.expectations.pictures import SENDER, part

SUPPORT = "support-analytics@shellcorp.example"
PERSONAL = TableFacts("o@x.example", frozenset({"EMAIL", "NAME"}))


def test_each_address_is_in_one_group() -> None:
    groups = groups_of(
        ["all@x.example", "Lee <lee@x.example>"],
        {
            "raw": ["dba@x.example", "LEE@x.example"],
            "marts": ["ana@x.example", "bo@x.example"],
            "Sales@x.example": ["bo@x.example", "ana@x.example", "dba@x.example"],
        },
    )
    assert {str(group.concern): group.addresses for group in groups} == {
        "all tables": ("all@x.example", "Lee <lee@x.example>"),
        "raw, sales@x.example": ("dba@x.example",),
        "marts, sales@x.example": ("ana@x.example", "bo@x.example"),
    }
    assert groups[0].concern == EVERYTHING


def test_a_mail_is_about_what_concerns_its_readers_alone() -> None:
    summary = example()
    sales = summary.about(Concern(frozenset({SALES})))
    assert {gate.name for gate in sales.gates} == {"MARTS.ORDER_FACTS"}
    assert {model.name for model in sales.models} == {"MARTS.ORDER_FACTS", "MARTS.DAILY_REVENUE"}
    assert {failure.name for failure in sales.history.failures} == {"MARTS.ORDER_FACTS"}
    text = part(compose(sales, SENDER, ["ana@x.example"]), "plain")
    assert f"about {SALES} alone" in text
    assert "STG_CUSTOMERS" not in text
    assert "SUPPORT_LOAD" not in text
    raw = summary.about(Concern(frozenset({"raw"})))
    assert (raw.verdict, len(raw.tables), raw.models) == ("published", 4, ())
    assert (
        compose(raw, SENDER, ["b@x.example"])["Message-ID"] != compose(sales, SENDER, ["a@x"])["Message-ID"]
    )


def test_a_gate_of_others_is_no_failure_of_the_own_tables() -> None:
    run = replace(example(), first_error="MARTS.ORDER_FACTS: closed, 1 of 9 checks failed")
    support = run.about(Concern(frozenset({SUPPORT})))
    assert {model.name for model in support.models} == {"MARTS.SUPPORT_LOAD"}
    assert (support.verdict, support.first_error) == ("published", None)
    no_key = CheckResult("ORDER_ID is unique", "ORDER_ID", "critical", False, 1, 9)
    raw = replace(run, gates=(GateResult("RAW", "ORDERS", (no_key,)),)).about(Concern(frozenset({"raw"})))
    text = part(compose(raw, SENDER, ["dba@x.example"]), "plain")
    assert "What is built from RAW.ORDERS was not replaced." in text


def test_who_is_not_concerned_gets_no_mail_unless_the_run_failed() -> None:
    nobody = replace(example(), gates=(), models=()).about(Concern(frozenset({"features"})))
    assert not nobody.is_told
    assert replace(nobody, first_error="the disk is full").is_told
    assert replace(nobody, concern=EVERYTHING).is_told


def test_a_digest_is_about_what_concerns_its_readers_alone() -> None:
    week = example_week().about(Concern(frozenset({SALES})))
    text = part(compose_digest(week, SENDER, ["ana@x.example"]), "plain")
    assert "MARTS.DAILY_REVENUE: 2 of 7 runs" in text
    assert "RAW" not in text
    assert "LAG AND COST" not in text
    assert "LAG AND COST" in part(compose_digest(example_week(), SENDER, ["a@x.example"]), "plain")


@pytest.mark.parametrize(
    ("key", "facts", "shown"),
    [
        ("ORDER_ID=7, LINE_NUMBER=2", PERSONAL, "ORDER_ID=7, LINE_NUMBER=2"),
        ("CUSTOMER_ID=7, EMAIL=a@b.c", PERSONAL, f"CUSTOMER_ID=7, EMAIL={MASK}"),
        ("email=a@b.c, CUSTOMER_ID=7", PERSONAL, f"email={MASK}"),
        ("EMAIL=NULL", PERSONAL, "EMAIL=NULL"),
        ("CUSTOMER_ID=7", None, f"CUSTOMER_ID={MASK}"),
        ("no name", None, MASK),
        ("EMAIL=a@b.c", TableFacts(), "EMAIL=a@b.c"),
    ],
)
def test_personal_columns_of_keys_are_masked(key: str, facts: TableFacts | None, shown: str) -> None:
    assert masked_key(key, facts) == shown


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["EMAIL", "NAME", "name"]))
def test_no_value_of_a_personal_column_is_shown_however_it_looks(start: str, end: str, column: str) -> None:
    key = f"ORDER_ID=7, {column}={start}secret{end}, LINE=2"
    assert "secret" not in masked_key(key, PERSONAL)
    assert "secret" not in masked_key(key, None)


def test_a_database_quotes_no_personal_value_in_its_error() -> None:
    error = "Numeric value 'soren@shop.example' is not recognized"
    assert masked_error(error, PERSONAL) == f"Numeric value '{MASK}' is not recognized"
    assert masked_error(error, None) == masked_error(error, PERSONAL)
    assert masked_error(error, TableFacts()) == error
    (check,) = [c for gate in example().gates if "CUSTOMERS" in gate.name for c in gate.failures]
    found = finding_of(check, OWNERSHIP["STAGING.STG_CUSTOMERS"], WIDEST)
    assert found.keys == (f"CUSTOMER_ID=77, EMAIL={MASK}", f"CUSTOMER_ID=912, EMAIL={MASK}")

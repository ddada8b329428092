"""The command line of the models."""

from __future__ import annotations

import pytest

from snowpark_models.__main__ import main
from snowpark_models.command.show import shown
from snowpark_models.runner import plan


def test_list_shows_models_in_the_order_of_building(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "daily_revenue", "stg_orders", "order_facts"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["#", "layer", "model", "grain", "owner", "reads"]
    assert [line.split()[:3] for line in lines] == [
        ["1", "staging", "stg_orders"],
        ["2", "marts", "order_facts"],
        ["3", "marts", "daily_revenue"],
    ]
    assert lines[1].endswith("stg_orders, stg_order_lines, stg_payments, stg_customers")


def test_what_is_shown_leaves_personal_data_out() -> None:
    (model,) = plan(["customer_360"])
    assert {"CUSTOMER_ID", "SEGMENT"} <= set(shown(model))
    assert not {"NAME", "EMAIL"} & set(shown(model))


def test_a_selection_that_names_nothing_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "order_fact"]) == 2
    assert "order_fact is neither a model nor a layer; perhaps order_facts?" in capsys.readouterr().err

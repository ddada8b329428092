"""The table at the end of the demo."""

from sandbox.demo.summary import text_table


def test_numbers_stand_to_the_right_and_what_is_missing_is_a_dash() -> None:
    table = text_table(["table", "rows", "lag s"], [["ORDERS", 30123, 0.25], ["PAYMENTS", 7, None]])
    assert table.splitlines() == [
        "table       rows  lag s",
        "────────  ──────  ─────",
        "ORDERS    30,123    0.2",
        "PAYMENTS       7      –",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert text_table(["table"], []).splitlines() == ["table", "─────"]

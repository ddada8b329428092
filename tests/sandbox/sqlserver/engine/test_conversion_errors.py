"""What a conversion raises, by the type it comes from: the table of `conversion/overflow.py`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.sqlserver.engine.engine import StandInEngine
from sandbox.sqlserver.results import SqlServerError
from tests.sandbox.sqlserver.engine.engine_client import Client, open_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandInEngine]:
    engine = open_engine(tmp_path_factory.mktemp("conversions"))
    yield engine
    engine.close()


CELLS = [
    ("CAST('300' AS tinyint)", 244, "The conversion of the varchar value '300' overflowed an INT1 column."),
    ("CAST(N'99999' AS smallint)", 244, "nvarchar value '99999' overflowed an INT2 column."),
    ("CAST('99999999999' AS int)", 248, "value '99999999999' overflowed an int column."),
    ("CAST('99999999999999999999' AS bigint)", 8115, "expression to data type bigint"),
    ("CAST('x' AS int)", 245, "converting the varchar value 'x' to data type int"),
    ("CAST('x' AS bigint)", 8114, "Error converting data type varchar to bigint."),
    ("CAST('42.5' AS int)", 245, "'42.5'"),
    ("CAST('x' AS float)", 8114, "varchar to float"),
    ("CAST('nan' AS float)", 8114, "varchar to float"),
    ("CAST('1e400' AS float)", 8115, "float"),
    ("CAST('' AS decimal(5))", 8114, "varchar to numeric"),
    ("CAST('$1' AS decimal(5))", 8114, "varchar to numeric"),
    ("CAST('x' AS money)", 235, "incorrect syntax"),
    ("CAST('999999999999999' AS money)", 236, "money overflow error"),
    ("CAST('x' AS smallmoney)", 293, "char value to smallmoney"),
    ("CAST('214748.3648' AS smallmoney)", 294, "smallmoney overflow error"),
    ("CAST(300 AS tinyint)", 220, "Arithmetic overflow error for data type tinyint, value = 300."),
    ("CAST(-1 AS tinyint)", 220, "value = -1."),
    ("CAST(70000 AS smallint)", 220, "data type smallint, value = 70000."),
    ("CAST(CAST(70000 AS bigint) AS smallint)", 8115, "expression to data type smallint"),
    ("CAST(3000000000 AS int)", 8115, "expression to data type int"),
    ("CAST(7e4 AS smallint)", 232, "Arithmetic overflow error for type smallint, value = 70000.000000."),
    ("CAST(3e9 AS int)", 232, "type int, value = 3000000000.000000."),
    ("CAST(1e19 AS bigint)", 8115, "bigint"),
    ("CAST(CAST(70000 AS money) AS smallint)", 220, "value = 700000000."),
    ("CAST(CAST(3000000000 AS money) AS int)", 237, "convert a money value to int"),
    ("CAST(999999999999999 AS money)", 8115, "money"),
    ("CAST(123456 AS nvarchar(3))", 8115, "expression to data type nvarchar"),
    ("CAST(CAST(123 AS bigint) AS varchar(2))", 8115, "expression to data type varchar"),
    ("CAST(123.45 AS varchar(5))", 8115, "numeric to data type varchar"),
    ("CAST(CAST(99.99 AS money) AS varchar(4))", 234, "convert a money value to varchar"),
    ("CAST(1.5e30 AS varchar(5))", 232, "for type varchar"),
    ("CAST(1 AS bit) + CAST(1 AS bit)", 402, "bit and bit are incompatible in the add operator."),
    ("CAST(1 AS bit) / CAST(1 AS bit)", 8117, "Operand data type bit is invalid for divide operator."),
    ("CAST('2024-01-01 00:00:00.1234' AS datetime)", 241, "converting date and/or time"),
    ("CAST('1752-12-31' AS datetime)", 242, "out-of-range value"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "number", "told"), CELLS, ids=[cell[0] for cell in CELLS])
def test_literals_and_columns_raise_the_same(client: Client, expression: str, number: int, told: str) -> None:
    value = expression[expression.index("(") + 1 : expression.rindex(" AS ")]
    of_column = f"{expression.replace(value, 'v', 1)} FROM (SELECT {value} AS v) AS t"
    for sql in [expression] if " bit)" in expression else [expression, of_column]:
        with pytest.raises(SqlServerError) as caught:
            client.value(sql)
        assert (caught.value.number, told in caught.value.text) == (number, True), caught.value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CAST('' AS float)", 0.0),
        ("CAST('  ' AS real)", 0.0),
        ("CAST('' AS money)", Decimal("0.0000")),
        ("CAST('$1,234.56' AS money)", Decimal("1234.5600")),
        ("CAST('-$1,2,3' AS money)", Decimal("-123.0000")),
        ("CAST(N'€ 5.00005' AS smallmoney)", Decimal("5.0001")),
        ("CAST(123456 AS varchar(3))", "*"),
        ("CAST(-123 AS char(3))", "*  "),
        ("CAST(CAST(255 AS tinyint) AS varchar(2))", "*"),
        ("CAST('000' AS bit)", False),
        ("CAST('99999999999999999999' AS bit)", True),
        ("TRY_CAST('99999' AS tinyint)", None),
        ("TRY_CAST('x' AS money)", None),
        ("TRY_CAST(3e9 AS int)", None),
        ("TRY_CAST(NULL AS int)", None),
        ("CAST(-2.9 AS int)", -2),
        ("CAST(CAST(1 AS bit) + 1 AS int)", 2),
    ],
)
def test_values_that_surprise(client: Client, expression: str, value: Any) -> None:
    assert client.value(expression) == value


def test_an_overflow_ends_its_statement_and_a_text_the_batch(client: Client) -> None:
    client.run("CREATE TABLE dbo.small (t tinyint)")
    assert client.error("INSERT INTO dbo.small VALUES (300); INSERT INTO dbo.small VALUES (1)") == 220
    assert client.error("INSERT INTO dbo.small VALUES ('300'); INSERT INTO dbo.small VALUES (2)") == 244
    assert client.rows("SELECT t FROM dbo.small") == [(1,)]

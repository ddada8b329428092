"""Bad rows in the source, each breaking a rule of one layer, and their repair.

The rows are ones that the traffic leaves as they are, so that it may go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.shellcorp.server import Server


@dataclass(frozen=True)
class Breakage:
    """How a rule is broken on a few rows, and how the rows are found and repaired again.

    Attributes:
        says: what is wrong with the rows, in a few words.
        breaks: SQL that breaks the rule on the first five rows that qualify.
        mends: SQL that repairs every row that breaks it.
    """

    says: str
    breaks: str
    mends: str


BREAKAGES: Mapping[str, tuple[Breakage, ...]] = {
    "raw": (
        Breakage(
            "customers with an e-mail address without @",
            """
UPDATE dbo.customers
SET email = REPLACE(email, '@', ' at ')
WHERE
    customer_id IN (
        SELECT TOP (5) customer_id FROM dbo.customers WHERE email LIKE '%@%' ORDER BY customer_id
    )
""",
            "UPDATE dbo.customers SET email = REPLACE(email, ' at ', '@') WHERE email LIKE '% at %'",
        ),
        Breakage(
            "orders in a currency that does not exist",
            """
UPDATE dbo.orders
SET currency_code = 'XXX'
WHERE
    order_id IN (
        SELECT TOP (5) order_id
        FROM dbo.orders
        WHERE currency_code = 'EUR' AND status = 'shipped'
        ORDER BY order_id
    )
""",
            "UPDATE dbo.orders SET currency_code = 'EUR' WHERE currency_code = 'XXX'",
        ),
    ),
    "staging": (
        Breakage(
            "activities with a status that does not exist",
            """
UPDATE dbo.activities
SET status = 'teleported'
WHERE
    activity_id IN (
        SELECT TOP (5) activity_id FROM dbo.activities WHERE status = 'completed' ORDER BY activity_id
    )
""",
            "UPDATE dbo.activities SET status = 'completed' WHERE status = 'teleported'",
        ),
        Breakage(
            "order lines with a negative quantity",
            """
UPDATE dbo.order_lines
SET quantity = -quantity
WHERE order_id IN (SELECT TOP (5) order_id FROM dbo.orders WHERE status = 'shipped' ORDER BY order_id)
""",
            "UPDATE dbo.order_lines SET quantity = -quantity WHERE quantity < 0",
        ),
    ),
    "marts": (
        Breakage(
            "shipped orders whose total is not the sum of their lines",
            """
UPDATE dbo.orders
SET total_amount = total_amount + 100
WHERE order_id IN (SELECT TOP (5) order_id FROM dbo.orders WHERE status = 'shipped' ORDER BY order_id)
""",
            """
UPDATE dbo.orders
SET
    total_amount = (
        SELECT SUM(line_amount) FROM dbo.order_lines WHERE order_lines.order_id = orders.order_id
    )
WHERE
    total_amount <> (
        SELECT SUM(line_amount) FROM dbo.order_lines WHERE order_lines.order_id = orders.order_id
    )
""",
        ),
    ),
}


def break_layer(server: Server, layer: str, say: Callable[[str], None]) -> None:
    """Break the rules of a layer, in one transaction."""
    _run(server, [(f"broken: {b.says}", b.breaks) for b in BREAKAGES[layer]], say)


def mend_layer(server: Server, layer: str, say: Callable[[str], None]) -> None:
    """Repair what `break_layer` did, in one transaction."""
    _run(server, [(f"mended: {b.says}", b.mends) for b in BREAKAGES[layer]], say)


def _run(server: Server, statements: list[tuple[str, str]], say: Callable[[str], None]) -> None:
    with server.connect("shellcorp breakage") as connection, connection.cursor() as cursor:
        lines = []
        for label, statement in statements:
            cursor.execute(statement)
            lines.append(f"{label} ({cursor.rowcount} rows)")
        connection.commit()
    for line in lines:
        say(line)

"""Given rows of Shellcorp: each customer is a case that marts have to get right. Known at LAST_COMMIT."""

from __future__ import annotations

from tests.models.given import Value

Row = dict[str, Value]

LAST_COMMIT = "2026-07-01 12:00:00"
DELETED: Row = {"_deleted": True}


def _row(**columns: Value) -> Row:
    return {"_committed_at": "2026-06-01 00:00:00", "_deleted": False, **columns}


def _customer(customer_id: int, created_at: str = "2026-01-01 10:00:00", **columns: Value) -> Row:
    return _row(customer_id=customer_id, name=f"Given {customer_id}", created_at=created_at, **columns)


def _order(order_id: int, customer_id: int, placed_at: str, amount: str, **columns: Value) -> Row:
    told: Row = {"status": "placed", "currency_code": "EUR", "total_amount": amount, "placed_at": placed_at}
    return _row(order_id=order_id, customer_id=customer_id, **{**told, **columns})


def _payment(payment_id: str, order_id: int, status: str, amount: str, paid_at: str, **columns: Value) -> Row:
    told: Row = {"method": "card", "status": status, "amount": amount, "currency_code": "EUR", **columns}
    return _row(payment_id=payment_id, order_id=order_id, paid_at=paid_at, **told)


def _visit(session_id: int, customer_id: int, started_at: str, page: str = "/", **columns: Value) -> Row:
    told: Row = {"started_at": started_at, "landing_page": page, "pages_viewed": 1, **columns}
    return _row(session_id=session_id, customer_id=customer_id, **told)


def _ticket(ticket_id: int, customer_id: int, opened_at: str, **columns: Value) -> Row:
    told: Row = {"status": "open", "priority": 3, "opened_at": opened_at, **columns}
    return _row(ticket_id=ticket_id, customer_id=customer_id, **told)


CUSTOMERS = [
    _customer(1001, _committed_at=LAST_COMMIT),  # everything, much of it at the same instant
    _customer(1002),  # nothing at all
    _customer(1003),  # visits only, two of them at the same instant
    _customer(1004, **DELETED),  # gone, while the orders are still there
    _customer(1005),  # everything cancelled
    _customer(1006),  # owes for long, in two currencies
    _customer(1007),  # two orders at the same instant, a ticket before both
    _customer(1008, "2026-06-20 00:00:00"),  # signed up after the first visit
]
ORDERS = [
    _order(
        1001,
        1001,
        "2026-02-01 10:00:30",
        "30",
        status="shipped",
        shipped_at="2026-02-01 10:00:00",  # the source keeps the minute
        _committed_at=LAST_COMMIT,
    ),
    _order(1002, 1001, "2026-02-02 10:00:00", "10", status="paid"),  # paid too much
    _order(1003, 1001, "2026-02-03 10:00:00", "20", currency_code="SEK"),  # paid in part
    _order(1004, 1004, "2026-02-01 10:00:00", "5", status="paid"),
    _order(1005, 1005, "2026-02-01 10:00:00", "5", status="cancelled"),  # the money was kept
    _order(1006, 1005, "2026-02-02 10:00:00", "7", status="cancelled"),  # and given back
    *(
        _order(1010 + place, 1006, f"{day} 23:59:59.999", amount)
        for place, (day, amount) in enumerate(
            (
                ("2026-07-02", "0.0001"),  # not yet there
                ("2026-07-01", "0.0010"),
                ("2026-06-01", "0.0100"),  # 30 days old
                ("2026-05-31", "0.1000"),
                ("2026-05-02", "1.0000"),  # 60
                ("2026-05-01", "10.0000"),
                ("2026-04-02", "100.0000"),  # 90
                ("2026-04-01", "1000.0000"),
            )
        )
    ),
    _order(1020, 1006, "2026-01-01 00:00:00", "3", currency_code="SEK"),
    _order(1030, 1007, "2026-03-01 10:00:00", "4"),
    _order(1031, 1007, "2026-03-01 10:00:00", "6"),
    _order(1040, 1008, "2026-06-21 00:00:00", "8", **DELETED),
    _order(1041, 1008, "2026-06-22 00:00:00", "0", status="paid"),  # costs nothing, has no lines
]
ORDER_LINES = [
    _row(order_id=1001, line_number=1, quantity=3, unit_price="11", line_amount="29.7"),
    _row(order_id=1001, line_number=2, quantity=1, unit_price="0.3", line_amount="0.3"),
    _row(order_id=1002, line_number=1, quantity=1, unit_price="9", line_amount="9"),  # the head says 10
    _row(order_id=1003, line_number=1, quantity=1, unit_price="20", line_amount="20"),
    _row(order_id=1003, line_number=2, quantity=1, unit_price="5", line_amount="5", **DELETED),
    _row(order_id=9999, line_number=1, quantity=1, unit_price="1", line_amount="1"),  # of no order
]
PAYMENTS = [
    _payment("F0000000-0000-0000-0000-000000000001", 1001, "failed", "30", "2026-02-01 10:00:30"),
    _payment("A0000000-0000-0000-0000-000000000002", 1001, "captured", "30", "2026-02-01 10:00:40"),
    _payment("B0000000-0000-0000-0000-000000000003", 1001, "failed", "30", "2026-02-01 10:00:40"),
    _payment("C3", 1002, "captured", "12.5", "2026-02-03 09:59:59.997"),
    _payment("C4", 1003, "captured", "0.0001", "2026-02-03 10:30:00", currency_code="SEK"),
    _payment("C5", 1003, "authorised", "19.9999", "2026-02-03 11:00:00", currency_code="SEK"),
    _payment("C6", 1004, "captured", "5", "2026-02-01 10:00:01"),
    _payment("C7", 1005, "captured", "5", "2026-02-01 10:00:01"),
    _payment("C8", 1006, "refunded", "7", "2026-02-02 10:00:01", method="wallet"),
    _payment("C9", 1040, "captured", "8", "2026-06-21 00:00:01"),  # its order is deleted
    _payment("CA", 1031, "captured", "6", "2026-03-01 10:00:00", **DELETED),
    _payment("CB", 1030, "captured", "4", "2026-03-01 10:00:00", currency_code="USD"),  # another currency
]
PORTAL_SESSIONS = [
    _visit(1001, 1001, "2026-01-01 10:00:00", "/welcome", ended_at="2026-01-01 10:10:00.5"),
    _visit(1002, 1001, "2026-02-01 10:00:30", "/orders", longest_view="00:01:00"),  # with the order
    _visit(1003, 1001, "2026-02-05 10:00:00", "/help"),
    _visit(99, 1003, "2026-01-04 23:59:59.999", "/first"),  # a Sunday
    _visit(100, 1003, "2026-01-04 23:59:59.999", "/second"),  # 100 comes after 99
    _visit(101, 1003, "2026-01-05 00:00:00", "/monday"),
    _visit(1005, 1005, "2026-03-01 00:00:00", "/again"),
    _visit(1008, 1008, "2026-06-19 00:00:00", "/campaign"),
    _visit(1009, 1008, "2026-06-21 12:00:00", "/gone", **DELETED),
    _visit(1010, 1007, "2026-04-02 12:00:00.001"),  # 90 days before the end of the data
]
SUPPORT_TICKETS = [
    _ticket(1001, 1007, "2026-02-28 10:00:00", closed_at="2026-02-28 10:00:00", status="closed"),
    _ticket(
        1002, 1007, "2026-03-01 10:00:00", closed_at="2026-03-08 09:59:59", status="closed", satisfaction=2
    ),
    _ticket(1003, 1007, "2026-03-09 00:00:00", status="answered"),
    _ticket(1004, 1001, "2026-02-10 00:00:00", **DELETED),
]
ACCOUNTS = [
    _row(account_number="AC-1001", customer_id=1001, status="open", balance="10.50"),
    _row(account_number="AC-1002", customer_id=1001, status="closed", closed_on="2026-05-01"),
    _row(account_number="AC-1003", customer_id=1001, status="frozen", balance="-20"),
    _row(account_number="AC-1004", customer_id=1002, status="open", balance="7", **DELETED),
]


def _activity(
    activity_id: int, status: str, started_at: str, end: str | None = None, **columns: Value
) -> Row:
    told: Row = {"status": status, "started_at": started_at, "end_date": end, "customer_id": 1001, **columns}
    return _row(activity_id=activity_id, **told)


ACTIVITIES = [
    _activity(1001, "planned", "2026-07-01 12:00:00.001", _committed_at=LAST_COMMIT),  # now
    _activity(1002, "planned", "2026-07-01 12:00:00"),  # just missed
    _activity(1003, "open", "2026-06-01 23:59:00", account_number="AC-1001"),  # 30 days
    _activity(1004, "open", "2026-05-31 23:59:00", account_number="AC-1002"),  # 31, on a closed account
    _activity(1005, "completed", "2026-05-31 23:59:00", "2026-05-31", account_number=" ac-1003 "),
    _activity(1006, "completed", "2026-05-31 00:00:00", "2026-05-30"),  # ended before it began
    _activity(1007, "cancelled", "2026-05-31 00:00:00"),  # without an end
    _activity(1008, "open", "2026-06-30 00:00:00", "2026-06-30"),  # end-dated, and still open
    _activity(1009, "open", "2026-06-30 00:00:00", account_number="AC-1004"),  # of a deleted account
    _activity(1010, "open", "2026-06-30 00:00:00", account_number="AC-1001", customer_id=1002),  # of another
    _activity(1011, "planned", "2026-06-30 00:00:00", **DELETED),
]

EDGE_CASES = {
    "raw_customers": CUSTOMERS,
    "raw_accounts": ACCOUNTS,
    "raw_activities": ACTIVITIES,
    "raw_orders": ORDERS,
    "raw_order_lines": ORDER_LINES,
    "raw_payments": PAYMENTS,
    "raw_portal_sessions": PORTAL_SESSIONS,
    "raw_support_tickets": SUPPORT_TICKETS,
}

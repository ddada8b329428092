"""A small Shellcorp that keeps every rule of docs/shellcorp.md, with a tombstone in each table.

Names hold what mails and pages have to escape. Tombstones break every rule: no suite may look at them.
"""

from __future__ import annotations

from collections.abc import Mapping

Value = str | int | float | bool | None
Row = Mapping[str, Value]

POSITION = "0000002A000001C80003" + "00000001" + "00000000000000000001" + "02"
NOON = "2026-03-10 12:00:00"


def guid(number: int) -> str:
    """A GUID in upper case."""
    return f"0000000{number}-000A-4000-8000-00000000000F"


ROWS: Mapping[str, tuple[Row, ...]] = {
    "customers": (
        {
            "customer_id": 1,
            "external_ref": guid(1),
            "name": 'Søren <b>"Bold"</b> & 李',
            "email": "soren@mail.example",
            "country_code": "DK",
            "segment": "consumer",
            "credit_limit": "1000.00",
            "is_active": True,
        },
        {
            "customer_id": 2,
            "external_ref": guid(2),
            "name": "مريم حداد",
            "country_code": "EG",
            "segment": "business",
            "is_active": True,
        },
        {
            "customer_id": 3,
            "external_ref": guid(3),
            "name": "Fjord A/S",
            "email": "fjord@bücher.example",
            "country_code": "NO",
            "segment": "enterprise",
            "is_active": False,
        },
    ),
    "accounts": (
        {
            "account_number": "AC-0000000001",
            "customer_id": 1,
            "account_type": "current",
            "status": "open",
            "balance": "12.5000",
        },
        {
            "account_number": "SC-0000000002",
            "customer_id": 2,
            "account_type": "credit",
            "status": "frozen",
            "balance": "-99.0000",
        },
        {
            "account_number": "AC-0000000003",
            "customer_id": 2,
            "account_type": "savings",
            "status": "closed",
            "balance": "0.0000",
            "closed_on": "2026-03-01",
        },
    ),
    "activities": (
        {
            "activity_id": 1,
            "customer_id": 1,
            "account_number": "AC-0000000001",
            "activity_type": "call",
            "status": "completed",
            "end_date": "2026-03-10",
        },
        {"activity_id": 2, "customer_id": 2, "activity_type": "meeting", "status": "open"},
        {"activity_id": 3, "customer_id": 3, "activity_type": "site_visit", "status": "planned"},
        {
            "activity_id": 4,
            "customer_id": 2,
            "account_number": "SC-0000000002",
            "activity_type": "email",
            "status": "cancelled",
            "end_date": "2026-03-12",
        },
    ),
    "products": (
        {
            "product_code": "HW-00001",
            "name": "Router",
            "category": "hardware",
            "list_price": "10.0000",
            "weight_kg": 1.5,
        },
        {"product_code": "SV-00002", "name": "Support", "category": "services", "list_price": "99.9900"},
    ),
    "orders": (
        {
            "order_id": 1,
            "customer_id": 1,
            "status": "placed",
            "currency_code": "EUR",
            "total_amount": "20.0000",
        },
        {
            "order_id": 2,
            "customer_id": 1,
            "status": "paid",
            "currency_code": "EUR",
            "total_amount": "109.9900",
        },
        {
            "order_id": 3,
            "customer_id": 2,
            "status": "shipped",
            "currency_code": "USD",
            "total_amount": "9.0000",
            "shipped_at": NOON,
        },
        {
            "order_id": 4,
            "customer_id": 2,
            "status": "cancelled",
            "currency_code": "USD",
            "total_amount": "10.0000",
        },
        {
            "order_id": 5,
            "customer_id": 2,
            "status": "placed",
            "currency_code": "USD",
            "total_amount": "10.0000",
        },
    ),
    "order_lines": (
        {
            "order_id": 1,
            "line_number": 1,
            "product_code": "HW-00001",
            "quantity": 2,
            "line_amount": "20.0000",
        },
        {
            "order_id": 2,
            "line_number": 1,
            "product_code": "HW-00001",
            "quantity": 1,
            "line_amount": "10.0000",
        },
        {
            "order_id": 2,
            "line_number": 2,
            "product_code": "SV-00002",
            "quantity": 1,
            "unit_price": "99.9900",
            "line_amount": "99.9900",
        },
        {
            "order_id": 3,
            "line_number": 1,
            "product_code": "HW-00001",
            "quantity": 1,
            "discount_rate": "0.1000",
            "line_amount": "9.0000",
        },
        {
            "order_id": 4,
            "line_number": 1,
            "product_code": "HW-00001",
            "quantity": 1,
            "line_amount": "10.0000",
        },
        {
            "order_id": 5,
            "line_number": 1,
            "product_code": "HW-00001",
            "quantity": 1,
            "line_amount": "10.0000",
        },
    ),
    "payments": (
        {"payment_id": guid(1), "order_id": 1, "status": "authorised", "amount": "20.0000"},
        {"payment_id": guid(2), "order_id": 2, "status": "captured", "amount": "109.9900"},
        {
            "payment_id": guid(3),
            "order_id": 3,
            "status": "captured",
            "amount": "9.0000",
            "currency_code": "USD",
        },
        {
            "payment_id": guid(4),
            "order_id": 4,
            "status": "refunded",
            "amount": "10.0000",
            "currency_code": "USD",
        },
        {
            "payment_id": guid(5),
            "order_id": 4,
            "status": "failed",
            "amount": "10.0000",
            "currency_code": "USD",
            "provider_ref": None,
        },
    ),
    "support_tickets": (
        {"ticket_id": 1, "customer_id": 1, "priority": 1, "status": "open"},
        {
            "ticket_id": 2,
            "customer_id": 2,
            "priority": 3,
            "status": "closed",
            "satisfaction": 4.0,
            "closed_at": "2026-03-11 09:30:00",
        },
        {"ticket_id": 3, "customer_id": 2, "priority": 3, "status": "answered"},
        {
            "ticket_id": 4,
            "customer_id": 3,
            "priority": 4,
            "status": "closed",
            "satisfaction": 2.0,
            "closed_at": "2026-03-12 17:00:00",
        },
    ),
    "portal_sessions": (
        {
            "session_id": 1,
            "customer_id": 1,
            "ended_at": "2026-03-10 12:30:00.1234567",
            "longest_view": "00:10:00.000",
            "ip_address": "0A000001",
        },
        {"session_id": 2, "customer_id": 2, "ip_address": "20010DB8000000000000000000000001"},
        {
            "session_id": 3,
            "customer_id": 2,
            "started_at": "2026-03-16 08:00:00",
            "ended_at": "2026-03-16 08:00:01",
            "longest_view": "00:00:01.000",
        },
    ),
}

DEFAULTS: Mapping[str, Row] = {
    "customers": {"created_at": "2026-01-01", "updated_at": "2026-01-02"},
    "accounts": {"opened_on": "2026-02-01", "updated_at": "2026-03-02"},
    "activities": {"started_at": NOON},
    "products": {},
    "orders": {"placed_at": "2026-03-10 11:59:59", "updated_at": "2026-03-10 12:00:30"},
    "order_lines": {"unit_price": "10.0000", "discount_rate": "0.0000"},
    "payments": {"method": "card", "currency_code": "EUR", "paid_at": NOON, "provider_ref": "AB" * 32},
    "support_tickets": {"subject": "<script>alert(1)</script>", "body": "Help!", "opened_at": NOON},
    "portal_sessions": {"started_at": NOON, "pages_viewed": 3, "landing_page": "/orders?a=1&b=2"},
}

PLATFORM: Row = {"_position": POSITION, "_committed_at": "2026-03-17 00:00:00", "_deleted": False}
EARLIER: Row = {
    "_position": POSITION.replace("C80003", "C80002"),
    "_committed_at": "2026-03-16 00:00:00",
}
TOMBSTONE: Row = {"_position": "x", "_committed_at": "2199-01-01", "_deleted": True}


def rows_of_table(table: str) -> tuple[Row, ...]:
    """All rows of a mirror: the live ones, and its tombstone."""
    live = tuple({**PLATFORM, **DEFAULTS[table], **row} for row in ROWS[table])
    live = (live[0], *({**row, **EARLIER} for row in live[1:]))
    return (*live, {**live[0], **TOMBSTONE})

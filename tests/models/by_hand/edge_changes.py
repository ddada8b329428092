"""Given changes of activities and customers, in the order of their commits. Each is a case."""

from __future__ import annotations

from tests.models.given import Value

Row = dict[str, Value]
DELETE, INSERT, UPDATE = 1, 2, 4


def _changes(given: Row, *changes: tuple[str, Row]) -> list[Row]:
    """Commit times, and what each commit changed; DELETED deletes the row."""
    rows: list[Row] = []
    values: Row = dict(given)
    for number, (committed_at, changed) in enumerate(changes):
        values = {**values, **changed}
        operation = DELETE if values.pop("_deleted", False) else UPDATE if number else INSERT
        platform: Row = {
            "_position": f"{number + 1:020X}{'0' * 30}",
            "_committed_at": committed_at,
            "_operation": operation,
            "_is_last": number == len(changes) - 1,
        }
        rows.append({**values, **platform})
    return rows


DELETED: Row = {"_deleted": True}
PLANNED: Row = {"status": "planned"}
OPEN: Row = {"status": "open", "end_date": None}


def _completed(end_date: str) -> Row:
    return {"status": "completed", "end_date": end_date}


def _activity(activity_id: int, *changes: tuple[str, Row]) -> list[Row]:
    given: Row = {"activity_id": activity_id, "customer_id": 1001, "started_at": "2026-06-01 08:00:00"}
    return _changes({**given, "activity_type": "call"}, *changes)


ACTIVITIES = [
    # ended after the fact
    *_activity(
        1020,
        ("2026-06-01 08:00:00", PLANNED),
        ("2026-06-02 08:30:00", OPEN),
        ("2026-06-15 08:29:59.997", _completed("2026-06-10")),
    ),
    # reopened, and ended again, ahead
    *_activity(
        1021,
        ("2026-06-02 08:00:00", OPEN),
        ("2026-06-03 08:00:00", _completed("2026-06-03")),
        ("2026-06-04 08:00:00", OPEN),
        ("2026-06-05 08:00:00", _completed("2026-06-06")),
    ),
    *_activity(1022, ("2026-06-01 08:00:00", PLANNED), ("2026-06-03 08:00:00", DELETED)),
    # deleted, and back
    *_activity(
        1023,
        ("2026-06-01 08:00:00", PLANNED),
        ("2026-06-03 08:00:00", DELETED),
        ("2026-06-04 08:00:00", OPEN),
        ("2026-06-05 08:00:00", {"status": "cancelled", "end_date": "2026-06-05"}),
    ),
    # its end date was there before anybody looked, and is moved twice
    *_activity(
        1024,
        ("2026-06-01 08:00:00", _completed("2026-05-01")),
        ("2026-06-02 08:00:00", _completed("2026-06-01")),
        ("2026-06-03 08:00:00", _completed("2026-06-02")),
    ),
    # two commits at one time
    *_activity(
        1025,
        ("2026-06-01 08:00:00", PLANNED),
        ("2026-06-02 08:00:00", OPEN),
        ("2026-06-02 08:00:00", _completed("2026-06-02")),
    ),
    # a change of something else, and an end date taken back without reopening
    *_activity(
        1026,
        ("2026-06-01 08:00:00", _completed("2026-06-01")),
        ("2026-06-02 08:00:00", {"details": "called back"}),
        ("2026-06-03 08:00:00", {"end_date": None}),
    ),
    # there and back again within one commit time: nothing was to be seen
    *_activity(
        1027,
        ("2026-06-01 08:00:00", OPEN),
        ("2026-06-02 08:00:00", _completed("2026-06-02")),
        ("2026-06-02 08:00:00", OPEN),
    ),
]


def _customer(customer_id: int, *changes: tuple[str, Row]) -> list[Row]:
    given: Row = {"customer_id": customer_id, "name": "Given", "country_code": "dk", "segment": "consumer"}
    return _changes({**given, "created_at": "2026-01-01", "is_active": False}, *changes)


CUSTOMERS = [
    *_customer(
        1020,
        ("2026-06-01 08:00:00", {"credit_limit": None}),
        ("2026-06-02 08:00:00", {"notes": "nobody asks for these"}),
        ("2026-06-03 08:00:00", {"credit_limit": "0"}),
        ("2026-06-04 08:00:00", {"segment": "business"}),
        ("2026-06-04 08:00:00", {"segment": "consumer"}),
        ("2026-06-05 08:00:00", {"country_code": "DK"}),
    ),
    *_customer(
        1021,
        ("2026-06-01 08:00:00", {}),
        ("2026-06-02 08:00:00", DELETED),
        ("2026-06-03 08:00:00", {}),
        ("2026-06-04 08:00:00", {"is_active": True}),
    ),
    *_customer(1022, ("2026-06-01 08:00:00", {}), ("2026-06-02 08:00:00", DELETED)),
]

CHANGES = {"raw_customers": CUSTOMERS, "raw_activities": ACTIVITIES}
"""By mirror; their keys are in no other given rows."""


def last_rows(source: str) -> list[Row]:
    """What a mirror holds after the changes: the last of each key, tombstones included."""
    last = [row for row in CHANGES.get(source, []) if row["_is_last"]]
    return [
        {**_without(row, "_operation", "_is_last"), "_deleted": row["_operation"] == DELETE} for row in last
    ]


def earlier_changes(source: str) -> list[Row]:
    """What a change log holds beside one change for each live row of its mirror."""
    is_live = (row["_is_last"] and row["_operation"] != DELETE for row in CHANGES[source])
    return [_without(row, "_is_last") for row, live in zip(CHANGES[source], is_live, strict=True) if not live]


def _without(row: Row, *names: str) -> Row:
    return {name: value for name, value in row.items() if name not in names}

"""Any grants, denials and memberships: the answer is that of Microsoft's algorithm, written out anew."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.sqlserver.engine.security.permissions import (
    DATABASE,
    DENY,
    GRANT,
    OBJECT,
    SCHEMA,
    Entry,
    Permissions,
    Securable,
)
from sandbox.sqlserver.engine.security.principals import USER, Principal, Principals

ROLES, ME = (10, 11, 12), 5
LEVELS = {DATABASE: 0, SCHEMA: 7, OBJECT: 70}
WORDS = ("SELECT", "ALTER", "CONTROL")
entries = st.builds(
    Entry,
    st.just(OBJECT) | st.sampled_from(sorted(LEVELS)),
    st.just(0),
    st.sampled_from([0, 1, 2]),
    st.sampled_from([ME, 0, *ROLES]),
    st.sampled_from(WORDS),
    st.sampled_from([GRANT, DENY]),
).map(
    lambda e: Entry(
        e.class_,
        LEVELS[e.class_],
        e.minor_id if (e.class_, e.permission) == (OBJECT, "SELECT") else 0,
        e.grantee,
        e.permission,
        e.state,
    )
)
memberships = st.sets(st.tuples(st.sampled_from(ROLES), st.sampled_from([ME, *ROLES])))


def reference(said: list[Entry], members: set[tuple[int, int]], wanted: str, column: int) -> bool:
    """SQL Server's rule for one permission on the table 70 of the schema 7, or on its column."""
    mine, before = {ME, 0}, set[int]()
    while mine != before:
        before = set(mine)
        mine |= {role for role, member in members if member in before}
    relevant = [
        e
        for e in said
        if e.grantee in mine and e.permission in (wanted, "CONTROL") and e.minor_id in (0, column)
    ]
    own = {(e.grantee, e.permission) for e in relevant if e.minor_id}
    relevant = [
        e for e in relevant if e.class_ != OBJECT or e.minor_id or (e.grantee, e.permission) not in own
    ]
    if any(e.minor_id and e.state == GRANT for e in relevant):
        relevant = [
            e
            for e in relevant
            if not (e.class_ == OBJECT and not e.minor_id and e.state == DENY and e.permission == wanted)
        ]
    if any(e.state == DENY for e in relevant):
        return False
    return any(e.state == GRANT for e in relevant)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.lists(entries, max_size=8, unique_by=lambda e: (e.class_, e.minor_id, e.grantee, e.permission)),
    memberships,
    st.sampled_from(WORDS),
    st.sampled_from([0, 1, 2]),
)
def test_the_answer_is_the_algorithms(
    said: list[Entry], members: set[tuple[int, int]], wanted: str, column: int
) -> None:
    principals = Principals([Principal(ME, "me", USER)], members)
    identities = principals.roles_of(ME, 0)
    rule = Permissions([entry for entry in said if entry.grantee in identities])
    column = column if wanted == "SELECT" else 0
    assert rule.allow(wanted, Securable(70, 7), column) == reference(said, members, wanted, column)

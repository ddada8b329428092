"""What a query answers, and what a mail says."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

from snowflake.connector.cursor import SnowflakeCursor

from sandbox.process import Service


def rows(cursor: SnowflakeCursor, query: str) -> list[tuple[object, ...]]:
    """Its rows."""
    cursor.execute(query)
    return [tuple(row) for row in cursor.fetchall()]


def model_outcomes(cursor: SnowflakeCursor, run: str) -> dict[object, object]:
    """What became of each model in a run, by its name."""
    found = rows(cursor, f"SELECT MODEL, OUTCOME FROM OPS.MODEL_RUNS WHERE RUN_ID = '{run}'")
    return {model: outcome for model, outcome in found}  # noqa: C416 - pairs, which dict() cannot know


def last_mail(mailbox: Service) -> EmailMessage:
    """The newest mail that was sent."""
    newest = max(mailbox.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return email.message_from_bytes(newest.read_bytes(), policy=email.policy.default)


def text_of(mail: EmailMessage) -> str:
    """What a reader without HTML sees of it."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())

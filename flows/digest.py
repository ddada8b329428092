"""The flow `digest`: one mail a group of recipients about the week, from what OPS and QUALITY have of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from deployments.connections import ConnectionFailed, connect_snowflake
from deployments.settings import SettingsError, load_settings
from expectations.report import compose_digest, load_week
from flows.gate_news import data_docs_address
from flows.mail import known_tables, recipients, send_each
from flows.run import in_utc, name_this_run, this_run_id


@flow(name="digest", flow_run_name="mail the digest")
def digest(ends_at: datetime | None = None) -> State[Any]:
    """Mail how the week was. A mail server that is down is a warning.

    Args:
        ends_at: the end of the week, now without one; UTC where it names no time zone.
    """
    try:
        settings = load_settings()
        tag = json.dumps({"flow": "digest", "run": this_run_id()})
        with connect_snowflake(settings.snowflake, tag) as connection:
            week = load_week(
                connection,
                in_utc(ends_at) or datetime.now(UTC),
                data_docs_link=data_docs_address(settings),
                ownership=known_tables(settings),
            )
    except (ConnectionFailed, SettingsError) as error:
        return Failed(message=str(error))
    mail = settings.mail
    messages = [
        compose_digest(week.about(group.concern), mail.sender, group.addresses, ZoneInfo(mail.timezone))
        for group in recipients(mail)
    ]
    problems = send_each(messages, mail)
    name_this_run(str(messages[0]["Subject"]))
    if problems:
        return Completed(name="Warned", message=" ".join(map(str, problems)))
    return Completed(message=f"mailed to {mail.recipients}: {messages[0]['Subject']}")

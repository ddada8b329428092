"""The flow `report`: one mail a group of recipients about a run, from what it left in OPS and QUALITY."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from deployments.connections import ConnectionFailed, connect_snowflake
from deployments.settings import Settings, SettingsError, load_settings
from expectations.gate.data_docs.history import page_of
from expectations.report import RunSummary, compose, load_summary
from flows.gate_news import data_docs_address
from flows.mail import known_tables, recipients, send_each
from flows.run import in_utc, name_this_run, this_run_id, this_run_link, this_run_name
from flows.shown import show_link, show_text


@flow(name="report", flow_run_name="mail the report")
def report(
    run_id: str | None = None,
    run_name: str | None = None,
    run_link: str | None = None,
    started_at: datetime | None = None,
    first_error: str | None = None,
) -> State[Any]:
    """Mail what a run did. A mail server that is down is a warning: the data is as it is.

    Args:
        run_id: the run to report on, as it stands in the address of its page; its own, and so an empty
            report, without one.
        run_name: how Prefect's UI names that run.
        run_link: where Prefect's UI shows it.
        started_at: when it began, UTC.
        first_error: what ended it, if it failed outside of a gate.
    """
    now = datetime.now(UTC)
    try:
        settings = load_settings()
        tag = json.dumps({"flow": "report", "run": run_id})
        with connect_snowflake(settings.snowflake, tag) as connection:
            summary = load_summary(
                connection,
                run_id or this_run_id(),
                run_name=run_name or this_run_name(),
                started_at=in_utc(started_at) or now,
                ended_at=now,
                first_error=first_error or None,
                data_docs_link=data_docs_address(settings),
                prefect_link=run_link or this_run_link(),
                ownership=known_tables(settings),
            )
    except (ConnectionFailed, SettingsError) as error:
        return Failed(message=str(error))
    if summary.gates:
        own_page = data_docs_address(settings, page_of(summary.run_id))
        summary = replace(summary, data_docs_link=own_page)
    return _mail(summary, settings)


def publish(message: EmailMessage, data_docs_link: str | None) -> None:
    """The mail and the way to the Data Docs, in Prefect's UI."""
    if data_docs_link:
        show_link("data-docs", data_docs_link, "Data Docs: every check")
    text = message.get_body(("plain",))
    said = "" if text is None else text.get_content()
    show_text("report", said, description=str(message["Subject"]))


def _mail(summary: RunSummary, settings: Settings) -> State[Any]:
    mail, zone = settings.mail, ZoneInfo(settings.mail.timezone)
    parts = [(group, summary.about(group.concern)) for group in recipients(mail)]
    messages = [compose(part, mail.sender, group.addresses, zone) for group, part in parts if part.is_told]
    problems = send_each(messages, mail)
    publish(messages[0], summary.data_docs_link)
    name_this_run(str(messages[0]["Subject"]))
    if problems:
        return Completed(name="Warned", message=" ".join(map(str, problems)))
    sent = "mailed" if len(messages) == 1 else f"{len(messages)} mails"
    return Completed(message=f"{sent} to {mail.recipients}: {messages[0]['Subject']}")

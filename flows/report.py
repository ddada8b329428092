"""The flow `report`: one mail about a run, from what it left in OPS and QUALITY."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from deployments.connections import ConnectionFailed, connect_snowflake
from deployments.settings import Settings, SettingsError, load_settings
from expectations.report import MailNotSent, RunSummary, compose, load_summary, send
from flows.run import this_run_id, this_run_link, this_run_name


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
        run_id: the run to report on; its own, and so an empty report, without one.
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
                started_at=started_at or now,
                ended_at=now,
                first_error=first_error,
                data_docs_link=_data_docs_link(settings),
                prefect_link=run_link or this_run_link(),
            )
    except (ConnectionFailed, SettingsError) as error:
        return Failed(message=str(error))
    return _mail(summary, settings)


def _mail(summary: RunSummary, settings: Settings) -> State[Any]:
    message = compose(summary, settings.mail.sender, settings.mail.recipients)
    try:
        send(message, settings.mail)
    except MailNotSent as error:
        get_run_logger().warning("%s", error)
        return Completed(name="Warned", message=str(error))
    return Completed(message=f"mailed to {settings.mail.recipients}: {message['Subject']}")


def _data_docs_link(settings: Settings) -> str:
    if settings.data_docs_url is not None:
        return settings.data_docs_url
    return (settings.data_docs_folder / "index.html").resolve().as_uri()

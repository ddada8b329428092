"""The flow `notify`: mail what an automation has noticed to those who get everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from deployments.settings import SettingsError, load_settings
from expectations.report import Notice, compose_notice
from flows.mail import send_each
from flows.run import this_run_id, this_run_link


@flow(name="notify", flow_run_name="mail: {subject}")
def notify(subject: str, body: str = "", link: str | None = None) -> State[Any]:
    """Mail what has happened. Automations start it (`python -m deployments.prefect plan` lists them).

    Args:
        subject: what has happened, in a few words.
        body: what to do about it; a paragraph a line.
        link: where to look; this run without it.
    """
    try:
        mail = load_settings().mail
    except SettingsError as error:
        return Failed(message=str(error))
    notice = Notice(this_run_id(), subject, body, datetime.now(UTC), link or this_run_link())
    message = compose_notice(notice, mail.sender, mail.addresses, ZoneInfo(mail.timezone))
    if problems := send_each([message], mail):
        return Failed(message=" ".join(map(str, problems)))
    return Completed(message=f"mailed to {mail.recipients}: {message['Subject']}")

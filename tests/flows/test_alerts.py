"""Alerts: sent at once to those whom they concern, once a gate, a few a run; and they fail nothing."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from deployments.settings import MailSettings, Settings, SnowflakeSettings, SqlServerSettings
from expectations.gate import CheckResult, GateResult, LastGate
from expectations.report import MailNotSent, MessageRefused, RecipientsRefused
from flows.alerts import MOST, SECONDS, TRIES, Alerts, known_since
from flows.tables import table_facts
from sandbox.process import Service
from snowpark_models.runner import discover
from snowpark_models.sources import SOURCES

BROKEN = CheckResult(
    "EMAIL is unique", "EMAIL", "critical", False, 2, 9, ("CUSTOMER_ID=7, EMAIL=soren@shop.example",)
)


def gate(layer: str, table: str, **changes: Any) -> GateResult:
    return GateResult(layer, table, (CheckResult(**{**vars(BROKEN), **changes}),))


@pytest.fixture
def settings(mailbox: Service, tmp_path: Path) -> Settings:
    none: dict[str, Any] = {"_env_file": tmp_path / "none.env"}
    return Settings(
        **none,
        sql_server=SqlServerSettings(**none, host="x", database="x", user="x", password="x"),
        snowflake=SnowflakeSettings(**none, account="x", user="x"),
        mail=MailSettings(
            **none,
            host="127.0.0.1",
            port=mailbox.port,
            security="none",
            recipients="all@x.example",
            recipients_by="raw: dba@x.example; sales-analytics@shellcorp.example: ana@x.example",
            pause_seconds=0.01,
        ),
    )


def tell(
    settings: Settings, verdicts: Sequence[GateResult], before: Mapping[str, LastGate] | None = None
) -> None:
    """Tell of gates from within a flow, as transform does."""

    @flow(name="gates")
    def gates() -> None:
        alerts = Alerts(settings, "run-1", known_since(before or {}))
        for verdict in verdicts:
            alerts.tell(verdict)

    gates()


def mails_since(mailbox: Service, before: set[Path]) -> list[email.message.EmailMessage]:
    files = sorted(set(mailbox.folder.glob("*.eml")) - before)
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


@pytest.fixture
def sent(mailbox: Service, prefect_server: None) -> Callable[[], list[email.message.EmailMessage]]:  # noqa: ARG001
    before = set(mailbox.folder.glob("*.eml"))
    return lambda: mails_since(mailbox, before)


def test_a_closed_gate_is_told_once_to_those_whom_it_concerns(
    settings: Settings, sent: Callable[[], list[email.message.EmailMessage]]
) -> None:
    tell(
        settings,
        [
            gate("STAGING", "STG_CUSTOMERS", success=True),
            gate("STAGING", "STG_ACCOUNTS", severity="warning"),
            gate("MARTS", "ORDER_FACTS"),
            gate("MARTS", "ORDER_FACTS"),
            gate("RAW", "CUSTOMERS"),
        ],
    )
    order_facts, to_owner, customers, to_dba = sent()
    assert order_facts["Subject"] == "Shellcorp: gate closed on MARTS.ORDER_FACTS — EMAIL is unique"
    assert [each["To"] for each in (order_facts, to_owner)] == ["all@x.example", "ana@x.example"]
    assert [each["To"] for each in (customers, to_dba)] == ["all@x.example", "dba@x.example"]
    assert len({each["Message-ID"] for each in (order_facts, to_owner, customers, to_dba)}) == 4
    text = customers.get_body(("plain",))
    assert text is not None
    assert "CUSTOMER_ID=7, EMAIL=•••" in text.get_content()
    assert "soren" not in customers.as_string()


def test_a_gate_that_stays_closed_is_told_again_only_if_something_else_closes_it(
    settings: Settings, sent: Callable[[], list[email.message.EmailMessage]]
) -> None:
    same, other = BROKEN.expectation, "NAME is never NULL"
    before = {
        "MARTS.SAME": LastGate("closed", same, is_overridden=False),
        "MARTS.OTHER": LastGate("closed", other, is_overridden=False),
        "MARTS.OVERRIDDEN": LastGate("closed", same, is_overridden=True),
        "MARTS.WARNED": LastGate("warned", same, is_overridden=False),
    }
    tell(settings, [gate(*name.split(".")) for name in before], before)
    told = [str(mail["Subject"]) for mail in sent()]
    assert told == [
        f"Shellcorp: gate closed on MARTS.{name} — {same}" for name in ("OTHER", "OVERRIDDEN", "WARNED")
    ]


def test_a_run_alerts_a_few_times_and_the_last_alert_says_so(
    settings: Settings, sent: Callable[[], list[email.message.EmailMessage]]
) -> None:
    tell(settings, [gate("FEATURES", f"F{n}") for n in range(MOST + 3)])
    mails = sent()
    assert len(mails) == MOST
    texts = [str(mail.get_body(("plain",))) for mail in mails]
    assert [("told by its report alone" in text.replace("=\n", "")) for text in texts] == [False] * 4 + [True]


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("error", "tries"),
    [(MailNotSent("down"), 1), (RecipientsRefused("who?"), 3), (MessageRefused("what?"), 3)],
    ids=["down", "recipients refused", "message refused"],
)
def test_a_mail_server_that_is_down_fails_nothing_and_is_not_waited_for_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, error: MailNotSent, tries: int
) -> None:
    tried = []

    def send(*arguments: object) -> None:
        tried.append(arguments)
        raise error

    monkeypatch.setattr("flows.mail.send", send)
    tell(settings, [gate("FEATURES", f"F{n}") for n in range(3)])
    assert len(tried) == tries


@pytest.mark.usefixtures("prefect_server")
def test_a_server_that_hangs_is_waited_for_once_and_not_once_a_group(settings: Settings) -> None:
    connections = 0
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = {"port": silent.getsockname()[1], "timeout_seconds": 1}
        mail = settings.mail.model_copy(update=hanging)
        tell(settings.model_copy(update={"mail": mail}), [gate("RAW", "ORDERS"), gate("RAW", "CUSTOMERS")])
        silent.setblocking(False)
        with suppress(BlockingIOError):
            while connections < 99:
                silent.accept()[0].close()
                connections += 1
    assert connections == TRIES


@pytest.mark.usefixtures("prefect_server")
def test_all_groups_of_an_alert_have_one_deadline(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlines = []
    monkeypatch.setattr("flows.mail.send", lambda _, __, deadline: deadlines.append(deadline))
    tell(settings, [gate("RAW", "ORDERS"), gate("RAW", "CUSTOMERS")])
    assert len(deadlines) == 4
    assert len(set(deadlines)) == 2
    assert max(deadline.seconds_left for deadline in deadlines) <= SECONDS


@pytest.mark.usefixtures("prefect_server")
def test_what_is_told_while_a_lock_is_held_is_mailed_thereafter(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    monkeypatch.setattr("flows.mail.send", lambda message, *_: done.append(message["To"]))

    @flow(name="gates")
    def gates() -> None:
        alerts = Alerts(settings, "run-1")
        with alerts.kept():
            alerts.tell(gate("RAW", "ORDERS"))
            alerts.tell(gate("RAW", "ORDERS"))
            done.append("unlocked")
        alerts.tell(gate("MARTS", "ORDER_FACTS"))

    gates()
    assert done == ["unlocked", "all@x.example", "dba@x.example", "all@x.example", "ana@x.example"]


def test_every_table_has_an_owner_and_what_is_personal_is_known(settings: Settings) -> None:
    facts = table_facts(settings)
    tables = {f"{model.schema}.{model.table}" for model in discover()}
    assert facts.keys() == tables | {f"RAW.{source.table}" for source in SOURCES.values()}
    assert all(fact.owner for fact in facts.values())
    assert facts["RAW.CUSTOMERS"].personal >= {"NAME", "EMAIL"}
    assert facts["MARTS.CUSTOMER_360"].personal == {"NAME", "EMAIL"}
    assert facts["MARTS.ORDER_FACTS"].personal == frozenset()

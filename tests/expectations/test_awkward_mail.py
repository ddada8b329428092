"""A thousand recipients' worth of awkward content gives a valid, escaped mail that is shown whole."""

from __future__ import annotations

import re
from datetime import UTC
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

import pytest

from expectations.report import Alert, compose, compose_alert
from expectations.report.limits import HTML_BYTES, Limits, fitting
from tests.expectations.awkward import MANY, NOW, RECIPIENTS, awkward_summary, heavy_summary, quiet
from tests.expectations.test_report import Tags

SENDER = "Platform <platform@shellcorp.example>"
SUMMARY = awkward_summary()
ALERT = Alert(SUMMARY.gates[7], "\ud800run", SUMMARY.run_name, NOW, "https://x.example/", SUMMARY.ownership)
SENT = {
    "report": compose(SUMMARY, SENDER, RECIPIENTS),
    "heavy report": compose(heavy_summary(), SENDER, RECIPIENTS),
    "quiet report": compose(quiet(SUMMARY), SENDER, RECIPIENTS),
    "report to few": compose(SUMMARY, SENDER, RECIPIENTS[:50]),
    "alert": compose_alert(ALERT, SENDER, RECIPIENTS, UTC),
}
RAW = {name: message.as_bytes() for name, message in SENT.items()}


def received(name: str) -> EmailMessage:
    message = message_from_bytes(RAW[name], policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def texts(message: EmailMessage) -> tuple[str, str]:
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@pytest.mark.parametrize("name", SENT)
def test_it_is_a_valid_mail(name: str) -> None:
    message = received(name)
    assert message.defects == []
    assert [part.defects for part in message.walk()] == [[], [], []]
    assert message.get_content_type() == "multipart/alternative"
    assert max(map(len, RAW[name].split(b"\r\n"))) <= 998, "octets of a line [RFC 5322, 2.1.1]"
    assert b"\n" not in RAW[name].replace(b"\r\n", b""), "no bare line feed"
    assert not re.search(rb"[\x00\x80-\xff]", RAW[name]), "what every server carries"


@pytest.mark.parametrize("name", SENT)
def test_no_header_comes_from_the_data(name: str) -> None:
    expected = {
        "Subject",
        "Date",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "From",
        "To",
        "Message-ID",
    }
    headers = set(received(name).keys())
    assert headers - expected <= {"Bcc", "Importance"}
    assert len(received(name).keys()) == len(headers)
    subject = str(received(name)["Subject"])
    assert len(subject) <= 160
    assert "\n" not in subject


@pytest.mark.parametrize("name", SENT)
def test_it_is_escaped(name: str) -> None:
    plain, html = texts(received(name))
    page = Tags(html)
    assert not {"script", "img", "iframe", "link", "form"} & set(page.tags)
    assert (page.tags.count("html"), page.tags.count("h1"), page.tags.count("style")) == (1, 1, 2)
    assert all(link.startswith("https://") for link in page.links)
    for text in (plain, html):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
    assert "49" not in re.findall(r"\b49\b", page.text)
    assert "@shellcorp.example\r\n" not in plain


@pytest.mark.parametrize("name", SENT)
def test_it_is_shown_whole_and_says_what_is_left_out(name: str) -> None:
    plain, html = texts(received(name))
    assert len(html.encode()) <= HTML_BYTES
    assert len(plain.encode()) <= HTML_BYTES
    assert html.rstrip().endswith("</html>")
    if name == "heavy report":
        assert len(html.encode()) > HTML_BYTES // 3, "no more is left out than must be"
    if name.startswith("report"):
        shown = html.count("gate closed</span>")
        assert shown >= 1
        assert f"and {MANY - shown} more tables in the Data Docs" in html


def test_a_page_that_fits_is_shown_in_full_and_one_that_cannot_fit_is_refused() -> None:
    assert fitting(lambda limits: "x" * limits.gates, 12) == "x" * 12
    assert fitting(lambda limits: "x" * limits.gates, 11) == "x" * 8
    with pytest.raises(ValueError, match="larger than 3 bytes"):
        fitting(lambda _: "xxxx", 3)
    assert Limits(*[1] * 9).smaller() == Limits(*[1] * 9)


def test_many_recipients_are_not_named_to_each_other_and_few_are() -> None:
    assert SENT["report"]["To"] == "undisclosed-recipients:;"
    assert len(getaddresses([str(SENT["report"]["Bcc"])])) == MANY
    assert len(received("report to few")["To"].addresses) == 50
    assert received("report to few")["To"].addresses[7].display_name == "Person, 7 <b>"


def test_the_same_mail_sent_again_has_the_same_message_id_and_another_has_not() -> None:
    again = compose(SUMMARY, SENDER, RECIPIENTS)
    assert again["Message-ID"] == SENT["report"]["Message-ID"]
    assert len({message["Message-ID"] for message in SENT.values()}) == 2, "a report and an alert of one run"

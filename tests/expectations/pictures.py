"""`python -m tests.expectations.pictures [FOLDER]`: the example mails as a browser shows them."""

from __future__ import annotations

import sys
from email.message import EmailMessage
from pathlib import Path

from expectations.report import compose, compose_alert, compose_digest, compose_notice
from tests.browser import open_browser
from tests.expectations.example_mail import ZONE, example, example_alert, example_notice, example_week

DOCS = Path(__file__).parents[2] / "docs" / "mail"
SENDER, RECIPIENTS = "platform@shellcorp.example", ["data-team@shellcorp.example"]
DESKTOP, PHONE = (720, 900), (360, 640)
PICTURES = {
    "report-desktop": ("report", DESKTOP, "light"),
    "report-phone": ("report", PHONE, "dark"),
    "alert-phone": ("alert", PHONE, "light"),
    "digest-desktop": ("digest", DESKTOP, "dark"),
}


def mails() -> dict[str, EmailMessage]:
    """One example of each kind of mail."""
    return {
        "report": compose(example(), SENDER, RECIPIENTS, ZONE),
        "alert": compose_alert(example_alert(), SENDER, RECIPIENTS, ZONE),
        "notice": compose_notice(example_notice(), SENDER, RECIPIENTS, ZONE),
        "digest": compose_digest(example_week(), SENDER, RECIPIENTS, ZONE),
    }


def part(message: EmailMessage, kind: str) -> str:
    """The text of a part, html or plain."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def main(folder: Path) -> None:
    """Write the mails' HTML and text, and their pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    examples = mails()
    for name, message in examples.items():
        (folder / f"{name}.html").write_text(part(message, "html"), encoding="utf-8")
        (folder / f"{name}.txt").write_text(part(message, "plain"), encoding="utf-8")
    with open_browser() as browser:
        for picture, (name, size, scheme) in PICTURES.items():
            browser.show(part(examples[name], "html"), *size, scheme)
            browser.picture(folder / f"{picture}.webp")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)

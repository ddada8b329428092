"""The folder of mails: each as .eml, and its HTML part as .html with the inline images inside."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import MIMEPart
from pathlib import Path

SUBJECT_CHARACTERS = 60


@dataclass(frozen=True)
class Attachment:
    """A part that is neither the text nor the HTML: an attachment or an inline image."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """A kept mail. `name` is the file's name without its ending; `html` and `text` are None when missing."""

    name: str
    subject: str
    sender: str
    recipients: str
    date: str
    html: str | None
    text: str | None
    attachments: tuple[Attachment, ...]


class Store:
    """The mails of a folder, oldest first by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes) -> str:
        """Write a mail, the .html before the .eml; returns its name."""
        mail = parse("", content)
        name = self._new_name(mail.subject)
        if mail.html is not None:
            self._write(f"{name}.html", mail.html.encode())
        self._write(f"{name}.eml", content)
        return name

    def names(self) -> list[str]:
        """Names of all mails, oldest first."""
        return sorted(file.stem for file in self._folder.glob("*.eml"))

    def read(self, name: str) -> Mail:
        """One mail.

        Raises:
            KeyError: there is no mail of this name.
        """
        if name not in self.names():
            raise KeyError(name)
        return parse(name, (self._folder / f"{name}.eml").read_bytes())

    def _new_name(self, subject: str) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:SUBJECT_CHARACTERS]
        last = max((int(name.split("-")[0]) for name in self.names()), default=0)
        return f"{last + 1:05d}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{words or 'mail'}"

    def _write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        draft = self._folder / f"{name}.part"
        draft.write_bytes(content)
        draft.replace(self._folder / name)


def parse(name: str, content: bytes) -> Mail:
    """Read a mail as RFC 5322 and MIME have it."""
    message = message_from_bytes(content, policy=policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    others = [part for part in message.walk() if not part.is_multipart() and part not in (html, text)]
    return Mail(
        name=name,
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", "")),
        recipients=str(message.get("To", "")),
        date=str(message.get("Date", "")),
        html=None if html is None else _with_images(html.get_content(), others),
        text=None if text is None else text.get_content(),
        attachments=tuple(
            Attachment(part.get_filename(f"part-{number}"), part.get_content_type(), _bytes(part))
            for number, part in enumerate(others, start=1)
        ),
    )


def _with_images(html: str, parts: Sequence[MIMEPart]) -> str:
    """The HTML with each `cid:` reference replaced by the image itself, so that it opens from a file."""
    for part in parts:
        content_id = str(part.get("Content-ID", "")).strip("<> ")
        if content_id:
            encoded = base64.b64encode(_bytes(part)).decode()
            html = html.replace(f"cid:{content_id}", f"data:{part.get_content_type()};base64,{encoded}")
    return html


def _bytes(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""

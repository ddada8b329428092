"""The page of the mailbox: a list of mails; each with its HTML (sandboxed), its text and its attachments."""

from __future__ import annotations

import socket
from email.message import Message
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

from sandbox.mailbox.store import Mail, Store

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .4rem; vertical-align: top }
tr { border-bottom: 1px solid #ddd } iframe { width: 100%; height: 75vh; border: 1px solid #ddd }
pre { white-space: pre-wrap; background: #f6f6f6; padding: 1rem }
"""
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'"
MAIL_POLICY = "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class MailboxPage(ThreadingHTTPServer):
    """Serves the page on a listening socket; reads the folder and changes nothing."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, store: Store) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.store = store


class _Handler(BaseHTTPRequestHandler):
    server: MailboxPage

    def do_GET(self) -> None:
        parts = [unquote(part) for part in self.path.split("?")[0].split("/") if part]
        store = self.server.store
        try:
            match parts:
                case []:
                    self._send_page("Mailbox", _list(store))
                case ["mail", name]:
                    mail = store.read(name)
                    self._send_page(mail.subject, _mail(mail))
                case ["mail", name, "html"]:
                    self._send(
                        "text/html; charset=utf-8", (store.read(name).html or "").encode(), MAIL_POLICY
                    )
                case ["mail", name, "attachments", number]:
                    self._send_attachment(store.read(name), int(number))
                case _:
                    raise KeyError(self.path)
        except (KeyError, IndexError, ValueError):
            self.send_error(HTTPStatus.NOT_FOUND, "There is no such mail")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing of requests."""

    def _send_page(self, title: str, body: str) -> None:
        page = (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
            f"<style>{STYLE}</style>{body}</html>"
        )
        self._send("text/html; charset=utf-8", page.encode(), PAGE_POLICY)

    def _send_attachment(self, mail: Mail, number: int) -> None:
        attachment = mail.attachments[number]
        disposition = Message()
        disposition.add_header(
            "Content-Disposition", "attachment", filename=("utf-8", "", attachment.filename)
        )
        self._send(
            attachment.content_type, attachment.content, MAIL_POLICY, disposition["Content-Disposition"]
        )

    def _send(self, content_type: str, content: bytes, policy: str, disposition: str | None = None) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if disposition is not None:
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        self.wfile.write(content)


def _list(store: Store) -> str:
    mails = [store.read(name) for name in reversed(store.names())]
    rows = "".join(
        f"<tr><td>{escape(mail.date)}<td><a href='/mail/{quote(mail.name)}'>{escape(mail.subject) or '–'}</a>"
        f"<td>{escape(mail.recipients)}"
        for mail in mails
    )
    return f"<h1>Mailbox</h1><p>{len(mails)} mails<table><tr><th>date<th>subject<th>to{rows}</table>"


def _mail(mail: Mail) -> str:
    address = f"/mail/{quote(mail.name)}"
    attachments = "".join(
        f"<li><a href='{address}/attachments/{number}'>{escape(attachment.filename)}</a> "
        f"({escape(attachment.content_type)}, {len(attachment.content):,} bytes)"
        for number, attachment in enumerate(mail.attachments)
    )
    frame = (
        ""
        if mail.html is None
        else f"<iframe sandbox='allow-popups' title=HTML src='{address}/html'></iframe>"
    )
    text = "" if mail.text is None else f"<h2>Text</h2><pre>{escape(mail.text)}</pre>"
    return (
        f"<p><a href='/'>All mails</a><h1>{escape(mail.subject)}</h1>"
        f"<p>{escape(mail.date)}<br>from {escape(mail.sender)}<br>to {escape(mail.recipients)}"
        f"{frame}{text}" + (f"<h2>Attachments</h2><ul>{attachments}</ul>" if attachments else "")
    )

"""The SMTP side: takes every mail, whoever sends it; a login, if one is tried, has to be right."""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import Mapping
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.mailbox.store import Store

MAXIMUM_BYTES = 50_000_000
WRONG_LOGIN = AuthResult(success=False, handled=False)
"""`handled=False` lets aiosmtpd answer 535 itself."""


class _Handler:
    """What aiosmtpd calls for each mail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        name = self._store.keep(content)
        print(f"kept {name}: {len(content):,} bytes for {', '.join(envelope.rcpt_tos)}", flush=True)
        return f"250 OK kept as {name}"


async def serve(listener: socket.socket, store: Store, passwords: Mapping[str, str]) -> asyncio.Server:
    """Accept mail on a listening socket until the returned server is closed."""

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: Any
    ) -> AuthResult:
        if not isinstance(login, LoginPassword):
            return WRONG_LOGIN
        expected = passwords.get(login.login.decode(errors="replace"), "").encode()
        is_right = bool(expected) and hmac.compare_digest(expected, login.password)
        return AuthResult(success=True) if is_right else WRONG_LOGIN

    def session() -> SMTP:
        return SMTP(
            _Handler(store),
            data_size_limit=MAXIMUM_BYTES,
            enable_SMTPUTF8=True,
            hostname="mailbox.shellcorp.example",
            ident="mailbox",
            auth_require_tls=False,  # the loopback only
            authenticator=authenticate,
        )

    return await asyncio.get_running_loop().create_server(session, sock=listener)

"""Which sessions still have a client: told by their TCP connections, which end when a client dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from sandbox.snowflake.session import Session

logger = logging.getLogger("sandbox.snowflake")
GRACE_SECONDS = 1.0
"""How long a client may be without a connection inside a transaction, while it opens a new one."""

Peer = tuple[str, int]


class Clients:
    """Rolls a session's transaction back soon after its last connection is gone."""

    def __init__(self) -> None:
        self._peers: dict[Session, set[Peer]] = {}

    def seen(self, session: Session, peer: Peer) -> None:
        """A request of the session came over this connection."""
        self._peers.setdefault(session, set()).add(peer)

    def forget(self, session: Session) -> None:
        """The session has ended."""
        self._peers.pop(session, None)

    def lost(self, peer: Peer) -> None:
        """A connection has ended. Called in the event loop."""
        for session, peers in self._peers.items():
            if peer in peers:
                peers.discard(peer)
                if not peers:
                    asyncio.get_running_loop().call_later(GRACE_SECONDS, self._check, session)

    def _check(self, session: Session) -> None:
        if not self._peers.get(session, {None}):
            self._task = asyncio.ensure_future(self._roll_back(session))

    async def _roll_back(self, session: Session) -> None:
        if await run_in_threadpool(session.lose_client):
            logger.warning("a client is gone in the middle of a transaction: it was rolled back")


def telling_protocol(lost: Callable[[Peer], None]) -> type[asyncio.Protocol]:
    """uvicorn's protocol, telling when a connection has ended."""

    class TellingProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client:
                lost(tuple(self.client))

    return TellingProtocol

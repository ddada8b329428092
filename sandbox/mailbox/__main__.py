"""`python -m sandbox.mailbox --folder F`: take mail on one port of the loopback, show it on another."""

from __future__ import annotations

import argparse
import asyncio
import threading
from pathlib import Path

from sandbox.mailbox.smtp import serve
from sandbox.mailbox.store import Store
from sandbox.mailbox.web import MailboxPage
from sandbox.service import announce, credentials, end_with_parent, listen

USER = "platform"


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="sandbox.mailbox", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where mails are kept")
    parser.add_argument("--port", type=int, default=0, help="for SMTP; 0 takes a free one")
    parser.add_argument("--web-port", type=int, default=0, help="for the page; 0 takes a free one")
    options = parser.parse_args()
    asyncio.run(_run(options.folder, options.port, options.web_port))


async def _run(folder: Path, port: int, web_port: int) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    store = Store(folder)
    smtp_listener, web_listener = listen(port, "mailbox"), listen(web_port, "mailbox's page")

    def stop() -> None:
        loop.call_soon_threadsafe(stopped.set)

    end_with_parent(stop)
    page = MailboxPage(web_listener, store)
    threading.Thread(target=page.serve_forever, name="page").start()
    server = await serve(smtp_listener, store, credentials(folder, [USER]))
    announce(folder, smtp_listener.getsockname()[1], web_port=web_listener.getsockname()[1])
    try:
        await stopped.wait()
    finally:
        server.close()
        page.shutdown()
        page.server_close()


if __name__ == "__main__":
    main()

"""What every stand-in does alike when it starts: one port on the loopback, passwords, an announcement."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

ENDPOINT = "endpoint.json"
CREDENTIALS = "credentials.json"
PARENT_VARIABLE = "SANDBOX_PARENT_PID"
PARENT_POLL_SECONDS = 0.5


def listen(port: int, service: str) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Ends the process if the port is taken."""
    # asyncio switches Nagle's delay (40 ms a request) off only for sockets that say that they are TCP
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        fail(
            f"{service}: port {port} cannot be used ({error.strerror}). "
            "End the program that holds it, or choose another port."
        )
    listener.listen(128)
    return listener


def fail(message: str) -> NoReturn:
    """End the process with one clear line and exit code 2."""
    print(message, file=sys.stderr, flush=True)
    sys.exit(2)


def credentials(folder: Path, users: Sequence[str]) -> dict[str, str]:
    """Passwords by user, made at first start and kept in the folder, readable by its owner only."""
    file = folder / CREDENTIALS
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [user for user in users if user not in known]
    if missing:
        known |= {user: secrets.token_urlsafe(18) for user in missing}
        write_private(file, json.dumps(known, indent=2))
    return known


def announce(folder: Path, port: int, **more: str | int) -> None:
    """Tell whoever waits in the folder that the service now accepts connections."""
    endpoint = {"host": "127.0.0.1", "port": port, "pid": os.getpid(), **more}
    write_private(folder / ENDPOINT, json.dumps(endpoint))


def end_with_parent(stop: Callable[[], None]) -> None:
    """Call `stop` once on SIGTERM or SIGINT, and when the process that started this one is gone."""
    stopping = threading.Lock()

    def stop_once() -> None:
        if stopping.acquire(blocking=False):
            threading.Thread(target=stop, name="stop").start()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop_once()

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            tick.wait(PARENT_POLL_SECONDS)
        stop_once()

    tick = threading.Event()
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        threading.Thread(target=watch, args=(int(parent),), name="parent watch", daemon=True).start()


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    draft.replace(file)

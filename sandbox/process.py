"""Start a stand-in as a process of its own, wait until it serves, and end it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sandbox.service import CREDENTIALS, ENDPOINT, PARENT_VARIABLE

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05

Keep = Callable[[int], None]
"""Is told the id of a process that goes on when the one that started it has ended."""


class ServiceFailed(Exception):  # noqa: N818 - reads as what happened
    """A service ended before it served; the message carries the last lines of its log."""


@dataclass
class Service:
    """A running stand-in. Ends with the `with` block, or with the process that started it."""

    name: str
    folder: Path
    process: subprocess.Popen[bytes]
    arguments: tuple[str, ...] = ()

    @classmethod
    def start(
        cls, module: str, folder: Path, *arguments: str, port: int = 0, keep: Keep | None = None
    ) -> Service:
        """Run `python -m module --folder folder --port port …` and wait until it accepts connections.

        With `keep`, which is told its process id, it outlives the process that started it.

        Raises:
            ServiceFailed: it ended, or did not serve within a minute.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ENDPOINT).unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if name != PARENT_VARIABLE}
        if keep is None:
            environment[PARENT_VARIABLE] = str(os.getpid())
        command = [sys.executable, "-m", module, "--folder", str(folder), "--port", str(port), *arguments]
        with (folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        if keep is not None:
            keep(process.pid)
        service = cls(module, folder, process, arguments)
        service._wait_until_it_serves()
        return service

    @property
    def endpoint(self) -> dict[str, str | int]:
        """What the service announced: host, port, pid, and what else it says of itself."""
        announced: dict[str, str | int] = json.loads((self.folder / ENDPOINT).read_text())
        return announced

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return int(self.endpoint["port"])

    def password(self, user: str) -> str:
        """The password that the service made for a user at its first start."""
        made: dict[str, str] = json.loads((self.folder / CREDENTIALS).read_text())
        return made[user]

    def stop(self) -> None:
        """End it in an orderly way; kill it if it does not follow."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a power failure would (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def crash(self) -> None:
        """Kill it, and start it again where it was: same folder, same port."""
        port = self.port
        self.kill()
        self.process = Service.start(self.name, self.folder, *self.arguments, port=port).process

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / ENDPOINT).exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last_lines = (self.folder / "log.txt").read_text(errors="replace").splitlines()[-5:]
                raise ServiceFailed(f"{self.name} did not start: " + " | ".join(last_lines))
            time.sleep(POLL_SECONDS)


@dataclass
class Guarded:
    """A program that is not ours, run by sandbox.guard: it and its children end together."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        name: str,
        command: list[str],
        folder: Path,
        environment: dict[str, str],
        keep: Keep | None = None,
    ) -> Guarded:
        """Start the command; its output goes to `folder/name.log`. `keep` is as for a `Service`."""
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"{name}.log"
        environment = {key: value for key, value in environment.items() if key != PARENT_VARIABLE}
        if keep is None:
            environment[PARENT_VARIABLE] = str(os.getpid())
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.guard", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment,
                start_new_session=True,
            )
        if keep is not None:
            keep(process.pid)
        return cls(name, log, process)

    def last_lines(self) -> str:
        """The end of its log, in one line."""
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def stop(self) -> None:
        """End it and its children."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

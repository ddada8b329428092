"""Starting and ending stand-ins: the conventions of sandbox/service.py and sandbox/process.py."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from sandbox.process import Guarded, Service, ServiceFailed

LIMIT_SECONDS = 20


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A minimal service module on the path, and the folder to run it in."""
    (tmp_path / "echo_service.py").write_text(
        textwrap.dedent("""
        import argparse, pathlib, threading
        from sandbox import service
        parser = argparse.ArgumentParser()
        parser.add_argument("--folder", type=pathlib.Path)
        parser.add_argument("--port", type=int)
        options = parser.parse_args()
        listener = service.listen(options.port, "Echo")
        service.credentials(options.folder, ["user"])
        ended = threading.Event()
        service.end_with_parent(ended.set)
        service.announce(options.folder, listener.getsockname()[1])
        ended.wait()
        """)
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path.cwd()}")
    return tmp_path / "state"


def wait_for_end(pid: int) -> bool:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_service_announces_its_port_and_keeps_its_password(echo: Path) -> None:
    with Service.start("echo_service", echo) as first:
        socket.create_connection(("127.0.0.1", first.port), timeout=5).close()
        password = first.password("user")
        assert len(password) >= 20
        assert (echo / "credentials.json").stat().st_mode & 0o077 == 0
    assert first.process.returncode == 0
    with Service.start("echo_service", echo) as second:
        assert second.password("user") == password


def test_a_taken_port_is_one_clear_message(echo: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServiceFailed, match=f"Echo: port {port} cannot be used .* choose another port"):
            Service.start("echo_service", echo, port=port)


def test_a_service_ends_with_the_process_that_started_it(echo: Path) -> None:
    starter = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import os, sys; from pathlib import Path; from sandbox.process import Service;"
                "print(Service.start('echo_service', Path(sys.argv[1])).process.pid, flush=True);"
                f"os.kill(os.getpid(), {signal.SIGKILL.value})"
            ),
            str(echo),
        ],
        stdout=subprocess.PIPE,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert wait_for_end(int(starter.stdout))


def test_a_guarded_program_ends_with_its_guard_not_with_who_started_that(tmp_path: Path) -> None:
    program = "import os; print(os.environ['SANDBOX_PARENT_PID'] == str(os.getppid()))"
    guarded = Guarded.start("program", [sys.executable, "-c", program], tmp_path, dict(os.environ))
    assert guarded.process.wait(LIMIT_SECONDS) == 0
    assert guarded.last_lines() == "True"

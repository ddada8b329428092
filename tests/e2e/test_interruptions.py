"""What a person does to a demo: stop it in the middle, or start it where something is in the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.e2e.platform import ROOT, make, wait_until_no_process

SCALE = "0.02"


@pytest.mark.parametrize("moment", ["starting the stand-ins", "schema.sql", "starting Prefect"])
def test_ctrl_c_ends_everything_with_one_message(tmp_path: Path, moment: str) -> None:
    command = ["make", "--no-print-directory", "demo", f"FOLDER={tmp_path}", f"SCALE={SCALE}"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's & ignores it
    ) as process:
        assert process.stdout is not None
        said = ""
        while moment not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        os.killpg(process.pid, signal.SIGINT)
        said += process.stdout.read()
    assert process.returncode != 0
    assert "stopped; every process was ended. Run the same command to start again." in said
    assert "Traceback" not in said
    assert wait_until_no_process(tmp_path) == []


def test_a_taken_port_is_one_message_that_names_it(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        outcome = make("up", tmp_path, SCALE=SCALE, PREFECT_PORT=str(port), MAILBOX_PORT="0")
    assert outcome.exit_code != 0
    assert f"Prefect's server: port {port} cannot be used" in outcome.output
    assert "choose another port" in outcome.output
    assert "Traceback" not in outcome.output
    assert wait_until_no_process(tmp_path) == []


def test_what_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    assert "no platform runs in" in make("down", tmp_path).output
    ran = make("run", tmp_path)
    assert ran.exit_code != 0
    assert "`make up` starts one" in ran.output
    status = make("status", tmp_path)
    assert status.exit_code != 0
    assert "`make up` writes such a file" in status.output
    assert "Traceback" not in status.output

"""`make demo` and its relatives, small: the commands of the README, run whole."""

from __future__ import annotations

import email
import email.policy
import re
import shlex
from pathlib import Path

from tests.e2e.platform import ROOT, make, wait_until_no_process

TABLES = 9
SMALL = {"SCALE": "0.02", "RATE": "2"}
"""Few rows, and few transactions a second while the platform works."""

COMMANDS_RUN_HERE = {"make demo", "make demo BREAK=marts"}
COMMANDS_RUN_BY_TEST_PREFECT = {"make up", "make run", "make status", "make down"}
COMMAND_THAT_RUNS_THIS = "make test"


def mails(folder: Path) -> list[email.message.EmailMessage]:
    files = sorted((folder / "mailbox").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = {line for block in blocks for line in block.splitlines() if shlex.split(line)[:1] == ["make"]}
    assert commands == COMMANDS_RUN_HERE | COMMANDS_RUN_BY_TEST_PREFECT | {COMMAND_THAT_RUNS_THIS}


def test_the_demo_ends_in_a_proof_and_leaves_nothing_behind(tmp_path: Path) -> None:
    outcome = make("demo", tmp_path, **SMALL)
    assert outcome.exit_code == 0, outcome.output
    proof = re.search(r"proof +([\d,]+) rows of (\d+) tables compared, (\d+) differences", outcome.output)
    assert proof is not None, outcome.output
    assert int(proof[1].replace(",", "")) > 1_000
    assert (int(proof[2]), int(proof[3])) == (TABLES, 0)
    assert len(mails(tmp_path / "demo")) == 2
    assert (tmp_path / "demo" / "data_docs" / "index.html").exists()
    assert wait_until_no_process(tmp_path) == []


def test_a_gate_that_closes_fails_the_run_and_leaves_the_marts(tmp_path: Path) -> None:
    outcome = make("demo", tmp_path, **SMALL, BREAK="marts")
    assert outcome.exit_code != 0
    assert re.search(r"OFF +flow run “.+” ended Failed by gate: .*ORDER_FACTS", outcome.output), (
        outcome.output
    )
    kept = re.search(r"marts behind the closed gate \((.*)\) are unchanged, row by row", outcome.output)
    assert kept is not None, outcome.output
    assert {"ORDER_FACTS", "CUSTOMER_360"} <= set(kept[1].split(", "))
    assert " 0 differences" in outcome.output, "replication itself goes on"
    *_, alert, last = mails(tmp_path / "demo")
    assert str(alert["subject"]).startswith("Shellcorp: gate closed on MARTS.ORDER_FACTS")
    text = last.get_body(("plain",))
    assert text is not None
    assert "ORDER_FACTS" in last["subject"]
    assert "ORDER_FACTS" in text.get_content()

"""Run a program that is not ours (`python -m sandbox.guard PROGRAM …`) and end it with whoever started it.

The program and its children form one process group; they end together on SIGTERM, SIGINT, or when the
process named by SANDBOX_PARENT_PID is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from sandbox.service import PARENT_VARIABLE, end_with_parent

GRACE_SECONDS = 15.0


def main(command: list[str]) -> int:
    """Run the command until it ends or is to end; returns its exit code."""
    environment = os.environ | {PARENT_VARIABLE: str(os.getpid())}
    child = subprocess.Popen(command, env=environment, start_new_session=True)

    def stop() -> None:
        _signal_group(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
        _signal_group(child.pid, signal.SIGKILL)

    end_with_parent(stop)
    code = child.wait()
    _signal_group(child.pid, signal.SIGKILL)
    return code


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

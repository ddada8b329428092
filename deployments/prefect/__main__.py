"""`python -m deployments.prefect plan | apply | remove`: what the platform keeps in a Prefect workspace.

The workspace is that of PREFECT_API_URL (and PREFECT_API_KEY in Cloud), or of Prefect's profile.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError

from deployments.prefect import automations
from deployments.prefect.automations import Change, NotDeployed


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command; 1, and one line, when it cannot."""
    chosen = _parser().parse_args(arguments)
    work: Callable[[], int] = chosen.work
    try:
        return work()
    except NotDeployed as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a command
    except PrefectHTTPStatusError as error:
        print(f"Prefect refused: {error}", file=sys.stderr)  # noqa: T201 - a command
    except httpx.TransportError as error:
        kind = type(error).__name__
        print(f"Prefect's server does not answer ({kind}): check PREFECT_API_URL", file=sys.stderr)  # noqa: T201 - a command
    return 1


def plan() -> int:
    """Say what `apply` would change."""
    return _carry_out(automations.plan, is_only_told=True)


def apply() -> int:
    """Make the workspace as it is written here; a second time nothing changes."""
    return _carry_out(automations.plan)


def remove() -> int:
    """Take away what `apply` has made."""
    return _carry_out(automations.removal)


def _carry_out(plan: Callable[[SyncPrefectClient], list[Change]], *, is_only_told: bool = False) -> int:
    with get_client(sync_client=True) as client:
        for change in plan(client):
            print(change)  # noqa: T201 - a command
            if not is_only_told:
                automations.carry_out(client, change)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deployments.prefect", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for work in (plan, apply, remove):
        commands.add_parser(work.__name__, help=work.__doc__).set_defaults(work=work)
    return parser


if __name__ == "__main__":
    sys.exit(main())

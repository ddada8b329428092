"""What a file of this folder has to have."""

from __future__ import annotations

import argparse
from typing import Protocol


class Subcommand(Protocol):
    """A module: what it is for, what it takes, and what it does."""

    HELP: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what it takes to its parser."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do it; returns the exit code. Raises ModelError and those of deployments."""
        ...

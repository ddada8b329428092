"""`docs`: write the site of the models: lineage, columns and code, with search."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snowpark_models.errors import ModelError
from snowpark_models.runner import plan
from snowpark_models.site import write_site

HELP = "write the site of the models: lineage, columns, code"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--folder", type=Path, default=Path("site"), help="where to (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Write it, and print its first page.

    Raises:
        ModelError: nothing can be written there.
    """
    try:
        sys.stdout.write(f"{write_site(plan(), options.folder)}\n")
    except OSError as error:
        raise ModelError(f"--folder {options.folder} cannot be written: {error.strerror}") from None
    return 0

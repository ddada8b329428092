"""`python -m snowpark_models list [MODEL|LAYER …]`: the models in the order in which they are built.

They are built by the flow `transform`, which holds the gates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from snowpark_models.errors import ModelError
from snowpark_models.model import Model
from snowpark_models.runner import plan
from snowpark_models.site import write_site

HEADINGS = ("#", "layer", "model", "grain", "owner", "reads")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 2 when the models, or the selection, make no sense."""
    parser = argparse.ArgumentParser(prog="python -m snowpark_models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="models in the order in which they are built")
    listing.add_argument("selection", nargs="*", metavar="MODEL|LAYER", help="all of them when left out")
    docs = commands.add_parser("docs", help="write the site of the models: lineage, columns, code")
    docs.add_argument("--folder", type=Path, default=Path("site"), help="where to (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        if options.command == "docs":
            sys.stdout.write(f"{write_site(plan(), options.folder)}\n")
            return 0
        models = plan(options.selection)
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(as_table([HEADINGS, *(_row(number, model) for number, model in enumerate(models, 1))]))
    return 0


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
    return "\n".join(lines) + "\n"


def _row(number: int, model: Model) -> Sequence[str]:
    return (str(number), model.layer, model.name, model.grain, model.owner, ", ".join(model.upstreams))


if __name__ == "__main__":
    sys.exit(main())

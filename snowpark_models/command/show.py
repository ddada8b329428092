"""`show MODEL`: the first rows of what was built, in the order of its key; personal columns are left out."""

from __future__ import annotations

import argparse
import sys

from snowpark_models.command.selecting import add_developer, warehouse
from snowpark_models.command.tables import as_table
from snowpark_models.errors import LineageError, perhaps
from snowpark_models.model import Model
from snowpark_models.runner import discover
from snowpark_models.runner.locations import Locations
from snowpark_models.runner.names import Namespace, identifier, qualified
from snowpark_models.runner.sql.quarantine import count_by_reasons
from snowpark_models.runner.warehouse import Warehouse

HELP = "the first rows of a model's table"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("model", metavar="MODEL", help="such as customer_360")
    parser.add_argument("--rows", type=_at_least_one, default=10, help="how many (default: %(default)s)")
    add_developer(parser)


def run(options: argparse.Namespace) -> int:
    """Print them: the developer's table where there is one, else production's.

    Raises:
        LineageError: there is no such model.
        MissingTableError: it is not built yet.
    """
    models = {model.name: model for model in discover()}
    if options.model not in models:
        raise LineageError(f"{options.model} is no model{perhaps(options.model, list(models))}")
    model = models[options.model]
    names = shown(model)
    with warehouse(options) as house:
        locations = Locations(house.namespace, house.kinds(), models)
        table = house.session.table(locations.quoted(model.name))
        ordered = table.sort(*map(identifier, model.key)).select(*map(identifier, names))
        rows = [[_cell(value) for value in row] for row in ordered.limit(options.rows).collect()]
        count = table.count()
        set_aside = _set_aside(house, locations, model)
    sys.stdout.write(as_table([names, *rows]))
    hidden = len(model.contract) - len(names)
    left_out = f"; {hidden} personal columns are left out" if hidden else ""
    sys.stdout.write(
        f"{len(rows)} of the {count:,} rows of {locations.read(model.name)}{left_out}\n{set_aside}"
    )
    return 0


def shown(model: Model) -> list[str]:
    """The columns that may be shown to anybody."""
    return [column.name.upper() for column in model.contract if not column.personal]


def _set_aside(house: Warehouse, locations: Locations, model: Model) -> str:
    """A line on how many rows are set aside of what is shown, and why; none where no row is."""
    namespace = house.namespace if locations.exists(model) else Namespace()
    place = namespace.quarantine(model)
    if place not in locations.kinds:
        return ""
    reasons = house.rows(count_by_reasons(qualified(*place)))
    told = "; ".join(f"{row['ROW_COUNT']:,} because not: {row['REASONS']}" for row in reasons)
    return f"Set aside in {'.'.join(place)}: {told}\n" if told else ""


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows: write 1 or more")
    return int(text)


def _cell(value: object) -> str:
    return "NULL" if value is None else str(value)

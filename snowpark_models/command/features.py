"""`features list`, `backfill` and `register`: what is recorded of the feature views, and more of it.

The flow transform records production's; a developer's history grows by `backfill` only.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from snowpark_models.command.selecting import add_developer, namespace, warehouse
from snowpark_models.command.tables import as_table
from snowpark_models.errors import ModelError, perhaps
from snowpark_models.features._views import VIEWS
from snowpark_models.pointintime import FeatureView, backfill, register, utc
from snowpark_models.pointintime.versions import recorded_versions
from snowpark_models.runner.names import Namespace

HELP = "list what is recorded of feature views, backfill it, register it in Snowflake's Feature Store"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    actions = parser.add_subparsers(dest="action", required=True)

    def action(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=text, description=text)
        add_developer(added)
        added.set_defaults(act=run)
        return added

    action("list", _list, "the views, and the versions that are recorded")
    filling = action("backfill", _backfill, "record days in the past, from what is known of them now")
    filling.add_argument("view", metavar="VIEW")
    filling.add_argument(
        "--from", dest="first", type=_time, required=True, metavar="TIME", help="such as 2026-01-01"
    )
    filling.add_argument("--to", dest="last", type=_time, required=True, metavar="TIME", help="included")
    filling.add_argument("--every", type=int, default=1, metavar="DAYS")
    filling.add_argument(
        "--by-source-clocks",
        action="store_true",
        help="trust the source's times: for before replication began",
    )
    registering = action("register", _register, "show what is recorded in Snowflake's Feature Store")
    registering.add_argument("view", metavar="VIEW")
    for added in (filling, registering):
        added.add_argument("--production", action="store_true", help="production's, not a developer's")


def run(options: argparse.Namespace) -> int:
    """Do it.

    Raises:
        ModelError: there is no such view, or nobody is named whose schemas are written.
    """
    act: Callable[[argparse.Namespace], int] = options.act
    return act(options)


def _list(options: argparse.Namespace) -> int:
    rows = [("view", "version", "code", "recorded since", "")]
    with warehouse(options) as house:
        recorded = recorded_versions(house, house.namespace, Namespace())
    for view in VIEWS:
        mine = [found for (name, _), found in sorted(recorded.items()) if name == view.name]
        if view.version not in [found.version for found in mine]:
            rows.append((view.name, str(view.version), view.code, "–", "today's"))
        for found in mine:
            is_today = "today's" if found.version == view.version else ""
            changed = (
                ", but its code has changed: give it a new version"
                if is_today and found.code != view.code
                else ""
            )
            since = f"{found.recorded_since:%Y-%m-%d %H:%M}"
            rows.append((found.name, str(found.version), found.code, since, is_today + changed))
    sys.stdout.write(as_table(rows))
    return 0


def _backfill(options: argparse.Namespace) -> int:
    view, where = _view(options), _written(options)
    if options.every < 1 or options.last < options.first:
        raise ModelError("--from is after --to, or --every is not a number of days")
    count = (options.last - options.first) // timedelta(days=options.every) + 1
    times = [options.first + timedelta(days=options.every * number) for number in range(count)]
    run_id = f"backfill-{uuid.uuid4().hex[:12]}"
    with warehouse(options) as house:
        told = backfill(
            house.session, view, times, run_id, namespace=where, by_source_clocks=options.by_source_clocks
        )
    for recording in told:
        sys.stdout.write(f"{view.name}, version {view.version}, {recording.as_of}: {recording.rows:,} rows\n")
    return 0


def _register(options: argparse.Namespace) -> int:
    view, where = _view(options), _written(options)
    with warehouse(options) as house:
        sys.stdout.write(f"{register(house.session, view, namespace=where)}\n")
    return 0


def _view(options: argparse.Namespace) -> FeatureView:
    views = {view.name: view for view in VIEWS}
    if options.view not in views:
        raise ModelError(f"{options.view} is no recorded feature view{perhaps(options.view, list(views))}")
    return views[options.view]


def _written(options: argparse.Namespace) -> Namespace:
    """Whose schemas are written: somebody's who is named, or production's where that is said."""
    if options.production:
        options.developer = ""
    elif namespace(options).is_production:
        raise ModelError("give --developer NAME, or set PLATFORM_DEVELOPER; or say --production")
    return namespace(options)


def _time(text: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write it like 2026-01-31") from None

"""`python -m tests.e2e.pictures [FOLDER]`: Prefect's UI, as an operator of a running platform has it.

FOLDER is that of `make up`, `.sandbox/up` unless said otherwise; `make run` has to have ended there.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.demo.home import Home
from sandbox.demo.prefect_server import LocalPrefect, remembered_port
from tests.browser import Browser, open_browser

DOCS = Path(__file__).parents[2] / "docs" / "ui"
SIZE = (1280, 1000)
QUALITY = 60
LARGEST_BYTES = 150_000
DRAWN_SECONDS = 3.0
"""What a page needs to draw its charts, when its texts are there."""


@dataclass(frozen=True)
class Page:
    """A page of the UI, and a text that is there when it is."""

    path: str
    text: str


def pages(prefect: LocalPrefect) -> dict[str, Page]:
    """What is shown, by the name of its picture."""
    run = _newest(prefect, "pipeline")
    (models,) = prefect.post("/artifacts/latest/filter", {"artifacts": {"key": {"any_": ["models"]}}})
    form = prefect.ask("GET", "/deployments/name/transform/shellcorp")
    return {
        "runs": Page("/runs", run["name"]),
        "pipeline": Page(f"/runs/flow-run/{run['id']}", "Subflow"),
        "artifacts": Page(f"/artifacts/artifact/{models['latest_id']}", "customer_360"),
        "form": Page(f"/deployments/deployment/{form['id']}/run", "override"),
        "automations": Page("/automations", "shellcorp: a run crashed"),
    }


def _newest(prefect: LocalPrefect, flow: str) -> dict[str, Any]:
    body = {
        "flows": {"name": {"any_": [flow]}},
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
        "sort": "START_TIME_DESC",
    }
    runs: list[dict[str, Any]] = prefect.post("/flow_runs/filter", body)
    if not runs:
        raise SystemExit(f"no run of {flow} has completed: `make run` runs it")
    return runs[0]


def take(browser: Browser, address: str, page: Page, file: Path) -> None:
    """Write the picture of a page."""
    browser.visit(
        f"{address}{page.path}", f"document.body?.innerText.includes({json.dumps(page.text)})", *SIZE
    )
    time.sleep(DRAWN_SECONDS)
    browser.picture(file, QUALITY)
    if file.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{file} has {file.stat().st_size:,} bytes: at most {LARGEST_BYTES:,}")


def main(folder: Path) -> None:
    """Take every picture."""
    home = Home(folder)
    prefect = LocalPrefect(home.prefect, remembered_port(home.prefect), environment={})
    DOCS.mkdir(exist_ok=True)
    with open_browser() as browser:
        for name, page in pages(prefect).items():
            take(browser, prefect.ui, page, DOCS / f"{name}.webp")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".sandbox/up"))

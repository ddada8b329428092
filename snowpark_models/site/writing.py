"""Fills the templates in and writes the site into a folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from snowpark_models.errors import SiteError
from snowpark_models.model import Model
from snowpark_models.site.pages import Site, address, site_of
from snowpark_models.site.search import search_script

STATIC: Final = Path(__file__).parent / "static"
MARK: Final = '<meta name="generator" content="snowpark_models">'
"""What tells an earlier site from a folder that holds something else; templates/base.html has it."""


def write_site(models: Sequence[Model], folder: Path) -> Path:
    """Write the pages of models, given in the order of building; returns the page to open.

    An earlier site in the folder is replaced.

    Raises:
        SiteError: the folder holds something else.
    """
    _check_ours(folder)
    files = site_files(site_of(models))
    for old in ("models", "sources", "static"):
        if (folder / old).exists():
            shutil.rmtree(folder / old)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "index.html"


def site_files(site: Site) -> dict[str, str]:
    """The text of each file by its path in the site."""
    environment = _environment()
    overview, model, source = map(environment.get_template, ("overview.html", "model.html", "source.html"))
    return {
        "index.html": overview.render(site=site, root=""),
        **{address(page.model.name): model.render(page=page, root="../") for page in site.models},
        **{address(page.source.name): source.render(page=page, root="../") for page in site.sources},
        "static/search.js": search_script(site),
        **{f"static/{file.name}": file.read_text(encoding="utf-8") for file in sorted(STATIC.iterdir())},
    }


def _check_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise SiteError(f"{folder} is a file: name a folder with --folder")
    index = folder / "index.html"
    if any(folder.iterdir()) and not (index.is_file() and MARK in index.read_text(encoding="utf-8")):
        raise SiteError(f"the folder {folder} holds other files: name an empty or a new one with --folder")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("snowpark_models.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["address"] = address
    return environment

"""What the search box looks through: a script with one JSON value, which pages opened as files can load."""

from __future__ import annotations

import json

from snowpark_models.site.pages import Site, address

BEGIN = "window.searchIndex = "


def search_script(site: Site) -> str:
    """One entry a source, model and column: kind, name, the model it is in, its words, its address."""
    sources = [
        _entry("source", page.source.name, "", f"Mirror {page.table}", address(page.source.name))
        for page in site.sources
    ]
    models = [
        _entry(
            "model",
            page.model.name,
            page.model.layer,
            " · ".join((page.model.description, page.model.grain, page.model.owner, *page.model.tags)),
            address(page.model.name),
        )
        for page in site.models
    ]
    columns = [
        _entry(
            "column",
            column.name,
            page.model.name,
            f"{column.description}{' · personal' if column.personal else ''}",
            address(page.model.name, column.name),
        )
        for page in site.models
        for column in page.columns
    ]
    return f"{BEGIN}{json.dumps([*models, *sources, *columns], indent=0)};\n"


def _entry(kind: str, name: str, within: str, words: str, href: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "within": within, "words": words, "href": href}

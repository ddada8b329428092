"""The site of the models: whole, linked, escaped, and from one folder alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path, PurePosixPath

import pytest

from snowpark_models import Column, Model
from snowpark_models.__main__ import main
from snowpark_models.errors import SiteError
from snowpark_models.runner import plan
from snowpark_models.site import write_site
from snowpark_models.site.code import pieces
from snowpark_models.site.drawing import BOX_HEIGHT, drawing_of
from snowpark_models.site.lineage import lineage_of
from snowpark_models.site.pages import site_of
from snowpark_models.site.search import BEGIN
from snowpark_models.site.writing import site_files
from snowpark_models.sources import SOURCES

VOID = {"meta", "link", "input", "br", "hr", "img"}
NAMESPACES = {"http://www.w3.org/2000/svg"}
HOSTILE = """<script>alert("1")</script> & 'quoted' </title>"""


@dataclass
class Page(HTMLParser):
    """One page as its reader's browser sees it; a tag that is not closed in its turn is an error."""

    html: str
    open: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def models() -> list[Model]:
    return plan()


@pytest.fixture(scope="module")
def files(models: list[Model]) -> dict[str, str]:
    return site_files(site_of(models))


@pytest.fixture(scope="module")
def pages(files: Mapping[str, str]) -> dict[str, Page]:
    return {name: Page(text) for name, text in files.items() if name.endswith(".html")}


def searched(files: Mapping[str, str]) -> list[dict[str, str]]:
    """The entries of the search box."""
    return list(json.loads(files["static/search.js"].removeprefix(BEGIN).rstrip(";\n")))


def target(page: str, link: str) -> tuple[str, str]:
    """The file of the site and the place on it that a link leads to."""
    file, _, place = link.partition("#")
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / file).parts if file else PurePosixPath(page).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts), place


def test_every_model_and_source_has_a_page(models: list[Model], pages: dict[str, Page]) -> None:
    for model in models:
        shown = pages[f"models/{model.name}.html"].text
        said = [
            model.description,
            model.grain,
            model.owner,
            model.materialized,
            *model.tags,
            *model.upstreams,
        ]
        said += [text for column in model.contract for text in (column.name, column.type, column.description)]
        assert [text for text in said if text not in shown] == []
        assert f"def {model.name}(" in shown
    assert [name for name in SOURCES if f"sources/{name}.html" not in pages] == []


def test_every_link_leads_to_a_place_that_exists(files: dict[str, str], pages: dict[str, Page]) -> None:
    links = [(name, link) for name, page in pages.items() for link in page.links]
    links += [("index.html", entry["href"]) for entry in searched(files)]
    assert len(links) > 500
    for name, link in links:
        file, place = target(name, link)
        assert file in files, f"{name} leads to {link}"
        assert not place or place in pages[file].ids, f"{name} leads to {link}"


def test_nothing_comes_from_elsewhere(files: dict[str, str], pages: dict[str, Page]) -> None:
    outside = re.compile(r"^(?:[a-z]+:|//)")
    assert [link for page in pages.values() for link in page.links if outside.match(link)] == []
    for name, text in files.items():
        if name.startswith("static/"):
            assert set(re.findall(r"\w+://[^\s\"')]+", text)) <= NAMESPACES, name
            assert "@import" not in text, name


def test_search_finds_models_and_columns(files: dict[str, str]) -> None:
    found = {(entry["kind"], entry["within"], entry["name"]): entry for entry in searched(files)}
    email = found["column", "customer_360", "email"]
    assert email["href"] == "models/customer_360.html#column-email"
    assert "personal" in email["words"]
    assert found["model", "marts", "order_facts"]["href"] == "models/order_facts.html"
    assert found["source", "", "raw_orders"]["href"] == "sources/raw_orders.html"


def test_what_is_declared_stays_text(models: list[Model]) -> None:
    declared = models[0]
    hostile = replace(
        declared,
        description=HOSTILE,
        grain=HOSTILE,
        owner=HOSTILE,
        tags=(HOSTILE,),
        contract=(*declared.contract, Column("odd", "VARCHAR", HOSTILE)),
    )
    tame, odd = (site_files(site_of([model])) for model in (declared, hostile))
    plain, page = (Page(files[f"models/{declared.name}.html"]) for files in (tame, odd))
    assert page.text.count(HOSTILE) == 5
    assert page.tags.count("script") == plain.tags.count("script")
    assert Page(odd["index.html"]).tags == Page(tame["index.html"]).tags
    assert any(HOSTILE in entry["words"] for entry in searched(odd))


def test_boxes_lie_apart_and_the_data_flows_to_the_right(models: list[Model]) -> None:
    drawing = drawing_of(lineage_of(models))
    boxes = {box.name: box for box in drawing.boxes}
    for one, other in combinations(drawing.boxes, 2):
        left, right = sorted((one, other), key=lambda box: box.x)
        assert left.x + left.width < right.x or abs(one.y - other.y) > BOX_HEIGHT
    for model in models:
        assert all(boxes[up].x + boxes[up].width < boxes[model.name].x for up in model.upstreams)
    assert all(box.y >= 0 and box.y + BOX_HEIGHT <= drawing.height for box in drawing.boxes)
    assert len(drawing.wires) == sum(len(model.upstreams) for model in models)


def test_the_page_of_a_model_draws_what_it_depends_on_and_what_depends_on_it(models: list[Model]) -> None:
    around = lineage_of(models).around("stg_order_lines")
    assert {"raw_order_lines", "order_facts", "daily_revenue", "customer_360"} <= set(around.names)
    assert not {"stg_payments", "raw_orders", "support_load"} & set(around.names)


@pytest.mark.parametrize("odd", ["", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_coloured_code_is_the_code(odd: str) -> None:
    source = f"# a{odd}b\n" + "def x() -> str:  # \"why\"\n    return f\"é{1}\" '''two\nlines'''\n"
    cut = list(pieces(source))
    assert "".join(piece.text for piece in cut) == source
    assert [piece.text for piece in cut if piece.kind == "keyword"] == ["def", "return"]
    assert [piece.text for piece in cut if piece.kind == "comment"] == [f"# a{odd}b", '# "why"']


def test_an_earlier_site_is_replaced_and_nothing_else_is(models: list[Model], tmp_path: Path) -> None:
    index = write_site(models[:4], tmp_path / "site")
    assert index == tmp_path / "site" / "index.html"
    write_site(models[:3], tmp_path / "site")
    assert len(list((tmp_path / "site" / "models").iterdir())) == 3
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SiteError, match="holds other files"):
        write_site(models[:3], tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["notes.txt"]


def test_the_command_says_which_page_to_open(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["docs", "--folder", str(tmp_path)]) == 0
    assert Path(capsys.readouterr().out.strip()).is_file()

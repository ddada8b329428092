"""`new LAYER/NAME`: a model, its suite and its test, from templates/; they pass as they are."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path
from string import Template

from snowpark_models.errors import LineageError, perhaps
from snowpark_models.model import LAYERS
from snowpark_models.runner import discover
from snowpark_models.sources import SOURCES

HELP = "make a model, its suite and its test from templates"
ROOT = Path(__file__).parents[2]
TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 40


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("place", metavar="LAYER/NAME", help="such as marts/customer_mood")


def run(options: argparse.Namespace) -> int:
    """Write the files, and say which.

    Raises:
        LineageError: no model can be called so, or something is; nothing has been written.
    """
    layer, _, name = str(options.place).partition("/")
    check(layer, name)
    kind = "staging" if layer == "staging" else "marts"
    files = {
        ROOT / "snowpark_models" / layer / f"{name}.py": f"{kind}_model.txt",
        ROOT / "expectations" / layer / f"{name}.py": f"{kind}_suite.txt",
        ROOT / "tests" / "models" / f"test_{name}.py": f"{kind}_test.txt",
    }
    for file in files:
        if file.exists():
            raise LineageError(f"{file.relative_to(ROOT)} is there already: take another name")
    for file, template in files.items():
        text = Template((TEMPLATES / template).read_text(encoding="utf-8"))
        file.write_text(text.substitute(layer=layer, name=name), encoding="utf-8")
        sys.stdout.write(f"{file.relative_to(ROOT)}\n")
    return 0


def check(layer: str, name: str) -> None:
    """Hold that a model can be called so.

    Raises:
        LineageError: says why not.
    """
    if layer not in LAYERS:
        raise LineageError(f"{layer} is no layer{perhaps(layer, LAYERS)}")
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > LONGEST_NAME:
        raise LineageError(
            f"{name!r} cannot be a model: use small letters, digits and single _, up to {LONGEST_NAME} "
            "characters, and no word of Python's own"
        )
    taken = {model.name: f"in {model.layer}/" for model in discover()} | dict.fromkeys(SOURCES, "a source")
    if name in taken:
        raise LineageError(f"{name} is there already, {taken[name]}: take another name")

"""Python as pieces of text with the kind of each, for the style sheet to colour."""

from __future__ import annotations

import inspect
import io
import keyword
import token
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snowpark_models.model import Model

_KINDS = {token.STRING: "string", token.COMMENT: "comment", token.NUMBER: "number"}


@dataclass(frozen=True)
class Piece:
    """A run of source text; `kind` is "" for what stays plain."""

    kind: str
    text: str


def code_of(model: Model) -> list[Piece]:
    """The file that a model is declared in; nothing where it comes from no file."""
    file = inspect.getsourcefile(model.function)
    return list(pieces(Path(file).read_text(encoding="utf-8"))) if file and Path(file).is_file() else []


def pieces(source: str) -> Iterator[Piece]:
    """Cut source text into pieces that add up to it again.

    Raises:
        tokenize.TokenError: it is no whole Python.
    """
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    done = 0
    for found in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = "keyword" if keyword.iskeyword(found.string) else _KINDS.get(found.type, "")
        if kind:
            begin, end = (starts[row - 1] + column for row, column in (found.start, found.end))
            yield from (Piece("", source[done:begin]), Piece(kind, source[begin:end]))
            done = end
    yield Piece("", source[done:])

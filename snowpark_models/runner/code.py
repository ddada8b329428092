"""The hash of a model's code: of what it computes, not of how that is written."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from snowpark_models.model import Model

DIGITS = 16


def code_hash(model: Model) -> str:
    """Tells whether a model, its contract or a helper that it imports has changed; 16 hex digits.

    Comments, docstrings and layout do not count. Other models do not, either: they change the data.
    """
    parts = [
        _syntax(model.function.__module__, inspect.getsourcefile(model.function)),
        ast.dump(_without_texts(ast.parse(textwrap.dedent(inspect.getsource(model.function))))),
        repr([(column.name, column.type, column.nullable) for column in model.contract]),
        repr((model.key, model.parts, model.materialized)),
    ]
    if model.storage is not None:
        parts.append(repr(model.storage))
    return hash_of(*parts)


def modules_hash(*modules: str) -> str:
    """Tells whether some modules, or what they import of their own package, have changed; 16 hex digits."""
    return hash_of(*(_syntax(module, _file(module)) for module in modules))


def hash_of(*parts: str) -> str:
    """One hash of several texts; 16 hex digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]


def _syntax(module: str, file: str | None) -> str:
    """The syntax trees of a module and of the helpers in its own package that it imports, directly or not."""
    if file is None:
        return module
    found: dict[str, str] = {}
    waiting = {module: file}
    while waiting:
        name, path = waiting.popitem()
        found[name], imported = _own_syntax(path, name)
        files = {helper: _file(helper) for helper in imported if _is_helper(helper) and helper not in found}
        waiting |= {helper: path for helper, path in files.items() if path is not None}
    own = found.pop(module)
    return "\n".join([own, *(found[name] for name in sorted(found))])


@cache
def _own_syntax(file: str, module: str) -> tuple[str, frozenset[str]]:
    """The syntax tree of a module, and what it may import of its own top-level package."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    package = module if Path(file).name == "__init__.py" else module.rpartition(".")[0]
    own = f"{module.partition('.')[0]}."
    return ast.dump(_without_texts(tree)), frozenset(
        name for name in _imported(tree, package) if name.startswith(own)
    )


def _imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Full names of what is imported; `from a import b` may mean the module a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _is_helper(module: str) -> bool:
    """A module that computes: neither the runner nor the declaration, which say how, and not what."""
    own = module.removeprefix("snowpark_models.")
    return own.partition(".")[0] not in {"runner", "model", "contract", "storage"}


def _file(module: str) -> str | None:
    """Where a module is; None where the name is of something else."""
    if module in sys.modules:
        return sys.modules[module].__file__
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # what it is looked for in is a module, not a package
        return None
    return found.origin if found else None


def _without_texts(tree: ast.Module) -> ast.Module:
    """The tree without docstrings."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:]
    return tree

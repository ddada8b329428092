"""Which models a selector means.

`order_facts` a model · `marts` a layer · `snowpark_models/marts/order_facts.py` a file, or its folder ·
`tag:daily` models with that tag · `state:modified` models whose code is not what built them.
Of each of them `+x` also means all that it reads, directly or not, `x+` all that reads it, `+x+` both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import PurePath

from snowpark_models.errors import LineageError, perhaps
from snowpark_models.model import LAYERS, Model

MODIFIED = "state:modified"
TAG = "tag:"


def select(selection: Iterable[str], models: Sequence[Model], modified: Collection[str] = ()) -> list[Model]:
    """The models that any of the selectors means, in the order given; no selector means all.

    Args:
        selection: the selectors.
        models: all there are.
        modified: names of the models that state:modified means.

    Raises:
        LineageError: a selector names something that there is not.
    """
    selectors = list(selection)
    wanted = {name for selector in selectors for name in _meant(selector, models, modified)}
    return [model for model in models if not selectors or model.name in wanted]


def asks_for_state(selection: Iterable[str]) -> bool:
    """True when the ledger has to be read to know what is selected."""
    return any(_core(selector) == MODIFIED for selector in selection)


def upstreams_of(names: Iterable[str], models: Sequence[Model]) -> set[str]:
    """The models that those of these names read, directly or not."""
    by_name = {model.name: model for model in models}
    reads = {name: [up for up in model.upstreams if up in by_name] for name, model in by_name.items()}
    return _reached(names, reads)


def downstreams_of(names: Iterable[str], models: Sequence[Model]) -> set[str]:
    """The models that read those of these names, directly or not."""
    read_by = {
        model.name: [other.name for other in models if model.name in other.upstreams] for model in models
    }
    return _reached(names, read_by)


def _reached(names: Iterable[str], steps: Mapping[str, Sequence[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = [step for name in names for step in steps[name]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += steps[name]
    return reached


def _core(selector: str) -> str:
    """The selector without its plus signs."""
    return selector.removeprefix("+").removesuffix("+")


def _meant(selector: str, models: Sequence[Model], modified: Collection[str]) -> set[str]:
    names = _named(_core(selector), models, modified)
    above = upstreams_of(names, models) if selector.startswith("+") else set()
    below = downstreams_of(names, models) if selector.endswith("+") else set()
    return names | above | below


def _named(core: str, models: Sequence[Model], modified: Collection[str]) -> set[str]:
    if not core:
        raise LineageError("a selector is empty: name a model, a layer, a file or tag:NAME, or leave it out")
    if core == MODIFIED:
        return {model.name for model in models if model.name in modified}
    if core.startswith(TAG):
        tag = core.removeprefix(TAG)
        tags = sorted({tag for model in models for tag in model.tags})
        return _some(models, lambda model: tag in model.tags, f"no model has the tag {tag}", tag, tags)
    if "/" in core or core.endswith(".py"):
        files = [f"snowpark_models/{model.layer}/{model.name}.py" for model in models]
        return _some(models, lambda model: _lies_in(core, model), f"{core} holds no model", core, files)
    known = [*(model.name for model in models), *LAYERS]
    if core in LAYERS:
        return {model.name for model in models if model.layer == core}
    return _some(
        models, lambda model: model.name == core, f"{core} is neither a model nor a layer", core, known
    )


def _lies_in(path: str, model: Model) -> bool:
    """True when the path is that of the model's file or of its layer's folder."""
    parts = PurePath(path).parts
    return parts[-2:] == (model.layer, f"{model.name}.py") or parts[-1:] == (model.layer,)


def _some(
    models: Sequence[Model], is_meant: Callable[[Model], bool], problem: str, wrong: str, known: Sequence[str]
) -> set[str]:
    found = {model.name for model in models if is_meant(model)}
    if not found:
        raise LineageError(f"{problem}{perhaps(wrong, known)}")
    return found

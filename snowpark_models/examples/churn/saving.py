"""A trained model as a file of this repository: reviewed, deployed and taken back like any code."""

from __future__ import annotations

from snowpark_models.trained import TrainedModel

DIGITS = 9


def saved(model: TrainedModel) -> str:
    """The text of a module that holds it."""
    weights = "".join(
        f'        Weight("{each.feature}", {each.missing!r}, {_number(each.mean)}, {_number(each.scale)}, '
        f"{_number(each.coefficient)}),\n"
        for each in model.weights
    )
    told, others = model.evaluation.split(": ", 1)
    lines = "".join(f'        "{part}"\n' for part in (f"{told}: ", *_parts(others)))
    return f'''"""Who will leave, as `python -m snowpark_models.examples.churn --save` has learnt it."""

from __future__ import annotations

from typing import Final

from snowpark_models.trained import TrainedModel, Weight

CHURN_MODEL: Final = TrainedModel(
    name="{model.name}",
    version={model.version},
    code="{model.code}",
    trained_at="{model.trained_at}",
    features_of="{model.features_of}",
    intercept={_number(model.intercept)},
    weights=(
{weights}    ),
    evaluation=(
{lines}    ),
)
'''


def _number(value: float) -> str:
    return repr(round(value, DIGITS))


def _parts(text: str) -> list[str]:
    """The parts between semicolons, each with what stands before the next one."""
    parts = text.split("; ")
    return [f"{part}; " for part in parts[:-1]] + parts[-1:]

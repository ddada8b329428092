"""Order the models by their signatures and bring them up to date: decide, write aside, audit, publish."""

from snowpark_models.runner.discovery import discover
from snowpark_models.runner.lineage import plan
from snowpark_models.runner.materialise import Options, begin, materialise
from snowpark_models.runner.outcome import Audit, Candidate, ModelOutcome, Outcome, Progress
from snowpark_models.runner.run import Run

__all__ = [
    "Audit",
    "Candidate",
    "ModelOutcome",
    "Options",
    "Outcome",
    "Progress",
    "Run",
    "begin",
    "discover",
    "materialise",
    "plan",
]

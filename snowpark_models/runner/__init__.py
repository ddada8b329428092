"""Order the models by their signatures and materialise them: write, audit, publish."""

from snowpark_models.runner.discovery import discover
from snowpark_models.runner.lineage import plan
from snowpark_models.runner.materialise import (
    Audit,
    ModelOutcome,
    Outcome,
    Progress,
    Run,
    begin,
    materialise,
)

__all__ = ["Audit", "ModelOutcome", "Outcome", "Progress", "Run", "begin", "discover", "materialise", "plan"]

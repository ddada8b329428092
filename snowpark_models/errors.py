"""What can be wrong with a model, each with one message that names it and the remedy."""

import difflib
from collections.abc import Sequence


class ModelError(Exception):
    """A model, or the whole of them, cannot be used as it is written."""


class ContractError(ModelError):
    """A contract is not well formed, or a result differs from it."""


class DefinitionError(ModelError):
    """A model's file cannot be imported, or its function cannot be called."""


class LineageError(ModelError):
    """The models do not form a graph: a name that names nothing, a cycle, two models of one name."""


class MissingTableError(ModelError):
    """A table that a model reads does not exist in the warehouse yet."""


class BuildError(ModelError):
    """The warehouse refused to build a model; published tables are as they were."""


class LocalityError(ModelError):
    """A model cannot be computed part by part, so it cannot be incremental."""


class ConcurrentRunError(ModelError):
    """Another run builds, or has published, the same model."""


class RegistrationError(ModelError):
    """Snowflake's Feature Store cannot be reached, or did not take a feature view."""


class VersionError(ModelError):
    """A feature view's code is not the code that its version stands for."""


class BackfillError(ModelError):
    """A range cannot be computed again as it was asked for."""


class QuarantineError(ModelError):
    """Rows cannot be set aside, or be replayed, as it was asked for."""


class SiteError(ModelError):
    """The site of the models cannot be written where it should be."""


def perhaps(wrong: str, known: Sequence[str]) -> str:
    """The end of a message on a name that names nothing: what was meant, or all that there is."""
    close = difflib.get_close_matches(wrong, known, n=1)
    if close or not known:
        return f"; perhaps {close[0]}?" if close else "; there are none"
    return f"; there are {', '.join(sorted(known))}"

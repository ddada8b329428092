"""SQL scripts as sqlcmd reads them: batches between lines of GO, variables written `$(name)`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent


def batches(script: str, variables: Mapping[str, str | int]) -> list[str]:
    """The batches of a script with its variables filled in; empty ones are left out.

    Raises:
        KeyError: the script uses a variable that is not given.
    """
    filled = re.sub(r"\$\((\w+)\)", lambda found: str(variables[found[1]]), script)
    parts = re.split(r"^\s*GO\s*$", filled, flags=re.MULTILINE | re.IGNORECASE)
    return [part.strip() for part in parts if part.strip()]


def read(name: str) -> str:
    """The text of a script of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")

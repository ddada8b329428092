"""Where the Data Docs lie: a folder, and a stage of Snowflake where one is named."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from snowflake.connector import SnowflakeConnection

RUNS: Final = "runs"
_STAGE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*){0,2}")


@dataclass(frozen=True)
class DataDocs:
    """Where pages are written.

    Attributes:
        folder: always, with the index at its top.
        stage: of Snowflake, such as QUALITY.DATA_DOCS: pages are put there, too, and it is made if missing.
    """

    folder: Path
    stage: str | None = None

    def __post_init__(self) -> None:
        if self.stage is not None and not _STAGE.fullmatch(self.stage):
            raise ValueError(f"{self.stage!r} is no stage: write SCHEMA.STAGE.")

    @property
    def index(self) -> Path:
        """The page that people open first."""
        return self.folder / "index.html"

    def write(self, connection: SnowflakeConnection, pages: dict[str, str]) -> None:
        """Write pages, by their paths from the index; a reader sees a page as it was, or as it is."""
        for path, text in pages.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(f".{uuid.uuid4().hex}.tmp")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(file)
        if self.stage is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE STAGE IF NOT EXISTS {self.stage}")
            for path, text in pages.items():
                into = PurePosixPath(path)
                parent = "" if into.parent == PurePosixPath() else f"{into.parent}/"
                cursor.execute(
                    f"PUT 'file://{into.name}' @{self.stage}/{parent} AUTO_COMPRESS = FALSE "
                    "SOURCE_COMPRESSION = NONE OVERWRITE = TRUE",
                    file_stream=io.BytesIO(text.encode()),
                )

    def remove_others(self, connection: SnowflakeConnection, kept: Collection[str]) -> None:
        """Remove the pages of runs that are not among those kept, by their paths from the index."""
        names = {PurePosixPath(path).name for path in kept}
        for file in (self.folder / RUNS).glob("*.html"):
            if file.name not in names:
                file.unlink(missing_ok=True)
        if self.stage is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(f"LIST @{self.stage}")
            listed = (PurePosixPath(str(row[0])) for row in cursor.fetchall())
            found = {path.name for path in listed if path.parent.name == RUNS}
            for name in sorted(found - names):
                cursor.execute(f"REMOVE @{self.stage}/{RUNS}/{name}")

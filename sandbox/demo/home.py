"""Where a local platform keeps its state: one folder, one sub-folder a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folder of one local platform."""

    root: Path

    @property
    def sql_server(self) -> Path:
        """State of the stand-in SQL Server."""
        return self.root / "sqlserver"

    @property
    def snowflake(self) -> Path:
        """State of the stand-in Snowflake."""
        return self.root / "snowflake"

    @property
    def mailbox(self) -> Path:
        """Mails, each as .eml and .html."""
        return self.root / "mailbox"

    @property
    def prefect(self) -> Path:
        """PREFECT_HOME, and the logs of the server and the worker."""
        return self.root / "prefect"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' Data Docs."""
        return self.root / "data_docs"

    @property
    def traffic(self) -> Path:
        """Log of Shellcorp's traffic."""
        return self.root / "traffic"

    @property
    def settings_file(self) -> Path:
        """The dotenv file that the platform reads its settings from."""
        return self.root / "platform.env"

    @property
    def processes_file(self) -> Path:
        """Process ids of a platform that keeps running, for `make down`."""
        return self.root / "processes.json"

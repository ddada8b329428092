"""How the tests run the Snowflake CLI: as a user does, with a configuration file of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.prefix) / "snow" / "bin" / "snow"
"""`make install` puts the CLI into an environment of its own, see requirements-snow.txt."""

CONFIGURATION = """
default_connection_name = "standin"

[connections.standin]
account = "shellcorp"
user = "PLATFORM"
password = "{password}"
host = "127.0.0.1"
port = {port}
protocol = "http"
database = "SHELLCORP"
schema = "{schema}"
warehouse = "LOADING"
role = "ENGINEER"

[cli.logs]
save_logs = false
"""


@dataclass(frozen=True)
class Snow:
    """The CLI with its configuration in a folder."""

    home: Path

    @classmethod
    def configured(cls, home: Path, port: int, password: str, schema: str) -> Snow:
        """Write the configuration, readable by its owner only, as the CLI demands."""
        home.mkdir()
        file = home / "config.toml"
        file.touch(mode=0o600)
        file.write_text(CONFIGURATION.format(password=password, port=port, schema=schema))
        return cls(home)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command; its output, its errors and its exit code."""
        assert PROGRAM.exists(), "The Snowflake CLI is missing: run make install"
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        environment = kept | {"HOME": str(self.home), "SNOWFLAKE_HOME": str(self.home), "COLUMNS": "300"}
        return subprocess.run(
            [str(PROGRAM), *arguments],
            env=environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """Run one command that succeeds; what it prints as JSON."""
        done = self.run(*arguments, "--format", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

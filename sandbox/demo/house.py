"""The whole platform on one machine: the stand-ins, Shellcorp, and a local Prefect, started in order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.demo.home import Home
from sandbox.demo.prefect_server import LocalPrefect
from sandbox.process import Guarded, Keep, Service
from sandbox.service import fail

SOURCE_DATABASE = "shellcorp"


@dataclass(frozen=True)
class Ports:
    """Ports on the loopback; 0 takes a free one."""

    prefect: int = 0
    mailbox: int = 0


@dataclass
class House:
    """A running local platform."""

    home: Home
    sql_server: Service
    snowflake: Service
    mailbox: Service
    prefect: LocalPrefect
    traffic: Guarded | None = None
    keep: Keep | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(
        cls,
        home: Home,
        *,
        scale: float,
        ports: Ports,
        say: Callable[[str], None],
        keep: Keep | None = None,
    ) -> House:
        """Start everything but the traffic; ends what it started when a step fails.

        With `keep`, which is told the process ids, it outlives this process, and its schedules are on.
        """
        with ExitStack() as stack:
            prefect = LocalPrefect.prepare(home.prefect, ports.prefect, home.settings_file, keep)
            stack.callback(prefect.stop)
            prefect.start_server()

            def start(module: str, folder: Path, *arguments: str) -> Service:
                service = Service.start(module, folder, *arguments, keep=keep)
                stack.callback(service.stop)
                return service

            say("starting the stand-ins: SQL Server, Snowflake, mailbox")
            sql_server = start("sandbox.sqlserver", home.sql_server, "--database", SOURCE_DATABASE)
            snowflake = start("sandbox.snowflake", home.snowflake)
            mailbox = start("sandbox.mailbox", home.mailbox, "--web-port", str(ports.mailbox))
            house = cls(home, sql_server, snowflake, mailbox, prefect, keep=keep)
            house._write_settings()
            say("filling Shellcorp's operational database, switching CDC on")
            house.shellcorp("install", "--scale", str(scale), say=say)
            say("starting Prefect: server, worker, deployments")
            prefect.wait_for_server()
            prefect.start_worker()
            prefect.deploy(paused=keep is None)
            if keep is not None:
                prefect.watch()
            house._stack = stack.pop_all()
            return house

    def shellcorp(self, *command: str, say: Callable[[str], None]) -> None:
        """Run a command of sandbox.shellcorp against the source, saying its lines."""
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.shellcorp", *command],
            env=self._shellcorp_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            for line in process.stdout or ():
                say(line.rstrip())
        if process.returncode:
            fail(f"`sandbox.shellcorp {' '.join(command)}` failed; see the lines above")

    def start_traffic(self, rate: float, seed: int) -> None:
        """Let Shellcorp's applications write, until `stop_traffic`."""
        command = [sys.executable, "-m", "sandbox.shellcorp", "traffic"]
        command += ["--rate", str(rate), "--seed", str(seed)]
        self.traffic = Guarded.start(
            "traffic", command, self.home.traffic, self._shellcorp_environment(), self.keep
        )
        self._stack.callback(self.traffic.stop)

    def stop_traffic(self) -> str:
        """End the traffic with its last transaction whole; returns the line that counts what it did."""
        if self.traffic is None:
            return ""
        self.traffic.stop()
        return self.traffic.last_lines()

    def platform(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the platform, `python -m module …`, with the settings of this house."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.prefect.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def close(self) -> None:
        """End everything that was started."""
        self._stack.close()

    def _shellcorp_environment(self) -> dict[str, str]:
        return os.environ | {
            "SHELLCORP_HOST": "127.0.0.1",
            "SHELLCORP_PORT": str(self.sql_server.port),
            "SHELLCORP_DATABASE": SOURCE_DATABASE,
            "SHELLCORP_USER": "sa",
            "SHELLCORP_PASSWORD": self.sql_server.password("sa"),
        }

    def _write_settings(self) -> None:
        settings = {
            "PLATFORM_ENVIRONMENT": "local",
            "PLATFORM_DATA_DOCS_FOLDER": self.home.data_docs.resolve(),
            "SQLSERVER_HOST": "127.0.0.1",
            "SQLSERVER_PORT": self.sql_server.port,
            "SQLSERVER_DATABASE": SOURCE_DATABASE,
            "SQLSERVER_USER": "platform_reader",
            "SQLSERVER_PASSWORD": self.sql_server.password("platform_reader"),
            "SQLSERVER_ENCRYPTION": "require",
            "SNOWFLAKE_ACCOUNT": "standin",
            "SNOWFLAKE_USER": "PLATFORM",
            "SNOWFLAKE_PASSWORD": self.snowflake.password("PLATFORM"),
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": self.snowflake.port,
            "SNOWFLAKE_PROTOCOL": "http",
            "MAIL_HOST": "127.0.0.1",
            "MAIL_PORT": self.mailbox.port,
            "MAIL_SECURITY": "none",
        }
        file = self.home.settings_file
        file.touch(mode=0o600)
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

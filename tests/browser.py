"""A real browser without a window: lays out and paints pages as readers get them, by DevTools."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "no Chromium is on the PATH: mails are looked at in a real browser. On Debian `apt-get install chromium` "
    "(as .ci/run does), elsewhere install Chromium or Chrome, or name its program in CHROMIUM."
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # pages of our own alone, and root has no sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--no-first-run",
    "--remote-debugging-port=0",
)
START_SECONDS = 60
ANSWER_SECONDS = 60
POLL_SECONDS = 0.2


class Browser:
    """One page of a browser, which can be given any HTML, size and colour scheme."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        target = self._ask("Target.createTarget", {"url": "about:blank"})
        self._session: str | None = self._ask(
            "Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}
        )["sessionId"]
        self._ask("Page.enable")

    _session: str | None = None

    def show(self, html: str, width: int, height: int, scheme: str = "light") -> None:
        """Lay a page out; `scheme` is light or dark."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        self._ask(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._ask("Page.setDocumentContent", {"frameId": frame, "html": html})

    def visit(self, address: str, until: str, width: int, height: int) -> None:
        """Open a page of an application, and wait until an expression of JavaScript holds there."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self._ask("Page.navigate", {"url": address})
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self.ask(until):
            assert time.monotonic() < deadline, (
                f"{address}: {str(self.ask('document.body?.innerText'))[:500]}"
            )
            time.sleep(POLL_SECONDS)

    def ask(self, script: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        answer = self._ask("Runtime.evaluate", {"expression": script, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def picture(self, file: Path, quality: int = 80) -> None:
        """Write the whole page as a picture: .png or .webp."""
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        answer = self._ask(
            "Page.captureScreenshot",
            {"format": file.suffix[1:], "quality": quality, "clip": clip, "captureBeyondViewport": True},
        )
        file.write_bytes(base64.b64decode(answer["data"]))

    def _ask(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        self._last += 1
        question: dict[str, Any] = {"id": self._last, "method": method, "params": parameters or {}}
        if self._session is not None:
            question["sessionId"] = self._session
        self._connection.send(json.dumps(question))
        while True:
            answer = json.loads(self._connection.recv(timeout=ANSWER_SECONDS))
            if answer.get("id") == self._last:
                break
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])


def program() -> str:
    """Where the browser is.

    Raises:
        RuntimeError: there is none; says how to have one.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise RuntimeError(MISSING)
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser of its own, with an empty profile; ended at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program(), *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with connect(_address(process), open_timeout=START_SECONDS, max_size=None) as connection:
                yield Browser(connection)
        finally:
            process.terminate()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


def _address(process: subprocess.Popen[str]) -> str:
    """Where the browser listens: it says so on stderr."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("DevTools listening on "):
            return line.removeprefix("DevTools listening on ").strip()
    raise RuntimeError(f"the browser ended at its start: {''.join(said)[-2000:]}")

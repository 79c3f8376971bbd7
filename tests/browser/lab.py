"""A real JupyterLab and a real Chromium, shut in a network namespace of their own where nothing but loopback exists."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "test-artifacts"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
_CAN_ISOLATE = "import offline, sys; sys.exit(not offline.can_isolate())"
_KERNEL_READY = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


def find_chromium() -> str | None:
    """Return a Chromium of this machine, else Playwright's own download, else None."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        caches = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
        found = next((str(path) for path in sorted(caches.glob("chromium-*/chrome-linux*/chrome"))), None)
    return found


def can_isolate() -> bool:
    """Say whether scripts/offline.py can shut the lab in."""
    return subprocess.run([sys.executable, "-c", _CAN_ISOLATE], cwd=ROOT / "scripts", check=False).returncode == 0


@dataclass
class Lab:
    """A running JupyterLab over `folder`; `isolated` tells whether it and the browser see nothing but loopback."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    isolated: bool
    token: str = "browser-test"
    outside: list[str] = field(default_factory=list)

    @property
    def runs(self) -> Path:
        return self.folder / "fmtools-runs" / "runs"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def write_notebook(self, name: str, *cells: str) -> None:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.folder / name)

    def events(self, kind: str) -> list[dict[str, object]]:
        """Return the events of one type in the newest run's log."""
        newest = max(path for path in self.runs.iterdir() if not path.name.startswith("."))
        lines = [line for path in sorted((newest / "events").glob("*.jsonl")) for line in path.read_text().splitlines()]
        records = [json.loads(line) for line in lines]
        return sorted((r for r in records if r["type"] == kind), key=lambda r: r["seq"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab over `folder` and end it, its kernels and whatever they left."""
    folder.mkdir(parents=True, exist_ok=True)
    isolated, port = can_isolate(), _free_port()
    server = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=browser-test", "--LabApp.expose_app_in_browser=True", "--allow-root",
    ]  # fmt: skip
    shut_in = [sys.executable, str(ROOT / "scripts" / "offline.py")] if isolated else []
    env = {k: v for k, v in os.environ.items() if k != "FMTOOLS_HOME"}
    env |= {
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
    }
    with (ARTEFACTS / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*shut_in, *server], stdout=log, stderr=log, env=env, start_new_session=True, cwd=folder
        )
        try:
            yield Lab(folder, port, process, isolated)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def launch_browser(playwright: Playwright, lab: Lab) -> Browser:
    """Start Chromium in the lab's network namespace."""
    chromium = find_chromium()
    assert chromium is not None
    if lab.isolated:
        wrapper = lab.folder / ".chromium.sh"
        wrapper.write_text(
            f'#!/bin/sh\nexec nsenter --preserve-credentials -U -n -t {lab.process.pid} "{chromium}" "$@"\n'
        )
        wrapper.chmod(0o700)
        chromium = str(wrapper)
    return playwright.chromium.launch(executable_path=chromium, args=FLAGS)


def open_page(browser: Browser, lab: Lab, path: str) -> Page:
    """Open a page of the lab, noting every request that is not for this machine."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.on("request", lambda request: _note_outside(lab, request.url))
    last: Exception | None = None
    for _ in range(120):
        try:
            page.goto(lab.url(path), wait_until="domcontentloaded")
            return page
        except Exception as error:
            last = error
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not answer: {last}")


def _note_outside(lab: Lab, url: str) -> None:
    if not url.startswith((f"http://127.0.0.1:{lab.port}/", f"ws://127.0.0.1:{lab.port}/", "data:", "blob:", "about:")):
        lab.outside.append(url)


class Notebook:
    """One open notebook: run cells by number, find the card."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page, self.lab = page, lab

    def wait_ready(self) -> None:
        """Return when the notebook is drawn and its kernel is connected and idle; before that, cells do not run."""
        expect(self.page.locator(".jp-NotebookPanel .jp-CodeCell").first).to_be_visible(timeout=60_000)
        self.until("kernel ready", lambda: self.page.evaluate(_KERNEL_READY))

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-NotebookPanel .jp-CodeCell").nth(number)

    def run(self, number: int) -> None:
        """Press Shift+Enter in a cell."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def is_running(self, number: int) -> bool:
        return "*" in (self.cell(number).locator(".jp-InputPrompt").text_content() or "")

    def wait_done(self, number: int, seconds: float = 60) -> None:
        expect(self.cell(number).locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"\[\d+\]"), timeout=seconds * 1000
        )

    def output(self, number: int) -> str:
        return self.cell(number).locator(".jp-OutputArea").inner_text()

    @property
    def card(self) -> Locator:
        return self.page.locator('.jp-NotebookPanel [data-fm="card"]').first

    def hook(self, name: str) -> Locator:
        return self.card.locator(f'[data-fm="{name}"]').first

    def number(self, name: str) -> int:
        """Return a number that the card carries as an attribute: "points", "step", "generation"."""
        return int(self.card.get_attribute(f"data-{name}") or -1)

    def status(self) -> str:
        return self.card.get_attribute("data-status") or ""

    def loss_steps(self) -> list[int]:
        """Return the steps of the loss points that the card holds."""
        points = self.card.evaluate("card => card.fmtoolsPoints()")
        return [point["step"] for point in points if point["series"] == "loss"]

    def until(self, what: str, truth: object, seconds: float = 60) -> float:
        """Wait until a function of no arguments is true; return the seconds it took. Raises AssertionError naming `what`."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if truth():  # type: ignore[operator]
                return time.monotonic() - began
            self.page.wait_for_timeout(50)
        self.shoot("timeout-" + what.replace(" ", "-"))
        raise AssertionError(f"not within {seconds} s: {what}")

    def shoot(self, name: str) -> None:
        """Keep a screenshot among the test's artefacts."""
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")

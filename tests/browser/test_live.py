"""The whole way, as a user goes it: train in a cell, watch, steer, reload, restart, and find it all in the saved file."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(400)]
Opener = Callable[..., Notebook]
SENTENCE = "turn on the lights in the kitchen"
TRAIN = f'run = %fm_train text-classification --model minilm --data intents --epochs 3 --watch "{SENTENCE}"'


@pytest.fixture
def training(open_notebook: Opener, request: pytest.FixtureRequest) -> Notebook:
    """A notebook whose second cell trains right now, with points on its card."""
    notebook = open_notebook(
        f"{request.node.name}.ipynb",
        "%load_ext fmtools",
        TRAIN,
        'print(run.status, run.predict("turn off the fan")[0]["label"])',
        'import fmtools\nagain = fmtools.attach("last")\nprint(type(again).__name__, again.status)',
    )
    notebook.run(0)
    notebook.wait_done(0)
    notebook.run(1)
    expect(notebook.card).to_be_visible(timeout=60_000)
    notebook.until("first points", lambda: notebook.number("points") >= 5)
    return notebook


def test_watch_and_steer(training: Notebook, lab: Lab) -> None:
    _curve_grows_while_the_cell_runs(training)
    _attention_changes(training)
    _pause_and_resume(training)
    _change_the_rate(training, lab)
    _stop(training)
    training.run(2)
    training.wait_done(2)
    assert re.match(r"stopped Hass\w+", training.output(2))
    assert lab.outside == [], "the page asked for something outside this machine"


def _curve_grows_while_the_cell_runs(nb: Notebook) -> None:
    seen = [nb.number("points")]
    for _ in range(2):
        nb.until("curve grows", lambda: nb.number("points") > seen[-1])
        seen.append(nb.number("points"))
        assert nb.is_running(1)
    nb.shoot("live-1-training")


def _attention_changes(nb: Notebook) -> None:
    view = nb.hook("attention")
    expect(view).to_be_visible(timeout=30_000)
    view.scroll_into_view_if_needed()
    words = view.inner_text() + " ".join(view.locator("[data-fm='attention-tokens']").all_text_contents())
    assert all(word in words for word in ("lights", "kitchen")), words
    first = view.get_attribute("data-frame-step")
    nb.until("attention of another step", lambda: view.get_attribute("data-frame-step") not in (None, first), 60)
    assert nb.is_running(1)
    nb.shoot("live-2-attention")


def _pause_and_resume(nb: Notebook) -> None:
    nb.hook("pause").click()
    nb.until("paused", lambda: nb.status() == "paused", 15)
    at = nb.number("step")
    nb.page.wait_for_timeout(2200)
    assert nb.number("step") == at
    nb.shoot("live-3-paused")
    nb.hook("pause").click()
    nb.until("goes on", lambda: nb.number("step") > at, 15)
    assert nb.status() == "running"


def _change_the_rate(nb: Notebook, lab: Lab) -> None:
    nb.hook("lr-input").fill("0.00003")
    nb.hook("lr-apply").click()
    nb.until("obeyed", lambda: bool([e for e in lab.events("control") if e["action"] == "set_learning_rate"]), 15)
    seq = next(e["seq"] for e in lab.events("control") if e["action"] == "set_learning_rate")
    nb.until("next step", lambda: any(e["seq"] > seq for e in lab.events("step")), 15)  # type: ignore[operator]
    rate = next(e["learning_rate"] for e in lab.events("step") if e["seq"] > seq)  # type: ignore[operator]
    assert math.isclose(rate, 3e-5, rel_tol=0.02)  # type: ignore[arg-type]
    nb.shoot("live-4-new-rate")


def _stop(nb: Notebook) -> None:
    nb.hook("stop").click()
    seconds = nb.until("stopped", lambda: nb.status() == "stopped" and not nb.is_running(1), 20)
    print(f"Stop: {seconds:.2f} s from the click to the end of the cell")
    nb.shoot("live-5-stopped")
    assert seconds < 2


def test_reload_and_kernel_restart(training: Notebook, lab: Lab) -> None:
    training.until("some more points", lambda: training.number("points") >= 20)
    training.page.on("dialog", lambda dialog: dialog.accept())  # unsaved edits: nobody presses Ctrl+S before a reload
    training.page.reload(wait_until="domcontentloaded")
    expect(training.cell(1)).to_be_visible(timeout=60_000)
    held = len(lab.events("step"))
    seconds = training.until("whole curve", lambda: training.card.count() > 0 and training.number("points") >= held, 20)
    print(f"Reload: {seconds:.2f} s from the notebook's first cell to the whole curve of {held} points")
    training.shoot("reload-1")
    assert seconds < 2
    steps = training.loss_steps()
    assert steps == list(range(1, len(steps) + 1)), "no gap, no duplicate"
    _restart_kernel(training)
    at = training.number("step")
    training.until("run goes on", lambda: training.number("step") > at + 5, 30)
    training.run(3)
    training.wait_done(3)
    assert re.search(r"Run (running|done)", training.output(3))
    training.shoot("reload-2-after-kernel-restart")
    training.hook("stop").click()
    training.until("stopped", lambda: training.status() == "stopped", 20)
    steps = training.loss_steps()
    assert steps == list(range(1, len(steps) + 1)), "no gap, no duplicate after the restart"


def _restart_kernel(nb: Notebook) -> None:
    nb.page.locator(
        ".jp-NotebookPanel .jp-Toolbar-item[data-jp-item-name='restart'] button, .jp-NotebookPanel jp-button[data-command='kernelmenu:restart']"
    ).first.click()
    nb.page.locator(".jp-Dialog .jp-mod-accept").click()
    nb.page.wait_for_timeout(500)
    nb.wait_ready()


def test_saved_notebook_shows_everything(training: Notebook, lab: Lab, tmp_path: Path) -> None:
    training.hook("stop").scroll_into_view_if_needed()
    training.until("an attention map", lambda: len(lab.events("attention")) >= 3)
    training.hook("stop").click()
    training.wait_done(1, 30)
    training.page.keyboard.press("Control+s")
    training.page.wait_for_timeout(1500)
    path = lab.folder / "test_saved_notebook_shows_everything.ipynb"
    assert path.stat().st_size < 500_000
    outputs = json.loads(path.read_text())["cells"][1]["outputs"]
    assert any("image/png" in o.get("data", {}) and "application/vnd.fmtools.run.v1+json" in o["data"] for o in outputs)
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path), str(path)],
        check=True,
        capture_output=True,
    )
    html = (tmp_path / path.with_suffix(".html").name).read_text()
    assert "<polyline" in html
    assert "kitchen" in html
    # Opened again where the run is not known: the snapshot in the file is all there is.
    (lab.folder / "fmtools-runs").rename(lab.folder / "runs-elsewhere")
    try:
        training.page.reload(wait_until="domcontentloaded")
        expect(training.card).to_be_visible(timeout=60_000)
        training.until("the saved curve", lambda: training.number("points") > 5, 10)
        expect(training.hook("attention")).to_be_visible(timeout=10_000)
        training.shoot("saved-without-store")
    finally:
        (lab.folder / "runs-elsewhere").rename(lab.folder / "fmtools-runs")

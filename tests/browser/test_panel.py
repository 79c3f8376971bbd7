"""The panel in a real JupyterLab: the line follows, clicks act while a cell runs, the card lives beneath, a cell is inserted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .lab import Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
Opener = Callable[..., Notebook]

#: Seconds. A tenth of it feels as at once; the machine may be busy with other tests.
BOUND = 3.0
ROWS = """%load_ext fmtools
import sys
sys.path.insert(0, {tests!r})
import support
from pathlib import Path
tiny = str(support.save_encoder(Path("tiny")))
rows = support.rows(96)"""
PANEL = "panel = %fm_panel text-classification --data rows --model tiny --epochs 40 --batch-size 8 --watch-every 0 --precision fp32"
BUSY = "import time\nfor _ in range(600): time.sleep(0.1)"


def entry(panel: Locator, name: str) -> Locator:
    return panel.locator(f'.fmp-is-{name} input[type="text"]').first


def press(panel: Locator, name: str) -> None:
    panel.locator(f"button.fmp-do-{name}").click()


def obeyed(nb: Notebook, lab: Lab, panel: Locator, name: str, action: str) -> float:
    """Press a button; return the seconds from the click in the page to the control record in the newest run's folder."""
    press(panel, name)

    def written() -> list[float]:
        newest = max(path for path in lab.runs.iterdir() if not path.name.startswith("."))
        files = [path for path in (newest / "control").glob("*.json") if f'"{action}"' in path.read_text()]
        return [path.stat().st_mtime for path in files]

    nb.until(f"{action} written", written, 30)
    return max(written()) - float(nb.page.evaluate("window.fmClicked")) / 1000


def test_a_training_by_hand(open_notebook: Opener, lab: Lab) -> None:
    nb = open_notebook("panel.ipynb", ROWS.format(tests=str(Path(__file__).parents[1])), PANEL, BUSY)
    nb.run(0)
    nb.wait_done(0)
    nb.run(1)
    nb.wait_done(1)
    panel = nb.cell(1).locator(".fmp")
    line = panel.locator('[data-fm="line"]')
    expect(line).to_contain_text("%fm_train text-classification --model tiny --data rows --epochs 40", timeout=60_000)
    nb.run(2)
    nb.until("the cell runs", lambda: nb.is_running(2))
    entry(panel, "learning_rate").fill("nonsense")
    expect(panel.locator(".fmp-is-learning_rate .fmp-problem")).to_contain_text("--learning-rate 'nonsense'")
    expect(panel.locator("button.fmp-do-train")).to_be_disabled()
    entry(panel, "learning_rate").fill("1e-3")
    expect(line).to_contain_text("--learning-rate 0.001")
    expect(panel.locator("button.fmp-do-train")).to_be_enabled()
    press(panel, "train")
    expect(nb.card).to_be_visible(timeout=60_000)
    nb.until("it trains", lambda: nb.status() == "running" and nb.number("step") > 0)
    nb.shoot("panel-1-training")
    nb.page.evaluate("addEventListener('click', () => (window.fmClicked = Date.now()), true)")
    took = {"pause": obeyed(nb, lab, panel, "pause", "pause")}
    nb.until("paused", lambda: nb.status() == "paused")
    expect(panel.locator("button.fmp-do-pause")).to_contain_text("Resume")
    took["resume"] = obeyed(nb, lab, panel, "pause", "resume")
    for name, action in (("half", "set_learning_rate"), ("save", "save"), ("evaluate", "evaluate"), ("stop", "stop")):
        took[action] = obeyed(nb, lab, panel, name, action)
    assert nb.is_running(2), "all of that while a cell ran"
    print("seconds from click to control record:", {name: round(value, 3) for name, value in took.items()})
    assert max(took.values()) < BOUND, took
    nb.until("stopped", lambda: nb.status() == "stopped")
    expect(panel.locator("button.fmp-do-train")).to_be_enabled(timeout=20_000)
    changes = [event for event in lab.events("control") if event["action"] == "set_learning_rate"]
    assert 0 < float(str(changes[0]["value"])) <= 0.0005, "half of what the schedule had come to"
    assert changes[0]["by"] == "panel"
    panel.locator('[data-fm="insert"]').click()
    expect(nb.page.locator(".jp-NotebookPanel .jp-CodeCell")).to_have_count(
        5
    )  # one came with Shift+Enter in the last cell
    expect(nb.cell(2)).to_contain_text("%fm_train text-classification --model tiny --data rows")
    nb.shoot("panel-2-inserted")
    assert lab.outside == []

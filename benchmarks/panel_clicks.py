"""From a click in `%fm_panel` to the run's control record while a cell runs, in a real JupyterLab, on two ipykernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .figures import Aim, Figure
from .settings import ROOT, Settings, scratch

#: The kernel before the one that answers a widget on the shell that published last.
BEFORE = "7.3.0"
#: Seconds that a person feels as at once.
AT_ONCE = 0.3
CELLS = (
    "%load_ext fmtools\nimport sys, ipykernel\nsys.path.insert(0, {tests!r})\nimport support\nfrom pathlib import Path\n"
    "tiny = str(support.save_encoder(Path('tiny')))\nrows = support.rows(96)\nprint('kernel', ipykernel.__version__)",
    "%fm_panel text-classification --data rows --model tiny --epochs 1000 --batch-size 8 --watch-every 0 --precision fp32",
    "import time\nfor _ in range(3000): time.sleep(0.1)",
)


def run(settings: Settings) -> Sequence[Figure]:
    """Return the seconds from the click's event in the page to the record's file, for each kernel."""
    sys.path.insert(0, str(ROOT / "tests"))
    clicks = settings.repeats(40, 4)
    figures = []
    for kernel in (version("ipykernel"), BEFORE):
        with scratch() as folder:
            name = _kernelspec(folder, kernel)
            took = _measure(folder / "lab", name, kernel, clicks)
        note = f"max {max(took):.3f}"
        figures.append(Figure(f"ipykernel {kernel}: click to record", took, "s", Aim("<=", AT_ONCE), note=note))
        figures.append(Figure(f"ipykernel {kernel}: slowest click", [max(took)], "s", Aim("<=", AT_ONCE)))
    return figures


def _kernelspec(folder: Path, kernel: str) -> str:
    """Make a kernel with that ipykernel before the installed one on its path; the installed one needs none."""
    if kernel == version("ipykernel"):
        return "python3"
    target = folder / "kernel"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), f"ipykernel=={kernel}"],
        check=True,
    )  # fmt: skip
    spec = folder / "jupyter" / "kernels" / "before"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    facts = {"argv": argv, "display_name": "before", "language": "python", "env": {"PYTHONPATH": str(target)}}
    (spec / "kernel.json").write_text(json.dumps(facts))
    os.environ["JUPYTER_PATH"] = str(folder / "jupyter")
    return "before"


def _measure(folder: Path, name: str, kernel: str, clicks: int) -> list[float]:
    from playwright.sync_api import sync_playwright

    from browser import lab as labs

    labs.ARTEFACTS.mkdir(exist_ok=True)
    cells = [cell.replace("{tests!r}", repr(str(ROOT / "tests"))) for cell in CELLS]
    with labs.running_lab(folder) as lab, sync_playwright() as playwright:
        browser = labs.launch_browser(playwright, lab)
        _write(lab.folder / "panel.ipynb", cells, name)
        page = labs.open_page(browser, lab, "lab/tree/panel.ipynb")
        notebook = labs.Notebook(page, lab)
        notebook.wait_ready()
        took = _clicks(notebook, kernel, clicks)
        browser.close()
    return took


def _write(path: Path, cells: list[str], name: str) -> None:
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": name, "display_name": name, "language": "python"}
    nbformat.write(notebook, path)


def _clicks(notebook: Any, kernel: str, clicks: int) -> list[float]:
    for number in (0, 1):
        notebook.run(number)
        notebook.wait_done(number, 120)
    assert f"kernel {kernel}" in notebook.output(0), notebook.output(0)
    page = notebook.page
    page.evaluate("addEventListener('click', () => (window.fmClicked = Date.now()), true)")
    notebook.run(2)
    page.locator(".fmp button.fmp-do-train").click()
    notebook.until("it trains", lambda: notebook.status() == "running" and notebook.number("step") > 0)
    took = [_one(notebook, page.locator(".fmp button.fmp-do-pause"), number) for number in range(clicks)]
    assert notebook.is_running(2), "the cell has ended too soon"
    page.locator(".fmp button.fmp-do-stop").click()
    notebook.until("stopped", lambda: notebook.status() == "stopped")
    return took


def _one(notebook: Any, button: Any, done: int) -> float:
    """Press pause or resume once; return the seconds until its record lay in the run's folder."""
    runs = notebook.lab.runs
    control = max(path for path in runs.iterdir() if not path.name.startswith(".")) / "control"
    wanted = "paused" if done % 2 == 0 else "running"
    button.click()
    while len(files := sorted(control.glob("*.json"))) <= done:
        time.sleep(0.005)
    clicked = float(notebook.page.evaluate("window.fmClicked")) / 1000
    notebook.until(wanted, lambda: notebook.status() == wanted)
    word = "Resume" if wanted == "paused" else "Pause"
    notebook.until(word, lambda: word in (button.text_content() or ""))
    return max(_made(files[-1]), files[-1].stat().st_mtime) - clicked


def _made(record: Path) -> float:
    """Return when a record got its name, to the millisecond: a file's own time may lie some milliseconds back."""
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = 0
    for letter in record.stem[:10]:
        number = number * 32 + letters.index(letter)
    return number / 1000

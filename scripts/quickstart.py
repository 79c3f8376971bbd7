"""Execute notebooks/quickstart.ipynb from top to bottom, then say what its run reached and where it lies.

The notebook itself stays as it is: the executed copy goes to build/quickstart.ipynb.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
COPY = ROOT / "build" / "quickstart.ipynb"
CELL_TIMEOUT = 3600  # seconds; the training cell takes minutes on a small machine
#: The name that the notebook gives to the run it is about (it trains another one, to compare).
RUN = "quickstart"


class Narrator:
    """Prints one line a code cell, so that nobody stares at a silent terminal while the model trains."""

    def __init__(self, cells: list[Any]) -> None:
        self.order = [index for index, cell in enumerate(cells) if cell.cell_type == "code"]
        self.started = 0.0

    def start(self, cell: Any, cell_index: int) -> None:
        """Print the first line of the cell that begins."""
        self.started = time.monotonic()
        first = next(iter(cell.source.strip().splitlines()), "")
        print(f"[{self.order.index(cell_index) + 1}/{len(self.order)}] {first}", flush=True)

    def end(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        """Print how long it took."""
        print(f"      {time.monotonic() - self.started:.1f} s", flush=True)


def execute() -> None:
    """Execute a copy of the notebook and keep it, also when a cell fails. Raises CellExecutionError."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    narrator = Narrator(notebook.cells)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
        on_cell_execute=narrator.start,
        on_cell_executed=narrator.end,
    )
    try:
        client.execute()
    finally:
        COPY.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, COPY)


def ask(*words: str) -> dict[str, Any]:
    """Ask the command line, as any other program would."""
    command = [sys.executable, "-m", "fmtools", *words, "--json"]
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    answer: dict[str, Any] = json.loads(shown.strip().splitlines()[-1])
    return answer


def report(run: dict[str, Any], baseline: dict[str, float]) -> bool:
    """Print what the run reached beside what needs no training; say whether it is done and stands above that."""
    print(f"\nRun {run['id']}: {run['status']}; test split of `intents`, split by template")
    print(f"  {'':<20} fine-tuned   logistic regression on the frozen model")
    for name in ("accuracy", "f1_macro"):
        print(f"  {name:<20} {run['metrics'][name]:<10.4f}   {baseline[name]:.4f}")
    print(f"  run folder           {run['path']}")
    print(f"  executed notebook    {COPY.relative_to(ROOT)}")
    return run["status"] == "done" and all(run["metrics"][name] > baseline[name] for name in ("accuracy", "f1_macro"))


def main() -> int:
    """Return 0 when every cell passed, the run is done, and it beats the model that was not trained."""
    os.environ.setdefault("FMTOOLS_HOME", str(ROOT / "fmtools-runs"))
    try:
        execute()
    except CellExecutionError as error:
        told = str(error) if sys.stderr.isatty() else strip_ansi(str(error))
        print(f"\nA cell of {NOTEBOOK.relative_to(ROOT)} failed:\n{told}", file=sys.stderr)
        return 1
    return 0 if report(ask("show", RUN), ask("baseline", "intents")["metrics"]) else 1


if __name__ == "__main__":
    sys.exit(main())

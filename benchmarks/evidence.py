"""`python -m benchmarks.evidence`: put the figures of benchmarks/results into docs/evidence.md. Quick ones are left out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .__main__ import NAMES
from .figures import number
from .settings import ROOT

PAGE, RESULTS = ROOT / "docs" / "evidence.md", ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures: written by `python -m benchmarks.evidence` -->", "<!-- end of figures -->"
HEAD = "| claim | middle | spread | n | aim | command | date |\n|---|---|---|---|---|---|---|"


def markdown(results: Path) -> str:
    """Return the table of all results in a folder, and a line on the machine each was measured on."""
    found = [json.loads(path.read_text()) for name in NAMES if (path := results / f"{name}.json").is_file()]
    if not found:
        return "Nothing has been measured yet."
    rows = [_row(result, figure) for result in found for figure in result["figures"]]
    machines = sorted({_machine(result["machine"]) for result in found})
    return "\n".join([HEAD, *rows, "", *(f"- {line}" for line in machines)])


def _row(result: dict[str, Any], figure: dict[str, Any]) -> str:
    spread = f"{number(figure['low'])} to {number(figure['high'])}" if figure["n"] > 1 else ""
    aim = f"{figure['aim']}{'' if figure['met'] else ' **missed**'}" if figure["aim"] else ""
    note = f" ({figure['note']})" if figure["note"] else ""
    claim = (figure["name"].strip() + note).replace("|", "\\|")
    middle = f"{number(figure['value'])} {'' if figure['unit'] in ('share', 'ratio') else figure['unit']}".strip()
    command = f"`python -m benchmarks {result['name']}`"
    return f"| {claim} | {middle} | {spread} | {figure['n']} | {aim} | {command} | {result['machine']['date'][:10]} |"


def _machine(facts: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    hardware = f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB"
    return f"{hardware}; Python {facts['python']}, {versions}"


def write(page: Path, results: Path) -> None:
    """Replace what stands between the two marks of the page. Raises ValueError when they are not there."""
    before, mark, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, other, after = rest.partition(END)
    if not mark or not other:
        raise ValueError(f"{page} has no marks for the figures.")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write(PAGE, RESULTS)
    print(f"wrote {PAGE.relative_to(ROOT)}", file=sys.stderr)

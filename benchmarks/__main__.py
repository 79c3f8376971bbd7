"""`python -m benchmarks [NAME ...] [--quick]`: run benchmarks, print a table each, keep the values as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from . import machine
from .figures import table
from .settings import ROOT, Settings

#: In the order in which they run: the quick ones first.
NAMES = (
    "import_time",
    "store",
    "first_loss",
    "leaks",
    "trouble",
    "drift_meaning",
    "resume",
    "parity",
    "memory",
    "big_data",
    "streaming",
    "forecast",
    "panel_clicks",
    "privacy",
    "reviews",
    "intents",
    "search",
    "nanogpt",
    "ner",
    "versus",
    "questions",
    "translation",
    "summarization",
    "vectors",
    "preferences",
    "own_module",
    "onnx_speed",
    "rewriting",
    "serving",
    "serving_on_ray",
    "bundle",
    "gpu",
)


def main(words: list[str] | None = None) -> int:
    """Return 0 when every benchmark ran and kept its aims, 1 when an aim was missed, 2 when one could not run."""
    asked = _parser().parse_args(words)
    settings = Settings(asked.quick, asked.n, asked.notebook)
    return max(_measure(name, settings, asked.results) for name in asked.names or NAMES)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*NAMES, []], help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="tiny data and few repeats, to see that it runs")
    parser.add_argument("-n", type=int, help="repeats")
    parser.add_argument("--notebook", type=Path, help="the notebook that `memory` runs")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results", help="where the JSON goes")
    return parser


def _measure(name: str, settings: Settings, results: Path) -> int:
    module = import_module(f"benchmarks.{name}")
    print(f"\n{name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
    facts, began = machine.facts(), time.perf_counter()
    try:
        figures = module.run(settings)
    except Exception as error:
        print(f"could not run: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    if not figures:
        return 0  # it has said why there is nothing to measure here
    print(table(figures), flush=True)
    answer: dict[str, Any] = {
        "name": name,
        "quick": settings.quick,
        "seconds": round(time.perf_counter() - began, 1),
        "machine": facts,
        "figures": [figure.to_json() for figure in figures],
    }
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}{'-quick' if settings.quick else ''}.json").write_text(json.dumps(answer, indent=1) + "\n")
    # In quick mode the figures prove nothing, so they fail nothing.
    return int(not settings.quick and any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())

"""Kill real training at random moments, resume it, and compare with training that nobody disturbed.

    python scripts/soak.py --kills 300                  three tasks, in turns
    python scripts/soak.py --kills 100 --stock          the same number of kills on the stock Trainer, printed beside

After each kill: the run reads as interrupted, its log has no gap, every checkpoint under a final name is whole, and none
that was announced is lost. When a run comes to its end: every point that a reader had seen before a kill is still there,
and weights and curves are bit for bit those of the undisturbed run. The last line of the output is JSON; the exit status
is 1 when anything was violated.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]
from soak_fork import Moments, load

#: Kills of one run at most.
AT_ONCE = 6


def campaign(side: Any, kills: int, moments: Moments, name: str) -> None:
    """Kill until there were so many kills."""
    while side.kills < kills:
        side.one_run(min(AT_ONCE, kills - side.kills), moments)
        print(f"{name}: {json.dumps({**side.facts(), 'violations': len(getattr(side, 'violations', []))})}", flush=True)


def summary(sides: dict[str, Any]) -> dict[str, Any]:
    """Return the sums over our tasks."""
    total: dict[str, Any] = {"kills": 0, "runs": 0, "failed": 0, "points": 0, "lost": 0, "violations": []}
    for side in sides.values():
        for name, value in side.facts().items():
            total[name] = total[name] + value
    clean = total["kills"] and not total["violations"]
    return {**total, "upper_95": 3 / total["kills"] if clean else None}


def main() -> int:
    """Run the campaign named by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300, help="over all tasks")
    parser.add_argument("--stock", action="store_true", help="as many kills on the stock Trainer, too")
    parser.add_argument("--tasks", nargs="*", default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path, default=None, help="where the runs go; a temporary folder when not given")
    parser.add_argument("--model", type=Path, default=None, help="an encoder's folder; a tiny one is made if not given")
    asked = parser.parse_args()
    load()
    import soak_ours
    import soak_stock

    import support

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        soak_ours.home(asked.home or Path(scratch))
        model = asked.model or support.save_encoder(Path(scratch) / "tiny", width=16)
        moments = Moments(random.Random(asked.seed))
        tasks = asked.tasks or soak_ours.TASKS
        sides = {}
        for number, task in enumerate(tasks):
            sides[task] = soak_ours.Ours(task, model)
            campaign(
                sides[task],
                asked.kills * (number + 1) // len(tasks) - asked.kills * number // len(tasks),
                moments,
                task,
            )
        answer = {
            **summary(sides),
            "seconds": round(time.monotonic() - began),
            "tasks": {t: s.facts()["kills"] for t, s in sides.items()},
        }
        if asked.stock:
            stock = soak_stock.Stock(model, Path(scratch) / "stock")
            campaign(stock, asked.kills, moments, "stock Trainer")
            answer["stock"] = stock.facts()
    print(json.dumps(answer))
    return 1 if answer["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())

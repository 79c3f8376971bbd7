"""Kill real training at random moments, resume it, and compare with training that nobody disturbed.

    python scripts/soak.py --kills 300

After each kill: the run reads as interrupted, its log has no gap, every checkpoint under a final name is whole or the
newest whole one is found. When a run comes to its end, its weights and its curves must be bit for bit those of the
undisturbed run. The last line of the output is JSON; the exit status is 1 when anything was violated.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]
import fmtools
import support
from fmtools.store.checkpoints import Checkpoints
from fmtools.store.files import fault_in

#: A checkpoint after every step; three epochs.
OPTIONS = {"epochs": 3, "save_minutes": 1e-6, "seed": 5}


class Soak:
    """One campaign: `violations` says what went wrong, in sentences."""

    def __init__(self, model: Path, seed: int) -> None:
        self.model, self.chance = model, random.Random(seed)
        self.violations: list[str] = []
        self.kills = self.finished = 0
        reference = support.train(model, **OPTIONS)
        self.length = reference.head.elapsed_seconds
        self.weights, self.history = support.weights(reference), reference.history

    def one_run(self, kills: int) -> None:
        """Train one run to its end, with at most `kills` kills on the way."""
        run = support.train(self.model, background=True, **OPTIONS)
        while kills > 0 and self._killed(run):
            kills -= 1
            self._check_dead(run)
            run.resume(background=True)
        self._check_done(run.wait())

    def _killed(self, run: fmtools.Run) -> bool:
        """Kill the worker at a random moment of its work; say whether it was still at work."""
        log = run.path / "events"
        before = run.view.run.attempt()
        support.until(lambda: any(log.glob(f"{before:04d}-*.jsonl")), 120)
        left = 1 - run.head.step / max(1, run.head.total_steps)
        # Also while the model is loaded, saved and scored, which takes some time however few steps are left.
        time.sleep(self.chance.uniform(0.0, self.length * max(left, 0.1) * 0.9))
        pid = support.pid_of(run)
        if support.gone(pid):
            return False
        os.kill(pid, signal.SIGKILL)
        support.until(lambda: support.gone(pid))
        ended = run.status == "done"
        self.kills += not ended
        return not ended

    def _check_dead(self, run: fmtools.Run) -> None:
        seqs = [record["seq"] for record in support.records(run)]
        self._must(run.status == "interrupted", f"{run.id} reads as {run.status} after a kill")
        self._must(seqs == list(range(1, len(seqs) + 1)), f"{run.id} has a gap in its log")
        steps = Checkpoints(run.path).steps()
        bad = [fault for step in steps if (fault := fault_in(run.path / "checkpoints" / str(step)))]
        self._must(not bad, f"{run.id} has a published checkpoint that is not whole: {bad}")
        claimed = [r["step"] for r in support.records(run) if r["type"] == "checkpoint"]
        self._must(not claimed or bool(steps), f"{run.id} has lost its checkpoints")

    def _check_done(self, run: fmtools.Run) -> None:
        self.finished += 1
        self._must(run.status == "done", f"{run.id} ended as {run.status}: {run.head.error}")
        if run.status == "done":
            self._must(support.weights(run) == self.weights, f"{run.id} has other weights")
            self._must(run.history == self.history, f"{run.id} has other curves")
            self._must(not support.leftovers(run.path), f"{run.id} has leftovers")

    def _must(self, true: bool, sentence: str) -> None:
        if not true:
            self.violations.append(sentence)


def main() -> int:
    """Run the campaign named by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path, default=None, help="where the runs go; a temporary folder when not given")
    parser.add_argument(
        "--model", type=Path, default=None, help="an encoder's folder; a tiny one is made when not given"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.home or Path(scratch)
        os.environ["FMTOOLS_HOME"] = str(home / "soak-runs")
        soak = Soak(asked.model or support.save_encoder(Path(scratch) / "tiny"), asked.seed)
        while soak.kills < asked.kills:
            soak.one_run(min(5, asked.kills - soak.kills))
            print(f"{soak.kills} kills, {soak.finished} runs finished, {len(soak.violations)} violations", flush=True)
    upper = 3 / soak.kills if soak.kills and not soak.violations else None
    print(json.dumps({"kills": soak.kills, "runs": soak.finished, "violations": soak.violations, "upper_95": upper}))
    return 1 if soak.violations else 0


if __name__ == "__main__":
    sys.exit(main())

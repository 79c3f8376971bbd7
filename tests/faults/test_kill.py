"""kill -9 in the middle of training: nothing that was logged is lost, a resumed run ends as if nothing had happened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fmtools
from support import at_step, kill, leftovers, records, train, weights

SOAK = Path(__file__).parents[2] / "scripts/soak.py"
pytestmark = [pytest.mark.fault, pytest.mark.slow]

#: A checkpoint after every step, so that a resume starts in the middle of an epoch.
EACH_STEP = 1e-6
STEPS_PER_EPOCH = 11


@pytest.fixture(scope="module", params=["fp32", "bf16"])
def runs(request: pytest.FixtureRequest, tiny: Path, shared_store: Path) -> tuple[fmtools.Run, fmtools.Run]:
    """A run that nothing disturbed, and one killed twice: in its first epoch and in the middle of its second."""
    reference = train(tiny, epochs=3, precision=request.param, inline=True)
    killed = train(tiny, epochs=3, precision=request.param, background=True, save_minutes=EACH_STEP)
    for attempt, step in ((1, 4), (2, 16)):
        at_step(killed, step, attempt)
        assert kill(killed) < 5
        assert killed.status == "interrupted"
        killed.resume(background=True)
    return reference, killed.wait()


def test_weights_are_those_of_the_undisturbed_run(runs: tuple[fmtools.Run, fmtools.Run]) -> None:
    reference, killed = runs
    assert (reference.status, killed.status) == ("done", "done")
    assert weights(killed) == weights(reference)


def test_curves_and_scores_are_those_of_the_undisturbed_run(runs: tuple[fmtools.Run, fmtools.Run]) -> None:
    reference, killed = runs
    assert killed.history == reference.history
    assert [step for step, _ in killed.history["loss"]] == list(range(1, 3 * STEPS_PER_EPOCH + 1))
    assert killed.metrics == reference.metrics
    assert killed.confusion == reference.confusion


def test_the_log_has_no_gap_and_no_duplicate(runs: tuple[fmtools.Run, fmtools.Run]) -> None:
    _, killed = runs
    seqs = [record["seq"] for record in records(killed)]
    assert seqs == list(range(1, len(seqs) + 1))
    assert killed.head.lost_records == 0
    assert {record["attempt"] for record in records(killed)} == {1, 2, 3}


def test_attempts_start_at_a_checkpoint_inside_an_epoch(runs: tuple[fmtools.Run, fmtools.Run]) -> None:
    _, killed = runs
    starts = [r["from_step"] for r in records(killed) if r["type"] == "status" and r.get("from_step") is not None]
    assert starts[0] == 0
    assert starts == sorted(starts)
    # One save can be under way when the kill comes: at most two steps are lost.
    assert starts[1] >= 2
    assert starts[2] >= 14


def test_nothing_half_made_is_left(runs: tuple[fmtools.Run, fmtools.Run]) -> None:
    _, killed = runs
    assert leftovers(killed.path) == []


@pytest.mark.timeout(600)
def test_random_kills(tiny: Path, tmp_path: Path) -> None:
    """A sample over three tasks; `make soak` draws some hundreds."""
    done = subprocess.run(
        [sys.executable, str(SOAK), "--kills", "9", "--seed", "1", "--home", str(tmp_path), "--model", str(tiny)],
        capture_output=True, text=True, timeout=580,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert sum(answer["tasks"].values()) == answer["kills"] == 9
    assert answer["points"] > 0
    assert (answer["failed"], answer["lost"], answer["violations"]) == (0, 0, [])

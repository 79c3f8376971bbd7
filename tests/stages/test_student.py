"""Distilling and pruning: a smaller run that its teacher taught."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors import safe_open

import fmtools
from fmtools.core.errors import FmError, OptionError
from support import train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def teacher(tiny: Path, shared_store: Path) -> fmtools.Run:
    return train(tiny, inline=True, epochs=4)


def numbers(run: fmtools.Run) -> int:
    with safe_open(run.path / "artifacts/model/model.safetensors", "pt") as file:
        return sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118


def test_a_student_knows_what_its_teacher_knows(teacher: fmtools.Run) -> None:
    student = fmtools.distill(teacher.id, layers=1, epochs=4)
    assert student.status == "done"
    assert numbers(student) < 0.5 * numbers(teacher)
    assert student.metrics["accuracy"] >= 0.9 * teacher.metrics["accuracy"]
    notices = student.view.increment().notices
    assert any(f"Learns from run {teacher.id}" in notice.text for notice in notices)
    # its published model stands alone: neither teacher nor head beside it
    assert student.predict(["what house and who garden"])[0]["label"] in {"glad", "angry", "asking"}


def test_pruning_takes_neurons_and_recovers(teacher: fmtools.Run) -> None:
    pruned = fmtools.prune(teacher.id, amount=0.5, epochs=2)
    assert pruned.status == "done"
    assert numbers(teacher) - numbers(pruned) == 2 * (32 * (32 + 32) + 32)  # two layers, 32 of 64 neurons each
    assert pruned.metrics["accuracy"] >= 0.9 * teacher.metrics["accuracy"]


def test_pruned_weights_stay_zero_while_the_rest_recovers(teacher: fmtools.Run) -> None:
    pruned = fmtools.prune(teacher.id, amount=0.6, method="magnitude", epochs=2)
    assert pruned.metrics["accuracy"] >= 0.9 * teacher.metrics["accuracy"]
    assert numbers(pruned) == numbers(teacher)
    zeros, whole, moved = 0, 0, 0
    with (
        safe_open(pruned.path / "artifacts/model/model.safetensors", "pt") as after,
        safe_open(teacher.path / "artifacts/model/model.safetensors", "pt") as before,
    ):
        for name in (name for name in after.keys() if ".layer." in name and after.get_tensor(name).ndim == 2):  # noqa: SIM118
            ours, old = after.get_tensor(name), before.get_tensor(name)
            zeros, whole = zeros + int((ours == 0).sum()), whole + ours.numel()
            moved += int(((ours != 0) & (ours != old)).sum())
    assert abs(zeros / whole - 0.6) < 1e-3
    assert moved > 0.99 * (whole - zeros)
    assert any("60% of the weights in its layers are 0" in notice.text for notice in pruned.view.increment().notices)


def test_a_teacher_that_is_not_there_is_told(teacher: fmtools.Run, tiny: Path) -> None:
    with pytest.raises(FmError, match="no run"):
        train(tiny, teacher="nobody")
    with pytest.raises(OptionError, match="layers"):
        fmtools.distill(teacher.id, layers=0)

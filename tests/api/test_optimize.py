"""Trying every method on a run, and keeping the fastest within the limits."""

from __future__ import annotations

from pathlib import Path

import pytest

import fmtools
from fmtools.core.errors import OptionError
from fmtools.core.options import OptimizeOptions
from fmtools.views.optimize import front
from support import train


def test_the_front_is_what_nothing_beats() -> None:
    trials = [
        {"method": "slow", "ms": 9.0, "points_lost": 0.0},
        {"method": "beaten", "ms": 9.5, "points_lost": 0.1},
        {"method": "fast", "ms": 2.0, "points_lost": 1.0},
        {"method": "broken", "error": "no"},
        {"method": "middle", "ms": 4.0, "points_lost": 0.2},
    ]
    assert [trial["method"] for trial in front(trials)] == ["fast", "middle", "slow"]


@pytest.mark.parametrize(
    ("typed", "wanted"), [("5ms", True), ("0.01s", True), (5, True), ("soon", False), ("0ms", False)]
)
def test_times_as_people_type_them(typed: object, wanted: bool) -> None:
    if wanted:
        assert OptimizeOptions.parse({"latency": typed}).latency
    else:
        with pytest.raises(OptionError, match="5ms"):
            OptimizeOptions.parse({"latency": typed})


@pytest.mark.slow
def test_the_fastest_within_the_limits_is_kept(tiny: Path, store: Path) -> None:
    run = train(tiny, epochs=4, inline=True)
    found = fmtools.optimize(run.id, methods=["bf16", "int8-dynamic"], rows=32, max_loss="100pt")
    assert [trial["method"] for trial in found.trials] == ["original", "bf16", "int8-dynamic"]
    assert found.best is not None
    fastest = min((t for t in found.trials if t["fits"]), key=lambda t: t["ms"])
    assert found.best.method == fastest["method"]
    kept = {path.name for path in (run.path / "artifacts").iterdir()}
    assert kept == {"model", f"onnx-{found.best.method}"}
    assert found.best.path.name in kept
    assert found.png.startswith(b"\x89PNG")
    assert found.best.png.startswith(b"\x89PNG")
    for shown in (found, found.best):
        assert found.best.method in shown.text()
        assert "data:image/png" in shown.html()
    nothing = fmtools.optimize(run.id, methods=["bf16"], rows=32, latency="0.000001ms")
    assert nothing.best is None
    assert "nothing was kept" in nothing.text()
    assert {path.name for path in (run.path / "artifacts").iterdir()} == kept

"""compare on real runs: what is kept is what was scored, older runs answer again, other rows are not compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import fmtools
from fmtools import cli
from fmtools.core.errors import FmError
from fmtools.store import outcomes
from support import rows, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def moods(tiny: Path, shared_store: Path) -> tuple[fmtools.Run, fmtools.Run]:
    """A model that learned, and one that did not; both scored on the same 60 test rows."""
    folder = shared_store.parent / "moods"
    folder.mkdir()
    for split, count in (("train", 64), ("validation", 16), ("test", 60)):
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows(count, count))))
    usual = {"data": str(folder), "batch_size": 16, "inline": True}
    return train(tiny, epochs=6, name="good", **usual), train(tiny, epochs=1, learning_rate=1e-6, name="idle", **usual)


def test_the_better_run_is_named_with_figures_of_its_own_rows(moods: tuple[fmtools.Run, fmtools.Run]) -> None:
    good, idle = moods
    seen = fmtools.compare("idle", "good", series=["loss", "validation/accuracy"])
    (test,) = seen.significance["tests"]
    assert (test["better"], test["rows"], test["test"]) == ("good", 60, "McNemar")
    assert test["values"] == [good.metrics["accuracy"], idle.metrics["accuracy"]]
    assert test["low"] <= test["difference"] <= test["high"]
    assert test["difference"] == pytest.approx(good.metrics["accuracy"] - idle.metrics["accuracy"])
    assert list(seen.curves) == ["loss", "validation/accuracy"]
    assert seen.text().splitlines()[-1].startswith("good is better than idle by ")
    bundle = seen._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert "good is better than idle" in bundle["text/html"]
    assert fmtools.compare("idle", "good", test=False).significance == {}


def test_a_run_without_kept_outcomes_answers_again_and_the_same(moods: tuple[fmtools.Run, fmtools.Run]) -> None:
    good, idle = moods
    before = fmtools.compare("idle", "good").significance
    kept = outcomes.load(good.path, "test")
    assert kept is not None
    shutil.rmtree(good.path / "outcomes")
    assert fmtools.compare("idle", "good").significance == before
    again = outcomes.load(good.path, "test")
    assert again is not None
    assert np.array_equal(kept[0], again[0])
    assert kept[0].mean() == pytest.approx(good.metrics["accuracy"])
    (idle.path / "outcomes" / "test.npz").write_bytes(b"torn")
    assert outcomes.load(idle.path, "test") is None


def test_other_rows_are_not_compared_and_the_command_line_says_all_of_it(
    moods: tuple[fmtools.Run, fmtools.Run], tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tiny, data=rows(40, 9), epochs=1, name="elsewhere", inline=True)
    assert cli.main(["compare", "good", "elsewhere", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["significance"]["tests"] == []
    assert "different rows" in said["told"][0]
    assert cli.main(["compare", "good", "idle", "elsewhere", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [test["better"] for test in said["significance"]["tests"]] == ["good"]
    assert any("elsewhere was scored on other rows" in line for line in said["told"])
    with pytest.raises(FmError, match="None of these runs has a curve 'los'"):
        fmtools.compare("good", "idle", series=["loss", "los"])

"""Exporting a trained run: what is written answers like the original in a fresh process, or gets no name."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fmtools
import samples
import support
from fmtools.core import registry
from fmtools.core.errors import FmError, ModelError
from fmtools.kit.exporting import fresh
from fmtools.stages import export as stage
from fmtools.store.files import fault_in
from fmtools.store.runs import home

ROWS = 6
#: The faults of tests/plugins/exporters/broken.py, and what the error must say.
FAULTS = {
    "baked": r"refuses the written model.*input_ids|invalid dimensions",
    "swapped": r"Output `(start|end)_logits` of the written model is .* away from the original's on a batch of",
    "estranged": r"Output `(start|end)_logits` of the written model is .* away",
    "mute": r"gives no output `\w+_logits`",
    "forgetful": r"refuses the written model",
    "failing": r"The failing exporter failed: ValueError: the converter met an operator",
    "crashing": r"ended the process that opened it \(status -6\)",
    "dying": r"ended the process that opened it \(status 3\)",
    "sleeping": r"no answer within 3 seconds",
    "endless": r"The endless exporter took longer than 1 seconds",
    "untrue": r"Output `(start|end)_logits` of the written model is inf away",
}


def export(run: fmtools.Run, to: str, name: str = "", **options: Any) -> dict[str, Any]:
    """Export in this process; what is written is opened in another."""
    record = run._folder.record.model_dump(mode="json")
    usual = {"rows": ROWS, "max_diff": None, "training": {"name": run.name}}
    return stage.export(record, str(run.path), str(home()), to, name or to, **{**usual, **options})


@pytest.fixture(scope="module")
def answering(shared_store: Path, tiny: Path) -> fmtools.Run:
    """A run of two outputs that can be confused."""
    data = samples.rows_for("question-answering")
    asked = {**samples.options_for("question-answering", tiny), "max_steps": 12, "learning_rate": 1e-2}
    return fmtools.train("question-answering", data=data, inline=True, precision="fp32", **asked)


@pytest.fixture(scope="module")
def good(answering: fmtools.Run) -> dict[str, Any]:
    return export(answering, "onnx")


@pytest.fixture(scope="module")
def broken(good: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], None]]:
    """The faulty exporters as an installed package, here and in the fresh process."""
    place = tmp_path_factory.mktemp("site")
    info = place / "broken_exporters-1.0.dist-info"
    info.mkdir()
    source = Path(__file__).parents[1] / "plugins/exporters/broken.py"
    (place / "broken_exporters.py").write_text(source.read_text())
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-exporters\nVersion: 1.0\n")
    lines = [f"{name} = broken_exporters:{name.title()}" for name in [*FAULTS, "sound"]]
    (info / "entry_points.txt").write_text("[fmtools.exporters]\n" + "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(place))
        patch.setenv("GOOD_EXPORT", good["path"])
        patch.syspath_prepend(str(place))
        importlib.invalidate_caches()
        _forget()
        yield _forget
    sys.modules.pop("broken_exporters", None)
    _forget()


def _forget() -> None:
    registry._entries.cache_clear()
    registry._load.cache_clear()


def test_an_export_is_sealed_and_says_what_it_is(answering: fmtools.Run, good: dict[str, Any]) -> None:
    folder = Path(good["path"])
    card = json.loads((folder / "fmtools.json").read_text())
    assert fault_in(folder) == ""
    assert (card["run"], card["task"], card["format"]) == (answering.id, "question-answering", "onnx")
    assert card["outputs"] == {"start_logits": ["batch", "length"], "end_logits": ["batch", "length"]}
    assert card["max_abs_diff"] < 1e-5
    assert card["rows"] == ROWS
    assert card["metrics"] == pytest.approx(card["metrics_of_original"])
    assert {"config.json", "tokenizer.json", "onnx"} <= {path.name for path in folder.iterdir()}
    assert not list(folder.rglob("*.safetensors"))


@pytest.mark.parametrize("to", ["onnx", "safetensors"])
def test_an_export_says_nothing_of_the_machine_it_was_made_on(answering: fmtools.Run, tiny: Path, to: str) -> None:
    fmtools.export(answering.id, to=to, rows=8)
    files = [path for path in (answering.path / "artifacts" / to).rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        written = path.read_bytes()
        for place in (tiny.parent, home(), Path(fmtools.__file__).parent):
            assert str(place).encode() not in written, (path.name, place)
        assert b".py" not in written or path.suffix != ".onnx"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_exporter_is_caught_and_leaves_nothing(
    fault: str, answering: fmtools.Run, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = answering.path / "artifacts"
    before = sorted(path.name for path in folder.iterdir())
    if fault == "endless":
        monkeypatch.setattr(stage, "LIMIT", 1.0)
    if fault == "sleeping":
        monkeypatch.setattr(fresh, "LIMIT", 3.0)
    with pytest.raises(ModelError, match=FAULTS[fault]):
        export(answering, fault)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_older_artefact_of_the_name_stays(
    answering: fmtools.Run, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = Path(export(answering, "sound", name="kept")["path"])
    was = (older / "MANIFEST.json").read_bytes()
    with pytest.raises(FmError):
        export(answering, "swapped", name="kept")
    assert (older / "MANIFEST.json").read_bytes() == was
    assert fault_in(older) == ""
    assert support.leftovers(answering.path) == []


def test_max_diff_is_what_is_allowed(answering: fmtools.Run, broken: object) -> None:
    with pytest.raises(ModelError, match=r"; 0\.\d+ is allowed"):
        export(answering, "estranged", max_diff=0.05)
    assert export(answering, "estranged", max_diff=1e6)["max_abs_diff"] > 0.05


def test_a_damaged_model_is_not_exported(answering: fmtools.Run, good: dict[str, Any]) -> None:
    weights = answering.path / "artifacts/model/model.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    try:
        with pytest.raises(ModelError, match="is damaged"):
            export(answering, "onnx")
    finally:
        weights.write_bytes(kept)
    assert np.isfinite(good["max_abs_diff"])

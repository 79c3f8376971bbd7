"""RUN/NAME: the exported model predicts and is scored; artefacts are listed with their own format and metrics."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import fmtools
import support
from fmtools.api.written import answering
from fmtools.core.errors import StoreError
from fmtools.core.options import EvaluateOptions, PredictOptions
from fmtools.derive.values import Environment, candidates
from fmtools.notebook.completion import environment_at
from fmtools.store.files import seal

TEXTS = ["good day and great film", "awful meal", "when garden"]


@pytest.fixture(scope="module")
def run(shared_store: Path, tiny: Path) -> fmtools.Run:
    return support.train(tiny, name="little", epochs=3, inline=True)


@pytest.fixture(scope="module")
def exported(run: fmtools.Run) -> fmtools.Exported:
    return fmtools.export("little", to="onnx", rows=6)


@pytest.fixture(scope="module")
def stubborn(exported: fmtools.Exported) -> str:
    """A copy of the export that says the first label to everything: who answers shows in the answer."""
    folder = exported.path.parent / "stubborn"
    shutil.copytree(exported.path, folder)
    path = folder / "onnx/model.onnx"
    model = onnx.load(path)
    bias = next(w for w in model.graph.initializer if list(w.dims) == [3])
    moved = numpy_helper.to_array(bias) + np.array([99, 0, 0], np.float32)
    bias.CopyFrom(numpy_helper.from_array(moved, bias.name))
    onnx.save(model, path)
    (folder / "MANIFEST.json").unlink()
    seal(folder, {})
    return "little/stubborn"


def test_an_artefact_has_its_own_format_and_metrics(run: fmtools.Run, exported: fmtools.Exported) -> None:
    own, model = sorted(run.artifacts, key=lambda a: a.path.name != "onnx")[0], run.artifacts[0]
    assert model.format == "safetensors"
    assert (own.format, own.parent, own.path) == ("onnx", run.id, exported.path)
    assert own.metrics == exported.metrics
    assert {"name": "onnx", "format": "onnx"}.items() <= run.to_json()["artifacts"][1].items()


def test_the_exported_model_answers(run: fmtools.Run, exported: fmtools.Exported, stubborn: str) -> None:
    own = fmtools.predict("little", text=TEXTS)
    theirs = fmtools.predict("little/onnx", text=TEXTS)
    assert [row["label"] for row in theirs] == [row["label"] for row in own]
    assert [row["score"] for row in theirs] == pytest.approx([row["score"] for row in own], abs=1e-5)
    assert {row["label"] for row in fmtools.predict(stubborn, text=TEXTS)} == {"angry"}
    assert [row["label"] for row in fmtools.predict("little", text=TEXTS)] == [row["label"] for row in own]


def test_the_exported_model_is_scored(run: fmtools.Run, exported: fmtools.Exported, stubborn: str) -> None:
    own, theirs = fmtools.evaluate("little"), fmtools.evaluate("little/onnx")
    assert theirs.metrics == pytest.approx(own.metrics, abs=1e-4)
    assert theirs.run == "little/onnx"
    assert fmtools.evaluate(stubborn).metrics["accuracy"] < own.metrics["accuracy"]


def test_a_folder_answers_too_and_what_is_not_there_is_named(exported: fmtools.Exported, tmp_path: Path) -> None:
    shutil.copytree(exported.path, tmp_path / "copy")
    assert answering(str(tmp_path / "copy")).folder == str(tmp_path / "copy")
    with pytest.raises(StoreError, match="has no artefact 'oonx'"):
        fmtools.predict("little/oonx", text=TEXTS)


@pytest.mark.parametrize("cls", [PredictOptions, EvaluateOptions])
def test_tab_offers_the_artefacts_behind_a_slash(cls: type, exported: fmtools.Exported) -> None:
    environment = environment_at({})
    assert "little/onnx" in candidates(cls, "run", "little/", environment)
    assert candidates(cls, "run", "little/o", environment) == ["little/onnx"]
    assert candidates(cls, "run", "no-such-run/", environment) == []
    assert candidates(cls, "run", "little/", Environment()) == []

"""Quantizing a run: smaller, judged on its own rows, refused when it loses too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import fmtools
from fmtools.core import registry
from fmtools.core.errors import ModelError
from fmtools.core.optimizing import Material
from fmtools.plugins.optimizers.int8_dynamic import Int8Dynamic
from fmtools.stages import export, quantize
from support import leftovers, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tiny: Path, shared_store: Path) -> fmtools.Run:
    return train(tiny, inline=True, epochs=4)


def asked(run: fmtools.Run, method: str, **more: Any) -> dict[str, Any]:
    record = run._folder.record.model_dump(mode="json")
    wish = {"method": method, "name": f"onnx-{method}", "rows": 64, "max_loss": 100.0, "calibration": 16, **more}
    return quantize.quantize(export.opened, record, str(run.path), str(run.path.parent.parent), wish)


@pytest.mark.parametrize(
    ("method", "share"),
    [("int8-dynamic", 0.27), ("int8-static", 0.27), ("int4-weights", 0.2), ("fp16", 0.51), ("bf16", 0.51)],
)
def test_every_method_is_smaller_and_opens(run: fmtools.Run, method: str, share: float) -> None:
    card = asked(run, method)
    folder = Path(card["path"])
    kept = json.loads((folder / "fmtools.json").read_text())
    assert kept["method"] == method
    assert kept["format"] == "onnx"
    assert kept["labels"]
    sizes = kept["measured"]["bytes"]
    assert sizes[method] == (folder / "onnx/model.onnx").stat().st_size < share * sizes["onnx"]
    assert card["agreement"] > 0.8
    assert card["units"] == card["rows"]
    assert {t["batch"] for t in kept["measured"]["seconds"]} == {1, card["rows"] if card["rows"] < 32 else 32}
    session = onnxruntime.InferenceSession(folder / "onnx/model.onnx", providers=["CPUExecutionProvider"])
    ids = np.array([[101, 2204, 2154, 102]])
    (logits,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    assert logits.shape == (1, len(kept["labels"]))
    assert np.isfinite(logits).all()


def test_fixed_ranges_do_not_depend_on_the_batch(run: fmtools.Run) -> None:
    assert asked(run, "int8-static")["batch"]["changed"] == 0


class Deaf(Int8Dynamic):
    """Ruins layer.1, and nothing else: what a method does to a model that does not bear it."""

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        super().optimize(source, target, given)
        model = onnx.load(target)
        from fmtools.kit.onnx.layers import layers

        ruined = layers(source, self.operations)["layer.1"]
        if (given.only is None or given.only & ruined) and not given.spare & ruined:
            last = next(node for node in reversed(model.graph.node) if node.output[0] == model.graph.output[0].name)
            name = next(i.name for i in model.graph.initializer if i.name in last.input and len(i.dims) == 1)
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32([90, 0, 0]), "ruin"))
            last.input[list(last.input).index(name)] = "ruin"
            onnx.save(model, target)


def test_a_model_that_loses_too_much_is_refused_and_spared(run: fmtools.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = registry.get
    monkeypatch.setattr(registry, "get", lambda kind, name: Deaf() if name == "deaf" else real(kind, name))
    before = {path.name for path in (run.path / "artifacts").iterdir()}
    with pytest.raises(ModelError) as said:
        asked(run, "deaf", max_loss=0.5)
    assert "points of accuracy" in said.value.cause
    assert "Most is lost in layer.1" in said.value.cure
    assert {path.name for path in (run.path / "artifacts").iterdir()} == before
    assert not leftovers(run.path)
    card = asked(run, "deaf", max_loss=20.0, spare=["auto"])
    assert card["spared"] == ["layer.1"]
    assert card["points_lost"] <= 20.0


def test_layers_that_are_not_there_are_told(run: fmtools.Run) -> None:
    with pytest.raises(ModelError, match=r"layer\.0"):
        asked(run, "int8-dynamic", spare=["layer.7"])

"""Each format opened by its own runtime, in a fresh process, with the predictions of the original; and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import fmtools
import samples
import support
from fmtools.core import registry
from fmtools.core.errors import FmError, ModelError
from fmtools.core.options import TrainOptions
from fmtools.kit.exporting import fresh, ort_web, tensorflow_run, triton
from fmtools.stages import export as stage
from fmtools.stages import predict
from fmtools.store.runs import home

TEXT = "good day and great film"


@pytest.fixture(scope="module")
def tagger(shared_store: Path, tiny: Path) -> fmtools.Run:
    data = samples.rows_for("token-classification")
    options = {**samples.options_for("token-classification", tiny), "max_steps": 20, "learning_rate": 3e-3}
    return fmtools.train("token-classification", data=data, inline=True, precision="fp32", **options)


@pytest.fixture(scope="module")
def writer(shared_store: Path, tmp_path_factory: pytest.TempPathFactory) -> fmtools.Run:
    """A Llama with fewer heads for keys than for queries, and an output layer that is its embedding."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from fmtools.kit.models import scratch

    asked = TrainOptions(task="text-generation", data="x", model="gpt2", tokenizer="bpe", vocabulary=400)
    words = scratch.tokenizer([row["text"] for row in support.rows(60)], asked)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=True, rms_norm_eps=1e-5,
        pad_token_id=words.pad_token_id, bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("models") / "llama"
    LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)
    options = {**samples.SMALL, "model": str(folder), "sample_every": 0, "learning_rate": 1e-2, "inline": True}
    data = samples.rows_for("text-generation")
    return fmtools.train("text-generation", data=data, precision="fp32", **options)


def export(run: fmtools.Run, to: str, rows: int = 6) -> Path:
    record = run._folder.record.model_dump(mode="json")
    card = stage.export(record, str(run.path), str(home()), to, to, rows, None, {"name": run.name})
    assert card["max_abs_diff"] < 1e-4
    return Path(card["path"])


def answers(run: fmtools.Run, inputs: list[dict[str, Any]], written: Path | str = "", **options: Any) -> Any:
    asked = {"run": "last", **options}
    return predict.predict(run._folder.record.task, str(run._folder.model), inputs, asked, str(written))["predictions"]


@pytest.mark.parametrize("to", ["onnx", "torch-export", "triton", "safetensors"])
def test_a_format_tags_as_the_original_does(to: str, tagger: fmtools.Run) -> None:
    folder = export(tagger, to)
    own, theirs = (answers(tagger, [{"text": TEXT}], written)[0] for written in ("", folder))
    assert theirs["tags"] == own["tags"]
    assert [e["word"] for e in theirs["entities"]] == [e["word"] for e in own["entities"]] != []


def test_onnxruntime_web_computes_the_same(tagger: fmtools.Run) -> None:
    if ort_web.found() is None:
        pytest.skip("Node or the npm package onnxruntime-web is not here")
    folder = export(tagger, "browser")
    card = json.loads((folder / "fmtools.json").read_text())
    assert card["opened_by"].startswith("onnxruntime-web ")
    assert {"config.json", "tokenizer.json", "tokenizer_config.json"} <= {path.name for path in folder.iterdir()}


def test_onnxruntime_web_refuses_what_is_no_model(tagger: fmtools.Run, tmp_path: Path) -> None:
    web = ort_web.found()
    if web is None:
        pytest.skip("Node or the npm package onnxruntime-web is not here")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="onnxruntime-web"):
        ort_web.opened(*web, [tmp_path / "model.onnx"])


def test_without_node_the_card_says_what_opened_it(tagger: fmtools.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    folder = export(tagger, "browser")
    assert json.loads((folder / "fmtools.json").read_text())["opened_by"] == "onnxruntime"


def test_a_configuration_that_does_not_fit_is_refused(tagger: fmtools.Run) -> None:
    folder = export(tagger, "triton")
    config = folder / "model_repository/model/config.pbtxt"
    text = config.read_text()
    said = triton.read(text)
    assert (said.backend, said.max_batch_size) == ("onnxruntime", 64)
    assert [(i.name, list(i.dims)) for i in said.input] == [("input_ids", [-1]), ("attention_mask", [-1])]
    for wrong in (
        text.replace("TYPE_INT64", "TYPE_INT32"),
        text.replace("attention_mask", "mask"),
        text + "\nwrong: 1",
    ):
        config.write_text(wrong)
        with pytest.raises(ModelError, match=r"does not fit its model|no field named"), fresh.opened("triton", folder):
            pass


def test_gguf_holds_weights_words_and_template(writer: fmtools.Run) -> None:
    import gguf

    folder = export(writer, "gguf")
    reader = gguf.GGUFReader(folder / "model.gguf")
    names = {tensor.name for tensor in reader.tensors}
    assert {"token_embd.weight", "blk.1.attn_k.weight", "output_norm.weight"} <= names
    assert "output.weight" not in names  # the embedding itself
    assert reader.fields["tokenizer.ggml.model"].contents() == "gpt2"
    assert reader.fields["llama.attention.head_count_kv"].contents() == 2
    inputs = [{"text": "good day"}]
    own, theirs = (answers(writer, inputs, written, max_new_tokens=12) for written in ("", folder))
    assert own == theirs


def test_gguf_refuses_what_is_no_llama(tagger: fmtools.Run, shared_store: Path, tiny: Path) -> None:
    options = {**samples.options_for("text-generation", tiny), "inline": True, "precision": "fp32"}
    run = fmtools.train("text-generation", data=samples.rows_for("text-generation"), **options)
    with pytest.raises(ModelError, match="Only llama-type models leave as GGUF here; this is gpt2"):
        export(run, "gguf")
    assert not (run.path / "artifacts/gguf").exists()


def beside(name: str) -> Path:
    """A runtime that `make runtimes` has laid beside the environment; CI has to have it."""
    found = Path(sys.prefix) / "runtimes" / name
    if not found.exists():
        message = f"{name} is not here: make runtimes"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_tensorflow_computes_the_same(tagger: fmtools.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("tensorflow") is None:
        monkeypatch.setenv(tensorflow_run.VARIABLE, str(beside("tensorflow") / "bin/python"))
    folder = export(tagger, "tensorflow")
    own, theirs = (answers(tagger, [{"text": TEXT}], written)[0] for written in ("", folder))
    assert theirs["tags"] == own["tags"]
    assert not list(folder.rglob("*.tflite"))


def test_sizes_are_fixed_for_the_converter(tagger: fmtools.Run, tmp_path: Path) -> None:
    import onnxruntime

    folder = export(tagger, "onnx")
    axes = json.loads((folder / "fmtools.json").read_text())
    names = {**axes["inputs"], **axes["outputs"]}
    tensorflow_run.folded(folder / "onnx/model.onnx", {"batch": 1, "length": 24}, names, tmp_path / "folded.onnx")
    import onnx

    found = onnx.load(tmp_path / "folded.onnx")
    assert {"Expand", "Shape", "Range"}.isdisjoint({node.op_type for node in found.graph.node})
    shapes = {i.name: i.shape for i in onnxruntime.InferenceSession(tmp_path / "fixed.onnx").get_inputs()}
    assert set(map(tuple, shapes.values())) == {(1, 24)}


def test_without_tensorflow_the_cure_names_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tensorflow_run.VARIABLE, raising=False)
    if find_spec("tensorflow"):
        pytest.skip("tensorflow is here")
    with pytest.raises(FmError) as caught:
        registry.get("exporters", "tensorflow").check()
    assert "FMTOOLS_TENSORFLOW_PYTHON" in caught.value.cure


@pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning")  # executorch 1.5's own
def test_executorch_computes_the_same(request: pytest.FixtureRequest) -> None:
    if find_spec("executorch") is None:
        with pytest.raises(FmError, match="needs the package executorch"):
            registry.get("exporters", "executorch").check()
        where = {"PYTHONPATH": os.pathsep.join([str(beside("executorch")), os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", request.node.nodeid]
        done = subprocess.run(
            command,
            cwd=request.config.rootpath,
            env={**os.environ, **where},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        return
    tagger = request.getfixturevalue("tagger")
    folder = export(tagger, "executorch")
    own, theirs = (answers(tagger, [{"text": TEXT}], written)[0] for written in ("", folder))
    assert theirs["tags"] == own["tags"]

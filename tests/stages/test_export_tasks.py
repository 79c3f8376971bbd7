"""Every text task through the exporters: outputs, scores and texts of the written model are the original's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fmtools
import samples
import support
from fmtools.core.errors import ModelError
from fmtools.stages import export as stage
from fmtools.store.runs import home

LSTM = {**samples.SMALL, "model": "lstm", "from_scratch": True, "vocabulary": 300}
TEXT = ["batch", "length"]
#: Case: task, more options, what the written files take and give.
CASES: dict[str, tuple[str, dict[str, Any], set[str], set[str]]] = {
    "label": ("text-classification", {}, {"input_ids", "attention_mask"}, {"logits"}),
    "adapter": ("text-classification", {"method": "lora"}, {"input_ids", "attention_mask"}, {"logits"}),
    "lstm": ("text-classification", LSTM, {"input_ids", "attention_mask"}, {"logits"}),
    "pair": ("text-classification", {"pair_column": "other"}, {"input_ids", "attention_mask", "token_type_ids"}, {"logits"}),
    "labels": ("text-classification", {"label_column": "labels"}, {"input_ids", "attention_mask"}, {"logits"}),
    "tags": ("token-classification", {}, {"input_ids", "attention_mask"}, {"logits"}),
    "gaps": ("fill-mask", {}, {"input_ids", "attention_mask"}, {"logits"}),
    "vectors": ("sentence-similarity", {}, {"input_ids", "attention_mask", "token_type_ids"}, {"sentence_embedding"}),
    "module": ("custom", {}, {"size"}, {"logits"}),
    "writer": ("text-generation", {}, {"input_ids", "attention_mask", "position_ids"}, {"logits"}),
    "lstm-writer": ("text-generation", LSTM, {"input_ids", "attention_mask"}, {"logits"}),
    "preferences": ("preference-tuning", {}, {"input_ids", "attention_mask", "position_ids"}, {"logits"}),
    "marian": ("translation", {}, {"input_ids", "attention_mask", "encoder_attention_mask", "encoder_hidden_states"}, {"last_hidden_state", "logits"}),
    "t5": ("summarization", {"model": "t5"}, {"input_ids", "attention_mask", "encoder_attention_mask", "encoder_hidden_states"}, {"last_hidden_state", "logits"}),
}  # fmt: skip


def rows_for(case: str, task: str) -> samples.Rows:
    rows = samples.rows_for(task)
    if case == "pair":
        return [{**row, "other": row["text"][::-1]} for row in rows]
    if case == "labels":
        return [{"text": r["text"], "labels": [r["label"], *(["day"] if "day" in r["text"] else [])]} for r in rows]
    return rows


def trained(case: str, tiny: Path) -> fmtools.Run:
    task, more, _, _ = CASES[case]
    options = {**samples.options_for(task, tiny), **more}
    return fmtools.train(task, data=rows_for(case, task), inline=True, precision="fp32", name=case, **options)


def export(run: fmtools.Run, to: str, rows: int = 6) -> dict[str, Any]:
    record = run._folder.record.model_dump(mode="json")
    return stage.export(record, str(run.path), str(home()), to, to, rows, None, {"name": run.name})


@pytest.mark.parametrize("case", CASES)
def test_a_task_leaves_as_onnx_and_as_safetensors(case: str, shared_store: Path, tiny: Path) -> None:
    run = trained(case, tiny)
    _, _, inputs, outputs = CASES[case]
    onnx = export(run, "onnx")
    assert {name for name in onnx["inputs"] if "past" not in name} == inputs
    assert {name for name in onnx["outputs"] if "present" not in name} == outputs
    if case == "module":
        with pytest.raises(ModelError, match="is code"):
            export(run, "safetensors")
        return
    plain = export(run, "safetensors")
    assert plain["max_abs_diff"] <= 1e-5
    assert (Path(plain["path"]) / "README.md").is_file()
    for card in (onnx, plain):
        same = {name for name in card["metrics"] if name in card["metrics_of_original"]}
        assert same
        for name in same:
            assert card["metrics"][name] == pytest.approx(card["metrics_of_original"][name], rel=1e-3, abs=1e-3)


def test_onnxruntime_alone_writes_what_transformers_writes(shared_store: Path, tiny: Path) -> None:
    """A user's own loop over the cache, without fmtools and torch, from an empty cache of length 0."""
    import onnxruntime
    from transformers import AutoModelForCausalLM

    run = fmtools.attach("writer") if _known("writer") else trained("writer", tiny)
    card = export(run, "onnx")
    session = onnxruntime.InferenceSession(Path(card["path"]) / "onnx/model.onnx")
    model = AutoModelForCausalLM.from_pretrained(run.path / "artifacts/model").eval()
    prompt = [[11, 12, 13, 14]]
    import torch

    wanted = model.generate(torch.tensor(prompt), max_new_tokens=8, do_sample=False, eos_token_id=None, pad_token_id=0)
    past = {i.name: i for i in session.get_inputs() if i.name.startswith("past_key_values")}
    cache = {name: np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32) for name, i in past.items()}
    written, new = list(prompt[0]), prompt[0]
    for _ in range(8):
        n = len(written)
        feed = {
            "input_ids": np.array([new]),
            "attention_mask": np.ones((1, n), np.int64),
            "position_ids": np.arange(n - len(new), n)[None],
        }
        names = [o.name for o in session.get_outputs()]
        out = dict(zip(names, session.run(None, {**feed, **cache}), strict=True))
        cache = {name.replace("present", "past_key_values"): v for name, v in out.items() if name != "logits"}
        new = [int(out["logits"][0, -1].argmax())]
        written += new
    assert written == wanted[0].tolist()


def _known(name: str) -> bool:
    return any(row.head.name == name for row in fmtools.runs().rows)


def test_the_card_says_how_a_users_module_is_fed(shared_store: Path, tiny: Path) -> None:
    run = fmtools.attach("module") if _known("module") else trained("module", tiny)
    folder = Path(export(run, "onnx")["path"])
    card = json.loads((folder / "fmtools.json").read_text())
    assert card["arguments"] == {"size": "size"}
    assert not (folder / "module.pkl").exists()  # no code travels with an ONNX file
    assert support.leftovers(run.path) == []

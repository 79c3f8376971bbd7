"""preference-tuning on a tiny Llama: margins grow, the figures are TRL's, a resume changes nothing, nothing leaves."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fmtools
from fmtools.core import registry
from fmtools.core.errors import DataError, FmError, OptionError
from fmtools.core.options import TrainOptions
from fmtools.kit.rows import preference_data
from support import THINGS, WORDS, at_step, kill, records, rows, weights

pytest.importorskip("trl")
EACH_STEP = 1e-6


def pairs(count: int = 48, chat: bool = False) -> list[dict[str, Any]]:
    chance, found = random.Random(1), []
    for number in range(count):
        texts = {
            "prompt": f"is the {chance.choice(THINGS)} number {number} fine? ",
            "chosen": f"it is {chance.choice(WORDS['glad'])}",
            "rejected": f"it is {chance.choice(WORDS['angry'])}",
        }
        who = {"prompt": "user", "chosen": "assistant", "rejected": "assistant"}
        found.append({k: [{"role": who[k], "content": text}] for k, text in texts.items()} if chat else texts)
    return found


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with random weights, and a tokenizer learned from the tests' rows."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from fmtools.kit.models import scratch

    folder = tmp_path_factory.mktemp("models") / "llama"
    options = TrainOptions(task="text-generation", data="x", model="gpt2", tokenizer="bpe", vocabulary=400)
    words = scratch.tokenizer([row["text"] for row in rows(100)], options)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=256,
        pad_token_id=words.pad_token_id,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def train(model: Path, **options: Any) -> fmtools.Run:
    usual = {"data": pairs(), "epochs": 1, "learning_rate": 3e-3, "watch_every": 0, "sample_every": 0, "inline": True}
    return fmtools.train("dpo", model=str(model), **{"precision": "fp32", **usual, **options})


@pytest.fixture(scope="module")
def run(llama: Path, shared_store: Path) -> fmtools.Run:
    found = train(llama, watch_every=5, sample_every=5, sample_tokens=4)
    assert found.status == "done", found.to_json()["error"]
    return found


def test_an_adapter_learns_to_prefer_and_the_margin_grows_from_nothing(run: fmtools.Run) -> None:
    plan = next(r for r in records(run) if r["type"] == "plan")
    assert plan["trainable"] < plan["parameters"]
    assert run.metrics["reward_margin"] > 0.01
    assert run.metrics["reward_accuracy"] > 0.7
    assert run.metrics["loss"] < np.log(2)
    assert run.history["validation/reward_margin"][-1][1] == pytest.approx(run.metrics["reward_margin"], abs=1e-4)
    assert {a.path.name for a in run.artifacts} == {"model", "adapter"}
    assert fmtools.evaluate(run.id).metrics == pytest.approx(run.metrics)


def test_the_baseline_has_no_margin(llama: Path, store: Path) -> None:
    found = fmtools.baseline(pairs(), task="preference-tuning", model=str(llama))
    assert found.metrics["reward_margin"] == 0
    assert found.metrics["loss"] == pytest.approx(np.log(2))


def test_it_writes_and_is_looked_at_while_it_learns(run: fmtools.Run) -> None:
    kinds = [r["type"] for r in records(run)]
    assert kinds.count("sample") >= 2
    assert kinds.count("attention") >= 2
    details = next(r for r in records(run) if r["type"] == "result")["details"]
    assert details[0]["columns"] == ["prompt", "before", "after"]


def test_the_published_folder_is_plain_and_answers(run: fmtools.Run) -> None:
    from transformers import AutoModelForCausalLM

    folder = run.path / "artifacts/model"
    AutoModelForCausalLM.from_pretrained(folder)
    assert not [path for path in folder.iterdir() if path.suffix in (".bin", ".pt", ".pkl")]
    told = fmtools.predict(run.id, text=["is the day fine?"], max_new_tokens=4)
    assert told[0]["generated_text"].startswith("is the day fine?")


@pytest.mark.parametrize("method", ["full", "last-layers"])
def test_other_methods_keep_a_copy_as_reference(llama: Path, store: Path, method: str) -> None:
    run = train(llama, method=method, train_layers=1, learning_rate=1e-3)
    assert run.status == "done", run.to_json()["error"]
    assert run.metrics["reward_margin"] > 0


def test_conversations_train_and_answer(llama: Path, store: Path) -> None:
    run = train(llama, data=pairs(chat=True), beta=0.5)
    assert run.status == "done", run.to_json()["error"]
    assert "generated_text" in fmtools.predict(run.id, text=["is the day fine?"], max_new_tokens=4)[0]


def test_scores_are_those_of_trl_on_the_same_pairs(llama: Path, tmp_path: Path) -> None:
    """TRL's own trainer evaluates a model against a reference; ours has to find the same numbers."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    from fmtools.kit.models import preferences

    tokenizer = AutoTokenizer.from_pretrained(llama)
    reference, model = (AutoModelForCausalLM.from_pretrained(llama) for _ in range(2))
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.05 * torch.randn_like(weight)
    rows = pairs(16)
    options = DPOConfig(
        output_dir=str(tmp_path),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to=[],
        disable_tqdm=True,
    )

    class Silent(DPOTrainer):
        def _send_telemetry(self) -> None:
            """Tests stay at home too."""

    data = Dataset.from_list(rows)
    theirs = Silent(
        model, reference, options, train_dataset=data, eval_dataset=data, processing_class=tokenizer
    ).evaluate()
    table = preference_data.prepare(registry.get("sources", "frame").load({"train": rows, "validation": rows}), asked())
    encoded = preferences.encode(tokenizer, table.splits["validation"], table.meta)
    fresh = AutoModelForCausalLM.from_pretrained(llama)
    ratios = preferences.pair_likelihoods(model, encoded, tokenizer) - preferences.pair_likelihoods(
        fresh, encoded, tokenizer
    )
    mine = preferences.scores(ratios, 0.1)
    names = {"loss": "eval_loss", "reward_margin": "eval_rewards/margins", "reward_accuracy": "eval_rewards/accuracies"}
    for name, other in names.items():
        assert mine[name] == pytest.approx(theirs[other], abs=1e-5), name


def asked(**given: Any) -> TrainOptions:
    return TrainOptions(task="preference-tuning", data="x", max_length=256, **given)


def prepare(data: Any, **given: Any) -> Any:
    return preference_data.prepare(registry.get("sources", "frame").load(data), asked(**given))


def test_forms_are_told_and_a_prompt_stands_on_one_side() -> None:
    assert prepare(pairs()).meta["form"] == "plain"
    assert prepare(pairs(chat=True)).meta["form"] == "chat"
    as_json = [{k: json.dumps(v) for k, v in row.items()} for row in pairs(chat=True)]
    assert prepare(as_json).meta["form"] == "chat"
    whole = [{k: row["prompt"] + row[k] for k in ("chosen", "rejected")} for row in pairs(chat=True)]
    assert prepare(whole).splits["train"].to_pylist() == prepare(pairs(chat=True)).splits["train"].to_pylist()
    splits = prepare([*pairs(24), *pairs(24)]).splits
    assert not set(splits["train"]["prompt"].to_pylist()) & set(splits["validation"]["prompt"].to_pylist())


def test_equal_answers_and_gaps_are_left_out_and_counted() -> None:
    more = [{"prompt": "p", "chosen": "a", "rejected": "a"}, {"prompt": "", "chosen": "a", "rejected": "b"}]
    prepared = prepare([*pairs(20), *more])
    assert sum(t.num_rows for t in prepared.splits.values()) == 20
    assert any("two equal answers" in text for text in prepared.notices)


@pytest.mark.parametrize(
    ("data", "given", "sentence"),
    [
        ([{"prompt": "a", "text": "b"}] * 9, {}, "No column holds the chosen answers"),
        ([{"chosen": f"a{i}", "rejected": "b"} for i in range(9)], {}, "No column holds the prompts"),
        (pairs(), {"label_column": "choosen"}, "There is no column 'choosen'"),
        (pairs(2), {}, "Only 2 rows"),
        ([{**row, "chosen": [{"who": "me"}]} for row in pairs(9, chat=True)], {}, "'chosen' of all row 1 is no list"),
    ],
)
def test_mistakes_are_one_sentence(data: Any, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        prepare(data, **given)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_tuned_is_said_before_there_is_a_run(llama: Path, tiny: Path, store: Path) -> None:
    with pytest.raises(OptionError, match="writes already"):
        train(llama, from_scratch=True)
    with pytest.raises(FmError, match="no column 'x'"):
        train(llama, text_column="x")
    assert not list(store.rglob("run.json"))


@pytest.mark.slow
@pytest.mark.fault
def test_a_killed_run_ends_as_if_nothing_had_happened(llama: Path, store: Path) -> None:
    whole = train(llama, epochs=2)
    killed = train(llama, epochs=2, inline=False, background=True, save_minutes=EACH_STEP)
    at_step(killed, 15)
    kill(killed)
    killed.resume()
    assert killed.status == "done", killed.to_json()["error"]
    assert weights(killed) == weights(whole)
    assert killed.metrics == whole.metrics

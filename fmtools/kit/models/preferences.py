"""Preference tuning (DPO) in the worker: rows of tokens, TRL's trainer made fit for resuming, exact scores, texts."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers.trainer_utils import EvalLoopOutput
from trl import DPOConfig, DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from ...core.contracts import Parts
from ...core.errors import ModelError
from ...core.options import TrainOptions
from ..rows.preference_data import CHAT
from ..scoring import details
from ..training import methods
from ..training.batches import LengthGroups
from ..training.judged import Judged
from . import chat, language_model, looking
from .generate import Sampling, write

if TYPE_CHECKING:
    import pyarrow as pa

#: Prompts that are answered before and after a training; pairs scored together.
SHOWN, AT_ONCE = 3, 8
#: What a model's config remembers of its training, so that a score later reads the pairs in the same way.
KEPT = "fmtools_preferences"


def parts(folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions) -> Parts:
    """Return what a training needs. The reference is the model as it came: without its adapter, or a copy."""
    model, tokenizer = language_model.begin(folder, "causal", [], options)
    chat.give_template(tokenizer)
    rows = {name: encode(tokenizer, splits[name], meta) for name in ("train", "validation")}
    setattr(model.config, KEPT, {name: meta[name] for name in ("form", "max_length", "beta")})
    before = pair_likelihoods(model, rows["validation"], tokenizer)
    reference = None if options.method == "lora" else copy.deepcopy(model).eval().requires_grad_(False)
    model = methods.apply(model, options)
    asked = options.watch or [_question(splits["validation"]["prompt"][0].as_py(), meta)]
    return Parts(
        model,
        tokenizer,
        _dataset(rows["train"]),
        _dataset(rows["validation"]),
        DataCollatorForPreference(pad_token_id=int(tokenizer.pad_token_id)),
        methods.groups(model, options),
        probes=asked if looking.has_attention(model) else [],
        validate="loss",
        sample=lambda: list(zip(asked, _answers((model, tokenizer), asked, meta, options.sample_tokens), strict=True)),
        trainer=PreferenceTrainer,
        arguments=DPOConfig,
        trainer_options={
            "processing_class": tokenizer,
            "ref_model": reference,
            "scores": lambda: scores(pair_likelihoods(model, rows["validation"], tokenizer) - before, meta["beta"]),
        },
        argument_options={
            "beta": options.beta,
            "max_length": None,  # rows are cut where they are made
            "gradient_checkpointing": False,
            **(
                {"loss_type": ["robust"], "label_smoothing": options.label_smoothing} if options.label_smoothing else {}
            ),
        },
    )


class PreferenceTrainer(Judged, DPOTrainer):
    """TRL's DPO trainer with our order of rows and exact scores; it reports to nobody and writes no model card."""

    def __init__(self, model: Any, args: Any, *, scores: Any = None, **kwargs: Any) -> None:
        super().__init__(model=model, args=args, **kwargs)  # here the second place is the reference's
        self.scores = scores
        if "ref" in getattr(self.model, "peft_config", {}):
            self.model.delete_adapter("ref")  # a new adapter changes nothing: without it the model is its own reference

    def _send_telemetry(self) -> None:
        """Send nothing: nothing leaves the machine."""

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write no model card among the checkpoints."""

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset  # it holds tokens already, see `encode`

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        rows = self.train_dataset
        pairs = zip(rows["prompt_ids"], rows["chosen_ids"], rows["rejected_ids"], strict=True)
        lengths = [len(prompt) + max(len(chosen), len(rejected)) for prompt, chosen, rejected in pairs]
        return LengthGroups(lengths, self.args.train_batch_size, self.args.seed, self._epoch)

    def evaluation_loop(self, dataloader: Any, *args: Any, **kwargs: Any) -> EvalLoopOutput:
        """Score the validation pairs exactly; what the reference says of them is known since the training began."""
        prefix = kwargs.get("metric_key_prefix", "eval")
        found = self.scores() if self.scores is not None else {}
        metrics = {f"{prefix}_{name}": value for name, value in found.items()}
        return EvalLoopOutput(predictions=None, label_ids=None, metrics=metrics, num_samples=len(dataloader.dataset))


def encode(tokenizer: Any, table: pa.Table, meta: dict[str, Any]) -> list[dict[str, list[int]]]:
    """Return {"prompt_ids", "chosen_ids", "rejected_ids"} of each row, as TRL has them: an answer begins where the tokens
    of prompt and prompt with answer part, and ends with the end token. What is longer than max_length loses the prompt's
    beginning first, then the answers' end."""
    most = int(meta["max_length"])
    found = []
    for row in table.to_pylist():
        asked, chosen, rejected = (_tokens(tokenizer, row, answer, meta) for answer in (None, "chosen", "rejected"))
        start = min(_common(asked, chosen), _common(asked, rejected))
        answers = [ids[start:][: most - 1] for ids in (chosen, rejected)]
        room = max(1, most - max(map(len, answers)))
        found.append({"prompt_ids": asked[:start][-room:], "chosen_ids": answers[0], "rejected_ids": answers[1]})
    return found


def _tokens(tokenizer: Any, row: dict[str, str], answer: str | None, meta: dict[str, Any]) -> list[int]:
    if meta["form"] == CHAT:
        talk = json.loads(row["prompt"]) + (json.loads(row[answer]) if answer else [])
        text = chat.render(tokenizer, talk, asking=answer is None)
        return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    end = tokenizer.eos_token or ""
    text = row["prompt"] + (row[answer] + ("" if row[answer].endswith(end) else end) if answer else "")
    return list(tokenizer(text, verbose=False)["input_ids"])


def _common(a: list[int], b: list[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _dataset(rows: list[dict[str, list[int]]]) -> Any:
    from datasets import Dataset

    return Dataset.from_list(rows)


@torch.no_grad()
def pair_likelihoods(model: Any, rows: list[dict[str, list[int]]], tokenizer: Any) -> np.ndarray:
    """Return log p(chosen), log p(rejected) [rows, 2], in nats, float64, under a model in evaluation mode."""
    training = model.training
    model.eval()
    # In a training with bf16 accelerate has put a wrapper around forward; half of the digits would drown a small margin.
    forward = getattr(model, "_original_forward", model)
    collate = DataCollatorForPreference(pad_token_id=int(tokenizer.pad_token_id))
    found = np.zeros((len(rows), 2))
    for start in range(0, len(rows), AT_ONCE):
        batch = {name: value.to(model.device) for name, value in collate(rows[start : start + AT_ONCE]).items()}
        asked = batch.pop("completion_mask")[:, 1:].bool()
        logits = forward(**batch, use_cache=False).logits[:, :-1].float()
        each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), batch["input_ids"][:, 1:], reduction="none")
        sums = -(each * asked).cpu().double().sum(1).numpy()  # the first half are the chosen answers
        found[start : start + len(sums) // 2] = sums.reshape(2, -1).T
    model.train(training)
    return found


def scores(ratios: np.ndarray, beta: float) -> dict[str, float]:
    """Return loss, reward_margin, reward_accuracy and both rewards from log p / log p(reference) [rows, 2], as TRL has them."""
    rewards = beta * ratios
    margin = rewards[:, 0] - rewards[:, 1]
    return {
        "loss": float(np.logaddexp(0.0, -margin).mean()),
        "reward_margin": float(margin.mean()),
        "reward_accuracy": float((margin > 0).mean()),
        "reward_chosen": float(rewards[:, 0].mean()),
        "reward_rejected": float(rewards[:, 1].mean()),
    }


def reference_of(folder: Path) -> str:
    """Return the folder of the model that a run began with, from its run.json. Raises ModelError when it is gone."""
    try:
        record = json.loads((folder.parents[1] / "run.json").read_text(encoding="utf-8"))
        found = str(record["model_folder"])
    except (OSError, ValueError, KeyError, IndexError):
        raise ModelError(
            "A preference score needs the run's folder around its model.", "Evaluate the run itself."
        ) from None
    if not Path(found).is_dir():
        raise ModelError(f"The model that this run began with is gone: {found}.", "Put it back to score against it.")
    return found


def outputs(loaded: tuple[Any, Any, Path], table: pa.Table) -> dict[str, Any]:
    """Return {"after", "before"}: log likelihoods [rows, 2] under the trained and the first model, and answers of both."""
    model, tokenizer, folder = loaded
    meta = getattr(model.config, KEPT)
    rows = encode(tokenizer, table, meta)
    first, _ = language_model.load(Path(reference_of(folder)), "causal")
    asked = list(dict.fromkeys(_question(prompt, meta) for prompt in table["prompt"].to_pylist()))[:SHOWN]
    written = [_answers((which, tokenizer), asked, meta, 40) for which in (first, model)]
    return {
        "after": pair_likelihoods(model, rows, tokenizer),
        "before": pair_likelihoods(first, rows, tokenizer),
        "answers": list(zip(asked, *written, strict=True)),
    }


def score(found: dict[str, Any], rows: list[dict[str, str]], beta: float, form: str) -> dict[str, Any]:
    """Return metrics and details: answers before and after, and the pairs that the model has wrong."""
    ratios = found["after"] - found["before"]
    metrics = scores(ratios, beta)
    metrics["likelihood_accuracy"] = float((found["after"][:, 0] > found["after"][:, 1]).mean())
    margin = beta * (ratios[:, 0] - ratios[:, 1])
    wrong = [i for i in np.argsort(margin, kind="stable") if margin[i] <= 0]
    shown = [
        [*(_plain(rows[i][name], form) for name in ("prompt", "chosen", "rejected")), float(margin[i])] for i in wrong
    ]
    said = details.detail("before and after", ("prompt", "before", "after"), found["answers"])
    return {
        "metrics": metrics,
        "report": {},
        "confusion": {},
        "details": [said, details.worst(shown, ("prompt", "chosen", "rejected", "margin"))],
    }


def baseline(folder: str, table: pa.Table, meta: dict[str, Any]) -> dict[str, Any]:
    """Score the model as it came against itself."""
    model, tokenizer = language_model.load(Path(folder), "causal")
    chat.give_template(tokenizer)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    found = pair_likelihoods(model, encode(tokenizer, table, meta), tokenizer)
    own = score({"after": found, "before": found, "answers": []}, table.to_pylist(), meta["beta"], meta["form"])
    return {"name": "the model as it came", **own}


def _plain(cell: str, form: str) -> str:
    return " / ".join(message["content"] for message in json.loads(cell)) if form == CHAT else cell


def _question(prompt: str, meta: dict[str, Any]) -> str:
    """Return what a prompt asks: its last message, or all of a plain text."""
    return str(json.loads(prompt)[-1]["content"]) if meta["form"] == CHAT else prompt


def _answers(loaded: tuple[Any, Any], asked: list[str], meta: dict[str, Any], length: int) -> list[str]:
    talks = [{"text": text, "messages": [{"role": "user", "content": text}]} for text in asked]
    return answers(loaded, talks if meta["form"] == CHAT else [{"text": text} for text in asked], Sampling(length))


def answers(loaded: tuple[Any, Any], inputs: list[dict[str, Any]], how: Sampling) -> list[str]:
    """Return what the model writes after each {"text"} or answers to each {"messages"}."""
    model, tokenizer = loaded
    prompts = [
        chat.prompt(tokenizer, row["messages"])
        if "messages" in row
        else list(tokenizer(row["text"], verbose=False)["input_ids"]) or [tokenizer.eos_token_id]
        for row in inputs
    ]
    written = write(model, prompts, how)
    return [str(tokenizer.decode(new, skip_special_tokens=True)).strip() for new in written]

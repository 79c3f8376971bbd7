"""What models of language share: loading, the loss over given targets, exact sums over rows, and a Trainer that takes them."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import DynamoBackend
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, Trainer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING
from transformers.trainer_utils import EvalLoopOutput

from ...core.errors import ModelError, OptionError
from ...core.options import TrainOptions
from ..training import whole_loss
from ..training.asked import asked_alone
from ..training.losses import IGNORED
from . import encoders, lstm, scratch

LOADERS = {"causal": AutoModelForCausalLM, "masked": AutoModelForMaskedLM}
#: Numbers in the logits of one batch that is only looked at: 64 million are 256 MB.
LOGITS = 1 << 26
#: The loss, in nats, beyond which a perplexity is not worth a number.
HIGHEST = 700.0


def begin(folder: str, kind: str, texts: Iterable[str], options: TrainOptions) -> tuple[Any, Any]:
    """Return (model, tokenizer) to train: pretrained, random in a folder's shape, or of an architecture by name.

    kind: "causal" or "masked". `texts` are what a tokenizer is learned from where there is no folder. Weights are float32,
    whatever the folder's are. Raises ModelError for a model of another kind, OptionError for blocks it cannot read.
    """
    if not folder:
        tokenizer = scratch.tokenizer(texts, options)
        model = LOADERS[kind].from_config(scratch.config(options, tokenizer), dtype=torch.float32)
    else:
        tokenizer = encoders.load_tokenizer(folder)
        config = _fitting(folder, kind)
        model = (
            LOADERS[kind].from_config(config, dtype=torch.float32)
            if options.from_scratch
            else encoders._load(LOADERS[kind], folder, dtype=torch.float32)
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if kind == "masked" and tokenizer.mask_token_id is None:
        raise ModelError("The model's tokenizer has no mask token.", "Choose an encoder that was trained to fill gaps.")
    _check_length(model, options.max_length)
    if isinstance(model, lstm.LstmLanguageModel):
        lstm.travel_with_weights()
    return model, tokenizer


def load(folder: Path, kind: str) -> tuple[Any, Any]:
    """Return (model, tokenizer) of a trained folder, ready to answer. Runs no code of the folder."""
    _fitting(str(folder), kind)
    model = encoders._load(LOADERS[kind], str(folder), dtype=torch.float32)
    return model.eval(), encoders.load_tokenizer(str(folder))


def _fitting(folder: str, kind: str) -> Any:
    """Return a folder's configuration. Raises ModelError when its model does not do what `kind` does."""
    config = encoders._load(AutoConfig, folder)
    causal, masked = type(config) in MODEL_FOR_CAUSAL_LM_MAPPING, type(config) in MODEL_FOR_MASKED_LM_MAPPING
    name = config.model_type
    if kind == "causal" and (not causal or (masked and not getattr(config, "is_decoder", False))):
        raise ModelError(
            f"This model ({name}) reads texts and does not write any.",
            "Choose a decoder, such as smollm2; or train one: --from-scratch --model gpt2.",
        )
    if kind == "masked" and not masked:
        raise ModelError(
            f"This model ({name}) fills no gaps.", "Choose an encoder, such as minilm; or --from-scratch --model bert."
        )
    return config


def positions_of(model: Any) -> int | None:
    """Return how many tokens a model reads at once; None for no limit."""
    value = getattr(model.config, "max_position_embeddings", None)
    return int(value) if isinstance(value, int) and value > 0 else None


def _check_length(model: Any, length: int) -> None:
    limit = positions_of(model)
    if limit is not None and length > limit:
        raise OptionError(
            f"--max-length {length} is more than this model reads: {limit} tokens.", f"Give {limit} or less."
        )


def at_once(model: Any, length: int, most: int) -> int:
    """Return how many rows of `length` tokens to look at together, `most` at most, so that their logits fit in memory."""
    return max(1, min(most, LOGITS // (length * int(model.config.vocab_size))))


def target_loss(smoothing: float = 0.0) -> Callable[..., torch.Tensor]:
    """Return a loss for Trainer's `compute_loss_func`: the mean of -log p(label) in nats, over labels [rows, n] that are
    the targets themselves (nothing is shifted), -100 apart; logits are those of every place, or of the targets alone. With `num_items_in_batch` (targets of all the batches of a step) the sum is
    divided by it, so that accumulated batches weigh by their targets."""

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"] if isinstance(outputs, dict) else outputs.logits
        asked = labels != IGNORED
        total = functional.cross_entropy(
            logits.flatten(0, -2).float(),
            labels.flatten() if logits.ndim > 2 else labels[asked],
            ignore_index=IGNORED,
            label_smoothing=smoothing,
            reduction="sum",
        )
        return total / (asked.sum() if num_items_in_batch is None else num_items_in_batch).clamp(min=1)

    return loss


@torch.no_grad()
def tally(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return float64 [rows, 3] of a batch: the sum of -log p(target) in nats, targets, and how many were the likeliest token."""
    labels = batch["labels"]
    asked = labels != IGNORED
    with asked_alone(model, labels):
        logits = model(**{name: value for name, value in batch.items() if name != "labels"}).logits
    if logits.ndim > 2:
        logits = logits[asked]
    nats = functional.cross_entropy(logits.float(), labels[asked], reduction="none")
    right = logits.argmax(-1) == labels[asked]
    # Summed on the processor: not every accelerator knows float64.
    found = torch.stack([part.cpu().double() for part in (nats, torch.ones_like(nats), right)], 1)
    return torch.zeros(len(labels), 3, dtype=torch.float64).index_add_(0, asked.nonzero()[:, 0].cpu(), found)


def tallies(model: Any, rows: Any, collate: Any, batch_size: int) -> np.ndarray:
    """Return `tally` of all rows [rows, 3], in their order, rows of like length together."""
    lengths = getattr(rows, "lengths", None)
    order = list(range(len(rows))) if lengths is None else sorted(range(len(rows)), key=lengths.__getitem__)
    found = np.zeros((len(rows), 3))
    place = 0
    while place < len(order):
        longest = getattr(rows, "size", 0) or lengths[order[min(place + batch_size, len(order)) - 1]]  # type: ignore[index]
        chosen = order[place : place + at_once(model, longest, batch_size)]
        batch = {name: value.to(model.device) for name, value in collate([rows[i] for i in chosen]).items()}
        found[chosen] = tally(model, batch).numpy()
        place += len(chosen)
    return found


def scores(total: Any, accuracy: str = "token_accuracy") -> dict[str, float]:
    """Return {"loss" in nats a token, `accuracy`: share of likeliest tokens that are right} of a sum of tallies [3]."""
    nats, count, right = (float(value) for value in total)
    return {"loss": nats / max(1.0, count), accuracy: right / max(1.0, count)}


def derived(loss: float, asked: int, covered: tuple[int, int] | None) -> dict[str, float]:
    """Return {"perplexity"}, and bits per character and per byte of the text, which compare across tokenizers.

    loss: nats a token; asked: the number of tokens it is the mean of; covered: the (characters, bytes) they stand for.
    """
    found = {"perplexity": math.exp(min(loss, HIGHEST))}
    if covered is not None:
        bits = loss * asked / math.log(2)
        found |= {"bits_per_character": bits / covered[0], "bits_per_byte": bits / covered[1]}
    return found


class LanguageTrainer(Trainer):
    """A Trainer whose evaluation is exact: sums over all targets, not a mean of the batches' means; no logits are kept."""

    #: What the share of right tokens is called.
    accuracy = "token_accuracy"

    def __init__(self, *args: Any, steady: bool = False, **kwargs: Any) -> None:
        """`steady`: batches have few shapes; where models are compiled, each has then a graph of its own."""
        super().__init__(*args, **kwargs)
        self._loss_shifts_labels = False  # labels are the targets themselves, see kit.models.blocks
        self._whole: Any = None
        if self.args.torch_compile and self.compute_loss_func is not None:
            # Model and loss in one graph instead of the model alone, which accelerate would compile.
            self.accelerator.state.dynamo_plugin.backend = DynamoBackend.NO
            self._whole = whole_loss.compiled(self.compute_loss_func, steady)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the loss of a batch; compiled together with the model where models are compiled."""
        if self._whole is None or return_outputs or not model.training:
            with contextlib.nullcontext() if self.args.torch_compile else asked_alone(model, inputs["labels"]):
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        labels = inputs.pop("labels")
        items = whole_loss.asked(labels) if num_items_in_batch is None else num_items_in_batch
        return self._whole(model, dict(inputs), labels, torch.as_tensor(items, device=labels.device))

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Train; the stock Trainer leaves the model's cache off for good, and writing with it would take many times longer."""
        ended = super().train(*args, **kwargs)
        self.model.config.use_cache = True
        return ended

    def evaluation_loop(
        self,
        dataloader: Any,
        description: str,
        prediction_loss_only: bool | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> EvalLoopOutput:
        """Return loss and accuracy over every target of the data."""
        del description, prediction_loss_only, ignore_keys
        model = self._wrap_model(self.model, training=False).eval()
        total, rows = torch.zeros(3, dtype=torch.float64), 0
        for batch in dataloader:
            with self.compute_loss_context_manager():
                found = tally(model, self._prepare_inputs(batch))
            total, rows = total + found.sum(0), rows + len(found)
        if self.accelerator.num_processes > 1:
            total = self.accelerator.reduce(total.to(self.args.device), "sum")
        named = {f"{metric_key_prefix}_{name}": value for name, value in scores(total, self.accuracy).items()}
        return EvalLoopOutput(predictions=None, label_ids=None, metrics=named, num_samples=rows)


class MaskedTrainer(LanguageTrainer):
    """The same over hidden tokens."""

    accuracy = "accuracy"

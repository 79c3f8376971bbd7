"""A user's own module as something that the durable Trainer trains: made, tried on the first rows, wrapped, scored."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import Trainer
from transformers.trainer_utils import EvalLoopOutput

from ...core.errors import FmError, ModelError, out_of_memory
from ...core.modules import module_name
from ..training.durable import random_state_kept
from ..training.judged import BareWeights, Judged
from .answers import Answer, Judge
from .rows import SIZE, TRUTH, ModuleBatch, ModuleRows

#: What the arguments of a class's __init__ are called when the data tell them.
KNOWN = {
    "classes": (
        "num_classes",
        "num_labels",
        "n_classes",
        "classes",
        "out_features",
        "output_size",
        "output_dim",
        "num_outputs",
    ),
    "vocabulary": ("vocab_size", "vocabulary", "vocabulary_size", "num_embeddings", "n_tokens", "num_tokens", "vocab"),
    "features": ("in_features", "input_size", "input_dim", "num_features", "n_features", "n_inputs"),
    "padding": ("pad_id", "pad_token_id", "padding_idx", "pad_idx"),
}


def made(module: Any, facts: dict[str, int]) -> tuple[nn.Module, dict[str, int]]:
    """Return (module, what its class was given): a class is called with what the data tell. Raises ModelError."""
    if not isinstance(module, type):
        return module, {}
    names = {name: facts[fact] for fact, known in KNOWN.items() if fact in facts for name in known}
    given: dict[str, int] = {}
    for parameter in list(inspect.signature(module).parameters.values()):
        if parameter.name in names:
            given[parameter.name] = names[parameter.name]
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise ModelError(
                f"{module_name(module)}'s __init__ asks for {parameter.name!r}, which the data do not tell.",
                f"Make the module yourself: net = {module_name(module)}(...), then --model net.",
            )
    try:
        return module(**given), given
    except Exception as error:
        if out_of_memory(error):
            raise
        raise ModelError(
            f"{module_name(module)}({_shown(given)}) failed: {_first(error)}.", "Try it in a cell."
        ) from None


def _shown(given: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in given.items())


def _first(error: BaseException) -> str:
    line = (str(error).strip().splitlines() or [""])[0][:300].rstrip(".")
    return f"{type(error).__name__}: {line}"


class Runner(nn.Module):
    """The module as the Trainer sees it: a batch in, {"loss": ...} out. `module` is the user's."""

    def __init__(self, module: nn.Module, batch: ModuleBatch, judge: Judge) -> None:
        super().__init__()
        self.module, self.batch, self.judge = module, batch, judge

    def forward(self, **batch: Any) -> dict[str, torch.Tensor]:
        """Return {"loss"} of a batch that ModuleBatch made. Raises ModelError when there is nothing to learn from."""
        answer = self.answer(batch)
        if answer.loss is None:
            raise self._nothing(answer)
        return {"loss": answer.loss}

    def answer(self, batch: dict[str, Any]) -> Answer:
        """Return what forward says of a batch, read."""
        device = next((p.device for p in self.module.parameters()), torch.device("cpu"))
        given = {name: v.to(device) if isinstance(v, torch.Tensor) else v for name, v in batch.items()}
        truth, size = given.pop(TRUTH, None), given.pop(SIZE)
        try:
            returned = self.module(**given)
        except Exception as error:
            if out_of_memory(error) or isinstance(error, FmError):
                raise
            raise ModelError(
                f"forward failed: {_first(error)}. It was given {_described(given)}.", self._advice(error, given)
            ) from error
        return self.judge.read(returned, truth, size)

    def _advice(self, error: Exception, given: dict[str, Any]) -> str:
        label = self.batch.fit.label_argument
        if label and label not in given:
            return f"Rows to predict have no label: give forward's {label!r} the default None."
        if isinstance(error, IndexError) and "out of range" in str(error):
            largest = max(
                (int(v.max()) for v in given.values() if isinstance(v, torch.Tensor) and v.numel()), default=0
            )
            return f"An embedding has too few rows: the largest number here is {largest}; or lower --vocabulary."
        return "Try forward in a cell with tensors of these shapes."

    def _nothing(self, answer: Answer) -> ModelError:
        found = ", ".join([*answer.rows, *answer.scalars]) or "nothing"
        if self.batch.fit.label:
            cure = 'Return a dict with "loss", or with "logits" [rows, ...].'
        else:
            cure = "Name the label with --label-column, or compute a loss in forward."
        return ModelError(f"forward returns no loss ({found}), and none can be computed.", cure)


def _described(given: dict[str, Any]) -> str:
    kinds = {
        name: f"{str(v.dtype).removeprefix('torch.')} {list(v.shape)}"
        if isinstance(v, torch.Tensor)
        else f"{len(v)} texts"
        for name, v in given.items()
    }
    return ", ".join(f"{name}: {kind}" for name, kind in kinds.items())


def tried(runner: Runner, rows: ModuleRows) -> str:
    """Try the module on the first rows and return which loss it learns from. Weights, buffers and chance are as before.

    Raises ModelError for everything that would fail in the first step.
    """
    some = [rows[i] for i in range(min(4, len(rows)))]
    kept = {name: tensor.detach().clone() for name, tensor in _state(runner.module).items()}
    with random_state_kept():
        answer = runner.train().answer(runner.batch(some))
    if kept:
        runner.module.load_state_dict(kept)
    if answer.loss is None:
        raise runner._nothing(answer)
    if not any(p.requires_grad for p in runner.parameters()):
        raise ModelError(
            "The module has no weights that can be trained.", "Give it parameters with requires_grad=True."
        )
    if not answer.loss.requires_grad:
        raise ModelError(
            "forward's loss has no gradient.", "Compute it with gradients: no .detach(), no torch.no_grad()."
        )
    return f"Loss: {answer.chosen}, chosen by the label." if answer.chosen else "Loss: what forward returns."


def _state(module: nn.Module) -> dict[str, torch.Tensor]:
    lazy = any(nn.parameter.is_lazy(p) for p in [*module.parameters(), *module.buffers()])
    return {} if lazy else module.state_dict()


def groups(module: nn.Module, rate: float, decay: float) -> list[dict[str, Any]]:
    """Divide what is trained for the optimizer: biases and norms, which have one dimension, do not decay."""
    trained = [p for p in module.parameters() if p.requires_grad]
    parts = [([p for p in trained if p.ndim > 1], decay), ([p for p in trained if p.ndim <= 1], 0.0)]
    return [{"params": found, "lr": rate, "weight_decay": share} for found, share in parts if found]


class ModuleTrainer(Judged, BareWeights, Trainer):
    """Trains a Runner; an evaluation is a pass over the rows, averaged by rows."""

    def __init__(self, *args: Any, scores: Any = None, said: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scores, self.said = scores, said
        self.model_accepts_loss_kwargs = False

    def evaluation_loop(self, dataloader: Any, *args: Any, **kwargs: Any) -> EvalLoopOutput:
        """Score the validation rows with our own pass: forward may return anything."""
        prefix = kwargs.get("metric_key_prefix", "eval")
        own = self.scores() if self.scores is not None else {}
        metrics = {f"{prefix}_{name}": value for name, value in own.items()}
        return EvalLoopOutput(predictions=None, label_ids=None, metrics=metrics, num_samples=len(dataloader.dataset))


def answers(runner: Runner, rows: ModuleRows, batch_size: int) -> Iterator[tuple[dict[str, Any], Answer]]:
    """Yield (batch, answer), in order, in evaluation mode and without gradients."""
    training = runner.training
    runner.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(rows), batch_size):
                batch = runner.batch([rows[i] for i in range(start, min(start + batch_size, len(rows)))])
                yield batch, runner.answer(batch)
    finally:
        runner.train(training)


def passed(runner: Runner, rows: ModuleRows, batch_size: int) -> tuple[dict[str, Any], np.ndarray | None]:
    """Return ({"means": the loss and forward's own numbers, averaged by rows, "logits": [rows, ...] or None}, truth [rows])."""
    sums: dict[str, float] = {}
    logits, truth = [], []
    for batch, answer in answers(runner, rows, batch_size):
        numbers = {**({} if answer.loss is None else {"loss": float(answer.loss)}), **answer.scalars}
        for name, value in numbers.items():
            sums[name] = sums.get(name, 0.0) + value * batch[SIZE]
        if answer.logits is not None:
            logits.append(answer.logits.float().cpu().numpy())
        if TRUTH in batch:
            truth.append(batch[TRUTH].numpy())
    means = {name: value / len(rows) for name, value in sums.items()}
    found = {"means": means, "logits": np.concatenate(logits) if logits else None}
    return found, np.concatenate(truth) if truth else None

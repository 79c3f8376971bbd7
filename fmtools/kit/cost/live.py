"""A normal run's own forecast: from its first steps, better after its first evaluation and save. It costs it next to nothing."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, TrainerCallback

from ...core.contracts import Context, Parts
from ...core.events import ForecastEvent, NoticeEvent
from ...core.options import TrainOptions
from ..machine import gpu
from ..machine.gpu import peak_resident, resident, room
from ..machine.precision import native_bf16
from ..machine.usage import free_disk
from ..training.methods import count
from . import activations as cost_activations
from . import checkpointing as cost_checkpointing
from .advice import Forecast, advice
from .lengths import row_lengths
from .model import Estimate, Facts, estimate, fit

#: Steps and seconds of training before the first forecast; how far off one is before it is said anew; how often at most.
STEPS, SECONDS, OFF, MOST = 5, 2.0, 0.07, 3
#: How much slower float32, in which models are scored, is than bf16.
PLAIN = 1.5
#: What is not measured yet: forward over whole step; bytes a second to disk with checksums; activations' overhead.
FORWARD, WRITES, KEEPS = 0.35, 2.5e8, 1.0
#: Rows that are looked at for their lengths where the set does not say them.
LOOKED = 2000


class CostWatch(TrainerCallback):
    """Emits forecasts. `began`: when the worker said its first word (time.perf_counter); `scored`: the table of rows
    scored at the end, `learned` that of the training rows: how much longer texts are there is seen in them."""

    def __init__(self, context: Context, options: TrainOptions, began: float, scored: Any, learned: Any) -> None:
        self.context, self.options, self.began = context, options, began
        self.facts = Facts(scored=scored.num_rows, longest=options.max_length, method=options.method)
        self.weight = _weight(scored) / max(1.0, _weight(learned))
        self._features: list[tuple[float, float, float]] = []
        self._seconds: list[float] = []
        self._batches: list[tuple[float, float]] = []
        self._said: list[Estimate] = []
        self._step = self._ended = self._started = 0.0
        self._saved = False

    def attach(self, trainer: Any, parts: Parts) -> None:
        """Look at model and rows before the first step, and warn when the run will not fit."""
        facts, self._trainer = self.facts, trainer
        facts.lengths, facts.held = (_lengths(rows, facts.longest) for rows in (parts.train, parts.validation))
        facts.grouped = hasattr(parts.train, "lengths")
        facts.batch_size, facts.eval_batch = trainer.args.train_batch_size, trainer.args.per_device_eval_batch_size
        facts.parameters, facts.trainable = count(parts.model)
        facts.precision, facts.device = "bf16" if trainer.args.bf16 else "fp32", str(trainer.args.device)
        facts.native_bf16, facts.can_checkpoint = native_bf16(), cost_checkpointing.supported(parts.model)
        facts.model_bytes, facts.checkpoint_bytes = 4 * facts.parameters, 4 * facts.parameters + 8 * facts.trainable
        facts.loaded_bytes, facts.gradient_bytes = resident(), 4 * facts.trainable
        facts.optimizer_bytes = {"adamw": 8, "sgd": 4}.get(self.options.optimizer, 1) * facts.trainable
        facts.keeps = KEEPS
        self._free = room().free + resident()
        self._count_activations(trainer, parts)
        self._wrap(trainer)
        self._warn()

    def _count_activations(self, trainer: Any, parts: Parts) -> None:
        """Count on two rows what a batch keeps, where a forward pass leaves no trace in model, trainer or random state."""
        from ..training.durable import random_state_kept

        plain = isinstance(parts.model, PreTrainedModel) and parts.arguments is None
        if not plain or trainer.args.device.type not in ("cpu", "cuda"):
            return
        training = parts.model.training
        with random_state_kept():
            self.facts.activations = cost_activations.per_token(trainer, parts.collate, parts.train, self.facts.lengths)
        parts.model.train(training)

    def _wrap(self, trainer: Any) -> None:
        step = trainer.training_step

        def watched(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            self._batches.append(cost_activations.shape_of(inputs)[1:])
            return step(model, inputs, *args, **kwargs)

        trainer.training_step = watched

    def _warn(self) -> None:
        if not any(self.facts.activations):
            return
        found = self._forecast(estimate(self.facts, self.options))
        if not found.fits:
            self.context.emit(NoticeEvent(text=" ".join(["This run may not fit.", *advice(found)]), level="warning"))

    def _forecast(self, found: Estimate) -> Forecast:
        return Forecast(found, self.facts, self.options, self._free, free_disk(self.context.folder))

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.facts.load = [time.perf_counter() - self.began] * 2
        self._started = time.perf_counter()

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._step = time.perf_counter()
        self._batches.clear()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        gpu.settle()  # the loss is read right after this, which waits as well
        self._ended = time.perf_counter()
        if self._batches:
            tokens, squared = np.asarray(self._batches).sum(0)
            self._features.append((float(len(self._batches)), float(tokens), float(squared)))
            self._seconds.append(self._ended - self._step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        if not logs or "loss" not in logs:
            return
        looked = time.perf_counter() - self._ended
        if self.options.watch_every and state.global_step % self.options.watch_every == 0:
            self.facts.snapshot = [looked] * 2
        if self._due(state):
            self._say(state)
        self._ended = time.perf_counter()

    def _due(self, state: Any) -> bool:
        taken, spent = len(self._seconds), time.perf_counter() - self._started
        if not self._said:
            return taken >= STEPS and (spent > SECONDS or taken >= max(STEPS, state.max_steps // 4))
        halfway = state.global_step == state.max_steps // 2
        return len(self._said) < MOST and (self._saved or halfway)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.facts.evaluate = [[time.perf_counter() - self._ended, 0.0, 0.0]] * 2
        self._ended = time.perf_counter()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.facts.save = [time.perf_counter() - self._ended] * 2
        self._saved = True

    def _say(self, state: Any) -> None:
        """Emit a forecast, the first one or one that differs from what was said."""
        self._learn()
        left = estimate(self.facts, self.options, done=state.global_step)
        seconds = time.perf_counter() - self.began + left.seconds
        found = Estimate(seconds, 0.0, max(left.peak_bytes, peak_resident()), left.disk_bytes, left.parts, left.steps)
        if self._said and _off(found, self._said[-1]) < OFF:
            return
        self._said.append(found)
        asked = self._forecast(found)
        self.context.emit(
            ForecastEvent(
                seconds=found.seconds,
                peak_bytes=found.peak_bytes,
                disk_bytes=found.disk_bytes,
                free_bytes=asked.free_bytes,
                free_disk_bytes=asked.free_disk_bytes,
                fits=asked.fits,
                basis=f"Measured on the first {len(self._seconds)} steps of this run.",
                advice=advice(asked),
            )
        )

    def _learn(self) -> None:
        """Work out what a batch costs in time and memory from the steps so far, and guess what was not seen yet."""
        facts, features = self.facts, np.asarray(self._features[1:])
        batch = fit(features, np.asarray(self._seconds[1:]))
        facts.batch, facts.steps_timed = [batch, batch], len(self._seconds)
        facts.stretch = [1.0, 1.0] if facts.grouped else self._stretch(features)
        if not facts.evaluate[0][0]:
            facts.evaluate = [[0.0, 0.0, FORWARD * _a_token(batch, features)]] * 2
        if not self._saved:
            facts.save = [facts.checkpoint_bytes / WRITES] * 2
        facts.publish = [facts.model_bytes / WRITES] * 2
        slower = PLAIN if facts.precision == "bf16" else 1.0
        a_row = float(np.mean(facts.lengths)) * len(facts.lengths) * self.weight / max(1, facts.scored)
        facts.score = [[0.5 * facts.load[0], slower * FORWARD * _a_token(batch, features) * a_row]] * 2
        self._learn_memory(features)

    def _stretch(self, features: Any) -> list[float]:
        tokens = float(np.mean(self.facts.lengths)) * self.facts.batch_size
        share = float(features[:, 1].mean() / features[:, 0].mean() / max(1.0, tokens))
        return [share, share]

    def _learn_memory(self, features: Any) -> None:
        facts = self.facts
        standing = facts.loaded_bytes + facts.gradient_bytes + facts.optimizer_bytes
        shares = features / features[:, :1]
        seen = float((shares @ np.asarray(facts.activations)).max())
        if seen > 0:
            facts.slack_bytes = int(max(0.0, peak_resident() - standing - KEEPS * seen))
        else:
            facts.slack_bytes = int(max(0.0, peak_resident() - standing))


def _off(one: Estimate, other: Estimate) -> float:
    """Return how far two estimates are apart, the worse of time and memory."""
    return max(
        abs(one.seconds - other.seconds) / max(1.0, other.seconds),
        abs(one.peak_bytes - other.peak_bytes) / max(1, other.peak_bytes),
    )


def _weight(table: Any) -> float:
    """Return how much text a table holds, from its first rows: characters of texts, parts of lists."""
    part = table.slice(0, LOOKED)
    sizes = [len(value) for column in part.columns for value in column.to_pylist() if isinstance(value, str | list)]
    return sum(sizes) * table.num_rows / max(1, part.num_rows)


def _a_token(batch: list[float], features: Any) -> float:
    """Return the seconds of a step by token, in batches like those seen."""
    return float(features.mean(0) @ np.asarray(batch) / max(1.0, features[:, 1].mean()))


def _lengths(rows: Any, longest: int) -> list[int]:
    known = hasattr(rows, "lengths") or len(rows) <= LOOKED
    if known:
        return row_lengths(rows, longest)
    part = row_lengths(torch.utils.data.Subset(rows, list(range(LOOKED))), longest)
    return (part * (len(rows) // len(part) + 1))[: len(rows)]

"""A run in miniature, to find out what the whole will cost: the real Trainer, model and data, a few chosen batches.

The batches are of all lengths the run will see, the longest last. What happens once in a run (loading, saving, publishing)
is timed as it is; evaluation and final scoring on a part of the rows.
"""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.contracts import Parts, Task
from ...core.events import ArtifactEvent, CheckpointEvent
from ..machine import gpu
from ..machine.gpu import forget_peak, give_back, peak_resident, resident, room
from ..machine.precision import native_bf16
from ..machine.usage import Clock
from ..scoring.details import texts_of
from ..training.methods import count
from . import activations as cost_activations
from . import checkpointing as cost_checkpointing
from . import speeds as cost_speeds
from .lengths import row_lengths
from .model import AT_ONCE, Facts, fit, shapes
from .scene import Order, RehearsalContext, Step, is_torch
from .scoring import rows_scored

#: Where in the order of lengths the timed batches come from; the first one only warms up, the last is the longest. Two come
#: again: a shape that was there before takes less.
PLACES = (0.5, 0.1, 0.9, 0.3, 0.7, 0.3, 0.7, 0.2, 0.8, 1.0)
NEW, AGAIN = slice(3, 5), slice(5, 7)
#: Share of the free memory that the longest batch may take here.
MOST = 0.7
#: Memory a step takes over what its activations count, where it cannot be told, and between which bounds it is believed.
KEEPS, KEPT = 1.3, (0.5, 2.5)


class Rehearsal:
    """Given to the training stage, which calls `begin`, `trained` and `score` where they belong; `facts` is the outcome."""

    def __init__(self, context: RehearsalContext, speeds: bool = False) -> None:
        self.context, self.speeds, self.facts = context, speeds, Facts()
        self._clock = Clock()
        self._steps: list[Step] = []
        self._took: dict[str, list[list[float]]] = {}
        self._peaks: dict[str, tuple[int, int]] = {}

    def begin(self, trainer: Any, parts: Parts) -> None:
        """Choose the batches, and put watches on the Trainer."""
        facts, options = self.facts, trainer.args
        facts.load = self._clock.since()
        self._parts, self._lengths = parts, row_lengths(parts.train, facts.longest)
        facts.lengths, facts.held = self._lengths, row_lengths(parts.validation, facts.longest)
        facts.grouped = hasattr(parts.train, "lengths") or type(trainer).__name__.endswith("PreferenceTrainer")
        facts.batch_size, facts.eval_batch = options.train_batch_size, options.per_device_eval_batch_size
        facts.parameters, facts.trainable = count(parts.model)
        facts.precision, facts.device = "bf16" if options.bf16 else "fp32", str(options.device)
        facts.can_checkpoint, facts.native_bf16 = cost_checkpointing.supported(parts.model), native_bf16()
        self._shape(parts.model)
        gc.collect()
        facts.loaded_bytes, facts.card_bytes = resident(), room().total if gpu.is_used() else 0
        self._collate = trainer.get_train_dataloader().collate_fn
        facts.activations = cost_activations.per_token(trainer, self._collate, trainer.train_dataset, self._lengths)
        self._choose(trainer)
        self._watch(trainer)
        forget_peak()

    def _shape(self, model: Any) -> None:
        config = getattr(model, "config", None)
        config = getattr(config, "encoder", None) or config
        self.facts.layers = int(getattr(config, "num_hidden_layers", 0) or 0)
        self.facts.width = int(getattr(config, "hidden_size", 0) or 0)

    def _choose(self, trainer: Any) -> None:
        """Let the Trainer see batches of chosen lengths; smaller ones where the longest would not fit."""
        facts, size = self.facts, self._fitting(trainer)
        order = np.argsort(self._lengths, kind="stable")
        starts = [max(0, min(len(order) - size, round(place * len(order)) - size // 2)) for place in PLACES]
        self._size, self._chosen = size, [order[start : start + size].tolist() for start in starts]
        rows = [row for batch in self._chosen for row in batch]
        if is_torch(trainer.train_dataset):
            trainer._get_train_sampler = lambda *_, **__: Order(rows)
        else:
            self._chosen = []  # its own order of batches, some of them
            facts.ordered = False
        trainer.narrator.every = trainer.narrator.every and sys.maxsize
        trainer.narrator.sample_every = trainer.narrator.sample_every and sys.maxsize

    def _fitting(self, trainer: Any) -> int:
        """Return how many rows a batch may have so that the longest fits in what is free."""
        size = self.facts.batch_size
        while size > 1 and self.needs(size) > MOST * room().free:
            size //= 2
        trainer.args.per_device_train_batch_size = trainer._train_batch_size = size
        return size

    def needs(self, rows: int) -> float:
        """Return about how many bytes a step takes on so many of the longest rows, weights excepted; rather too many."""
        longest = max(self._lengths)
        tokens = rows * longest
        states = 16 * self.facts.trainable
        return states + 2 * float(np.dot(self.facts.activations, (1.0, tokens, tokens * longest)))

    def _watch(self, trainer: Any) -> None:
        """Time every batch, the save and the looks; leave one batch of the longest validation rows for the evaluation."""
        self._whole, step = trainer.eval_dataset, trainer.training_step
        self._apart = "scores" in self._parts.trainer_options or not is_torch(self._whole)

        def timed_step(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            gpu.settle()
            shape, clock, began = cost_activations.shape_of(inputs), Clock(), self._clock.since()
            loss = step(model, inputs, *args, **kwargs)
            gpu.settle()
            self._steps.append(Step(shape, clock.since(), began, self._clock.since(), peak_resident()))
            return loss

        trainer.training_step = timed_step
        trainer._save_checkpoint = self._timed("save", trainer._save_checkpoint)
        trainer.evaluate = self._timed("evaluate", trainer.evaluate)
        trainer.narrator.snapshot = self._timed("snapshot", trainer.narrator.snapshot)
        trainer.narrator.sample = self._timed("sample", trainer.narrator.sample)
        if not self._apart:
            trainer.eval_dataset = self._part(trainer, np.argsort(self.facts.held)[::-1], 1)

    def _part(self, trainer: Any, order: Any, batches: int) -> Any:
        chosen = order[: batches * self.facts.eval_batch]
        return torch.utils.data.Subset(self._whole, sorted(int(i) for i in chosen))

    def _timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            if name in ("evaluate", "save"):
                self._peaks.setdefault("train", (peak_resident(), resident()))
                give_back()
                forget_peak()
            before, clock = resident(), Clock()
            answer = work(*args, **kwargs)
            self._took.setdefault(name, []).append(clock.since())
            self._peaks.setdefault(name, (peak_resident(), before))
            return answer

        return timed

    def trained(self, trainer: Any) -> None:
        """Work out the steps, and time evaluations; call it when the training is over, before anything is published."""
        self._work_out_steps(trainer)
        self._work_out_evaluation(trainer)
        self._work_out_memory(trainer)
        facts = self.facts
        facts.save = self._mean("save")
        facts.snapshot, facts.sample = self._mean("snapshot"), self._mean("sample")
        facts.snapshot_bytes = sum(self.context.attention_bytes)
        if self.speeds:
            facts.speeds = cost_speeds.speeds(trainer, self._collate, self._lengths, self.needs)
        self._published = Clock()

    def _mean(self, name: str) -> list[float]:
        took = np.asarray(self._took.get(name) or [[0.0, 0.0]])
        return [float(value) for value in took[1:].mean(0)] if len(took) > 2 else [float(v) for v in took[-1]]

    def _work_out_steps(self, trainer: Any) -> None:
        steps, facts = self._steps, self.facts
        features = np.asarray([(1.0, step.tokens, step.squared) for step in steps])
        took = np.asarray([step.took for step in steps])
        timed = np.arange(1, len(steps))
        if self._chosen:
            timed = np.setdiff1d(timed, np.arange(len(steps))[AGAIN])
            facts.again = np.clip(took[AGAIN].sum(0) / took[NEW].sum(0), 0.5, 1.0).tolist()
        facts.batch = [fit(features[timed], took[timed, side]) for side in (0, 1)]
        between = [np.subtract(b.began, a.ended) for a, b in itertools.pairwise(steps)]
        facts.step = [float(value) for value in np.median(np.asarray(between[1:]), axis=0)]
        usual = np.asarray(facts.batch) @ features[0] + np.asarray(facts.step)
        facts.first = [max(0.0, float(v)) for v in took[0] + between[0] - usual]
        facts.steps_timed = len(steps)
        self._stretch(features)

    def _stretch(self, features: Any) -> None:
        """Compare what batches hold with what the lengths of their rows say."""
        facts, size = self.facts, self._size
        if self._chosen:
            longest = np.asarray([max(self._lengths[row] for row in rows) for rows in self._chosen], float)
            counted = np.asarray([len(rows) for rows in self._chosen], float) * longest
        else:
            epoch = shapes(np.asarray(self._lengths), size, "grouped" if facts.grouped else "shuffled")
            longest, counted = epoch.longest, epoch.rows * epoch.longest
        facts.stretch = [
            float(features[:, 1].mean() / counted.mean()),
            float(features[:, 2].mean() / (counted * longest).mean()),
        ]

    def _work_out_evaluation(self, trainer: Any) -> None:
        """Time a batch of the longest rows and some of any length; where a task scores apart, the whole at once."""
        facts, evaluate = self.facts, trainer.evaluate
        if self._apart or len(facts.held) <= 2 * facts.eval_batch:
            trainer.eval_dataset = self._whole
            evaluate()
            held = shapes(np.asarray(facts.held), facts.eval_batch, "as they are").features(facts.stretch)
            whole = self._took["evaluate"][-1]
            once = self._apart
            facts.evaluate = [[t, 0.0, 0.0] if once else [0.0, 0.0, t / held[:, 1].sum()] for t in whole]
            return
        spread = np.random.default_rng(0).permutation(len(facts.held))
        features, took = [], []
        for batches in (1, 2):
            trainer.eval_dataset = self._part(trainer, spread, batches)
            chosen = np.sort(spread[: batches * facts.eval_batch])
            held = shapes(np.asarray(facts.held)[chosen], facts.eval_batch, "as they are").features(facts.stretch)
            evaluate()
            features.append((1.0, held[:, 0].sum(), held[:, 1].sum()))
            took.append(self._took["evaluate"][-1])
        facts.evaluate = [fit(np.asarray(features), np.asarray(took)[:, side]) for side in (0, 1)]

    def _work_out_memory(self, trainer: Any) -> None:
        facts = self.facts
        trained = [p for group in trainer.optimizer.param_groups for p in group["params"]]
        facts.gradient_bytes = sum(p.numel() * p.element_size() for p in trained)
        states = trainer.optimizer.state.values()
        facts.optimizer_bytes = sum(v.nbytes for state in states for v in state.values() if torch.is_tensor(v))
        standing = facts.loaded_bytes + facts.gradient_bytes + facts.optimizer_bytes
        saved = [float(np.dot(facts.activations, (1.0, step.tokens, step.squared))) for step in self._steps]
        if not self._chosen:
            facts.widest = self._widest(max(saved))
        peak = self._peaks["train"][0]
        earlier = (max(saved[:-1]), float(self._steps[-2].peak))
        facts.keeps = KEEPS
        if saved[-1] > 1.3 * earlier[0]:
            facts.keeps = float(np.clip((peak - earlier[1]) / (saved[-1] - earlier[0]), *KEPT))
        # What was measured holds for the longest batch, whatever the slope says of shorter ones.
        facts.keeps = max(KEPT[0], min(facts.keeps, (peak - standing) / max(saved)))
        facts.slack_bytes = int(max(0, peak - standing - facts.keeps * max(saved)))
        facts.evaluate_bytes, facts.save_bytes = (self._grown(name) for name in ("evaluate", "save"))

    def _grown(self, name: str) -> int:
        before_and_after = self._peaks.get(name, (0, 0))
        return max(0, before_and_after[0] - before_and_after[1])

    def _widest(self, seen: float) -> float:
        """Return the largest batch seen over the largest that so many batches should hold by the lengths of their rows."""
        facts = self.facts
        order = "grouped" if facts.grouped else "shuffled"
        epoch = shapes(np.asarray(self._lengths), self._size, order).features(facts.stretch) @ facts.activations
        expected = float(np.quantile(epoch, 1 - 1 / (1 + min(len(epoch), len(self._steps)))))
        return float(np.clip(seen / max(1.0, expected), 0.5, 1.5))

    def score(self, task: Task, folder: Path, rows: Any, meta: dict[str, Any]) -> None:
        """Time what happens once the model is published: loading it anew, and scoring its rows."""
        facts, clock = self.facts, self._published
        facts.publish = clock.since()
        made = self.context.last(CheckpointEvent)
        facts.checkpoint_bytes = made.bytes if made else 0
        facts.model_bytes = sum(event.bytes for event in self.context.events if isinstance(event, ArtifactEvent))
        facts.scored = rows.num_rows
        give_back()
        forget_peak()
        before, clock = resident(), Clock()
        loaded = task.load(folder)
        loading = clock.since()
        once, per_row = rows_scored(lambda some: _score(task, loaded, some, meta), rows)
        facts.score = [[loading[side] + once[side], per_row[side]] for side in (0, 1)]
        facts.score_bytes = max(0, peak_resident() - before)


def _score(task: Task, loaded: Any, rows: Any, meta: dict[str, Any]) -> None:
    task.score(*task.outputs(loaded, rows, AT_ONCE), {**meta, **texts_of(rows)})

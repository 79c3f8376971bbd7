"""A mixin that makes any transformers Trainer durable: checkpoints are staged, verified and published by rename.

The stock Trainer writes a checkpoint in place and rotates by file time: after a kill, its newest folder is often partial
and a clock step can delete the wrong one. Here `_save_checkpoint` runs unchanged into a stage folder; the store seals it
with checksums and gives it its name in one rename. A disk that refuses a save does not end the training.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from transformers import Trainer
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from ...core.contracts import Context
from ...core.errors import from_os_error
from ...core.events import CheckpointEvent, NoticeEvent, PhaseEvent
from .batches import LengthGroups, Shuffled
from .narrator import Narrator
from .quick import clip, quick
from .shares import SharingMixin
from .trouble_watch import first_broken


class CheckpointStore(Protocol):
    """What the mixin needs of the store's checkpoints."""

    def stage(self) -> Any: ...

    def publish(self, stage: Path, step: int) -> int: ...

    def steps(self) -> list[int]: ...

    def of(self, step: int) -> Path | None: ...

    def keep(self, step: int) -> None: ...


def disk_refusal(error: Exception) -> OSError | None:
    """Return the operating system's refusal that an error of a library stands for; None when it means something else.

    torch's zip writer and safetensors word a full disk in their own ways, and their texts are not for users.
    """
    if isinstance(error, OSError):
        return error
    text = str(error)
    of_torch = isinstance(error, RuntimeError) and ("PytorchStreamWriter" in text or "unexpected pos" in text)
    if not of_torch and type(error).__name__ != "SafetensorError":
        return None
    number = re.search(r"os error (\d+)", text)
    code = int(number[1]) if number else errno.ENOSPC
    return OSError(code, os.strerror(code) if number else "the disk refused the write")


class DurableMixin:
    """Put before a Trainer class by `durable`. Set `context`, `checkpoints` and `narrator` after."""

    context: Context
    checkpoints: CheckpointStore
    narrator: Narrator
    derived: Callable[[dict[str, float]], dict[str, float]] | None = None
    state: Any
    args: Any
    control: Any
    train_dataset: Any
    optimizer: Any
    _stage: Path | None = None
    #: The step of the newest checkpoint of this process, and how many changes of the run it holds.
    _published: tuple[int, int] = (-1, 0)

    def train_from(self, start: Path | None) -> Any:
        """Train to the run's end, from a checkpoint or from the beginning."""
        self.narrator.helm.recall(start)
        with self.kernels():
            return self.train(resume_from_checkpoint=str(start) if start else None)  # type: ignore[attr-defined]

    def kernels(self) -> contextlib.AbstractContextManager[None]:
        """Return what a training, and whoever measures its steps, computes within; compiled models have kernels of their own."""
        return contextlib.nullcontext() if self.args.torch_compile else quick(self.model)  # type: ignore[attr-defined]

    def set_initial_training_values(self, args: Any, dataloader: Any) -> Any:
        """Give the run the length it was extended to. The Trainer counts its epochs before the first one, and could then not
        be extended: it gets as many as it likes, and its end from `state.max_steps`."""
        _, per_epoch, *between, _ = super().set_initial_training_values(args, dataloader)  # type: ignore[misc]
        total = self.narrator.helm.begin(per_epoch)
        args.warmup_steps = args.get_warmup_steps(self.narrator.helm.planned())  # a longer run warms up no longer
        return sys.maxsize, per_epoch, *between, total

    def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
        if self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
        if not self.control.should_training_stop:
            super()._run_epoch(*args, **kwargs)  # type: ignore[misc]

    def _finalize_training(self, trial: Any, num_train_samples: float, start_time: float) -> Any:
        """Say the speed of the run as it was extended: the Trainer has counted the rows before."""
        helm = self.narrator.helm
        share = self.state.max_steps / helm.length.total_steps(helm.changes, helm.per_epoch)
        return super()._finalize_training(trial, num_train_samples * share, start_time)  # type: ignore[misc]

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """Count the batch for the throughput, then train on it."""
        self.narrator.count(inputs)
        return super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]

    def _clip_grad_norm(self, model: Any) -> Any:
        norm = clip(model, self.optimizer, self.args.max_grad_norm)
        return super()._clip_grad_norm(model) if norm is None else norm  # type: ignore[misc]

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._stage) if self._stage else super()._get_output_dir(trial=trial)  # type: ignore[misc]

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        step = int(self.state.global_step)
        if not self.states_gathered() or self._is_saved(step):  # type: ignore[attr-defined]
            return
        if first_broken(self.model):  # type: ignore[attr-defined]
            return  # nobody could go on from it, and it would push out a checkpoint of numbers
        began = time.perf_counter()
        self.context.emit(PhaseEvent(phase="saving"))
        try:
            self.context.flush()  # every point up to this step is on the disk before a checkpoint claims the step
            size = self._save_staged(model, trial, step)
        except Exception as error:
            refusal = disk_refusal(error)
            if refusal is None:
                raise
            self._refused(refusal)
        else:
            self._published = (step, self.narrator.helm.applied)
            self.context.emit(CheckpointEvent(step=step, bytes=size, seconds=time.perf_counter() - began))
        self.context.emit(PhaseEvent(phase="training"))

    def _is_saved(self, step: int) -> bool:
        """Say whether the step has a checkpoint; one from before a change at this step (in a pause) is no longer true."""
        newer = self._published[0] == step and self._published[1] != self.narrator.helm.applied
        return step in self.checkpoints.steps() and not newer

    def _save_staged(self, model: Any, trial: Any, step: int) -> int:
        with self.checkpoints.stage() as stage:
            self._stage = stage
            try:
                super()._save_checkpoint(model, trial)  # type: ignore[misc]
            finally:
                self._stage = None
            self.narrator.helm.note(stage / f"{PREFIX_CHECKPOINT_DIR}-{step}")
            return self.checkpoints.publish(stage / f"{PREFIX_CHECKPOINT_DIR}-{step}", step)

    def _refused(self, error: OSError) -> None:
        said = from_os_error(error, "save a checkpoint")
        self.context.emit(NoticeEvent(text=f"{said} The training goes on without it.", level="warning"))

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """Return an order that depends on seed and epoch alone, so that a resume repeats it; other trainers keep theirs."""
        rows = train_dataset if train_dataset is not None else self.train_dataset
        if not isinstance(rows, torch.utils.data.Dataset):
            return super()._get_train_sampler(train_dataset)  # type: ignore[misc]
        size, seed = self.args.train_batch_size, self.args.seed
        lengths = getattr(rows, "lengths", None)
        if lengths is None:
            return Shuffled(len(rows), seed, self._epoch)
        return LengthGroups(lengths, size, seed, self._epoch)

    def _epoch(self) -> int:
        batches = -(-len(self.train_dataset) // self.args.train_batch_size)
        steps = max(1, -(-batches // self.args.gradient_accumulation_steps))
        return int(self.state.global_step) // steps

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate without touching the random state: training goes on as if nobody had looked."""
        with random_state_kept():
            return super().evaluate(*args, **kwargs)  # type: ignore[misc]

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Add the metrics that follow from others (perplexity from loss), before anybody sees them."""
        own = {name.removeprefix("eval_"): value for name, value in logs.items() if name.startswith("eval_")}
        if own and self.derived is not None:
            logs.update({f"eval_{name}": value for name, value in self.derived(own).items()})
        super().log(logs, *args, **kwargs)  # type: ignore[misc]

    def take_best(self) -> None:
        """Load the weights of the best evaluation, when they were asked for and are not the last."""
        step = self.narrator.judge.best_step(self.state.log_history)
        if not self.narrator.judge.keeps or step in (None, int(self.state.global_step)):
            return
        folder = self.checkpoints.of(step)
        if folder is None:
            self.context.emit(
                NoticeEvent(text=f"The weights of step {step} are not there: the last ones are kept.", level="warning")
            )
            return
        self._load_from_checkpoint(str(folder))  # type: ignore[attr-defined]
        self.context.emit(
            NoticeEvent(text=f"The weights of step {step}, the best by {self.narrator.judge.metric}, become the model.")
        )


@contextlib.contextmanager
def random_state_kept() -> Iterator[None]:
    """Give Python's, numpy's and torch's random states back as they were."""
    python, numpy_state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy_state)


@functools.cache
def durable(trainer: type | None) -> type:
    """Return a durable member of the Trainer family: `durable(Seq2SeqTrainer)`; the stock Trainer when none is given."""
    base = trainer or Trainer
    return type(
        f"Durable{base.__name__}", (DurableMixin, SharingMixin, base), {"__doc__": f"{base.__name__}, durable."}
    )


DurableTrainer = durable(None)

"""A mixin that lets any transformers Trainer share its batches among processes and learn what one process would.

The stock Trainer gives every process batches of its own, repeats rows to make them even, and takes the mean of the
processes' means: another batch size, some rows counted twice, and rows that weigh more where a process has fewer. Here a
batch is that of one process, each rank takes every n-th row of it, and losses weigh by what they are a mean of.
"""

from __future__ import annotations

import contextlib
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.data_loader import prepare_data_loader
from torch.utils.data import DataLoader, Sampler
from transformers.trainer_utils import EvalLoopOutput

from . import ranks
from .losses import IGNORED
from .narrator import Narrator, counted

#: The key of a batch that stands for no row at all: its rank only keeps step with the others.
EMPTY = "fmtools_empty"


class Shares(Sampler[list[int]]):
    """This rank's rows of each batch: every n-th, so that rows sorted by length are as long for every rank; [] for none."""

    def __init__(self, batches: Any, rank: int, count: int) -> None:
        self.batches, self.rank, self.count = batches, rank, count
        self.batch_size = getattr(batches, "batch_size", None)
        self.drop_last = getattr(batches, "drop_last", False)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        return (list(batch)[self.rank :: self.count] for batch in self.batches)

    def set_epoch(self, epoch: int) -> None:
        """Pass the epoch on to an order that wants it."""
        for one in (self.batches, getattr(self.batches, "sampler", None)):
            if one is not None and hasattr(one, "set_epoch"):
                one.set_epoch(epoch)


@dataclass(frozen=True)
class _Collate:
    """Makes a batch of the rows; of none, one of the first row, marked."""

    collate: Any
    rows: Any

    def __call__(self, rows: list[Any]) -> Any:
        if rows:
            return self.collate(rows)
        batch = self.collate([self.rows[0]])
        batch[EMPTY] = torch.ones(1)
        return batch


@dataclass(frozen=True)
class _Share:
    """How a rank's batch stands to all ranks' batches: by how much its mean weighs, what the others have counted."""

    mean: float
    total: float
    rows: int
    tokens: int


class SharingMixin:
    """Between `DurableMixin` and a Trainer class; does nothing in a process alone."""

    narrator: Narrator
    accelerator: Any
    args: Any
    current_flos: float
    gather_function: Any
    _shares: deque[_Share] = deque()
    _states: list[dict[str, Any]] = []
    _share: _Share | None = None
    _sharing = False

    def create_accelerator_and_postprocess(self) -> None:
        """Take over what accelerate would do to the data of several processes."""
        super().create_accelerator_and_postprocess()  # type: ignore[misc]
        if ranks.count() > 1:
            self.accelerator.prepare_data_loader = self._prepared

    def get_train_dataloader(self) -> Any:
        """Return batches of this rank's rows."""
        self._sharing = ranks.count() > 1
        try:
            return super().get_train_dataloader()  # type: ignore[misc]
        finally:
            self._sharing = False

    def _prepared(self, loader: Any, *args: Any, **kwargs: Any) -> Any:
        """Do for a loader what accelerate does in a process alone, after it was cut to this rank's rows."""
        del args, kwargs
        if self._sharing:
            loader = DataLoader(
                loader.dataset,
                batch_sampler=Shares(loader.batch_sampler, ranks.rank(), ranks.count()),
                collate_fn=_Collate(loader.collate_fn, loader.dataset),
                num_workers=loader.num_workers,
                pin_memory=loader.pin_memory,
            )
        return prepare_data_loader(
            loader,
            self.accelerator.device,
            num_processes=1,
            process_index=0,
            put_on_device=True,
            non_blocking=self.accelerator.non_blocking,
        )

    def get_total_train_batch_size(self, args: Any) -> int:
        """Return the rows of a step: a batch is shared, not multiplied."""
        size: int = super().get_total_train_batch_size(args)  # type: ignore[misc]
        return size // ranks.count()

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> tuple[list[Any], Any]:
        """Return the batches of a step, and over how many labels the step's loss is a mean, those of all ranks."""
        batches, items = super().get_batch_samples(*args, **kwargs)  # type: ignore[misc]
        if ranks.count() == 1 or not batches:
            return batches, items
        own = [_measures(batch) for batch in batches]
        # The row that an empty batch is made of was counted, too; that its rank has labels is known from the whole step.
        rows = [batch for batch in batches if batch.pop(EMPTY, None) is None]
        here = self._get_num_items_in_batch(rows, self.args.device) if rows else None  # type: ignore[attr-defined]
        *of_all, total = ranks.summed([*own, [float(here or 0), 0.0, 0.0]])
        self._shares = deque(map(_share, own, of_all))
        return batches, None if items is None else torch.as_tensor(max(1.0, total[0]), device=self.args.device)

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
        """Train on this rank's share."""
        self._share = self._shares.popleft() if self._shares else None
        if self._share is not None:
            self.narrator.samples += self._share.rows
            self.narrator.tokens += self._share.tokens
        try:
            return super().training_step(model, inputs, num_items_in_batch)  # type: ignore[misc]
        finally:
            self._share = None

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the loss such that the mean over ranks, which the gradients get too, is that of the whole batch."""
        found = super().compute_loss(  # type: ignore[misc]
            model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch
        )
        if self._share is None:
            return found
        weight = self._share.mean if num_items_in_batch is None else self._share.total
        return (found[0] * weight, found[1]) if return_outputs else found * weight

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate on rank 0, with every core, and tell the others: figures are those of one process, to the last row."""
        if ranks.count() == 1:
            return super().evaluation_loop(*args, **kwargs)  # type: ignore[misc]

        def alone() -> Any:
            with self._alone(), every_core():
                return super(SharingMixin, self).evaluation_loop(*args, **kwargs)  # type: ignore[misc]

        told = ranks.from_main(lambda: (lambda out: (out.metrics, out.num_samples))(alone()))
        return EvalLoopOutput(predictions=None, label_ids=None, metrics=told[0], num_samples=told[1])

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let accelerate gather nothing: the others are not there to answer."""
        names = ("gather_for_metrics", "gather", "pad_across_processes", "reduce")
        before = self.gather_function
        for name in names:
            setattr(self.accelerator, name, lambda tensor, *args, **kwargs: tensor)
        self.gather_function = self.accelerator.gather_for_metrics
        try:
            yield
        finally:
            for name in names:
                delattr(self.accelerator, name)
            self.gather_function = before

    def store_flos(self) -> None:
        """Count what this rank computed: the stock sum over ranks would have all of them take part in a save."""
        if ranks.count() == 1:
            super().store_flos()  # type: ignore[misc]
        else:
            self.current_flos = 0

    def _save_rng_state(self, output_dir: str) -> None:
        """Write the random states of all ranks, which `states_gathered` has brought."""
        if ranks.count() == 1:
            super()._save_rng_state(output_dir)  # type: ignore[misc]
            return
        for number, state in enumerate(self._states):
            torch.save(state, Path(output_dir) / f"rng_state_{number}.pth")

    def states_gathered(self) -> bool:
        """Bring the ranks' random states to rank 0 for a checkpoint; say whether this rank writes it.

        Every rank has to ask. Nothing else of a save needs the others: a disk that refuses it holds nobody up.
        """
        if ranks.count() > 1:
            self._states = ranks.to_main(random_states())
        return ranks.is_main()


def random_states() -> dict[str, Any]:
    """Return this process's random states, as the Trainer keeps them."""
    states = {"python": random.getstate(), "numpy": np.random.get_state(), "cpu": torch.random.get_rng_state()}
    return {**states, **({"cuda": torch.cuda.random.get_rng_state_all()} if torch.cuda.is_available() else {})}


@contextlib.contextmanager
def every_core() -> Iterator[None]:
    """Compute with the cores of all ranks on this machine, while the others wait."""
    before = torch.get_num_threads()
    torch.set_num_threads(before * ranks.count())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _measures(batch: Any) -> list[float]:
    """Return what a batch's mean is a mean of (labels, else rows), its rows and its tokens; zeros for an empty batch."""
    if EMPTY in batch:
        return [0.0] * 3
    rows, tokens = counted(batch)
    labels = batch.get("labels")
    items = int((labels != IGNORED).sum()) if isinstance(labels, torch.Tensor) else rows
    return [float(items), float(rows), float(tokens)]


def _share(own: list[float], of_all: list[float]) -> _Share:
    count = ranks.count()
    weight = count * own[0] / max(1.0, of_all[0])
    return _Share(weight, float(count) if own[1] else 0.0, int(of_all[1] - own[1]), int(of_all[2] - own[2]))

"""The stock transformers.Trainer on the very model, rows, batches and precision of a run of ours, with logging off.

`python -m benchmarks.peers.plain_trainer RUN_FOLDER FROM_STEP` prints {"steps_per_second": ...}, from the end of
step FROM_STEP to the end of the last one.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

from fmtools.core import registry
from fmtools.core.options import TrainOptions
from fmtools.kit.machine.precision import chosen_precision
from fmtools.kit.training.batches import LengthGroups
from fmtools.store import datasets
from fmtools.store.runs import RunFolder


class Grouped(Trainer):
    """The stock Trainer, with the order of rows that our run used."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        steps = -(-len(self.train_dataset) // self.args.train_batch_size)
        lengths = self.train_dataset.lengths
        return LengthGroups(
            lengths, self.args.train_batch_size, self.args.seed, lambda: self.state.global_step // steps
        )


class Clock(TrainerCallback):
    """Notes the time after each step."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.times.append(time.perf_counter())


def arguments(folder: str, options: TrainOptions) -> TrainingArguments:
    """Return the run's options in the Trainer's words, with everything switched off that is not training."""
    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        lr_scheduler_type=options.schedule,
        warmup_steps=options.warmup,
        max_grad_norm=options.max_grad_norm,
        bf16=chosen_precision(options.precision) == "bf16",
        use_cpu=not torch.cuda.is_available(),
        seed=options.seed,
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def main(run_folder: str, from_step: int) -> None:
    """Train once and print the speed."""
    record = RunFolder(Path(run_folder)).record
    options = TrainOptions.parse(record.options)
    splits, meta = datasets.load(record.dataset, Path(run_folder).parent.parent)
    set_seed(options.seed)
    parts = registry.get("tasks", record.task).build(record.model_folder, splits, meta, options)
    clock = Clock()
    with TemporaryDirectory() as folder:
        trainer = Grouped(
            parts.model,
            arguments(folder, options),
            data_collator=parts.collate,
            train_dataset=parts.train,
            optimizers=(torch.optim.AdamW(parts.groups, fused=True), None),
            callbacks=[clock],
        )
        trainer.train()
    taken = clock.times[from_step - 1 :]
    print(json.dumps({"steps_per_second": (len(taken) - 1) / (taken[-1] - taken[0])}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""The stock transformers Trainer in the same soak: a checkpoint each step, `resume_from_checkpoint=True`, the same kills.

A resume that raises is counted; the newest checkpoint is then deleted, as a user would, and the resume tried again.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from soak_fork import Fork, Moments

import support


class Stock:
    """One campaign with a BERT classifier, on the rows that our text classification learns from."""

    def __init__(self, model: Path, scratch: Path, epochs: int = 2) -> None:
        self.model, self.scratch, self.epochs = model, scratch, epochs
        self.kills = self.runs = self.failed = self.resumes = self.lost = self.points = self.other = 0
        self.folder = scratch / "reference"
        self._attempt()
        self.process.wait(self._progress)
        assert self.process.status == 0, (self.folder / "log").read_text()[-2000:]
        self.total, self.weights = self._progress(), self._weights()

    def _attempt(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = Fork(self._train, self.folder / "log")

    def _train(self) -> int:
        from transformers import (
            AutoTokenizer,
            BertForSequenceClassification,
            DataCollatorWithPadding,
            Trainer,
            TrainerCallback,
            TrainingArguments,
            set_seed,
        )

        set_seed(5)
        tokenizer = AutoTokenizer.from_pretrained(self.model)
        rows, names = support.rows(60), sorted(support.WORDS)
        data = [{**tokenizer(row["text"]), "labels": names.index(row["label"])} for row in rows]
        model = BertForSequenceClassification.from_pretrained(self.model, num_labels=len(names))
        points = (self.folder / "points").open("a", buffering=1)

        class Said(TrainerCallback):
            def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
                if "loss" in logs:
                    points.write(json.dumps([state.global_step, logs["loss"]]) + "\n")

        arguments = TrainingArguments(
            output_dir=str(self.folder / "out"), num_train_epochs=self.epochs, per_device_train_batch_size=8, logging_steps=1,
            save_strategy="steps", save_steps=1, save_total_limit=2, use_cpu=True, report_to=[], disable_tqdm=True, seed=5,
            dataloader_pin_memory=False, learning_rate=1e-3,
        )  # fmt: skip
        collate = DataCollatorWithPadding(tokenizer)
        trainer = Trainer(model, arguments, train_dataset=data, data_collator=collate, callbacks=[Said()])  # type: ignore[arg-type]
        trainer.train(resume_from_checkpoint=bool(self._checkpoints()))
        trainer.save_model(str(self.folder / "model"))
        (self.folder / "history").write_text(json.dumps(trainer.state.log_history))
        return 0

    def _checkpoints(self) -> list[Path]:
        """Return what the Trainer takes for checkpoints, oldest first."""
        found = [p for p in (self.folder / "out").glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", p.name)]
        return sorted(found, key=lambda path: int(path.name.split("-")[1]))

    def _points(self) -> list[tuple[int, float]]:
        """Return what a reader of the printed losses has seen; a torn last line is none."""
        file = self.folder / "points"
        lines = file.read_text().split("\n")[:-1] if file.is_file() else []
        return [(step, loss) for step, loss in map(json.loads, lines)]

    def _progress(self) -> int:
        return len(self._points())

    def _weights(self) -> str:
        return hashlib.sha256((self.folder / "model" / "model.safetensors").read_bytes()).hexdigest()

    def one_run(self, kills: int, moments: Moments) -> None:
        """Train one run to its end, with at most `kills` kills on the way."""
        self.runs += 1
        self.folder = self.scratch / f"run{self.runs}"
        self._attempt()
        resumed = False
        while True:
            before = self._progress()
            hit = kills > 0 and moments.wait(self.process, self._progress, self._end(before), before)
            if hit and self.process.kill():
                kills, self.kills = kills - 1, self.kills + 1
            else:
                self.process.wait(self._progress)
                if self.process.status == 0:
                    break
                assert resumed, (self.folder / "log").read_text()[-2000:]
                self.failed += 1
                shutil.rmtree(self._checkpoints()[-1])
            resumed = bool(self._checkpoints())
            self.resumes += resumed
            self._attempt()
        self._check()

    def _end(self, before: int) -> int:
        newest = self._checkpoints()
        step = int(newest[-1].name.split("-")[1]) if newest else 0
        return before + max(1, self.total - step)

    def _check(self) -> None:
        final = {e["step"]: e["loss"] for e in json.loads((self.folder / "history").read_text()) if "loss" in e}
        seen = dict(self._points())
        self.points, self.lost = self.points + len(seen), self.lost + sum(final.get(s) != v for s, v in seen.items())
        self.other += self._weights() != self.weights
        shutil.rmtree(self.folder)

    def facts(self) -> dict[str, Any]:
        """Return the counts; `other`: runs that ended with other weights than the undisturbed one."""
        names = ("kills", "runs", "resumes", "failed", "points", "lost", "other")
        return {name: getattr(self, name) for name in names}

"""In which order rows are shown, why, and what a model suggests: asked of a worker of its own, beside the notebook's work."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..core.errors import FmError, ModelError, WorkerError
from ..core.options.label import LabelOptions
from ..kit.labelling.rows import LabelRows
from ..kit.labelling.shape import TASKS, LabelShape
from ..kit.labelling.spans import MarkedRow, found_by
from ..kit.rows.split import text_key
from ..kit.rows.tagging import OUTSIDE
from ..kit.words.division import is_wide
from ..store import datasets
from ..store.label_journal import Journal
from ..store.runs import RunFolder, find_run, home
from . import launch, process
from .label_ranks import Ranks, from_json, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Fewer labelled rows than this say nothing about wrong labels.
ENOUGH = 20
Told = Callable[[Ranks], None]


class Order:
    """The order of rows: as they stand at first, ranked when the ranks are there."""

    def __init__(self, rows: LabelRows, options: LabelOptions) -> None:
        self.rows, self.options = rows, options
        self.ranks = Ranks()
        self.working = False
        self._thread: threading.Thread | None = None

    @staticmethod
    def check_run(word: str, shape: LabelShape) -> RunFolder:
        """Return a trained run that answers what is labelled. Raises FmError."""
        run = find_run(word)
        if run.record.task != shape.task:
            raise ModelError(
                f"Run {run.record.name} learned {run.record.task}, and the rows want {shape.task}.", "Name another run."
            )
        if not run.model.is_dir():
            raise ModelError(
                f"Run {run.record.name} has no trained model yet.", "Wait for it, or resume it (%fm_resume)."
            )
        return run

    @property
    def wish(self) -> str:
        """The order that was asked for; the usual one when none was."""
        return self.options.order or ("suspects" if self.rows.shape.label else "given")

    def numbers(self) -> list[int]:
        """Return the numbers of all rows in their order."""
        first = self.ranks.queue or (self.rows.without_label() if self.wish == "unlabelled" else [])
        own = self.rows.numbers
        return list(dict.fromkeys([*(n for n in first if n in own), *own]))

    def follow(self, other: Order, places: dict[int, int]) -> None:
        """Take over what another order found out, for rows that have new numbers."""
        self.ranks = other.ranks.moved(places)

    def begin(self, told: Told, failed: Callable[[FmError], None], journal: Journal, wait: bool) -> None:
        """Find the ranks out, in a thread. What was found before for the same question is there at once."""
        key = self._key()
        known = journal.recall(key)
        if known is not None:
            told(from_json(known))
            return
        self.working = self._has_question()
        if not self.working:
            return

        def work() -> None:
            try:
                ranks = self._ask()
                journal.remember(key, asdict(ranks))
                self.working = False
                told(ranks)
            except Exception as error:
                self.working = False
                failed(
                    error if isinstance(error, FmError) else WorkerError(f"The search for wrong labels failed: {error}")
                )

        self._thread = threading.Thread(target=work, name="fmtools-label-order", daemon=True)
        self._thread.start()
        if wait:
            self._thread.join()

    def wait(self) -> None:
        """Return when the ranks are there, or cannot be had."""
        if self._thread is not None:
            self._thread.join()

    def _key(self) -> str:
        o, shape = self.options, self.rows.shape
        run = find_run(o.run).id if o.run else ""
        asked = [self.wish, run, o.model, o.most, o.seed, o.split, shape.texts, shape.label, shape.kind]
        return "order-" + hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _has_question(self) -> bool:
        """Say whether a model has anything to tell."""
        if self.options.run:
            return True
        return self.rows.shape.kind == "one" and bool(self.rows.shape.label) and self.wish in ("suspects", "uncertain")

    def _ask(self) -> Ranks:
        if self.rows.shape.kind == "spans":
            return self._entities()
        return self._judged() if self.rows.shape.kind == "one" else self._several()

    def _looked_at(self) -> list[int]:
        """Return the rows that are looked at: all, or as many as allowed, from everywhere."""
        numbers, most = self.rows.numbers, self.options.most
        return [numbers[n * len(numbers) // most] for n in range(most)] if len(numbers) > most else list(numbers)

    # ------------------------------------------------------------------ one label a row

    def _judged(self) -> Ranks:
        looked = self._looked_at()
        every = self.rows.texts()
        texts = [every[n] for n in looked]
        given = [(self.rows.given(self.rows.raw(n)) or [""])[0] for n in looked]
        names = self.rows.names()
        run = self.check_run(self.options.run, self.rows.shape) if self.options.run else None
        if run is None and sum(bool(label) for label in given) < ENOUGH:
            if self.options.order is None:
                return Ranks()
            raise ModelError(f"Fewer than {ENOUGH} rows have a label: too few to judge labels by.", "Label some first.")
        if run is not None:
            names = list(dict.fromkeys([*names, *map(str, launch.meta_of(run.record)["labels"])]))
        answer = _ask_apart(
            "judge",
            texts=texts,
            labels=[names.index(label) if label else -1 for label in given],
            names=names,
            folder=self._encoder(texts),
            seed=self.options.seed,
            run=self._run(run, looked, texts) if run is not None else None,
        )
        ranks = ranked(looked, given, names, answer, self.wish, run.record.name if run is not None else "")
        ranks.labels = names if run is not None else []
        return ranks

    def _run(self, run: RunFolder, looked: list[int], texts: list[str]) -> dict[str, Any]:
        columns = self.rows.shape.texts
        raws = [self.rows.raw(n) for n in looked]
        inputs = [dict(zip(("text", "pair"), (str(raw.get(c) or "") for c in columns), strict=False)) for raw in raws]
        learned = datasets.load(run.record.dataset, home())[0]["train"]
        known = {text_key(text) for text in learned["text"].to_pylist()}
        unseen = [place for place, row in enumerate(inputs) if text_key(row["text"]) not in known]
        return {"task": run.record.task, "folder": str(run.model), "inputs": inputs, "unseen": unseen}

    def _encoder(self, texts: Sequence[str]) -> str:
        """Return the folder of the frozen encoder; "" when none is here: then letters alone must do."""
        if self.options.model:
            return launch.resolve(self.options.model)
        letters = [c for text in texts[:500] for c in text[:200] if c.isalpha()]
        foreign = sum(is_wide(c) or not c.isascii() for c in letters) > 0.2 * len(letters) > 0
        for name in ("e5-small",) if foreign else ("minilm",):
            try:
                return launch.resolve(name)
            except FmError:
                continue
        return ""

    # ------------------------------------------------------------------ several labels, and tags: a run tells

    def _several(self) -> Ranks:
        run = self.check_run(str(self.options.run), self.rows.shape)
        looked = self._looked_at()
        raws = [self.rows.raw(n) for n in looked]
        inputs = [{"text": str(raw.get(self.rows.shape.texts[0]) or "")} for raw in raws]
        answer = _ask_apart("predict", task=run.record.task, folder=str(run.model), inputs=inputs, options={"top": 1})
        ranks = Ranks(by=run.record.name, labels=_types(run))
        missed: dict[int, float] = {}
        for number, raw, found in zip(looked, raws, answer["predictions"], strict=True):
            given, said = set(self.rows.given(raw)), set(found.get("labels", [found["label"]]))
            ranks.answers[number] = [sorted(said), float(found["score"])]
            if given != said:
                missed[number] = float(found["score"])
                shown = {"given": ", ".join(sorted(given)), "guess": ", ".join(sorted(said))}
                ranks.why[number] = {"kind": "differs", **shown, "score": float(found["score"])}
        ranks.queue = sorted(missed, key=lambda n: -missed[n]) if self.wish == "suspects" else []
        return ranks

    def _entities(self) -> Ranks:
        run = self.check_run(str(self.options.run), self.rows.shape)
        looked = self._looked_at()
        rows = {n: self.rows.row(self.rows.raw(n)) for n in looked}
        filled = [n for n in looked if rows[n].pieces]
        inputs = [{"tokens": rows[n].tokens} for n in filled]
        answer = _ask_apart("entities", task=run.record.task, folder=str(run.model), inputs=inputs)
        ranks = Ranks(by=run.record.name, labels=_types(run))
        worst: dict[int, float] = {}
        for number, found in zip(filled, answer["entities"], strict=True):
            found = _in_text(found, rows[number], run)
            ranks.answers[number] = found
            worst[number] = self._surprise(number, rows[number], found, ranks)
        worst_first = sorted(worst, key=lambda n: -worst[n])
        ranks.queue = worst_first if self.wish in ("suspects", "uncertain") else []
        return ranks

    def _surprise(self, number: int, row: MarkedRow, found: list[dict[str, Any]], ranks: Ranks) -> float:
        """Return how much a run wonders about a row's tags, and note the entity it is surest of that is not given."""
        spans = found_by(found, row)
        if self.wish == "uncertain":
            return 1 - min((span[3] for span in spans), default=1.0)
        given = {tuple(span[:3]) for span in row.spans}
        new = [span for span in spans if tuple(span[:3]) not in given]
        gone = given - {tuple(span[:3]) for span in spans}
        if new and row.given:
            first, last, kind, score = max(new, key=lambda span: span[3])
            word = "".join(gap + token for gap, token in row.pieces[first : last + 1]).strip()
            ranks.why[number] = {"kind": "entity", "word": word[:60], "guess": kind, "score": score}
        elif gone and row.given:
            first, last, kind = min(gone)
            word = "".join(gap + token for gap, token in row.pieces[first : last + 1]).strip()
            ranks.why[number] = {"kind": "no-entity", "word": word[:60], "given": kind}
        return max((span[3] for span in new), default=0.5 if gone else 0.0)


def _types(run: RunFolder) -> list[str]:
    """Return the labels of a run, or its types of entities."""
    meta = launch.meta_of(run.record)
    marked = run.record.task == TASKS[1] and not meta.get("plain")
    names = [str(name) for name in meta["labels"] if not (marked and name == OUTSIDE)]
    return list(dict.fromkeys(name[2:] if marked else name for name in names))


def _in_text(found: list[dict[str, Any]], row: MarkedRow, run: RunFolder) -> list[dict[str, Any]]:
    """Move a run's offsets to the text of the row where its own way to join tokens sets blanks elsewhere."""
    from ..kit.words.division import join

    how = launch.meta_of(run.record).get("division", "words")
    theirs = [end for _, end in join(row.tokens, how)[1]]
    ours, at = [], 0
    for gap, token in row.pieces:
        at += len(gap) + len(token)
        ours.append(at)
    lengths = [len(token) for token in row.tokens]
    starts = {end - size: mine - size for end, mine, size in zip(theirs, ours, lengths, strict=True)}
    ends = dict(zip(theirs, ours, strict=True))
    moved = [{**one, "start": starts.get(one["start"]), "end": ends.get(one["end"])} for one in found]
    return [one for one in moved if one["start"] is not None and one["end"] is not None]


def _ask_apart(verb: str, **job: Any) -> dict[str, Any]:
    """Ask a worker that nobody else asks meanwhile; it leaves afterwards."""
    worker = process.take()
    try:
        return worker.ask({"verb": verb, **job})
    finally:
        worker.close()

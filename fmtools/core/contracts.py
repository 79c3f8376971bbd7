"""What a plug-in must look like. A plug-in is one file that defines one object of one of these shapes, and one line in
pyproject.toml under its group's entry point. The built-ins enter through the same door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from .events import Control, Record
from .options import PredictOptions, TrainOptions

if TYPE_CHECKING:
    import pyarrow as pa

#: Entry-point group of each kind of plug-in.
GROUPS = {
    "tasks": "fmtools.tasks",
    "sources": "fmtools.sources",
    "models": "fmtools.models",
    "followers": "fmtools.followers",
    "exporters": "fmtools.exporters",
    "optimizers": "fmtools.optimizers",
}


@dataclass(frozen=True)
class Reading:
    """How a user asked to read a source; a source takes what concerns it.

    encoding: a codec's name, detected when empty. on_error: leave broken rows out and account for them, or "stop" at the
    first with file and line. format: the name of the source to use when the ending does not tell. columns: names of the
    columns of files that have no header, in their order (CoNLL: "token,pos,ner").
    """

    encoding: str = ""
    on_error: Literal["skip", "stop"] = "skip"
    format: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drop:
    """One row that was left out: why, and where it stood (`line` counts from 1; 0 when the source has no lines)."""

    reason: str
    file: str = ""
    line: int = 0


@dataclass
class Dataset:
    """Rows, as they came: `splits` maps "train", "validation", "test" (or just "all") to Arrow tables.

    `name` is short and fit for a folder; `origin` says where the rows came from; `notices` are said aloud;
    `read` and `dropped` account for every row: read = kept + sum(dropped.values()), with the reasons as keys; `drops`
    names them one by one (the first 10,000). `task` is the hub's task name when the format tells it ("" otherwise).
    `version` is the store's NAME@HASH when the rows come from there.
    """

    name: str
    splits: dict[str, pa.Table]
    origin: str = ""
    licence: str = ""
    notices: list[str] = field(default_factory=list)
    read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    drops: list[Drop] = field(default_factory=list)
    task: str = ""
    version: str = ""

    @property
    def columns(self) -> list[str]:
        return list(next(iter(self.splits.values())).column_names)

    @property
    def rows(self) -> dict[str, int]:
        return {name: table.num_rows for name, table in self.splits.items()}


#: Nothing asked: everything is found out.
PLAIN = Reading()


@runtime_checkable
class Source(Protocol):
    """Loads data of one kind. No torch here: sources run in the kernel."""

    name: str
    #: One line for lists; names a user can type as they stand (built-in sets), and file endings it reads.
    summary: str
    names: tuple[str, ...]
    endings: tuple[str, ...]

    def accepts(self, reference: Any) -> bool:
        """Say whether `reference` (a text, a path or an object) is this source's."""
        ...

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read it. Raises DataError with file and line for what cannot be read."""
        ...


@dataclass(frozen=True)
class ModelCard:
    """What the catalogue knows of a model before it is loaded. `disk_bytes` is the weights' size.

    `languages` are ISO codes; "any" means that it learns what its rows are written in. `suitability` says for each of its
    tasks how well it suits it (3 well, 2 yes, 1 possible) and why. `memory` gives the peak memory of the training process
    (bytes) by what is added to the line ("" = nothing, "--method head" ...), the best training first; `memory_basis` says
    how the figures were got. `get` is the line that fetches the model, `scratch` marks an architecture that is trained
    from nothing. A model with a `folder` is here, and needs no network.
    """

    name: str
    folder: Path | None
    summary: str
    parameters: int
    disk_bytes: int
    licence: str
    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    package: str = ""
    suitability: dict[str, tuple[int, str]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    memory_basis: str = ""
    get: str = ""
    scratch: bool = False


@runtime_checkable
class ModelSource(Protocol):
    """A model that an installed package brings. `folder()` raises ModelError with the install line when it is not there."""

    name: str

    def card(self) -> ModelCard: ...

    def folder(self) -> Path:
        """Return a folder in the hub's layout, checked against its pinned sha256."""
        ...


@dataclass
class Prepared:
    """Data fit for a task: Arrow tables with fixed column names, and what the worker needs to know of them.

    `meta` is plain JSON: for classification {"labels": [...], "text_column": ..., "label_column": ...}.
    """

    splits: dict[str, pa.Table]
    meta: dict[str, Any]
    notices: list[str] = field(default_factory=list)


class Context(Protocol):
    """What a stage may do to the outside while it works; the runtime provides it."""

    folder: Path

    def emit(self, event: Record) -> int: ...

    def attention(self, step: int, probe: int, text: str, tokens: list[str], weights: Any) -> None:
        """Keep attention weights [layers, heads, n, n] of a watched sentence, and say so in the log."""
        ...

    def controls(self) -> Iterable[Control]:
        """Return the control records that came since the last call."""
        ...

    def flush(self) -> None:
        """Return when every event emitted so far is on the disk."""
        ...


@dataclass
class Parts:
    """What a task hands to the training stage. The model computes its own loss; rows are indexable and may have `lengths`
    (tokens a row): they are then grouped by length.
    """

    model: Any
    tokenizer: Any
    train: Any
    validation: Any
    collate: Any
    #: Groups for the optimizer: [{"params": [...], "lr": ...}, ...].
    groups: list[dict[str, Any]]
    #: Sentences whose attention is watched.
    probes: list[str] = field(default_factory=list)
    #: "scores": the validation's outputs [rows, ...] go to `Task.score`; "loss": only the loss is computed.
    validate: Literal["scores", "loss"] = "scores"
    #: More metrics from the validation's own: {"loss": 2.0} -> {"perplexity": 7.4}.
    derived: Callable[[dict[str, float]], dict[str, float]] | None = None
    #: (model outputs, labels, num_items_in_batch) -> loss, where it is not the model's own (class weights, smoothing).
    loss: Callable[..., Any] | None = None
    #: Beginnings and what the model, as it is now, writes after them; called every `sample_every` steps.
    sample: Callable[[], list[tuple[str, str]]] | None = None
    #: Another member of the Trainer family (TRL's, sentence-transformers', Seq2SeqTrainer), its TrainingArguments, and
    #: what both take besides the usual.
    trainer: type | None = None
    arguments: type | None = None
    trainer_options: dict[str, Any] = field(default_factory=dict)
    argument_options: dict[str, Any] = field(default_factory=dict)
    #: What the worker found out while it built this, to be said aloud.
    notices: list[str] = field(default_factory=list)
    #: Writes the trained model to a folder, where `save_pretrained` of model and tokenizer is not the way.
    save: Callable[[Path], None] | None = None


@runtime_checkable
class Task(Protocol):
    """One task of the hub. `prepare`, `align`, `inputs` and `defaults` run in the kernel without torch; the rest in the worker."""

    name: str
    summary: str
    #: The metric that stands first in lists and pictures, and says which weights are best.
    main_metric: str

    def defaults(self, options: TrainOptions) -> dict[str, Any]:
        """Return the values of options that the user did not give, where this task (and method) wants others."""
        ...

    def prepare(self, data: Dataset, options: TrainOptions) -> Prepared:
        """Choose columns, check labels, split. Raises DataError before anything is written."""
        ...

    def build(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], options: TrainOptions
    ) -> Parts:
        """Load the model (or make it: kit.models.scratch, `model_folder` is then "") and tokenise the prepared tables."""
        ...

    def score(self, outputs: Any, truth: Any, meta: dict[str, Any]) -> dict[str, Any]:
        """Return {"metrics": {...}, "report": {...}, "confusion": {...}, "details": [...]} for model outputs and truth.

        Details are what else there is to see, see kit.scoring.details: tables, calibration, worst errors, texts. Rows of `outputs`
        are in the order of the prepared table.
        """
        ...

    def align(self, data: Dataset, meta: dict[str, Any]) -> Prepared:
        """Give other data the form this run was trained on (same columns, same labels), for an evaluation."""
        ...

    def inputs(self, options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what to predict, typed or from data, one plain JSON object each. Raises FmError when there is nothing."""
        ...

    def load(self, folder: Path) -> Any:
        """Load a trained model folder; the result is given to `predict`, `outputs` and `attention`."""
        ...

    def predict(self, loaded: Any, inputs: list[dict[str, Any]], options: PredictOptions) -> list[dict[str, Any]]:
        """Return one JSON object an input, with the keys that the hub's pipelines use."""
        ...

    def outputs(self, loaded: Any, rows: pa.Table, batch_size: int) -> tuple[Any, Any]:
        """Return (outputs, truth) for prepared rows, for `score`."""
        ...

    def attention(self, loaded: Any, text: str) -> tuple[list[str], Any]:
        """Return (tokens [n], attention float array [layers, heads, n, n]) of a loaded model.

        Raises ModelError for a model without attention."""
        ...

    def baseline(
        self, model_folder: str, splits: dict[str, pa.Table], meta: dict[str, Any], split: str
    ) -> dict[str, Any]:
        """Score what needs no training on a split: {"name": "most frequent tag", **scores}."""
        ...

"""What an exporter plug-in must look like: a format that a trained model leaves in, see contracts.py for the other shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

#: What the runtime of a format does with one batch: named arrays in, named arrays out.
Runner = Callable[[Mapping[str, "np.ndarray"]], dict[str, "np.ndarray"]]

#: Names of axes whose size is another in every batch.
FREE = ("batch", "length", "past", "total", "source")

#: The file of ours in every exported folder; docs/export.md describes it.
CARD = "fmtools.json"


@dataclass
class Subject:
    """A trained model as a function of named arrays, with what an exporter may need to know of it.

    model: the torch module in eval mode, called as `model(**inputs)` (or `model(inputs)` where `as_dict`); it returns a
    mapping of which `outputs` are kept. examples: batches of real rows, of several shapes, as {name: tensor}; their axis 0
    is the batch, their axis 1 the length where they have one. folder: the published model in the hub's layout.
    facts: what goes into the card; `training`: what the run says of itself (data, metrics, options), for a model card.
    axes: what the axes of inputs and outputs are called; those in FREE change from batch to batch, the others are fixed.
    parts: the functions of a model that is several (encoder and decoder), each a Subject with its `part` as name; empty for
    one. hosts: the modules that the task's own code calls, each with the way it does (kit.exporting.calls).
    """

    task: str
    model: Any
    folder: Path
    inputs: list[str]
    outputs: list[str]
    examples: list[dict[str, Any]]
    as_dict: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, list[str]] = field(default_factory=dict)
    part: str = "model"
    parts: list[Subject] = field(default_factory=list)
    hosts: list[tuple[Any, Any]] = field(default_factory=list)

    @property
    def functions(self) -> list[Subject]:
        """The parts, or the subject itself where it is one function."""
        return self.parts or [self]


@runtime_checkable
class Exporter(Protocol):
    """One format. `export` runs in the worker; `open` runs in a fresh process and imports only what a user of the format has."""

    name: str
    summary: str
    #: The word for the file format in lists: onnx, safetensors, gguf ...
    format: str
    #: Tasks it can take, as the hub names them; empty = every task whose model is one function of arrays.
    tasks: tuple[str, ...]
    #: How far an output may be from the original's, relative to the largest absolute value of that output and at least 1.
    tolerance: float

    def check(self) -> None:
        """Raise OptionError with the install line when what it needs is not there. Runs in the kernel, without torch."""
        ...

    def export(self, subject: Subject, folder: Path) -> dict[str, Any]:
        """Write the model into `folder`; return facts for the card, such as {"files": {"model": "onnx/model.onnx"}}.

        Raises FmError for a model that the format cannot hold."""
        ...

    def open(self, folder: Path) -> Runner:
        """Load what was written, by the runtime that its users have; the result is compared with the original."""
        ...


@runtime_checkable
class Finisher(Protocol):
    """An exporter that writes more when the gate has passed: `card` then has the scores, and is in the folder."""

    def finish(self, folder: Path, card: dict[str, Any]) -> None:
        """Write it."""
        ...


@runtime_checkable
class Wrapper(Finisher, Protocol):
    """An exporter that takes an artefact of a run too (RUN/NAME), as it is."""

    def wrap(self, source: Path, card: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Write the ONNX artefact in `source`, of which `card` is the description, into `folder`; return the new card."""
        ...

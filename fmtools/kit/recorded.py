"""A trained model as a function of named arrays, found by watching it answer: no task has to describe its own model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..core.contracts import Task
from ..core.errors import ModelError
from ..core.exporting import Subject

#: Rows that are answered at once while the model is watched, one after another: batches of several shapes.
BATCHES = (1, 2, 3, 8)


def module_of(loaded: Any) -> torch.nn.Module:
    """Return the torch module in what `Task.load` gave."""
    parts = loaded if isinstance(loaded, tuple) else (loaded,)
    found = next((part for part in parts if isinstance(part, torch.nn.Module)), None)
    if found is None:
        raise ModelError("There is no torch module in this model.", "Export a model that fmtools trained.")
    return found


def record(task: Task, loaded: Any, rows: Any, folder: Path) -> Subject:
    """Return the model as a Subject: what it takes and gives is what it took and gave on some of `rows`, an Arrow table.

    folder: where the model was loaded from.

    Raises ModelError for a model that is not one function of arrays.
    """
    model = module_of(loaded).eval()
    calls: list[tuple[dict[str, torch.Tensor], bool, dict[str, torch.Tensor]]] = []

    def seen(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        as_dict = bool(args) and isinstance(args[0], Mapping)
        calls.append((tensors(args[0] if as_dict else kwargs), as_dict, tensors(out)))

    hook = model.register_forward_hook(seen, with_kwargs=True)
    try:
        for batch in _slices(rows):
            task.outputs(loaded, batch, batch.num_rows)
    finally:
        hook.remove()
    if not calls or not calls[0][0]:
        raise ModelError("This model cannot be written as one function of arrays.", "Use its model folder as it is.")
    inputs, as_dict, outputs = calls[0]
    return Subject(
        task=task.name,
        model=model,
        folder=folder,
        inputs=list(inputs),
        outputs=_given(outputs, inputs),
        examples=[taken for taken, _, _ in calls],
        as_dict=as_dict,
    )


def _slices(rows: Any) -> Iterator[Any]:
    """Yield a few slices of an Arrow table, spread over it."""
    at = 0
    for size in BATCHES:
        size = min(size, rows.num_rows)
        yield rows.slice(min(at, rows.num_rows - size), size)
        at += size


def tensors(values: Any) -> dict[str, torch.Tensor]:
    """Return the tensors of a mapping or of a ModelOutput, by name."""
    items = values.items() if isinstance(values, Mapping) else ()
    return {str(name): value.detach() for name, value in items if isinstance(value, torch.Tensor)}


def _given(outputs: dict[str, torch.Tensor], inputs: Mapping[str, Any]) -> list[str]:
    """Return the outputs that matter: a sentence encoder hands its inputs on, and the tokens' vectors with them."""
    own = [name for name in outputs if name not in inputs]
    return ["sentence_embedding"] if "sentence_embedding" in own else own


def call(subject: Subject, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return what the original model gives, the outputs that matter."""
    out = subject.model(dict(inputs)) if subject.as_dict else subject.model(**inputs)
    return {name: out[name] for name in subject.outputs}


class Bare(torch.nn.Module):
    """The model with plain tensors in and out, in the order of the subject's names: what tracers understand."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.inner, self.names, self.as_dict, self.outs = (
            subject.model, tuple(subject.inputs), subject.as_dict, tuple(subject.outputs),
        )  # fmt: skip

    def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the outputs in their order."""
        named = dict(zip(self.names, values, strict=True))
        out = self.inner(named) if self.as_dict else self.inner(**named)
        return tuple(out[name] for name in self.outs)


@contextmanager
def answered_by(
    subject: Subject, other: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]
) -> Iterator[None]:
    """Let `other` give the outputs of the model for a while: everything around it (windows, pooling, scores) stays.

    other: takes and returns tensors by name; it is given the batches as the task's own code makes them.
    """
    from transformers.utils import ModelOutput

    model = subject.model

    def forward(*args: Any, **kwargs: Any) -> Any:
        taken = tensors(args[0] if subject.as_dict else kwargs)
        found = other({name: taken[name] for name in subject.inputs})
        return {**args[0], **found} if subject.as_dict else ModelOutput(found)

    model.forward = forward
    try:
        yield
    finally:
        del model.forward

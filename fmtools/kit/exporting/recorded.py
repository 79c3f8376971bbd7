"""A trained model as a function of named arrays, found by watching it answer: no task has to describe its own model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch

from ...core.contracts import Task
from ...core.errors import ModelError
from ...core.exporting import Subject
from . import calls, decoders, rewriters
from .axes import axes_of
from .calls import tensors

__all__ = ["Bare", "answered_by", "bound", "call", "function_for", "module_of", "record", "tensors"]

#: Rows that are answered at once while the model is watched, one after another: batches of several shapes.
BATCHES = (1, 2, 3, 8)


def module_of(loaded: Any) -> torch.nn.Module:
    """Return the torch module in what `Task.load` gave."""
    runner = getattr(loaded, "runner", None)  # a user's own module
    parts = loaded if isinstance(loaded, tuple) else (loaded, getattr(runner, "module", None))
    found = next((part for part in parts if isinstance(part, torch.nn.Module)), None)
    if found is None:
        raise ModelError("There is no torch module in this model.", "Export a model that fmtools trained.")
    return found


def record(task: Task, loaded: Any, rows: Any, folder: Path) -> Subject:
    """Return the model as a Subject: what it takes and gives is what it took and gave on some of `rows`, an Arrow table.

    folder: where the model was loaded from.

    Raises ModelError for a model that is not one function of arrays, nor an encoder with its decoder.
    """
    model = module_of(loaded).eval()
    if rewriters_of(model):
        return _rewriter(task, loaded, rows, folder)
    if decoders.writes(model):
        return _decoder(task, loaded, rows, folder)
    seen = _seen(task, loaded, _unlabelled(loaded, rows), model)
    if not seen or not seen[0][0]:
        raise ModelError(
            "This model cannot be written as one function of arrays: it takes something else.",
            "Use its model folder as it is.",
        )
    taken, as_dict, outs = [s[0] for s in seen], seen[0][1], [s[2] for s in seen]
    inputs = _inputs(model, taken)
    examples = [calls.completed(inputs, one) for one in taken]
    outputs = _given(outs[0], inputs)
    if not outputs:
        raise ModelError("Without a label the module returns nothing for a row.", 'Let forward return "logits" too.')
    way = calls.Dictionary(inputs) if as_dict else calls.Keywords(inputs)
    axes = axes_of(task.name, inputs, outputs, examples, outs)
    return Subject(
        task.name, model, folder, inputs, outputs, examples, as_dict, axes=axes, hosts=[(model, way)]
    )  # fmt: skip


def rewriters_of(model: Any) -> bool:
    """Say whether a model is an encoder with a decoder."""
    return bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))


def _seen(task: Task, loaded: Any, rows: Any, model: torch.nn.Module, batches: tuple[int, ...] = BATCHES) -> list[Any]:
    """Return (inputs, whether they came as one mapping, outputs) of the calls that answering some rows takes."""
    found: list[tuple[dict[str, torch.Tensor], bool, dict[str, torch.Tensor]]] = []

    def seen(args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        as_dict = bool(args) and isinstance(args[0], Mapping)
        given = args[0] if as_dict else kwargs
        if not as_dict and any(isinstance(value, list) for value in kwargs.values()):
            given = {}  # texts: no array stands for them
        found.append((tensors(given), as_dict, {n: v for n, v in tensors(out).items() if v.ndim}))

    with calls.watched(model, seen):
        for batch in _slices(rows, batches):
            task.outputs(loaded, batch, batch.num_rows)
    return found


def _unlabelled(loaded: Any, rows: Any) -> Any:
    """Leave the label out for a module of a user's own: who asks a written model does not know it."""
    label = getattr(getattr(loaded, "fit", None), "label", "")
    return rows.drop_columns([label]) if label in rows.column_names else rows


def _slices(rows: Any, batches: tuple[int, ...]) -> Iterator[Any]:
    """Yield a few slices of an Arrow table, spread over it."""
    at = 0
    for size in batches:
        size = min(size, rows.num_rows)
        yield rows.slice(min(at, rows.num_rows - size), size)
        at += size


def _inputs(model: torch.nn.Module, taken: list[dict[str, torch.Tensor]]) -> list[str]:
    """Return every input that some call had; a mask is one wherever the model takes it."""
    names = dict.fromkeys(name for one in taken for name in one)
    if "input_ids" in names and "attention_mask" in inspect.signature(model.forward).parameters:
        names["attention_mask"] = None
    return list(names)


def _given(outputs: dict[str, torch.Tensor], inputs: list[str]) -> list[str]:
    """Return the outputs that matter: a sentence encoder hands its inputs on, and the tokens' vectors with them."""
    own = [name for name in outputs if name not in inputs and name != "loss"]
    return ["sentence_embedding"] if "sentence_embedding" in own else own


def _decoder(task: Task, loaded: Any, rows: Any, folder: Path) -> Subject:
    model = module_of(loaded)
    taken = [inputs for inputs, _, _ in _seen(task, loaded, rows, model, (3,))]
    examples = decoders.examples(decoders.Step(model), _rows_of(taken))
    return _filled(_parts(task.name, model, folder)[0], [examples])


def _rows_of(taken: list[dict[str, torch.Tensor]]) -> list[list[int]]:
    """Return the rows of tokens that a model was given, without padding and without those it went on from."""
    found = []
    for one in taken:
        mask = one.get("attention_mask")
        if mask is None or mask.shape == one["input_ids"].shape:
            kept = torch.ones_like(one["input_ids"]) if mask is None else mask
            pairs = zip(one["input_ids"].tolist(), kept.tolist(), strict=True)
            found += [[token for token, real in zip(*pair, strict=True) if real] for pair in pairs]
    return [row for row in found if len(row) > 1]


def _rewriter(task: Task, loaded: Any, rows: Any, folder: Path) -> Subject:
    subject = _parts(task.name, module_of(loaded), folder)[0]
    found: list[list[dict[str, torch.Tensor]]] = [[], []]
    with ExitStack() as stack:
        stack.enter_context(rewriters.without_cache(module_of(loaded)))
        for (host, way), kept in zip(subject.hosts, found, strict=True):

            def seen(args: Any, kwargs: Any, out: Any, way: Any = way, kept: Any = kept) -> None:
                if len(kept) < 4 * len(BATCHES) or not any(k["input_ids"].shape[1] > 2 for k in kept):
                    kept.append(tensors(way.take(args, kwargs)))

            stack.enter_context(calls.watched(host, seen))
        for batch in _slices(rows, BATCHES[:3]):
            task.outputs(loaded, batch, batch.num_rows)
    return _filled(subject, [found[0], subject.parts[1].model.examples(found[1])])


def _filled(subject: Subject, examples: list[list[dict[str, torch.Tensor]]]) -> Subject:
    for part, own in zip(subject.functions, examples, strict=True):
        part.examples = [{name: one[name] for name in part.inputs} for one in own]
    subject.examples = subject.functions[0].examples
    return subject


def _parts(task: str, model: Any, folder: Path, cached: bool = True) -> list[Subject]:
    """Return [the subject] of a model that writes, without examples. cached: an encoder-decoder keeps keys and values."""
    if rewriters_of(model):
        pair = [rewriters.Encoder(model).eval(), rewriters.Decoder(model, cached).eval()]
        parts = [
            Subject(task, one, folder, list(one.inputs), list(one.outputs), [], axes=dict(one.axes), part=one.name)
            for one in pair
        ]
        inputs, outputs = (
            list(dict.fromkeys(name for part in parts for name in getattr(part, kind)))
            for kind in ("inputs", "outputs")
        )
        hosts = [(pair[0].inner, pair[0]), (model, pair[1])]
        axes = {**parts[1].axes, **parts[0].axes}
        return [Subject(task, model, folder, inputs, outputs, [], axes=axes, parts=parts, hosts=hosts)]
    step = decoders.Step(model).eval()
    return [
        Subject(task, step, folder, step.inputs, step.outputs, [], axes=step.axes, hosts=[(model, decoders.Cached(step))])
    ]  # fmt: skip


def bound(task: str, loaded: Any, folder: Path, inputs: list[str], outputs: list[str]) -> Subject:
    """Return a loaded model as a Subject by the names of a card (fmtools.json), without watching it."""
    model = module_of(loaded).eval()
    if rewriters_of(model) or (decoders.writes(model) and "position_ids" in inputs):
        cached = any(name.startswith(rewriters.PAST) for name in inputs)  # older ones keep none
        return _parts(task, model, folder, cached)[0]
    as_dict = hasattr(model, "encode") and hasattr(model, "tokenize")
    way = calls.Dictionary(inputs) if as_dict else calls.Keywords(inputs)
    return Subject(task, model, folder, inputs, outputs, [], as_dict, hosts=[(model, way)])


def function_for(subject: Subject, inputs: Mapping[str, Any]) -> Subject:
    """Return the function of a subject that takes these inputs."""
    return next((part for part in subject.functions if set(part.inputs) == set(inputs)), subject.functions[0])


def call(subject: Subject, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return what the original model gives, the outputs that matter; also while another answers in its place."""
    part = function_for(subject, inputs)
    own = calls.own_forward(part.model)
    out = tensors(own(dict(inputs)) if part.as_dict else own(**inputs))
    return {name: out[name] for name in part.outputs}


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
        out = tensors(self.inner(named) if self.as_dict else self.inner(**named))
        return tuple(out[name] for name in self.outs)


@contextmanager
def answered_by(
    subject: Subject, other: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]
) -> Iterator[None]:
    """Let `other` give the outputs of the model for a while: everything around it (windows, pooling, scores) stays.

    other: takes and returns tensors by name; it is given the batches as the task's own code makes them.
    """

    def instead(way: Any) -> Callable[..., Any]:
        def forward(*args: Any, **kwargs: Any) -> Any:
            taken = {name: value.detach() for name, value in way.take(args, kwargs).items()}
            device = next(iter(taken.values())).device
            return way.give({name: value.to(device) for name, value in other(taken).items()}, args, kwargs)

        return forward

    with ExitStack() as stack:
        if subject.parts and not subject.parts[1].model.shapes:
            stack.enter_context(rewriters.without_cache(subject.model))
        for host, way in subject.hosts:
            stack.enter_context(calls.replaced(host, instead(way)))
        yield

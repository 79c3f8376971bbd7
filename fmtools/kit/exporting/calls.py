"""How the code around a model calls it, turned into named arrays and back: what lets a written model answer in its place."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch

from ...core.errors import ModelError

Arrays = dict[str, torch.Tensor]


class Calls(Protocol):
    """One way of calling a module's forward."""

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        """Return what a written model is given for such a call."""
        ...

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what forward would have returned, made of what the written model gave."""
        ...


def tensors(values: Any) -> Arrays:
    """Return the tensors of what a model takes or returns, by name; a bare tensor is called logits, as the Trainer does."""
    if isinstance(values, torch.Tensor):
        return {"logits": values.detach()}
    if isinstance(values, tuple | list) and values and all(isinstance(value, torch.Tensor) for value in values):
        first = ["loss", "logits"] if values[0].ndim == 0 else ["logits"]
        names = [*first, *(f"output_{i}" for i in range(len(first), len(values)))]
        return {name: value.detach() for name, value in zip(names, values, strict=False)}
    items = values.items() if isinstance(values, Mapping) else ()
    return {str(name): value.detach() for name, value in items if isinstance(value, torch.Tensor)}


def completed(names: list[str], given: Mapping[str, torch.Tensor]) -> Arrays:
    """Return the arrays of `names`: a mask that was left out means that every token counts, a kind that all are of the first."""
    found: Arrays = {}
    for name in names:
        if name in given:
            found[name] = given[name]
        elif name in ("attention_mask", "token_type_ids") and "input_ids" in given:
            ids = given["input_ids"]
            found[name] = torch.ones_like(ids) if name == "attention_mask" else torch.zeros_like(ids)
        else:
            raise ModelError(f"The model was called without `{name}`, which the written one takes.", "")
    return found


class Keywords:
    """Called as `model(**inputs)`; a mapping of outputs comes back."""

    def __init__(self, inputs: list[str]) -> None:
        self.inputs = inputs

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        return completed(self.inputs, tensors(kwargs))

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        from transformers.utils import ModelOutput

        return ModelOutput(found)


class Dictionary:
    """Called as `model(inputs)`, as sentence-transformers does: the outputs join the inputs."""

    def __init__(self, inputs: list[str]) -> None:
        self.inputs = inputs

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arrays:
        return completed(self.inputs, tensors(args[0]))

    def give(self, found: Arrays, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return {**args[0], **found}


Seen = Callable[[tuple[Any, ...], dict[str, Any], Any], None]


@contextmanager
def replaced(module: torch.nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Let `forward` be the module's for a while."""
    before = vars(module).get("forward")
    # `generate` looks which arguments forward names.
    instead = functools.wraps(module.forward)(lambda *args, **kwargs: forward(*args, **kwargs))
    instead.whole = True  # type: ignore[attr-defined]  # see kit.training.asked
    module.forward = instead
    try:
        yield
    finally:
        del module.forward
        if before is not None:
            module.forward = before


@contextmanager
def watched(module: torch.nn.Module, seen: Seen) -> Iterator[None]:
    """Tell `seen` of every call of the module: arguments as they came in, since some modules write into theirs."""
    own = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        before = tuple(dict(arg) if isinstance(arg, Mapping) else arg for arg in args)
        out = own(*args, **kwargs)
        seen(before, kwargs, out)
        return out

    with replaced(module, forward):
        yield


def own_forward(module: torch.nn.Module) -> Callable[..., Any]:
    """Return the module's own forward, also while another stands in for it."""
    return type(module).forward.__get__(module)

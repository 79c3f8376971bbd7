"""What an optimizer plug-in must look like: a way to make an exported model smaller or faster, see contracts.py for others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Material:
    """What an optimizer may use besides the graph.

    feeds: real batches of training rows as the graph takes them, {input: array}; only what the graph has as inputs.
    spare: names of nodes of the graph that stay as they are. only: the nodes that may be changed; None = all others.
    """

    feeds: Sequence[Mapping[str, np.ndarray]] = ()
    spare: frozenset[str] = field(default_factory=frozenset)
    only: frozenset[str] | None = None


@runtime_checkable
class Optimizer(Protocol):
    """One method, such as int8-dynamic. It runs in the worker; what it writes is judged before it gets a name."""

    name: str
    summary: str
    #: Kinds of nodes whose weights it changes: MatMul, Gather ...
    operations: tuple[str, ...]

    def check(self) -> None:
        """Raise OptionError when it cannot work here. Runs in the kernel, without torch."""
        ...

    def optimize(self, source: Path, target: Path, given: Material) -> None:
        """Write an optimized copy of the ONNX file `source` to `target`. Raises ModelError where it cannot hold the model."""
        ...

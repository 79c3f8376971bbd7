"""The layers of an exported graph: which nodes came from which layer of the model, and how much each suffers from a method."""

from __future__ import annotations

import ast
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.optimizing import Material, Optimizer
from .files import SCOPES
from .fuse import Feed, answers

#: A module of a stack of equal ones: encoder.layer.3, layers.11, h.0 ...
_STACKED = re.compile(r"(?:^|\.)(layers?|blocks?|h|lstm)\.(\d+)(?:\.|$)")


def layers(graph: Path, operations: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return {layer: names of its nodes of these kinds}: layer.0, layer.1 ..., else the name of the module or of the node."""
    import onnx

    found: dict[str, set[str]] = {}
    for node in onnx.load(graph, load_external_data=False).graph.node:
        if node.op_type in operations:
            found.setdefault(_layer(node), set()).add(node.name)
    return {name: frozenset(nodes) for name, nodes in found.items()}


def _layer(node: Any) -> str:
    said = next((prop.value for prop in node.metadata_props if prop.key == SCOPES), "[]")
    scopes = [scope for scope in ast.literal_eval(said) if "." in scope]
    modules = scopes[:-1] if len(scopes) > 1 else scopes  # the last one is the operation itself
    if not modules:
        return str(node.name)
    if stacked := _STACKED.search(modules[-1]):
        return f"{stacked[1]}.{stacked[2]}"
    return modules[-1].rsplit(".", 1)[-1]


def damage(
    optimizer: Optimizer,
    source: Path,
    given: Material,
    groups: dict[str, frozenset[str]],
    said: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Return how far the outputs move when one layer alone is optimized, most first: root mean square of the change, over
    that of the outputs, on `given.feeds`."""
    wanted = answers(source, given.feeds)
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="fmtools-") as folder:
        target = Path(folder) / "one.onnx"
        for name, nodes in groups.items():
            said(name)
            optimizer.optimize(source, target, Material(given.feeds, frozenset(), nodes))
            found[name] = moved(wanted, answers(target, given.feeds))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def moved(wanted: Sequence[Sequence[np.ndarray]], found: Sequence[Sequence[np.ndarray]]) -> float:
    """Return the root mean square of the change of outputs, over that of the outputs themselves."""
    change = total = 0.0
    for one, other in zip(wanted, found, strict=True):
        for a, b in zip(one, other, strict=True):
            change += float(np.square(a.astype(np.float64) - b).sum())
            total += float(np.square(a.astype(np.float64)).sum())
    return (change / total) ** 0.5 if total else 0.0


def feeds_of(graph: Path, feeds: Sequence[Feed]) -> list[dict[str, np.ndarray]]:
    """Return the batches that a graph takes, with its inputs only."""
    from .run import session

    names = [value.name for value in session(graph).get_inputs()]
    return [{name: feed[name] for name in names} for feed in feeds if set(names) <= set(feed)]

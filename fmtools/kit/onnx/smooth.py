"""Channels that stand out, made even before a product is quantized (SmoothQuant, Xiao et al. 2023).

What goes into a product shares one scale, so that one channel of 30 leaves the others, of 1, a thirtieth of the 256 steps.
Dividing such a channel, and multiplying its row of weights, changes nothing but what rounding takes. Ranges are still found
as the graph runs: rows unlike those that were looked at cost precision, never a cut-off value.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .files import save

#: How much of the unevenness moves into the weights; what leaves the least error on real rows is taken.
SHARES = (0.5, 0.6, 0.7, 0.8)
#: A division of its own costs time (all of MiniLM's: 1 to 7 %): the error has to fall to this share of what it was.
WORTH = 0.5
#: Rows (tokens) that an error is computed on.
ROWS = 256
PRODUCTS = ("MatMul", "Gemm")
NORMS = ("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization")


@dataclass
class Seen:
    """What went into a product: lowest and highest of each channel over all rows [k], and some rows [n, k]."""

    low: np.ndarray
    high: np.ndarray
    rows: np.ndarray


def smooth(model: Any, nodes: frozenset[str], feeds: Sequence[Mapping[str, np.ndarray]], beside: Path) -> int:
    """Even out what goes into the products `nodes` of a model of onnx_ir; return how many values were.

    feeds: real batches. beside: a folder for a copy of the graph that tells its values.
    """
    groups = dict(_groups(model, nodes))
    seen = _look(model, list(groups), feeds, beside) if groups and feeds else {}
    done = 0
    for name, products in groups.items():
        if name not in seen:
            continue
        weights = np.concatenate([_weights(node) for node in products], axis=1)
        norm = _norm(products)
        scale = best(seen[name], weights, 1.0 if norm is not None else WORTH)
        if scale is not None:
            _divide(model, norm, products, scale)
            for node in products:
                _multiply(model, node, scale)
            done += 1
    return done


def best(seen: Seen, weights: np.ndarray, worth: float) -> np.ndarray | None:
    """Return what each channel is to be divided by [k]; None where no division leaves less than `worth` of the error.

    weights: [k, m], those of all products that take the value.
    """
    largest = np.maximum(np.abs(seen.low), np.abs(seen.high))
    tall = np.maximum(np.abs(weights).max(axis=1), 1e-5)
    wanted = seen.rows @ weights
    least, chosen = worth * _error(seen, weights, wanted, np.ones_like(tall)), None
    for share in SHARES:
        scale = np.maximum(largest**share / tall ** (1 - share), 1e-5).astype(np.float32)
        error = _error(seen, weights, wanted, scale)
        if error < least:
            least, chosen = error, scale
    return chosen


def _error(seen: Seen, weights: np.ndarray, wanted: np.ndarray, scale: np.ndarray) -> float:
    """Return how far int8 moves a product: one range for all channels, one scale for each column of weights."""
    low = min(float((seen.low / scale).min()), 0.0)
    step = max((max(float((seen.high / scale).max()), 0.0) - low) / 255, 1e-12)
    rows = np.round((seen.rows / scale) / step) * step
    scaled = weights * scale[:, None]
    steps = np.maximum(np.abs(scaled).max(axis=0) / 127, 1e-12)
    return float(np.linalg.norm(rows @ (np.round(scaled / steps) * steps) - wanted))


def _groups(model: Any, nodes: frozenset[str]) -> Iterator[tuple[str, list[Any]]]:
    """Yield (name of a value, the products that take it) where each has weights [k, m] of its own."""
    found: dict[str, list[Any]] = {}
    for node in model.graph:
        if node.name in nodes and node.op_type in PRODUCTS and not node.domain and _own_weights(node):
            found.setdefault(node.inputs[0].name, []).append(node)
    yield from found.items()


def _own_weights(node: Any) -> bool:
    taken, weights = node.inputs[0], node.inputs[1]
    tensor = weights.const_value if weights is not None and weights.producer() is None else None
    return (
        tensor is not None
        and len(tensor.shape) == 2
        and tensor.dtype.name == "FLOAT"
        and len(weights.uses()) == 1
        and taken.producer() is not None
        and not _attribute(node, "transA")
    )


def _attribute(node: Any, name: str) -> int:
    return int(node.attributes.get_int(name, 0))


def _weights(node: Any) -> np.ndarray:
    """Return the weights of a product as [k, m]."""
    found: np.ndarray = node.inputs[1].const_value.numpy()
    return found.T if _attribute(node, "transB") else found


def _norm(products: list[Any]) -> Any | None:
    """Return the normalization that nothing but these products reads: its own factors take the division up for nothing."""
    value = products[0].inputs[0]
    node = value.producer()
    factors = node.inputs[1:3]
    constant = all(one is None or (one.producer() is None and one.const_value is not None) for one in factors)
    alone = len(value.uses()) == len(products) and not value.is_graph_output()
    return node if node.op_type in NORMS and constant and alone else None


def _divide(model: Any, norm: Any | None, products: list[Any], scale: np.ndarray) -> None:
    import onnx_ir as ir

    value = products[0].inputs[0]
    if norm is not None:
        for place, factor in list(enumerate(norm.inputs))[1:3]:
            if factor is not None:
                norm.replace_input_with(place, _constant(model, factor.name, factor.const_value.numpy() / scale))
                if not factor.uses():
                    del model.graph.initializers[factor.name]
        return
    factor = _constant(model, value.name, (1 / scale).astype(np.float32))
    made = ir.node("Mul", [value, factor], name=f"{value.name}_even")
    model.graph.insert_before(products[0], made)
    for node in products:
        node.replace_input_with(0, made.outputs[0])


def _multiply(model: Any, node: Any, scale: np.ndarray) -> None:
    old = node.inputs[1]
    weights = old.const_value.numpy() * (scale if _attribute(node, "transB") else scale[:, None])
    node.replace_input_with(1, _constant(model, old.name, weights))
    del model.graph.initializers[old.name]


def _constant(model: Any, name: str, array: np.ndarray) -> Any:
    import onnx_ir as ir

    unique = f"{name}_even_by"
    while unique in model.graph.initializers:
        unique += "_"
    tensor = ir.tensor(np.ascontiguousarray(array, np.float32), name=unique)
    made = ir.Value(name=unique, shape=ir.Shape(array.shape), type=ir.TensorType(tensor.dtype), const_value=tensor)
    model.graph.register_initializer(made)
    return made


def _look(model: Any, names: list[str], feeds: Sequence[Mapping[str, np.ndarray]], beside: Path) -> dict[str, Seen]:
    """Run batches through the graph; return what went into its products."""
    import onnx_ir as ir

    from .run import session

    values = {value.name: value for node in model.graph for value in node.outputs if value.name in set(names)}
    before = list(model.graph.outputs)
    told = [value for value in values.values() if value not in before]
    for value in told:
        value.type = value.type or ir.TensorType(ir.DataType.FLOAT)
    with tempfile.TemporaryDirectory(prefix=".tmp-values-", dir=beside) as folder:
        model.graph.outputs.extend(told)
        save(model, Path(folder) / "values.onnx")
        for _ in told:
            model.graph.outputs.pop()  # a slice deleted at once leaves the values marked as outputs
        opened = session(Path(folder) / "values.onnx")
        each = max(1, ROWS // len(feeds))
        found: dict[str, list[Seen]] = {name: [] for name in names}
        for feed in feeds:
            for name, array in zip(names, opened.run(names, dict(feed)), strict=True):
                found[name].append(_seen(array, each))
    return {name: _joined(parts) for name, parts in found.items()}


def _seen(array: np.ndarray, rows: int) -> Seen:
    flat = array.reshape(-1, array.shape[-1])
    some = flat[np.linspace(0, len(flat) - 1, min(rows, len(flat))).astype(int)]
    return Seen(flat.min(axis=0), flat.max(axis=0), some.copy())


def _joined(parts: list[Seen]) -> Seen:
    return Seen(
        np.min([part.low for part in parts], axis=0),
        np.max([part.high for part in parts], axis=0),
        np.concatenate([part.rows for part in parts]),
    )

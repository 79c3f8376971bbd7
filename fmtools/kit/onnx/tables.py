"""Tables of embeddings in 8 bits, a scale for each row: one rare word of large numbers costs the others nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Shorter tables weigh nothing, and looking up their scales would take time.
FEWEST = 64
#: In narrower ones the scales, four bytes a row, would weigh more than 3 % of the numbers.
NARROWEST = 128


def shrink(model: Any, nodes: frozenset[str]) -> frozenset[str]:
    """Keep the tables of the Gather nodes `nodes` of a model of onnx_ir in int8 with a scale a row; return which were."""
    found = [node for node in list(model.graph) if node.name in nodes and _has_table(node)]
    for node in found:
        _replace(model, node)
    return frozenset(node.name for node in found)


def _has_table(node: Any) -> bool:
    table = node.inputs[0]
    tensor = table.const_value if table is not None and table.producer() is None else None
    return (
        node.op_type == "Gather"
        and node.attributes.get_int("axis", 0) == 0
        and tensor is not None
        and len(tensor.shape) == 2
        and tensor.shape[0] >= FEWEST
        and tensor.shape[1] >= NARROWEST
        and tensor.dtype.name == "FLOAT"
        and len(table.uses()) == 1
    )


def rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (int8 [n, k], scales [n, 1]) of a table [n, k]."""
    scales = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
    safe = np.where(scales == 0, np.float32(1), scales)
    return np.round(table / safe).astype(np.int8), safe.astype(np.float32)


def _replace(model: Any, node: Any) -> None:
    import onnx_ir as ir

    table, places = node.inputs
    small, scales = rows(table.const_value.numpy())
    inputs = [
        _initializer(model, f"{table.name}_{kind}", array) for kind, array in (("int8", small), ("scale", scales))
    ]
    looked = [
        ir.node("Gather", [value, places], {"axis": 0}, name=f"{node.name}_{kind}")
        for kind, value in zip(("int8", "scale"), inputs, strict=True)
    ]
    cast = ir.node("Cast", [looked[0].outputs[0]], {"to": ir.DataType.FLOAT}, name=f"{node.name}_cast")
    result = ir.node("Mul", [cast.outputs[0], looked[1].outputs[0]], name=f"{node.name}_scaled")
    ir.convenience.replace_nodes_and_values(
        model.graph, node, [node], [*looked, cast, result], [node.outputs[0]], [result.outputs[0]]
    )
    del model.graph.initializers[table.name]


def _initializer(model: Any, name: str, array: np.ndarray) -> Any:
    import onnx_ir as ir

    tensor = ir.tensor(array, name=name)
    made = ir.Value(name=name, shape=ir.Shape(array.shape), type=ir.TensorType(tensor.dtype), const_value=tensor)
    model.graph.register_initializer(made)
    return made

"""ONNX weights in 16 bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...core.optimizing import Material
from .quantize import is_large, nodes, quiet, worded

#: Smaller arrays stay as they are: they weigh nothing, and scales and constants among them need every bit.
SMALL = 256


def fp16(source: Path, target: Path, operations: Sequence[str], given: Material) -> None:
    """Write `source` in float16 with onnxruntime's converter; spared nodes stay in float32, inputs and outputs too."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    with worded(), quiet():
        changed = set(nodes(source, operations, given))
        model = onnx.load(source)
        blocked = [n.name for n in model.graph.node if n.op_type in operations and n.name not in changed]
        # Sums of masks and what is divided by them overflow in 16 bits: a mean over 70,000 is no number there.
        found = convert_float_to_float16(
            model,
            keep_io_types=True,
            node_block_list=blocked,
            op_block_list=["ReduceSum", "Div", "Range", "LayerNormalization"],
        )
        onnx.save(found, target, save_as_external_data=is_large(source))


def bf16(source: Path, target: Path, operations: Sequence[str], given: Material) -> None:
    """Write `source` with the weights of its nodes in bfloat16, each behind a cast to float32."""
    import onnx_ir as ir

    with worded():
        changed = set(nodes(source, operations, given))
        model = ir.load(source)
        for value in [*model.graph.initializers.values()]:
            users = [node for node, _ in value.uses()]
            tensor = value.const_value
            if tensor is None or tensor.dtype != ir.DataType.FLOAT or tensor.size < SMALL or not users:
                continue
            if any(node.name not in changed for node in users):
                continue
            _behind_cast(model, value)
        ir.save(model, target, external_data=f"{target.name}.data" if is_large(source) else None)


def _behind_cast(model: Any, value: Any) -> None:
    import onnx_ir as ir

    small = ir.tensor(value.const_value.numpy().astype(ir.DataType.BFLOAT16.numpy()), name=f"{value.name}_bf16")
    kept = ir.Value(name=small.name, shape=value.shape, type=ir.TensorType(ir.DataType.BFLOAT16), const_value=small)
    model.graph.register_initializer(kept)
    cast = ir.node("Cast", [kept], {"to": ir.DataType.FLOAT})
    model.graph.insert_before(next(iter(model.graph)), cast)
    ir.convenience.replace_all_uses_with(value, cast.outputs[0])
    model.graph.initializers.pop(value.name)

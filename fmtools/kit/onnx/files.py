"""ONNX files and the weights beside them: written, moved, rid of what the exporter said to developers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Weights stay in the one file up to this size; protobuf ends at 2 GiB.
ONE_FILE = 1_900_000_000
#: Where torch's exporter says which module of the model a node came from.
SCOPES = "pkg.torch.onnx.name_scopes"


def save(model: Any, target: Path) -> None:
    """Write a model of onnx_ir: one file, or two where a file cannot hold it."""
    import onnx_ir as ir

    size = sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value is not None)
    outside = f"{target.name}.data" if size > ONE_FILE else None
    ir.save(model, target, external_data=outside)


def copy(source: Path, target: Path) -> None:
    """Write an ONNX file, with weights that lie beside it, to another place."""
    import onnx_ir as ir

    save(ir.load(source), target)


def move(source: Path, target: Path) -> None:
    """Write an ONNX file to another place, and leave nothing where it was."""
    copy(source, target)
    remove(source)


def remove(graph: Path) -> None:
    """Delete an ONNX file and the weights beside it; nothing where there is none."""
    for path in graph.parent.glob(graph.name + "*"):
        path.unlink()


def strip(graph: Path) -> None:
    """Take out what the exporter said to developers: stack traces with paths of this machine. A node's place in the model
    stays, by which a layer is spared when the graph is quantized.
    """
    import onnx

    model = onnx.load(graph, load_external_data=False)
    for holder in (model, model.graph, *model.graph.node, *model.graph.value_info):
        kept = {prop.key: prop.value for prop in holder.metadata_props if prop.key == SCOPES}
        holder.ClearField("metadata_props")
        holder.ClearField("doc_string")
        onnx.helper.set_metadata_props(holder, kept)
    onnx.save(model, graph)

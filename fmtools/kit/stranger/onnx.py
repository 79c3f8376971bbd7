"""An ONNX file from a stranger: operators of known kinds, weights inside the folder, and no more memory than it brings.

Runs in the child process of `stranger_parse` only.
"""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto

from .texts import is_inside

#: Domains of operators that onnxruntime brings itself; a custom one needs a library, which is code.
DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"}
#: Operators of these domains that open files or run Python.
FORBIDDEN = {"EPContext", "PythonOp", "PythonOpGrad", "Snpe", "OpenVINO_Custom"}
#: Rounds of a loop that the file itself fixes.
ROUNDS = 1_000_000
#: The runtime takes a location with this mark as an address in memory.
ADDRESS = "_ORT_MEM_ADDR_"
NOTES = {"location", "offset", "length", "checksum"}


class Refused(Exception):
    """Why a model is not opened."""


def judge(path: Path, root: Path) -> str:
    """Return why an ONNX file is not to be used, or ""."""
    try:
        check(path, root)
    except Refused as error:
        return str(error)
    return ""


def check(path: Path, root: Path) -> None:
    """Raise Refused for what is wrong with an ONNX file; its external data must lie beside it, below `root`."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except Exception:
        raise Refused("is damaged: it is no ONNX file") from None
    if not model.ir_version or not model.opset_import or not model.graph.node:
        raise Refused("is damaged: it holds no graph")
    local = {(function.domain, function.name) for function in model.functions}
    for holder in (model.graph, *model.functions):
        _check_graph(holder, path, root, local)
    _open(path)


def _check_graph(graph: Any, path: Path, root: Path, local: set[tuple[str, str]]) -> None:
    """Check the nodes and weights of a graph or a function, and of the graphs in its nodes."""
    if getattr(graph, "sparse_initializer", None):
        raise Refused("holds sparse weights, which may claim any size")
    for tensor in getattr(graph, "initializer", ()):
        _check_tensor(tensor, path, root)
    constants = {tensor.name: tensor for tensor in getattr(graph, "initializer", ())}
    for node in graph.node:
        if (node.domain, node.op_type) not in local and (node.domain not in DOMAINS or node.op_type in FORBIDDEN):
            name = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
            raise Refused(f"needs the operator {name[:80]}, which comes from elsewhere or opens files")
        _check_node(node, path, root, local)
        if node.op_type == "Constant":
            values = [attribute.t for attribute in node.attribute if attribute.type == AttributeProto.TENSOR]
            constants |= dict(zip(node.output, values, strict=False))
        if node.op_type == "Loop" and node.input and node.input[0] in constants:
            _check_rounds(constants[node.input[0]])


def _check_node(node: Any, path: Path, root: Path, local: set[tuple[str, str]]) -> None:
    for attribute in node.attribute:
        if attribute.type in (AttributeProto.SPARSE_TENSOR, AttributeProto.SPARSE_TENSORS):
            raise Refused("holds sparse weights, which may claim any size")
        for tensor in (*([attribute.t] if attribute.HasField("t") else ()), *attribute.tensors):
            _check_tensor(tensor, path, root)
        for inner in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs):
            _check_graph(inner, path, root, local)


def _check_rounds(tensor: Any) -> None:
    count = onnx.numpy_helper.to_array(tensor) if tensor.data_location != TensorProto.EXTERNAL else ROUNDS + 1
    if int(count) > ROUNDS:
        raise Refused(f"has a loop of more than {ROUNDS:,} rounds")


def _needed(tensor: Any) -> int:
    """Return the bytes that a tensor's shape asks for; for kinds of other sizes, such as texts, at least none."""
    if any(size < 0 for size in tensor.dims):
        raise Refused(f"holds a weight of an impossible shape ({tensor.name[:80]!r})")
    try:
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    except (KeyError, ValueError, TypeError):
        raise Refused(f"holds a weight of an unknown kind ({tensor.name[:80]!r})") from None
    count = math.prod(tensor.dims)
    if tensor.data_type in _NARROW:
        return (count * _NARROW[tensor.data_type] + 7) // 8
    return 0 if tensor.data_type == TensorProto.STRING else count * int(kind.itemsize)


#: Bits of numbers that share bytes.
_NARROW = {
    getattr(TensorProto, name): bits
    for name, bits in {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}.items()
    if hasattr(TensorProto, name)
}
_FIELDS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")


def _check_tensor(tensor: Any, path: Path, root: Path) -> None:
    needed = _needed(tensor)
    if tensor.data_location == TensorProto.EXTERNAL:
        _check_external(tensor, needed, path, root)
        return
    if tensor.external_data:
        raise Refused(f"says of a weight that it lies elsewhere and here ({tensor.name[:80]!r})")
    if tensor.HasField("raw_data"):
        right = tensor.data_type != TensorProto.STRING and len(tensor.raw_data) == needed
    else:
        numbers, count = sum(len(getattr(tensor, name)) for name in _FIELDS), math.prod(tensor.dims)
        right = numbers in (count, 2 * count) or (tensor.data_type in _NARROW and numbers >= needed)
    if not right:
        raise Refused(f"holds a weight whose size does not fit its shape ({tensor.name[:80]!r})")


def _check_external(tensor: Any, needed: int, path: Path, root: Path) -> None:
    """Weights in another file: beside the model, by no link, and inside that file."""
    notes = {entry.key: entry.value for entry in tensor.external_data}
    location = notes.get("location", "")
    if set(notes) - NOTES or len(notes) != len(tensor.external_data):
        raise Refused("describes its external weights in an unknown way")
    if not is_inside(location) or ADDRESS in location:
        raise Refused(f"takes weights from outside its folder ({location[:80]!r})")
    size = _size_of(path.parent / location, root, location)
    offset, length = _number(notes.get("offset", "0")), _number(notes.get("length", str(needed)))
    if length != needed or offset + length > size:
        raise Refused(f"takes weights from beyond the end of {location[:80]!r}")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refused(f"gives an impossible place of its weights ({text[:40]!r})")
    return int(text)


def _size_of(file: Path, root: Path, location: str) -> int:
    """Return the size of a plain file below `root` that no link leads to, and that has no second name elsewhere."""
    try:
        state = os.lstat(file)
    except (OSError, ValueError):
        raise Refused(f"needs {location[:80]!r}, which is not there") from None
    linked = any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(root) and part != root)
    if (
        linked
        or not stat.S_ISREG(state.st_mode)
        or state.st_nlink > 1
        or not file.resolve().is_relative_to(root.resolve())
    ):
        raise Refused(f"takes weights through a link ({location[:80]!r})")
    return state.st_size


def _open(path: Path) -> None:
    """Let the runtime open the model and run it once, under this process's limits: constants are folded, loops begin."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Refused(_MEMORY if _is_memory(error) else f"cannot be opened by onnxruntime: {first[:160]}") from None
    _run(session)


def _run(session: Any) -> None:
    """Run a model on the smallest input that its shapes allow. That it does not like zeros is no fault of its."""
    feeds = {}
    for wanted in session.get_inputs():
        kind = _KINDS.get(wanted.type)
        if kind is None:
            return
        shape = [size if isinstance(size, int) and 0 <= size <= 4096 else 1 for size in wanted.shape]
        if math.prod(shape) > 1 << 24:
            return
        feeds[wanted.name] = np.zeros(shape, kind)
    try:
        session.run(None, feeds)
    except Exception as error:
        if _is_memory(error):
            raise Refused(_MEMORY) from None


_MEMORY = "needs far more memory than a file of its size should"
_KINDS = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64", "tensor(int64)": "int64",
    "tensor(int32)": "int32", "tensor(bool)": "bool", "tensor(uint8)": "uint8", "tensor(int8)": "int8",
}  # fmt: skip


def _is_memory(error: Exception) -> bool:
    return any(
        mark in str(error) for mark in ("bad_alloc", "ailed to allocate", "bad allocation", "buffer size", "overflow")
    )

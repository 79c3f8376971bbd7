"""ONNX files that nobody should open: data outside the folder, code, bombs. Built here, never committed as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from malicious import Traps


def graph(*nodes: Any, weights: list[Any] | None = None, out: str = "y", **more: Any) -> onnx.ModelProto:
    """Return an ONNX model that adds `w` to `x`, with these nodes besides; `out` is what it gives."""
    w = numpy_helper.from_array(np.ones(4, np.float32), "w")
    add = helper.make_node("Add", ["x", "w"], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", out)]
    made = helper.make_graph([add, *nodes], "g", ends[:1], ends[1:], initializer=weights or [w], **more)
    opsets = [helper.make_opsetid(domain, version) for domain, version in (("", 17), ("com.microsoft", 1))]
    return helper.make_model(made, opset_imports=opsets, ir_version=8)


def external(location: str, **notes: Any) -> onnx.ModelProto:
    """Return that model with its weight in another file."""
    w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **notes}.items():
        w.external_data.add(key=key, value=str(value))
    return graph(weights=[w])


ONNX: dict[str, Callable[[Path, Traps], onnx.ModelProto | bytes]] = {
    "empty": lambda *_: b"",
    "nothing": lambda *_: onnx.ModelProto(),
    "no-graph": lambda *_: b"\x08\x08" + bytes(400),
    "absolute": lambda _f, t: external(str(t.secret), length=16),
    "parent": lambda _f, t: external(f"../../{t.secret.name}", length=16),
    "nested-parent": lambda _f, t: external(f"data/../../../{t.secret.name}", length=16),
    "address": lambda *_: external("*/_ORT_MEM_ADDR_/*", offset=4096, length=16),
    "backslash": lambda *_: external("..\\..\\secret.txt", length=16),
    "missing": lambda *_: external("nothing.data", length=16),
    "beyond-end": lambda f, _t: _beside(f, offset=8, length=16),
    "negative": lambda f, _t: _beside(f, offset=-4, length=16),
    "huge-offset": lambda f, _t: _beside(f, offset=1 << 62, length=16),
    "short": lambda f, _t: _beside(f, offset=0, length=4),
    "linked": lambda f, t: _beside(f, link=t.secret),
    "hard-linked": lambda f, t: _beside(f, hard=t.secret),
    "linked-folder": lambda f, t: _beside(f, inner=t.secret.parent),
    "custom": lambda *_: graph(helper.make_node("Shell", ["x"], ["z"], domain="ai.onnx.contrib")),
    "python": lambda *_: graph(helper.make_node("PythonOp", ["x"], ["z"], domain="com.microsoft", name="os.system")),
    "context": lambda _f, t: graph(
        helper.make_node("EPContext", ["x"], ["z"], domain="com.microsoft", ep_cache_context=str(t.secret), embed_mode=0)
    ),
    "hidden-in-branch": lambda *_: _branch(helper.make_node("Shell", [], ["r"], domain="evil")),
    "claims-more": lambda *_: graph(weights=[TensorProto(name="w", data_type=1, dims=[1 << 40], raw_data=bytes(16))]),
    "sparse": lambda *_: graph(
        sparse_initializer=[
            helper.make_sparse_tensor(
                numpy_helper.from_array(np.ones(1, np.float32), "s"), numpy_helper.from_array(np.zeros(1, np.int64)), [1 << 40]
            )
        ]
    ),
    "folded-bomb": lambda *_: graph(
        helper.make_node("ConstantOfShape", ["big"], ["z"]), helper.make_node("Exp", ["z"], ["zz"]), helper.make_node("ReduceSum", ["zz"], ["s"], keepdims=0),
        helper.make_node("Add", ["y", "s"], ["out"]), out="out",
        weights=[numpy_helper.from_array(np.ones(4, np.float32), "w"), numpy_helper.from_array(np.array([1 << 35]), "big")],
    ),
    "bomb-of-its-input": lambda *_: graph(
        helper.make_node("Expand", ["y", "big"], ["z"]), helper.make_node("Exp", ["z"], ["zz"]), helper.make_node("ReduceSum", ["zz"], ["s"], keepdims=0),
        helper.make_node("Add", ["y", "s"], ["out"]), out="out",
        weights=[numpy_helper.from_array(np.ones(4, np.float32), "w"), numpy_helper.from_array(np.array([1 << 36, 4]), "big")],
    ),
    "endless-loop": lambda *_: graph(
        helper.make_node("Loop", ["m", ""], [], body=helper.make_graph([], "b", [], [])),
        weights=[numpy_helper.from_array(np.ones(4, np.float32), "w"), numpy_helper.from_array(np.array(1 << 62), "m")],
    ),
}  # fmt: skip


def _beside(
    folder: Path, link: Path | None = None, hard: Path | None = None, inner: Path | None = None, **notes: Any
) -> onnx.ModelProto:
    """Put data beside the model, as a file or as what leads out, and return a model that reads them."""
    name = "model.data"
    if link:
        (folder / "onnx" / name).symlink_to(link)
    elif hard:
        (folder / "onnx" / name).hardlink_to(hard)
    elif inner:
        (folder / "onnx" / "inner").symlink_to(inner)
        name = "inner/secret.txt"
    else:
        (folder / "onnx" / name).write_bytes(bytes(20))
    return external(name, **(notes or {"length": 16}))


def _branch(node: Any) -> onnx.ModelProto:
    inner = helper.make_graph([node], "b", [], [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)])
    condition = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.array(True)))
    return graph(condition, helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner))


def write_onnx(name: str, folder: Path, traps: Traps) -> None:
    """Put one of ONNX into a folder."""
    made = ONNX[name](folder, traps)
    data = made if isinstance(made, bytes) else made.SerializeToString()
    (folder / "onnx/model.onnx").write_bytes(data)

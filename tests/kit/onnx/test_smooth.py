"""What 8 bits cost where a channel or a row stands out, and what evening it out saves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fmtools.core.optimizing import Material
from fmtools.kit.onnx import quantize as onnx_quantize
from fmtools.kit.onnx.fuse import answers
from fmtools.kit.onnx.layers import moved

WORDS, WIDTH, OUT = 100, 128, 48
OPERATIONS = ("MatMul", "Gather")


def graph(path: Path, residual: bool) -> Path:
    """Write table -> normalization with one channel of 40 -> two products; residual: something else reads it as well."""
    chance = np.random.default_rng(0)
    arrays = {
        "table": chance.normal(size=(WORDS, WIDTH)),
        "gamma": np.where(np.arange(WIDTH) == 3, 40.0, 1.0),
        "beta": chance.normal(size=WIDTH),
        "w1": chance.normal(size=(WIDTH, OUT)) * np.where(np.arange(WIDTH) == 3, 0.02, 1.0)[:, None],
    }
    arrays["table"][0] *= 1000
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["looked"], "look"),
        helper.make_node("LayerNormalization", ["looked", "gamma", "beta"], ["even"], "norm"),
        helper.make_node("MatMul", ["even", "w1"], ["a"], "first"),
        helper.make_node("MatMul", ["even", "w1b"], ["b"], "second"),
        helper.make_node("Add", ["a", "b"], ["sum"], "add"),
    ]
    arrays["w1b"] = arrays["w1"][:, ::-1].copy()
    outputs = [helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["batch", "length", OUT])]
    outputs += [helper.make_tensor_value_info("looked", TensorProto.FLOAT, ["batch", "length", WIDTH])]
    if residual:
        nodes.append(helper.make_node("Identity", ["even"], ["rest"], "rest"))
        outputs.append(helper.make_tensor_value_info("rest", TensorProto.FLOAT, ["batch", "length", WIDTH]))
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])],
        outputs,
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def rows(seed: int) -> dict[str, np.ndarray]:
    return {"ids": np.random.default_rng(seed).integers(1, WORDS, (4, 16))}


@pytest.mark.parametrize("residual", [False, True])
def test_int8_loses_less_where_a_channel_stands_out(tmp_path: Path, residual: bool) -> None:
    source, feeds, other = graph(tmp_path / "a.onnx", residual), [rows(1), rows(2)], [rows(3)]
    lost = []
    for name, given in (("blind", Material()), ("seen", Material(feeds))):
        onnx_quantize.dynamic(source, tmp_path / name, OPERATIONS, given)
        wanted, found = answers(source, other), answers(tmp_path / name, other)
        lost.append(moved([wanted[0][:1]], [found[0][:1]]))
        if residual:  # what else reads the value must read it as it was
            np.testing.assert_allclose(found[0][2], wanted[0][2], rtol=0.05, atol=0.3)
    assert lost[1] < 0.5 * lost[0]
    kinds = [node.op_type for node in onnx.load(tmp_path / "seen").graph.node]
    assert kinds.count("DynamicQuantizeLinear") == 1
    names = [node.name for node in onnx.load(tmp_path / "seen").graph.node]
    assert ("even_even" in names) == residual  # a normalization of its own takes the division up


def test_evening_out_alone_changes_no_answer(tmp_path: Path) -> None:
    import onnx_ir as ir

    from fmtools.kit.onnx.smooth import smooth

    source = graph(tmp_path / "a.onnx", True)
    model = ir.load(source)
    assert smooth(model, frozenset(["first", "second"]), [rows(1)], tmp_path) == 1
    ir.save(model, tmp_path / "b.onnx")
    wanted, found = answers(source, [rows(3)])[0], answers(tmp_path / "b.onnx", [rows(3)])[0]
    for a, b in zip(wanted, found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-4)
    assert {path.name for path in tmp_path.iterdir()} == {"a.onnx", "b.onnx"}


def test_a_row_of_large_numbers_costs_the_others_nothing(tmp_path: Path) -> None:
    source, target = graph(tmp_path / "a.onnx", False), tmp_path / "b.onnx"
    onnx_quantize.dynamic(source, target, OPERATIONS, Material(only=frozenset(["look"])))
    wanted, found = (answers(path, [rows(3)])[0][1] for path in (source, target))
    assert np.abs(found - wanted).max() < 0.02
    table = next(one for one in onnx.load(target).graph.initializer if list(one.dims) == [WORDS, WIDTH])
    assert table.data_type == TensorProto.INT8


def test_what_is_spared_stays_as_it_was(tmp_path: Path) -> None:
    source, target = graph(tmp_path / "a.onnx", True), tmp_path / "b.onnx"
    onnx_quantize.dynamic(source, target, OPERATIONS, Material([rows(1)], frozenset(["second", "look"])))
    nodes = {node.name: node for node in onnx.load(target).graph.node}
    assert list(nodes["second"].input) == ["even", "w1b"]
    assert nodes["look"].input[0] == "table"
    assert "first" not in nodes

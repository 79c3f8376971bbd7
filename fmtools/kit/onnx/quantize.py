"""onnxruntime's quantizers, with the settings that measured best here; what every method shares."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from ...core.optimizing import Material
from .files import ONE_FILE, save


def dynamic(source: Path, target: Path, operations: Sequence[str], given: Material) -> None:
    """Write `source` with int8 weights and activations that are quantized as it runs.

    Weights are signed: 32 x 128 tokens through 384 x 1536 take 10 ms with them, and 33 with unsigned ones (AVX-512 VNNI).
    A scale for each column; what `prepared` makes even loses less. The kinds of nodes are named, since onnxruntime takes ONNX's own Attention for the one of its
    own and loses the mask.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with worded(), quiet(), prepared(source, target, operations, given) as (graph, left):
        if not left:
            return
        quantize_dynamic(
            graph,
            target,
            op_types_to_quantize=list(operations),
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=left,
            use_external_data_format=is_large(graph),
            extra_options={"MatMulConstBOnly": True},
        )


def static(source: Path, target: Path, operations: Sequence[str], given: Material) -> None:
    """Write `source` with int8 weights and activations, whose ranges are those seen on `given.feeds`.

    What comes out of a product stays in float: only what goes in is quantized, so that sums lose nothing on the way.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    with worded(), quiet(), prepared(source, target, operations, given) as (graph, left):
        if not left:
            return
        quantize_static(
            graph,
            target,
            _Feeds(given.feeds),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(operations),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=left,
            use_external_data_format=is_large(graph),
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"MatMulConstBOnly": True, "OpTypesToExcludeOutputQuantization": list(operations)},
        )


@contextlib.contextmanager
def prepared(
    source: Path, target: Path, operations: Sequence[str], given: Material
) -> Iterator[tuple[Path, list[str]]]:
    """Give (a copy of a graph that loses less in 8 bits, the nodes that are left to quantize).

    Channels that stand out are evened by what `given.feeds` show, tables of embeddings already have 8 bits. With no node
    left the copy is `target` itself.
    """
    import onnx_ir as ir

    from . import smooth, tables

    wanted = nodes(source, operations, given)
    with tempfile.TemporaryDirectory(prefix=".tmp-even-", dir=source.parent) as folder:
        model = ir.load(source)
        smooth.smooth(model, frozenset(wanted), given.feeds, Path(folder))
        done = tables.shrink(model, frozenset(wanted))
        left = [name for name in wanted if name not in done]
        graph = Path(folder) / "even.onnx" if left else target
        save(model, graph)
        yield graph, left


class _Feeds:
    """The calibration rows, one batch at a time, as onnxruntime asks for them."""

    def __init__(self, feeds: Sequence[Any]) -> None:
        self._left = iter(feeds)

    def get_next(self) -> Any:
        return next(self._left, None)

    def set_range(self, start_index: int, end_index: int) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        return 0


def four_bits(source: Path, target: Path, operations: Sequence[str], given: Material) -> None:
    """Write `source` with weights in 4 bits, a scale for each 32 of them; products are computed in int8."""
    import numpy as np
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    with worded(), quiet():
        wanted = nodes(source, operations, given)
        config = DefaultWeightOnlyQuantConfig(
            block_size=32,
            is_symmetric=True,
            accuracy_level=4,
            op_types_to_quantize=tuple(operations),
            quant_axes=(("MatMul", 0), ("Gather", 1)),
        )
        quantizer = MatMulNBitsQuantizer(onnx.load(source), nodes_to_include=wanted, algo_config=config)
        with np.errstate(invalid="ignore", divide="ignore"):  # a block of zeros has no scale, and needs none
            quantizer.process()
        quantizer.model.save_model_to_file(str(target), is_large(source))


def nodes(source: Path, operations: Sequence[str], given: Material) -> list[str]:
    """Return the names of the nodes to quantize: those of `operations` that are not spared. Raises ModelError for none."""
    import onnx

    graph = onnx.load(source, load_external_data=False).graph
    found = [node.name for node in graph.node if node.op_type in operations]
    kept = [name for name in found if name not in given.spare and (given.only is None or name in given.only)]
    if not kept:
        raise ModelError(
            "There is nothing in this model that this method could make smaller.", "Choose another --method."
        )
    return kept


def is_large(source: Path) -> bool:
    """Say whether weights have to lie beside the graph."""
    return sum(path.stat().st_size for path in source.parent.glob(source.name + "*")) > ONE_FILE


@contextlib.contextmanager
def worded() -> Iterator[None]:
    """Say a quantizer's own error in a sentence."""
    from ...core.errors import FmError

    try:
        yield
    except (FmError, OSError, MemoryError):
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(f"onnxruntime cannot quantize this model: {first}", "Choose another --method.") from error


@contextlib.contextmanager
def quiet() -> Iterator[Any]:
    """Keep the quantizer's advice to developers (on the root logger) out of the worker's log."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)

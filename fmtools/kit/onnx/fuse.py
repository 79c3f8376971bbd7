"""An exported ONNX graph with the operations of onnxruntime's own in place of many small ones: attention, GELU, padding masks.

The rewriting is onnxscript's. What it makes is believed only after it has answered like the graph it came from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .files import copy, save

#: Two fp32 graphs of one model differ by rounding; a mask that was misread differs by far more.
SAME = 1e-3

Feed = Mapping[str, np.ndarray]


def fuse(source: Path, target: Path, feeds: Sequence[Feed]) -> dict[str, int]:
    """Write the fused graph of `source` to `target`; return how many operations of each kind it got.

    feeds: batches that both graphs answer, with padded rows among them. The boldest rewriting that answers the same is
    taken; where none does, the graph stays as it was, and nothing is returned.
    """
    wanted = answers(source, feeds)
    for boldness in (2, 1, 0):
        with contextlib.suppress(Exception):  # a rewriting rule that stumbles over a graph is no reason to fail
            counts = _write(source, target, boldness)
            if apart(wanted, answers(target, feeds)) <= SAME:
                return counts
    copy(source, target)
    return {}


def _write(source: Path, target: Path, boldness: int) -> dict[str, int]:
    """Write with attention as it was found (0), with the mask of padding (1), as ONNX's own operation (2)."""
    import onnx_ir as ir

    from . import attention as onnx_attention

    model = ir.load(source)
    counts = rewritten(model)
    if boldness == 2:
        onnx_attention.standard(model)
    elif boldness == 1:
        onnx_attention.mask_keys(model)
    _keep_sums(model)
    save(model, target)
    return {name: count for name, count in counts.items() if count}


def rewritten(model: Any) -> dict[str, int]:
    """Apply onnxscript's fusions for onnxruntime to an onnx_ir model, those that pay on a processor.

    Left out, for they are slower there than what they replace (4096 tokens of width 384, one thread): SkipLayerNormalization
    7.9 ms against 1.9 for a sum and a LayerNormalization; Attention in int8 58 ms against 38 for one matrix product each
    and MultiHeadAttention; BiasGelu, since an int8 product adds its bias on the way.
    """
    from onnxscript.optimizer import optimize
    from onnxscript.rewriter.ort_fusions import _core as rules

    with _quiet():
        model = rules._pre_optimize(model)
        steps: list[tuple[str, Callable[..., int]]] = [
            ("gelu", rules.fuse_erfgelu),
            ("rms_normalization", rules.fuse_rms_normalization),
            ("rotary_embedding", rules.fuse_rotary_embedding),
            ("cos_sin_cache", rules.fuse_cos_sin_cache),
        ]
        counts = {name: step(model) for name, step in steps}
        counts["sdpa"] = rules.fuse_sdpa(model, apply_shape_inference=True)
        counts["attention"] = rules.fuse_mha1(model) + rules.fuse_mha2(model)
        rules.fuse_mha_scale(model)
        counts["tanh_gelu"] = rules.fuse_gelu(model)
        rules.replace_sdpa_by_mha(model)
        optimize(model)
    return counts


def _keep_sums(model: Any) -> None:
    """Write the sum before a LayerNormalization as Sum: onnxruntime makes one slow operation of Add and LayerNormalization."""
    for node in model.graph:
        if node.op_type == "LayerNormalization" and not node.domain:
            before = node.inputs[0].producer()
            if before is not None and before.op_type == "Add" and not before.domain:
                before.op_type = "Sum"


def answers(graph: Path, feeds: Sequence[Feed]) -> list[list[np.ndarray]]:
    """Return every output of an ONNX file for every batch that has its inputs."""
    from .run import session

    opened = session(graph)
    names = [value.name for value in opened.get_inputs()]
    return [opened.run(None, {name: feed[name] for name in names}) for feed in feeds if set(names) <= set(feed)]


def apart(wanted: list[list[np.ndarray]], found: list[list[np.ndarray]]) -> float:
    """Return the largest difference of any output, over the largest value of that output where it is above 1."""
    largest = 0.0
    for one, other in zip(wanted, found, strict=True):
        for a, b in zip(one, other, strict=True):
            scale = max(1.0, float(np.abs(a).max(initial=0.0)))
            largest = max(largest, float(np.abs(a.astype(np.float32) - b).max(initial=0.0)) / scale)
    return largest if np.isfinite(largest) else float("inf")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the rewriter says to its developers to itself."""
    import logging

    loggers = [logging.getLogger(name) for name in ("onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

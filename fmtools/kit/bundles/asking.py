"""How the server of a bundle is asked for something: a request that its model answers, for README.md and the load test."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

#: Sizes of free axes in a request by tensors: a language model reads four tokens after one (the server takes no empty tensor).
_SIZES = {"batch": 1, "length": 4, "past": 1, "total": 5, "source": 4}
_TEXTS = {
    "fill-mask": "The weather is ___ today.",
    "text-generation": "Once upon a time",
    "summarization": "The letter was written by Anna on a Monday. It was long, and nobody read it to its end.",
    "token-classification": "Anna Smith moved from Paris to Berlin.",
    "translation": "The letter was written on a Monday.",
}
_TYPES = {"tensor(int64)": "INT64", "tensor(int32)": "INT32", "tensor(float)": "FP32", "tensor(bool)": "BOOL"}


def request(card: dict[str, Any], name: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return (path, body) of a request to the server of a model; `card` is its fmtools.json, `folder` holds its files."""
    task = card["task"]
    if task == "question-answering":
        return "/predict", {"question": "Who wrote it?", "context": "The letter was written by Anna on a Monday."}
    if task == "sentence-similarity":
        return "/v1/embeddings", {"input": ["a first text", "a second text"]}
    if task in ("text-classification", *_TEXTS):
        body = {"text": _TEXTS.get(task, "a text to predict")}
        return "/predict", {**body, "pair": "another text"} if card.get("pair") else body
    return f"/v2/models/{name}/infer", {"inputs": _tensors(card, folder)}


def _tensors(card: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    from ..onnx import run as onnx_run

    found = []
    for one in onnx_run.session(folder / card["files"]["model"]).get_inputs():
        axes = card["inputs"].get(one.name, [])
        shape = [
            size if isinstance(size, int) else _SIZES.get(axis, 1) for size, axis in zip(one.shape, axes, strict=True)
        ]
        value: Any = {"FP32": 1.0, "BOOL": True}.get(_TYPES.get(one.type, ""), 1)
        data = [value] * math.prod(shape)
        found.append({"name": one.name, "shape": shape, "datatype": _TYPES.get(one.type, "INT64"), "data": data})
    return found

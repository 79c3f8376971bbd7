"""torchao's int8 (dynamic activations, int8 weights) of a BERT-like encoder, over torch eager: python onnx_torchao.py MODEL SHAPES."""

from __future__ import annotations

import copy
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_
from transformers import BertConfig, BertModel


def main(folder: str, shapes: str) -> None:
    """Print [[batch, length, eager over torchao], ...]."""
    torch.set_num_threads(1)
    said = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    own = said.get("encoder", said)
    model = BertModel(BertConfig(**{k: v for k, v in own.items() if k in BertConfig().to_dict()})).eval()
    small = copy.deepcopy(model)
    quantize_(small, Int8DynamicActivationInt8WeightConfig())
    found = []
    for batch, length in json.loads(shapes):
        ids = torch.randint(5, 1000, (batch, length))
        taken: dict[str, list[float]] = {"eager": [], "int8": []}
        for turn in range(12):
            for name, one in (("eager", model), ("int8", small)):
                began = time.thread_time()
                _ask(one, ids)
                if turn:
                    taken[name].append(time.thread_time() - began)
        found.append([batch, length, median(taken["eager"]) / median(taken["int8"])])
    print(json.dumps(found))


def _ask(model: Any, ids: torch.Tensor) -> None:
    with torch.inference_mode():
        model(input_ids=ids, attention_mask=torch.ones_like(ids))


if __name__ == "__main__":
    main(*sys.argv[1:])

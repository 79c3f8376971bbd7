"""NNCF's int8 of an ONNX file (static scales, made for transformers): python onnx_nncf.py MODEL FEEDS TARGET.

FEEDS: a folder with a batch a file, numpy's npz, an array an input of the model.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nncf
import numpy as np
import onnx


def main(model: str, feeds: str, target: str) -> None:
    """Quantize with NNCF's defaults for transformers, calibrated on every batch."""
    batches = [dict(np.load(path)) for path in sorted(Path(feeds).glob("*.npz"))]
    small = nncf.quantize(
        onnx.load(model), nncf.Dataset(batches), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(batches)
    )
    onnx.save(small, target)


if __name__ == "__main__":
    main(*sys.argv[1:])

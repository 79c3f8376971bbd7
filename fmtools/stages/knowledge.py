"""What a knowledge base asks of a model, in the worker: vectors of texts."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=2)
def _encoder(folder: str, stamp: int) -> Any:
    """Load a sentence encoder, or an encoder with the pooling it was trained with; `stamp` changes when it is replaced."""
    from ..core.options import TrainOptions
    from ..kit.models import similarity

    del stamp
    options = TrainOptions.parse({"task": "sentence-similarity", "data": "-", "max_length": 512})
    return similarity.build(folder, [], options).eval()


def vectors(folder: str, texts: list[str], asks: bool) -> dict[str, Any]:
    """Return {"width", "data"}: data is base64 of float32 unit vectors [texts, width], behind the model's prompt of that side.

    Passages, of which there are many, are read in bfloat16 where the processor computes it natively.
    """
    import numpy as np
    import torch

    from ..kit.machine import precision
    from ..kit.models import similarity

    model = _encoder(folder, Path(folder).stat().st_mtime_ns)
    with torch.autocast(model.device.type, torch.bfloat16, enabled=not asks and precision.native_bf16()):
        found = similarity.embed(model, texts, similarity.ASKING if asks else similarity.FOUND)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)  # bfloat16 leaves the length a little off
    return {"width": int(found.shape[1]), "data": base64.b64encode(found.tobytes()).decode()}

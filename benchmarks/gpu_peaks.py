"""What a card can compute at most in bfloat16, and how much of that a training of a GPT uses."""

from __future__ import annotations

import time
from typing import Any

#: Dense bfloat16 with float32 sums, in TFLOP/s, from the makers' data sheets. The longest name that fits counts.
PEAKS = {
    "A100": 312.0,
    "A30": 165.0,
    "A40": 149.7,
    "RTX A6000": 154.8,
    "L4": 121.0,
    "L40": 181.0,
    "L40S": 362.0,
    "H100": 989.4,
    "H100 PCIe": 756.0,
    "H100 NVL": 835.0,
    "H200": 989.4,
    "H200 NVL": 835.0,
    "GH200": 989.4,
    "B200": 2250.0,
    "GeForce RTX 3090": 71.0,
    "GeForce RTX 4090": 165.2,
}


def known(name: str) -> float | None:
    """Return the peak of a card in FLOP/s; None for one that is not in the list."""
    words = f" {name.replace('-', ' ')} "
    fits = [card for card in PEAKS if f" {card} " in words]
    return 1e12 * PEAKS[max(fits, key=len)] if fits else None


def measured(device: str, size: int, times: int = 20) -> float:
    """Return the FLOP/s of bfloat16 products of two [size, size] matrices, the best of `times`."""
    import torch

    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        product = left @ right
        _wait(device)
        best = min(best, time.perf_counter() - began)
    del product
    return 2.0 * size**3 / best


def of(device: str, size: int) -> tuple[float, str]:
    """Return (the peak in FLOP/s, where it comes from)."""
    import torch

    if device == "cuda" and (listed := known(torch.cuda.get_device_name())) is not None:
        return listed, "data sheet"
    return measured(device, size), "measured with a matrix product"


def flops_a_token(parameters: int, layers: int, width: int, length: int) -> float:
    """Return the operations that a training step takes a token: 6 a parameter (positions left out), and attention's.

    Forward and backward, as PaLM (appendix B) and nanoGPT count them; attention is counted whole, not as causal.
    """
    return 6.0 * parameters + 12.0 * layers * width * length


def _wait(device: str) -> Any:
    import torch

    return torch.cuda.synchronize() if device == "cuda" else None

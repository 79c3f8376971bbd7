"""Which number format to train in, from what the processor computes natively."""

from __future__ import annotations

import torch


def native_bf16() -> bool:
    """Say whether bfloat16 products run in hardware: a GPU that supports them, or a CPU with AMX or AVX512-BF16.

    Elsewhere bfloat16 is emulated and slower than float32.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(check() for name in checks if (check := getattr(torch.cpu, name, None)) is not None)


def chosen_precision(wanted: str) -> str:
    """Return "bf16" or "fp32" for the option's value."""
    return ("bf16" if native_bf16() else "fp32") if wanted == "auto" else wanted

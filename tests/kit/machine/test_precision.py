"""The number format follows from the processor, unless the user names one."""

from __future__ import annotations

import pytest
import torch

from fmtools.kit.machine import precision


@pytest.mark.parametrize(("native", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_auto_takes_what_the_processor_computes(monkeypatch: pytest.MonkeyPatch, native: bool, chosen: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for check in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.setattr(torch.cpu, check, lambda: native, raising=False)
    assert precision.chosen_precision("auto") == chosen
    assert precision.chosen_precision("fp32") == "fp32"
    assert precision.chosen_precision("bf16") == "bf16"


def test_a_torch_that_cannot_tell_means_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for check in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.delattr(torch.cpu, check, raising=False)
    assert precision.native_bf16() is False

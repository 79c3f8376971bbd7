"""`python -m benchmarks gpu`: whole in miniature on the processor, silent without a card, and its arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import gpu as bench
from benchmarks import gpu_peaks
from benchmarks.__main__ import main
from fmtools.core.errors import DataError
from fmtools.runtime import launch


@pytest.mark.slow
def test_a_tiny_gpt_is_measured_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        launch.load(bench.DATA)
    except DataError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("FMTOOLS_BENCH_DEVICE", "cpu")
    assert main(["gpu", "--quick", "--results", str(tmp_path)]) == 0, capsys.readouterr().err
    figures = {f["name"]: f for f in json.loads((tmp_path / "gpu-quick.json").read_text())["figures"]}
    assert figures["parameters apart"]["value"] == 0  # both train the same model
    for side in ("fmtools", "bare loop"):
        assert figures[f"tokens a second, {side}"]["value"] > 0
        assert 0 < figures[f"share of the card's peak, {side}"]["value"] < 1
    ratio = figures["tokens a second, fmtools"]["value"] / figures["tokens a second, bare loop"]["value"]
    assert figures["speed over the bare loop's"]["value"] == pytest.approx(ratio)


def test_without_a_card_one_sentence_and_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FMTOOLS_BENCH_DEVICE", raising=False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["gpu", "--results", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("There is no card here (torch.cuda): nothing was measured.\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "teraflops"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4),
        ("NVIDIA H100 PCIe", 756.0),
        ("NVIDIA A100-SXM4-40GB", 312.0),
        ("NVIDIA L4", 121.0),
        ("NVIDIA L40S", 362.0),
        ("NVIDIA GeForce RTX 4090", 165.2),
    ],
)
def test_peaks_are_found_by_a_card_s_name(name: str, teraflops: float) -> None:
    assert gpu_peaks.known(name) == pytest.approx(teraflops * 1e12)


def test_an_unknown_card_is_measured() -> None:
    assert gpu_peaks.known("Tesla T4") is None
    peak, source = gpu_peaks.of("cpu", 128)
    assert peak > 0
    assert source.startswith("measured")


def test_the_operations_of_gpt_2() -> None:
    # nanoGPT's estimate_mfu for GPT-2 124M with blocks of 1024: 6 * 123.6e6 + 12 * 12 * 12 * 64 * 1024.
    assert gpu_peaks.flops_a_token(123_587_328, 12, 768, 1024) == pytest.approx(854.77e6, rel=1e-4)

"""What scoring takes, from some of the rows: exact where the cost is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fmtools.kit.cost import scoring


def test_a_few_very_long_rows_count(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = np.random.default_rng(0).lognormal(5, 1, 2000).astype(int) + 1
    rows = pa.table({"text": ["x" * int(size) for size in sizes]})
    spent: list[float] = []

    def timed(score: Any, some: pa.Table) -> list[float]:
        spent.append(0.3 + 1e-4 * sum(map(len, some["text"].to_pylist())))
        return [spent[-1], 2 * spent[-1]]

    monkeypatch.setattr(scoring, "_timed", timed)
    once, a_row = scoring.rows_scored(lambda some: None, rows)
    truth = timed(None, rows)
    found = [one + 2000 * each for one, each in zip(once, a_row, strict=True)]
    assert found == pytest.approx(truth, rel=0.1)


def test_few_rows_are_timed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def timed(score: Any, some: pa.Table) -> list[float]:
        asked.append(some.num_rows)
        return [0.02, 0.04]

    monkeypatch.setattr(scoring, "_timed", timed)
    assert scoring.rows_scored(lambda some: None, pa.table({"text": ["a"] * 10})) == ([0.0, 0.0], [0.002, 0.004])
    assert asked == [10]

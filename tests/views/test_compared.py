"""What a comparison says: the verdict in words, figures the right way round, everything escaped."""

from __future__ import annotations

from typing import Any

import pytest

from fmtools.views import compared, language

TEST = {
    "better": "b", "worse": "a", "metric": "accuracy", "values": [0.912, 0.9], "difference": 0.012, "low": 0.003, "high": 0.021,
    "p": 0.0098, "p_alone": 0.0098, "test": "McNemar", "rows": 1076, "unit": "texts", "points": 100.0, "only": (30, 17), "tests": 1,
}  # fmt: skip
PARTS: dict[str, Any] = {
    "options": {"learning_rate": [1e-3, 1e-5], "packing": [True, None], "watch": [["<i>"], []]},
    "metrics": {"accuracy": [0.9, 0.912], "loss": [0.3, 0.4]},
    "versions": {"torch": ["2.12", "2.13"]},
    "significance": {"tests": [TEST], "said": []},
}


def test_a_verdict_is_one_plain_sentence() -> None:
    assert compared.sentence(TEST) == (
        "b is better than a by 1.2 points of accuracy (95 % interval 0.3 to 2.1, p = 0.0098, n = 1,076 texts)."
    )
    unsure = {**TEST, "p": 0.3, "low": -0.004, "tests": 3}
    assert compared.sentence(unsure) == (
        "No difference between b and a can be told from 1,076 texts: 1.2 points of accuracy "
        "(95 % interval -0.4 to 2.1, p = 0.3, corrected for 3 tests)."
    )
    lower = {**TEST, "metric": "perplexity", "points": 0.0, "difference": -3.5, "low": -5.0, "high": -2.0, "p": 1e-5}
    assert compared.sentence(lower).startswith(
        "b is better than a by 3.5 in perplexity (95 % interval 2.0 to 5.0, p < 0"
    )


def test_chinese_verdicts_keep_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_chinese", lambda: True)
    for test in (TEST, {**TEST, "p": 0.3}):
        said = compared.sentence(test)
        assert "{" not in said
        assert all(figure in said for figure in ("1.2", "0.3", "2.1", "1,076", "条文本"))
        assert "interval" not in said


def test_tables_line_up_and_html_escapes() -> None:
    text = compared.text(["a", "<b>"], PARTS)
    lines = text.splitlines()
    assert len({len(line) for line in lines[:7]}) == 1
    assert "learning_rate" in text
    assert "1e-05" in text
    html = compared.html(["a", "<b>"], PARTS, {"loss": [([1, 2], [3.0, 1.0]), ([1, 2], [2.0, 2.0])]})
    assert "<b>0.9120</b>" in html  # the higher accuracy
    assert "<b>0.3000</b>" in html  # the lower loss
    assert "&lt;b&gt;" in html
    assert "<i>" not in html
    assert html.count("<polyline") == 2

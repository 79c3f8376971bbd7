"""A forecast in words."""

from __future__ import annotations

import pytest

from fmtools.core.wire import Forecast
from fmtools.views.forecast import card_html, html, line, text

SAID = Forecast(
    seconds=125, peak_bytes=1_100_000_000, disk_bytes=300_000_000, free_bytes=2 * 10**9, free_disk_bytes=10**10
)


def test_the_line_of_the_card() -> None:
    assert line(SAID) == "about 2:05, 1.1 GB, 0.3 GB on disk"
    assert "about 2:05" in card_html(SAID)
    assert card_html(None) == ""


def test_what_does_not_fit_is_red_and_advice_is_said() -> None:
    short = SAID.model_copy(update={"fits": False, "advice": ["--batch-size 8: 0.9 GB <b>"]})
    assert "#c62828" in card_html(short)
    assert "It does not fit." in text(short, {})
    assert "0.9 GB &lt;b&gt;" in html(short, {"training": 100.0})


def test_the_parts_of_the_time_are_a_table() -> None:
    assert "1:40" in html(SAID, {"training": 100.0, "saving": 0.1})
    assert "saving" not in text(SAID, {"training": 100.0, "saving": 0.1})


def test_it_speaks_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    from fmtools.views import language

    monkeypatch.setattr(language, "_chinese", lambda: True)
    assert line(SAID) == "约 2:05, 1.1 GB, 0.3 GB 磁盘"

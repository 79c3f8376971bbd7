"""A search as a cell's output: every text escaped, a picture for one goal and for two, the best first."""

from __future__ import annotations

from typing import Any

import pytest

from fmtools.core.options.space import Dimension
from fmtools.core.search import Goal, SearchRecord, SearchState, TrialState, front
from fmtools.views import search
from fmtools.views.search_pictures import search_png

SPACE = [
    Dimension(name="learning_rate", low=1e-5, high=1e-3, log=True),
    Dimension(name="batch_size", choices=[8, 16]),
    Dimension(name="epochs", low=1, high=5, whole=True),
]


def made(goals: list[Goal], **facts: Any) -> tuple[SearchRecord, SearchState]:
    record = SearchRecord(id="X", name="<b>mine</b>", created=0.0, space=SPACE, goals=goals, trials=5, **facts)
    trials = [
        TrialState(
            number=i,
            state="done",
            options={"learning_rate": 10 ** (-5 + i / 2), "batch_size": (8, 16)[i % 2], "epochs": 1 + i},
            values=[0.5 + (0.1 * i if i < 3 else 0.0), 30.0 - i][: len(goals)],
            run=f"RUN{i}",
            name=f"mine/trial-{i}",
        )
        for i in range(4)
    ]
    trials.append(TrialState(number=4, state="failed", options=trials[0].options, cause="<script>no</script>"))
    return record, SearchState(status="running", trials=trials, best=front(trials, goals), wanted=5, elapsed=65.0)


def test_the_best_stands_first_and_texts_are_escaped() -> None:
    record, state = made([Goal(name="accuracy")])
    html, text = search.html(record, state), search.text(record, state)
    assert "<script>" not in html
    assert "<b>mine" not in html
    assert "&lt;script&gt;" in html
    assert state.best == [2]
    assert [trial.number for trial in search.shown(state)] == [2, 4, 3, 1, 0]
    assert "best accuracy 0.7000 (trial 2)" in text
    assert "trials 5/5" in text
    assert "elapsed 1:05" in text


def test_what_was_won_is_said_only_when_the_first_trial_was_as_the_options_stand() -> None:
    record, state = made([Goal(name="accuracy")])
    assert search.gained(record, state) == ""
    same = record.model_copy(update={"defaults": state.trials[0].options})
    assert search.gained(same, state) == "the options as they stand: accuracy 0.5000"


@pytest.mark.parametrize("goals", [1, 2])
def test_pictures(goals: int) -> None:
    record, state = made([Goal(name="accuracy"), Goal(name="seconds", lower=True)][:goals])
    empty = search_png(record, SearchState())
    state.importance = {"learning_rate": 0.75, "batch_size": 0.25}
    full = search_png(record, state)
    assert empty[:4] == full[:4] == b"\x89PNG"
    assert len(full) > len(empty)


def test_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    from fmtools.views import language

    monkeypatch.setenv("FMTOOLS_LANG", "zh")
    language._chinese.cache_clear()
    try:
        record, state = made([Goal(name="accuracy")])
        assert "试验 5/5" in search.progress(record, state)
    finally:
        monkeypatch.undo()
        language._chinese.cache_clear()

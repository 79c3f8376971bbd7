"""What a sequence of events means: points, marks, generations, speeds, and what is passed over."""

from __future__ import annotations

import math
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.core.wire import Increment
from fmtools.views.curve import Curve, thin
from fmtools.views.reduce import Reducer, load

RECORD = {"id": "01J0000000000000000000000A", "name": "tiny", "task": "t", "model": "m", "data": "d", "created": 5.0}
NAN = float("nan")


def build(events: list[dict[str, Any]], record: dict[str, Any] = RECORD) -> Reducer:
    """Number the events from 1, one second apart, and feed them."""
    reducer = Reducer(record)
    reducer.feed({"seq": i, "t": 100.0 + i, "attempt": 1, **event} for i, event in enumerate(events, 1))
    return reducer


def step(n: int, loss: Any = 1.0, **more: Any) -> dict[str, Any]:
    return {"type": "step", "step": n, "epoch": n / 10, "loss": loss, "learning_rate": 0.1, **more}


def status(word: str, **more: Any) -> dict[str, Any]:
    return {"type": "status", "status": word, **more}


def whole(reducer: Reducer, since: int = 0, generation: int | None = None, **more: Any) -> Increment:
    return reducer.increment(since, generation, alive=True, now=200.0, **more)


def values(increment: Increment, series: str) -> list[tuple[int, float]]:
    return [(p.step, p.value) for p in increment.points if p.series == series]


def test_curves_of_every_kind() -> None:
    events = [
        step(1, 2.0, grad_norm=0.5),
        step(2, "NaN"),
        {
            "type": "eval",
            "step": 2,
            "epoch": 0.2,
            "split": "validation",
            "metrics": {"accuracy": 0.5, "f1_macro": "NaN"},
        },
        {"type": "eval", "step": 2, "epoch": 0.2, "split": "test", "metrics": {"accuracy": 0.25}},
    ]
    got = whole(build(events))
    assert values(got, "loss")[0] == (1, 2.0)
    assert values(got, "loss")[1][0] == 2
    assert math.isnan(values(got, "loss")[1][1])
    assert values(got, "learning_rate") == [(1, 0.1), (2, 0.1)]
    assert values(got, "grad_norm") == [(1, 0.5)]
    assert values(got, "validation/accuracy") == [(2, 0.5)]
    assert math.isnan(values(got, "validation/f1_macro")[0][1])
    assert values(got, "test/accuracy") == [(2, 0.25)]
    assert (got.head.metrics, got.head.metrics_split) == ({"accuracy": 0.25}, "test")
    assert '"value":"NaN"' in got.model_dump_json()
    assert math.isnan(got.head.loss or 0)


def test_increments_add_up_to_the_whole() -> None:
    """Whoever asks at any moment, with any history of answers, holds each point once."""
    events = [status("running", from_step=0), *(step(n, 1 / n) for n in range(1, 60))]
    rng = random.Random(3)
    for _ in range(20):
        reducer, held, since = Reducer(RECORD), [], 0
        for i, event in enumerate(events, 1):
            reducer.feed([{"seq": i, "t": float(i), "attempt": 1, **event}])
            if rng.random() < 0.3 or i == len(events):
                got = whole(reducer, since, 0)
                assert got.since == since
                held += values(got, "loss")
                since = got.last_seq
        assert held == [(n, 1 / n) for n in range(1, 60)]


def test_an_increment_holds_what_is_new_and_nothing_else() -> None:
    attention = {"type": "attention", "probe": 0, "text": "你好", "tokens": ["你", "好"], "layers": 1, "heads": 2}
    events = [
        step(1),
        {**attention, "step": 1, "file": "f", "offset": 0, "length": 8},
        {"type": "notice", "text": "a guess", "level": "warning"},
        {"type": "checkpoint", "step": 1, "bytes": 91_200_000, "seconds": 0.1},
        step(2),
        {**attention, "step": 2, "file": "f", "offset": 8, "length": 8},
        {"type": "control", "step": 2, "action": "set_learning_rate", "value": 0.001, "by": "lab"},
    ]
    reducer = build(events)
    everything, later = whole(reducer), whole(reducer, 4, 0)
    assert [f.seq for f in everything.frames] == [2, 6]
    assert everything.probes[0].tokens == ["你", "好"]
    assert [n.level for n in everything.notices] == ["warning"]
    assert [m.text for m in everything.marks] == ["Checkpoint, 91.2 MB.", "Learning rate set to 0.001 in the lab."]
    assert [f.seq for f in later.frames] == [6]
    assert (later.probes, later.notices) == ([], [])  # the probe is the one that the client holds
    assert [m.kind for m in later.marks] == ["set_learning_rate"]
    assert values(later, "loss") == [(2, 1.0)]
    last = whole(reducer, 7, 0)
    assert (last.points, last.marks, last.frames, last.since, last.last_seq) == ([], [], [], 7, 7)


def test_a_resume_drops_what_is_no_longer_true() -> None:
    first = [status("running", from_step=0), *(step(n) for n in range(1, 9))]
    first.insert(5, {"type": "checkpoint", "step": 4, "bytes": 10, "seconds": 0.1})
    first.append({"type": "eval", "step": 8, "epoch": 1.0, "split": "validation", "metrics": {"accuracy": 0.9}})
    reducer = build(first)
    assert whole(reducer).generation == 0
    second = [status("running", from_step=4), step(5, 5.0), step(6, 6.0)]
    reducer.feed({"seq": 20 + i, "t": 1000.0 + i, "attempt": 2, **event} for i, event in enumerate(second))
    got = whole(reducer, 11, 0)
    assert (got.generation, got.since) == (1, 0)
    assert values(got, "loss") == [(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (5, 5.0), (6, 6.0)]
    assert values(got, "validation/accuracy") == []
    assert got.head.metrics == {}
    assert [(m.kind, m.step) for m in got.marks] == [("checkpoint", 4), ("resume", 4)]
    assert (got.head.attempt, got.head.step) == (2, 6)
    assert whole(reducer, 22, 1).since == 22


def test_a_resume_from_the_last_point_keeps_the_generation() -> None:
    reducer = build([status("running", from_step=0), step(1), step(2)])
    reducer.feed([{"seq": 4, "t": 1000.0, "attempt": 2, **status("running", from_step=2)}])
    got = whole(reducer, 3, 0)
    assert (got.generation, got.since, [m.kind for m in got.marks]) == (0, 3, ["resume"])


def test_the_state_does_not_depend_on_how_often_it_was_looked_at() -> None:
    first = [{"seq": i, "t": float(i), "attempt": 1, **step(i)} for i in range(1, 30)]
    stale = [{"seq": i, "t": float(i), "attempt": 1, **step(i, 9.0)} for i in range(30, 40)]
    second = [{"seq": 30, "t": 50.0, "attempt": 2, **status("running", from_step=12)}]
    second += [{"seq": 18 + i, "t": 40.0 + i, "attempt": 2, **step(i, 0.5)} for i in range(13, 25)]
    # A worker thought dead goes on writing (its machine was away): seen in time, late, or after a restart.
    orders = [first + stale + second, first + second + stale, sorted(first + stale + second, key=lambda r: r["seq"])]
    states = []
    for records in orders:
        reducer = Reducer(RECORD)
        for record in records:
            reducer.feed([record])
        states.append(values(whole(reducer), "loss"))
        assert whole(reducer, 29, 0).since == 0
        assert whole(reducer).last_seq == 42
    assert states[0] == states[1] == states[2] == [(i, 1.0 if i < 13 else 0.5) for i in range(1, 25)]


def test_since_from_a_future_that_is_gone_is_answered_from_the_start() -> None:
    assert whole(build([step(1)]), 99, 0).since == 0


def test_dead_workers_are_interrupted_and_the_living_are_not() -> None:
    reducer = build(
        [status("running", from_step=0), step(3), {"type": "checkpoint", "step": 2, "bytes": 1, "seconds": 0.0}]
    )
    dead, living = reducer.head(False, 200.0), reducer.head(True, 200.0)
    assert (dead.status, living.status) == ("interrupted", "running")
    assert "%fm_resume" in dead.message
    assert "step 2" in dead.message
    assert dead.eta_seconds is None
    for word in ("paused", "queued"):
        assert build([status(word)]).head(False, 200.0).status == "interrupted"
    for word in ("done", "failed", "stopped", "interrupted"):
        assert build([status(word)]).head(False, 200.0).status == word
    assert build([]).head(False, 200.0).status == "interrupted"
    assert build([]).head(True, 200.0).status == "queued"


def test_speed_and_time_left_come_from_steps_not_from_the_clock() -> None:
    plan = {"type": "plan", "total_steps": 100, "epochs": 2.0, "batch_size": 8, "rows": {"train": 400}, "parameters": 7}
    fast = {"samples": 8, "tokens": 80, "seconds": 0.5}
    events = [plan, *(step(n, **fast) for n in range(1, 11))]
    head = build(events).head(True, 9_000.0)  # paused for hours: the time left does not grow
    assert head.samples_per_second == pytest.approx(16)
    assert head.tokens_per_second == pytest.approx(160)
    assert head.eta_seconds == pytest.approx(45)
    assert (head.total_steps, head.rows, head.parameters) == (100, {"train": 400}, 7)


def test_elapsed_leaves_out_the_time_between_attempts_and_is_never_negative() -> None:
    reducer = build([status("running", from_step=0), step(1), step(2)])  # t = 101 ... 103
    reducer.feed([{"seq": 9, "t": 5_000.0, "attempt": 2, **status("running", from_step=2)}])
    reducer.feed([{"seq": 10, "t": 5_004.0, "attempt": 2, **step(3)}])
    assert reducer.head(False, 9_999.0).elapsed_seconds == pytest.approx(2 + 4)
    assert reducer.head(True, 5_010.0).elapsed_seconds == pytest.approx(2 + 10)
    assert reducer.head(True, 0.0).elapsed_seconds == pytest.approx(2 + 4)  # the clock was set back
    back = build([{**step(1), "t": 500.0}, {**step(2), "t": 100.0}])
    assert back.head(False, 0.0).elapsed_seconds >= 0


def test_errors_are_said_and_forgotten_by_the_next_attempt() -> None:
    reducer = build([{"type": "error", "cause": "No memory.", "cure": "Smaller batches."}, status("failed")])
    assert reducer.head(False, 200.0).error == "No memory. Smaller batches."
    reducer.feed([{"seq": 3, "t": 300.0, "attempt": 2, **status("running", from_step=0)}])
    assert reducer.head(True, 300.0).error == ""


def test_result_comes_once_and_goes_when_training_went_back() -> None:
    result = {
        "type": "result",
        "split": "test",
        "metrics": {"accuracy": 1.0},
        "report": {"a": 1},
        "confusion": {"b": 2},
    }
    reducer = build([step(5), result])
    assert (whole(reducer).report, whole(reducer).confusion) == ({"a": 1}, {"b": 2})
    assert whole(reducer, 2, 0).report == {}
    reducer.feed([{"seq": 3, "t": 1.0, "attempt": 2, **status("running", from_step=3)}])
    got = whole(reducer, 2, 0)
    assert (got.generation, got.report, got.head.metrics) == (1, {}, {})


def test_notices_of_the_record_come_first_and_once() -> None:
    record = {**RECORD, "notices": ["Text column: a (guessed)."]}
    said = [{"type": "notice", "text": "Text column: a (guessed)."}, {"type": "notice", "text": "more"}]
    got = whole(build(said, record))
    assert [n.text for n in got.notices] == ["Text column: a (guessed).", "more"]
    assert [n.text for n in whole(build(said, record), 1, 0).notices] == ["more"]


def test_unknown_and_malformed_records_hide_no_others() -> None:
    bad: list[Any] = [
        {"type": "hologram", "x": 1},
        step(1, None),
        step(1, "nonsense"),
        {**step(1), "step": "1"},
        {**step(1), "step": 2**70},
        {**step(1), "step": True},
        {**step(1), "t": "late"},
        {"type": "eval", "step": 1, "split": "v", "metrics": ["no"]},
        {"type": "eval", "step": 1, "split": "v", "metrics": {"a": [1], "b": {"c": 1}}},
        {"type": "attention", "step": 1, "probe": 0, "tokens": 5},
        {"type": ["list"]},
        status("dancing"),
        {"type": "plan", "total_steps": None},
        {"type": "result", "split": "s", "metrics": {}, "report": 5},
        {"type": "status", "status": {"a": 1}},
        {"type": "checkpoint", "step": 1, "bytes": float("inf")},
    ]
    reducer = build([*bad, step(7, 0.5)])
    reducer.feed([{"no": "seq"}, {"seq": "x"}, {"seq": 2**80, **step(1)}])  # type: ignore[list-item]
    got = whole(reducer)
    assert values(got, "loss")[-1] == (7, 0.5)
    assert got.last_seq == len(bad) + 1
    Increment.model_validate_json(got.model_dump_json())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORDS = "status phase plan notice step eval attention checkpoint control result artifact error"
TYPES = WORDS.split()
NAMES = "step loss epoch status from_step metrics split probe tokens layers heads text total_steps action value"
FIELDS = NAMES.split()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6), max_size=8), st.data())
def test_no_record_breaks_the_answer(bodies: list[dict[str, Any]], data: st.DataObject) -> None:
    records = [
        {"type": data.draw(st.sampled_from(TYPES)), "attempt": i // 3 + 1, **body} for i, body in enumerate(bodies)
    ]
    reducer = build([*records, {**step(1, 0.25), "attempt": 99}])
    got = whole(reducer)
    assert values(got, "loss")[-1] == (1, 0.25)
    Increment.model_validate_json(got.model_dump_json())


def test_summary_has_a_short_spark_line() -> None:
    row = build([step(n, float(n)) for n in range(1, 1000)]).summary(False, 200.0)
    assert len(row.spark) <= 40
    assert (row.spark[0], row.spark[-1]) == (1.0, 999.0)
    assert build([]).summary(True, 200.0).spark == []


@given(st.lists(st.floats(allow_nan=True), max_size=200), st.integers(2, 60))
def test_thinning_keeps_ends_and_extremes(numbers: list[float], limit: int) -> None:
    chosen = thin(numbers, limit)
    assert len(chosen) <= max(limit, 2)
    assert chosen == sorted(set(chosen))
    if numbers:
        assert (chosen[0], chosen[-1]) == (0, len(numbers) - 1)
    odd = [i for i in range(len(numbers)) if not math.isfinite(numbers[i])]
    if len(odd) <= limit - 2:
        assert set(odd) <= set(chosen)
    inner = [numbers[i] for i in range(1, len(numbers) - 1) if math.isfinite(numbers[i])]
    if inner and len(odd) <= limit - 4:
        assert {min(inner), max(inner)} <= {numbers[i] for i in chosen}


def test_a_thinned_increment_keeps_the_spike() -> None:
    reducer = build([step(n, 100.0 if n == 777 else 1.0) for n in range(1, 2000)])
    got = values(whole(reducer, max_points=50), "loss")
    assert len(got) <= 50
    assert (777, 100.0) in got


def test_curve_cut_keeps_order() -> None:
    curve = Curve()
    for i in range(10):
        curve.append(i + 1, i, float(i))
    curve.cut(5, 4)
    assert list(curve.seqs) == [1, 2, 3]


def test_load_reads_a_whole_run(make_run: Any) -> None:
    run = make_run([status("running", from_step=0), *(step(n) for n in range(1, 6)), status("done")])
    reducer = load(run)
    assert reducer.series("loss") == ([1, 2, 3, 4, 5], [1.0] * 5)
    assert reducer.status == "done"


def test_twenty_thousand_events_are_quick(capsys: pytest.CaptureFixture[str]) -> None:
    more = {"grad_norm": 1.0, "samples": 16, "tokens": 400, "seconds": 0.1}
    records = [{"seq": n, "t": float(n), "attempt": 1, **step(n, 1 / n, **more)} for n in range(1, 20_001)]
    reducer = Reducer(RECORD)
    start = time.perf_counter()
    reducer.feed(records)
    fed = time.perf_counter()
    whole(reducer, 19_990, 0)
    asked = time.perf_counter()
    text = whole(reducer).model_dump_json()
    done = time.perf_counter()
    with capsys.disabled():
        print(
            f"\n20,000 steps: fed in {(fed - start) * 1e3:.0f} ms, increment of 10 in {(asked - fed) * 1e3:.2f} ms, "
            f"everything as JSON ({len(text) / 1e6:.1f} MB) in {(done - asked) * 1e3:.0f} ms"
        )
    assert fed - start < 2.0  # a shared machine; alone it takes a tenth of this

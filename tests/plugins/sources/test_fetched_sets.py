"""The sets that `make assets` fetches: as many rows as their makers count, and no text in two splits."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fmtools.core import registry
from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError
from fmtools.kit.rows.split import text_key
from fmtools.stages.get import is_usable


def load(name: str) -> Dataset:
    source = next(s for s in registry.every("sources").values() if name in s.names)
    if not is_usable(source.asset):
        with pytest.raises(DataError, match=f"%fm_get {source.asset.name}"):
            source.load(name)
        pytest.skip(f"{name} was not fetched: make assets")
    data: Dataset = source.load(name)
    assert data.read == sum(data.rows.values()) + sum(data.dropped.values())
    assert data.task
    assert data.licence
    assert data.origin
    return data


def texts(data: Dataset, of: Any) -> dict[str, list[str]]:
    return {split: [text_key(of(row)) for row in table.to_pylist()] for split, table in data.splits.items()}


def apart(data: Dataset, of: Any) -> None:
    seen: dict[str, str] = {}
    for split, keys in texts(data, of).items():
        assert all(seen.setdefault(key, split) == split for key in keys)


def test_people_daily() -> None:
    data = load("people-daily")
    assert data.rows == {"train": 38_456, "validation": 4_668, "test": 4_468}
    tags = [tag for table in data.splits.values() for row in table["tags"].to_pylist() for tag in row]
    assert Counter(t[2:] for t in tags if t.startswith("B-")) == {"PER": 20_109, "LOC": 27_890, "ORG": 3_573}
    assert set(tags) == {"O", *(f"{p}-{e}" for p in "BI" for e in ("PER", "LOC", "ORG"))}
    first = data.splits["train"].slice(1, 1).to_pylist()[0]
    assert "".join(first["tokens"]) == "中共中央总书记、国家主席江泽民"
    assert first["tags"] == ["B-ORG", "I-ORG", "I-ORG", "I-ORG", *["O"] * 8, "B-PER", "I-PER", "I-PER"]
    assert all(len(r["tokens"]) == len(r["tags"]) for r in data.splits["test"].to_pylist())


def test_shop_reviews() -> None:
    data = load("shop-reviews")
    assert data.read == 16_548 + 18_575
    assert data.rows == {"train": 13_877, "validation": 1_749, "test": 1_735}
    apart(data, lambda row: row["text"])
    every = [key for keys in texts(data, lambda row: row["text"]).values() for key in keys]
    assert len(set(every)) == len(every)
    assert set(data.splits["test"]["label"].to_pylist()) == {"pos", "neg"}


def test_moby_dick() -> None:
    data = load("moby-dick")
    chapters = [name for table in data.splits.values() for name in table["chapter"].to_pylist()]
    assert chapters == ["etymology", "extracts", *(f"chapter {n}" for n in range(1, 136)), "epilogue"]
    words = sum(len(text.split()) for table in data.splits.values() for text in table["text"].to_pylist())
    assert 205_000 < words < 220_000
    assert data.splits["train"]["text"][2].as_py().startswith("CHAPTER 1. Loomings.\n\nCall me Ishmael.")


@pytest.mark.parametrize(("name", "rows"), [("dialogues", 2_026), ("dialogues-zh", 467)])
def test_dialogues(name: str, rows: int) -> None:
    data = load(name)
    assert sum(data.rows.values()) == rows
    apart(data, lambda row: row["messages"][0]["content"])
    for table in data.splits.values():
        for talk in table["messages"].to_pylist():
            assert [m["role"] for m in talk] == ["user", "assistant"] * (len(talk) // 2)
            assert all(m["content"] for m in talk)
    assert min(data.rows.values()) > 0.03 * rows


def test_faq_in_two_languages() -> None:
    english, chinese = load("faq"), load("faq-zh")
    assert english.rows == chinese.rows == {"all": 147}
    assert english.splits["all"]["id"].to_pylist() == chinese.splits["all"]["id"].to_pylist()
    assert "软件包" in " ".join(chinese.splits["all"]["answer"].to_pylist())
    assert not any("<" in q or "&amp;" in q for q in english.splits["all"]["question"].to_pylist())


def test_bible() -> None:
    data = load("bible")
    assert sum(data.rows.values()) == 30_630
    books = {split: {r.split(".")[0] for r in table["ref"].to_pylist()} for split, table in data.splits.items()}
    assert not books["train"] & books["test"]
    assert not books["validation"] & (books["train"] | books["test"])
    first = data.splits["train"].slice(0, 1).to_pylist()[0]
    assert first["source"] == "In the beginning, God created the heavens and the earth."
    assert first["target"] == "EN el principio crió Dios los cielos y la tierra."


@pytest.mark.parametrize(("language", "rows"), [("zh", 727), ("fr", 712), ("de", 673), ("es", 726), ("ja", 723)])
def test_ui_strings(language: str, rows: int) -> None:
    data = load(f"ui-strings-{language}")
    assert sum(data.rows.values()) == rows
    apart(data, lambda row: row["source"])

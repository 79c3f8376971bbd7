from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.core.errors import DataError
from fmtools.kit.words.synonyms import from_file
from fmtools.kit.words.wording import drop_words, half, join, pieces, replace_words, slips, swap_words


@given(st.text(max_size=60), st.floats(0.01, 1), st.integers(0, 99))
def test_changes_never_fail_and_pieces_are_the_text(text: str, rate: float, seed: int) -> None:
    assert "".join(pieces(text)) == text
    random = np.random.default_rng(seed)
    swapped = swap_words(text, rate, random)
    assert sorted(swapped) == sorted(text)
    assert len(pieces(drop_words(text, rate, random))) <= len(pieces(text))
    slips(text, rate, random)
    half(text, True)
    assert replace_words(text, {}, rate, random) == text


def test_words_go_one_at_least_and_never_all() -> None:
    random = np.random.default_rng(0)
    assert len(drop_words("turn on the lamp", 0.01, random).split()) == 3
    assert drop_words("lamp", 0.9, random) == "lamp"
    assert len(drop_words("打开厨房的灯", 0.2, random)) == 5


def test_digits_stay_in_slips() -> None:
    for seed in range(30):
        changed = slips("set 42 to 117 degrees", 0.3, np.random.default_rng(seed))
        assert "42" in changed
        assert "117" in changed


def test_phrases_chinese_words_and_capitals_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "syn.txt"
    path.write_text("# a comment\nturn on: switch on\nlamp, light\n打开：开启、启动\n", encoding="utf-8")
    known = from_file(path)
    assert known["lamp"] == ["light"]
    assert known["light"] == ["lamp"]
    assert "switch on" not in known
    random = np.random.default_rng(0)
    assert replace_words("Turn on the LAMP now", known, 1, random) == "Switch on the LIGHT now"
    assert replace_words("请打开灯", known, 1, random) in ("请开启灯", "请启动灯")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("a.txt", "big\n", "a.txt:1: 'big' names no synonyms"), ("a.json", "[1]", "does not map"), ("a.json", "{", "is not JSON"), ("a.txt", "", "has no synonyms")],
)  # fmt: skip
def test_broken_files_name_the_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        from_file(tmp_path / name)


def test_texts_are_joined_as_their_script_is() -> None:
    assert join("很好", "不错") == "很好不错"
    assert join("good", "bad") == "good bad"

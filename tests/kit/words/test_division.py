from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.kit.words.division import divide, division_of, join, spaced


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("John's U.S. office paid $1,000.5 (ok)!", ["John", "'s", "U.S.", "office", "paid", "$", "1,000.5", "(", "ok", ")", "!"]),
        ("state-of-the-art don't e-mail a@b.org", ["state-of-the-art", "don't", "e-mail", "a@b.org"]),
        ("在Berlin见到了李四。", ["在", "Berlin", "见", "到", "了", "李", "四", "。"]),
        ("Übermut à Łódź", ["Übermut", "à", "Łódź"]),
        ("서울에서 만났다", ["서울에서", "만났다"]),
        ("a_b _ 😀", ["a_b", "_", "😀"]),
        ("  \n\t", []),
    ],
)  # fmt: skip
def test_words(text: str, words: list[str]) -> None:
    assert [text[a:b] for a, b in divide(text)] == words


@given(st.text(max_size=40), st.sampled_from(["words", "characters"]))
def test_nothing_but_blanks_is_lost(text: str, how: str) -> None:
    spans = divide(text, how)  # type: ignore[arg-type]
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    covered = {place for a, b in spans for place in range(a, b)}
    assert all(character.isspace() for place, character in enumerate(text) if place not in covered)


def test_rows_of_characters_are_told_from_rows_of_words() -> None:
    assert division_of([list("北京大学的李明")] * 3) == "characters"
    assert division_of([["John", "lives", "in", "Paris"]]) == "words"
    assert division_of([["a", "b", "c"]]) == "words"


@given(st.lists(st.text("aé北ｘ.", min_size=1, max_size=3), max_size=8))
def test_joined_tokens_stand_where_it_says(tokens: list[str]) -> None:
    text, spans = join(tokens, "words")
    assert [text[a:b] for a, b in spans] == tokens


def test_blanks_stand_between_words_and_not_between_characters() -> None:
    assert join(["at", "北", "京", "x", "y"], "words")[0] == "at北京x y"
    assert spaced(["a", "b"], "characters") == [False, False]
    assert spaced([], "words") == []

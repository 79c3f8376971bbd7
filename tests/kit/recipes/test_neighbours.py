from __future__ import annotations

import itertools
import random

import pytest

from fmtools.kit.recipes.neighbours import groups, likeness, pieces, shared
from fmtools.kit.words.languages import code_of, language

WORDS = "alpha beta gamma delta the of and a product good bad price ship late house car red blue green".split()


def sentences(count: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choice(WORDS) for _ in range(chance.randint(4, 14))) for _ in range(count)]


@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.9])
def test_no_two_kept_texts_are_similar_and_each_dropped_one_is(threshold: float) -> None:
    texts = sentences(250)
    texts += [text + " x" for text in texts[:40]] + [text.upper() for text in texts[:10]]
    found = groups(texts, threshold)
    kept = [n for n, rival in enumerate(found) if rival is None]
    close = [
        (a, b) for a, b in itertools.combinations(kept, 2) if likeness(pieces(texts[a]), pieces(texts[b])) >= threshold
    ]
    assert len(close) <= 1  # one pair in some hundreds may be missed, none is made up
    for n, rival in enumerate(found):
        assert rival is None or likeness(pieces(texts[n]), pieces(texts[rival])) >= threshold
        assert rival is None or (rival < n and found[rival] is None)


def test_equal_texts_are_told_by_letters_not_by_case_or_blanks() -> None:
    assert groups(["A b", "a  B ", "a c", "你好"], 1.0) == [None, 0, None, None]
    assert shared(["a B", "x", "你 好"], ["A  b", "y", "你 好"], None) == [0, None, 2]


def test_chinese_texts_can_be_similar() -> None:
    one = "这个酒店的房间非常干净服务员也很热情下次还会再来"
    assert groups([one, one[:-1] + "住", "完全不同的一句话没有相同的地方"], 0.8) == [None, 0, None]


def test_similar_texts_in_another_set() -> None:
    held = sentences(60)
    texts = [*sentences(60, seed=9), held[7] + " x"]
    assert shared(texts, held, 0.85)[-1] == 7
    assert shared(texts, held, None)[-1] is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("turn on the lights in the kitchen please", "en"), ("打开", "zh"), ("ですね", "ja"), ("좋아요", "ko"), ("123 !", "unknown"), ("", "unknown"),
        ("Dieses Produkt ist leider gar nicht gut", "de"), ("Ce produit n'est pas du tout bon", "fr"), ("Это очень хороший товар", "ru"),
    ],
)  # fmt: skip
def test_languages(text: str, code: str) -> None:
    assert language(text) == code


def test_names_of_languages() -> None:
    assert [code_of(word) for word in ("zh-CN", "Chinese", "EN", "unknown")] == ["zh", "zh", "en", "unknown"]

from __future__ import annotations

import pytest

from fmtools.kit.words.segments import script_of, sentences, words


@pytest.mark.parametrize(
    ("texts", "script"),
    [
        (["The cat sat.", "It’s fine — really."], "ascii"),
        (["El niño comió.", "Mañana."], "words"),
        (["猫坐在垫子上。", "GPU 可以"], "zh"),
        (["ねこがすわった。", "東京タワー"], "ja"),
        (["แมวนั่งบนเสื่อ"], "characters"),
        ([], "ascii"),
    ],
)
def test_a_script_is_told_from_its_letters(texts: list[str], script: str) -> None:
    assert script_of(texts) == script


def test_words_of_every_script() -> None:
    assert words("The Cat's 2 hats, été!") == ["the", "cat", "s", "2", "hats", "été"]
    assert words("用 GPU 训练") == ["用", "gpu", "训", "练"]


def test_sentences_cover_the_text_without_blanks() -> None:
    text = "One. Two? “Three!” v1.5 stays\n四。五！ end"
    assert [text[a:b] for a, b in sentences(text)] == ["One.", "Two?", "“Three!”", "v1.5 stays", "四。", "五！", "end"]
    assert sentences("  ") == []

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fmtools.core.options import TrainOptions
from fmtools.kit.models import scratch
from fmtools.kit.models.tokens import PadTags, Pieces, TaggedRows, windows
from fmtools.kit.training.losses import IGNORED
from support import tokenizer_folder

TEXTS = ["the cat sat on the mat", "北京大学的李明在上海", "naïve café — tokens"]


@given(st.lists(st.integers(1, 8), min_size=1, max_size=60), st.integers(16, 40))
def test_windows_hold_every_word_once_and_never_too_much(sizes: list[int], room: int) -> None:
    found = windows(sizes, room)
    assert [place for w in found for place in range(w.own, w.end)] == list(range(len(sizes)))
    for window in found:
        assert window.first <= window.own < window.end <= window.last
        assert sum(sizes[window.first : window.last]) <= room


def test_inner_windows_have_context_on_both_sides() -> None:
    found = windows([1] * 100, 40)
    assert len(found) > 2
    assert all(window.own - window.first >= 4 for window in found[1:])
    assert all(window.last - window.end >= 4 for window in found[:-1])


@pytest.mark.parametrize("kind", ["bpe", "characters", "words"])
def test_each_chinese_character_has_pieces_of_its_own(kind: str) -> None:
    options = TrainOptions.parse(
        {"task": "token-classification", "data": "x", "model": "bert", "from_scratch": True, "tokenizer": kind}
    )
    words = scratch.tokenizer(TEXTS * 3, options)
    pieces = Pieces(words, "characters")
    ids = pieces([list("北京大学"), ["a", " ", ""]])
    assert all(ids[0])
    assert len({tuple(word) for word in ids[0]}) == 4
    assert words.decode([i for word in ids[0] for i in word]).replace(" ", "") == "北京大学"
    assert all(ids[1]), "a token without pieces becomes the unknown one"
    assert [words.convert_ids_to_tokens(part) for part in (pieces.before, pieces.after)] == [["<cls>"], ["<sep>"]]


def test_pieces_are_those_of_the_tokenizer_itself() -> None:
    transformers = pytest.importorskip("transformers")
    folder = tokenizer_folder()
    if folder is None:
        pytest.skip("the package with MiniLM's tokenizer is not installed")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    sentence = "The tokenisation of unbelievably long words , by Müller .".split()
    row = TaggedRows(Pieces(tokenizer, "words"), [sentence], [list(range(len(sentence)))], 64)[0]
    expected = tokenizer(sentence, is_split_into_words=True)
    assert row["input_ids"].tolist() == expected["input_ids"]
    firsts = [
        w if w is not None and w != ([None, *expected.word_ids()][i]) else IGNORED
        for i, w in enumerate(expected.word_ids())
    ]
    assert row["labels"].tolist() == firsts


def test_a_long_sentence_is_windows_with_every_tag_once() -> None:
    options = TrainOptions.parse({"task": "token-classification", "data": "x", "model": "bert", "from_scratch": True})
    pieces = Pieces(scratch.tokenizer(TEXTS, options), "words")
    sentence = [f"word{n}" for n in range(300)]
    rows = TaggedRows(pieces, [["short"], sentence], [[7], list(range(300))], 64)
    assert len(rows) > 3
    assert max(rows.lengths) <= 64
    tags = [int(tag) for place in range(1, len(rows)) for tag in rows[place]["labels"] if tag != IGNORED]
    assert tags == list(range(300))
    assert rows.sentence == [0] + [1] * (len(rows) - 1)
    ordered = rows.by_length()
    assert ordered.lengths == sorted(rows.lengths)
    batch = PadTags(0)([rows[0], rows[1]])
    assert batch["input_ids"].shape == batch["labels"].shape == (2, rows.lengths[1])
    assert batch["attention_mask"].sum(1).tolist() == rows.lengths[:2]
    assert torch.equal(batch["labels"][0, rows.lengths[0] :], torch.full((rows.lengths[1] - rows.lengths[0],), IGNORED))

"""Texts and conversations as rows of tokens: every token asked once, answers only, nothing said twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from fmtools.core.errors import ModelError
from fmtools.core.options import TrainOptions
from fmtools.kit.models import chat, scratch
from fmtools.kit.models.blocks import Blocks, Documents, PadTargets, Talks
from fmtools.kit.models.masking import Masked
from fmtools.kit.training.losses import IGNORED

TEXTS = ["Call me Ishmael. Some years ago", "never mind how long precisely", "我有一条船。"]
TALK = [
    {"role": "system", "content": "Be kind"},
    {"role": "user", "content": "who?"},
    {"role": "assistant", "content": "me"},
    {"role": "user", "content": "why?"},
    {"role": "assistant", "content": "not you"},
]


def learned(kind: str, texts: list[str] = TEXTS, model: str = "gpt2") -> Any:
    options = TrainOptions(data="x", from_scratch=True, model=model, tokenizer=kind, vocabulary=400)  # type: ignore[arg-type]
    tokenizer = scratch.tokenizer(texts, options)
    chat.give_template(tokenizer)
    return tokenizer


@pytest.mark.parametrize("kind", ["characters", "bpe"])
@pytest.mark.parametrize("size", [4, 7, 1000])
def test_every_token_is_asked_for_once_and_the_text_is_covered(kind: str, size: int) -> None:
    tokenizer = learned(kind)
    rows = Blocks(tokenizer, TEXTS, size)
    asked = [token for i in range(len(rows)) for token in rows.asked(i)]
    assert tokenizer.decode(asked, skip_special_tokens=True) == "".join(TEXTS)
    assert asked.count(tokenizer.eos_token_id) == len(TEXTS)
    assert all(len(rows[i]["input_ids"]) == size for i in range(len(rows) - 1))
    assert np.concatenate([rows[i]["input_ids"] for i in range(len(rows))])[1:].tolist() == asked[:-1]
    assert rows.covered() == (len("".join(TEXTS)), len("".join(TEXTS).encode()))


def test_what_a_tokenizer_does_not_say_is_not_counted() -> None:
    assert Blocks(learned("words"), TEXTS, 8).covered() is None  # it makes everything small
    assert Blocks(learned("characters"), ["Zzz?"], 8).covered() is None  # unknown characters


def test_a_row_a_text_is_cut_and_counts_what_is_left() -> None:
    rows = Documents(learned("characters"), TEXTS, 5)
    assert [len(rows[i]["labels"]) for i in range(3)] == [5, 5, 5]
    assert rows.covered() == (15, 5 + 5 + 15)


def test_a_character_that_is_cut_apart_does_not_count() -> None:
    rows = Documents(learned("bpe", ["abc"]), ["熙熙攘攘"], 4)  # its bytes are tokens: one character, and a part of one
    assert rows.covered() == (1, 3)


@pytest.mark.parametrize("kind", ["characters", "bpe", "words"])
def test_only_answers_are_asked_for(kind: str) -> None:
    tokenizer = learned(kind, [chat.as_text(TALK)])
    rows = Talks(tokenizer, [TALK], 500)
    assert tokenizer.decode(rows.asked(0)).replace(" ", "") == "me</s>notyou</s>"
    ids = rows[0]["input_ids"].tolist()
    assert tokenizer.decode(ids[: ids.index(tokenizer.eos_token_id)]).lower().endswith("me")
    if kind != "words":
        assert rows.covered() == (9, 9)


def test_a_long_conversation_keeps_an_answer() -> None:
    tokenizer = learned("characters", [chat.as_text(TALK)])
    first = Talks(tokenizer, [TALK], 40)
    assert first.cut == 1
    assert tokenizer.decode(first.asked(0), skip_special_tokens=True).strip() == "me"
    late = [{"role": "user", "content": "why? " * 30}, {"role": "assistant", "content": "me"}]
    assert tokenizer.decode(Talks(tokenizer, [late], 20).asked(0), skip_special_tokens=True).strip() == "me"


STRANGE = (
    "{% for m in messages %}[{{ m['role'][0] }}{{ messages|length }}]{{ m['content']|trim }}{{ eos_token }}{% endfor %}"
)
ALTERNATING = "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ m['content'] }}{% endfor %}"


def test_answers_are_found_in_a_template_that_rewrites_what_was_said() -> None:
    tokenizer = learned("characters", [chat.as_text(TALK) + "[]0123456789"])
    tokenizer.chat_template = STRANGE
    assert tokenizer.decode(Talks(tokenizer, [TALK], 500).asked(0)) == "me</s>not you</s>"


def test_a_template_that_refuses_says_so() -> None:
    tokenizer = learned("characters", [chat.as_text(TALK)])
    tokenizer.chat_template = ALTERNATING
    with pytest.raises(
        ModelError, match=r"^Conversation 1: The model.s chat template does not take this conversation.*no system"
    ):
        Talks(tokenizer, [TALK], 500)


def test_padding_is_not_asked_for() -> None:
    rows = Documents(learned("characters"), ["abc e", "a"], 50)
    batch = PadTargets(9)([rows[0], rows[1]])
    assert batch["input_ids"].shape == batch["labels"].shape == (2, 6)
    assert (batch["labels"][1] == IGNORED).sum() == 4
    assert batch["attention_mask"].sum().item() == 8
    assert "attention_mask" not in PadTargets(9)([rows[0], rows[0]])


def test_masks_depend_on_seed_epoch_and_row_alone() -> None:
    tokenizer = learned("words", TEXTS * 9, "bert")
    texts = [" ".join(TEXTS[:2]) * 20]
    one, other = (Masked(tokenizer, texts, 64, 1) for _ in range(2))
    assert len(one) > 1  # a long text is several pieces
    assert all(
        len(row) <= 64 and row[0] == tokenizer.cls_token_id and row[-1] == tokenizer.sep_token_id for row in one.rows
    )
    same = [torch.equal(*(torch.as_tensor(rows[1][name]) for rows in (one, other))) for name in ("input_ids", "labels")]
    assert same == [True, True]
    before = one[0]["labels"]
    one.set_epoch(1)
    assert not np.array_equal(before, one[0]["labels"])
    one.set_epoch(0)
    assert np.array_equal(before, one[0]["labels"])
    fixed = Masked(tokenizer, texts, 64, 1, fixed=True)
    fixed.set_epoch(5)
    assert np.array_equal(fixed[0]["labels"], before)


def test_masks_are_those_of_bert() -> None:
    tokenizer = learned("words", TEXTS * 9, "bert")
    rows = Masked(tokenizer, [" ".join(TEXTS[:2] * 100)] * 30, 128, 3)
    hidden = kept = replaced = total = 0
    for i in range(len(rows)):
        ids, labels, true = rows[i]["input_ids"], rows[i]["labels"], np.asarray(rows.rows[i])
        asked = labels != IGNORED
        assert np.array_equal(true[asked], labels[asked])
        assert np.array_equal(true[~asked], ids[~asked])
        assert not asked[[0, -1]].any()
        hidden += int((ids[asked] == tokenizer.mask_token_id).sum())
        kept += int((ids[asked] == true[asked]).sum())
        replaced += int(((ids[asked] != true[asked]) & (ids[asked] != tokenizer.mask_token_id)).sum())
        total += len(ids) - 2
    count = hidden + kept + replaced
    assert 0.14 < count / total < 0.16
    assert 0.77 < hidden / count < 0.83
    assert 0.07 < replaced / count < 0.13

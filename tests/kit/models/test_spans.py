from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from fmtools.core.errors import ModelError, OptionError
from fmtools.core.options import TrainOptions
from fmtools.kit.models import encoders, spans

LONG = "Nothing is said here about anything. " * 30
CONTEXT = f"{LONG}Ann lives in Rome. {LONG}"
PLACE = CONTEXT.index("Rome")


def options(**given: int) -> TrainOptions:
    return TrainOptions(task="question-answering", data="x", **{"max_length": 64, **given})


def test_windows_cover_a_long_context_and_hold_its_answer_whole(tiny: Path) -> None:
    words = encoders.load_tokenizer(str(tiny))
    rows = spans.Windows(words, [("Where does Ann live?", CONTEXT), ("Who?", "Ann.")], 64, [(PLACE, PLACE + 4), (0, 3)])
    assert rows.owner.count(0) > 5
    assert max(rows.lengths) <= 64
    covered = {place for i in range(len(rows)) if rows.owner[i] == 0 for place in rows.offsets[i] if place is not None}
    assert (PLACE, PLACE + 4) in covered
    assert min(covered)[0] == 0
    assert max(covered)[1] == len(CONTEXT.rstrip())
    assert rows.marks is not None
    for i, (first, last) in enumerate(rows.marks):
        if first:
            (start, _), (_, end) = rows.offsets[i][first], rows.offsets[i][last]  # type: ignore[misc]
            assert (CONTEXT, "Ann.")[rows.owner[i]][start:end] in ("Rome", "Ann")
    assert sum(first > 0 for first, _ in rows.marks) >= 2


def test_an_answer_that_a_window_cuts_is_not_learned_there() -> None:
    offsets = [None, (0, 3), (4, 8), (9, 12), None]
    assert spans.mark(offsets, (4, 12)) == (2, 3)
    assert spans.mark(offsets, (5, 7)) == (2, 2)
    assert spans.mark(offsets, (9, 20)) == (0, 0)
    assert spans.mark(offsets, (-1, -1)) == (0, 0)
    assert spans.mark([None], (0, 1)) == (0, 0)


def test_a_long_question_leaves_room_for_its_context(tiny: Path) -> None:
    words = encoders.load_tokenizer(str(tiny))
    rows = spans.Windows(words, [("why oh why " * 100, "Ann lives in Rome.")], 64)
    assert max(rows.lengths) <= 64
    assert any(place for place in rows.offsets[0])


def test_the_best_span_never_ends_before_it_starts() -> None:
    starts, ends = np.array([0.0, 1, 5, 2]), np.array([0.0, 9, 1, 2])
    found = max(spans.candidates(starts, ends, [None, (0, 1), (2, 3), (4, 5)], 30))
    assert found[:3] == (10.0, 0, 1)
    assert max(spans.candidates(starts, ends - np.array([0, 9, 0, 0]), [None, (0, 1), (2, 3), (4, 5)], 1))[1:] == (2, 3)


def test_probabilities_are_shared_and_no_answer_competes_where_it_was_learned() -> None:
    context = "Ann in Rome"
    ranked = spans.ranked(context, [(3.0, 7, 11), (1.0, 0, 3), (3.0, 7, 11)], None, 5)
    assert [a["answer"] for a in ranked] == ["Rome", "Ann"]
    assert sum(a["score"] for a in ranked) == pytest.approx(1)
    assert spans.ranked(context, [(3.0, 7, 11)], 8.0, 1)[0]["answer"] == ""
    assert spans.ranked("", [], None, 1)[0] == {"answer": "", "score": 1.0, "start": 0, "end": 0}


def test_answers_stand_where_they_say_and_do_not_depend_on_the_batch(tiny: Path) -> None:
    torch.manual_seed(3)
    model, words = spans.begin(str(tiny), [], options())
    spans.remember(model, words, ["Rome"], True, options())
    pairs = [("Where does Ann live?", CONTEXT), ("Who?", "Ann."), ("Empty?", "")]
    one, many = spans.answer(model, words, pairs, 1, 3), spans.answer(model, words, pairs, 16, 3)
    for (_, context), found, again in zip(pairs, one, many, strict=True):
        for a, b in zip(found, again, strict=True):
            assert context[a["start"] : a["end"]] == a["answer"]
            assert (a["answer"], a["start"]) == (b["answer"], b["start"])
            assert a["score"] == pytest.approx(b["score"], abs=1e-4)


def test_windows_that_no_model_can_read_are_refused(tiny: Path, tmp_path: Path) -> None:
    for length in (16, 600):
        with pytest.raises(OptionError, match="max-length"):
            spans.begin(str(tiny), [], options(max_length=length))
    (tmp_path / "config.json").write_text(
        json.dumps({**json.loads((tiny / "config.json").read_text()), "model_type": "clip"})
    )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny / name).read_bytes())
    with pytest.raises(ModelError):
        spans.begin(str(tmp_path), [], options())


def test_a_question_and_its_context_are_drawn_together(tiny: Path) -> None:
    model, words = spans.begin(str(tiny), [], options())
    for text in ("Where is Ann?\nAnn is in Rome.", "Where is Ann? Ann is in Rome."):
        tokens, weights = spans.attention(model, words, text)
        assert tokens == ["[CLS]", "Where", "is", "Ann", "?", "[SEP]", "Ann", "is", "in", "Rome", ".", "[SEP]"]
        assert weights.shape == (2, 2, 12, 12)
    assert spans.divided("谁？安在罗马。") == ("谁？", "安在罗马。")
    assert spans.divided("no question") == ("no question", "")


def test_prepared_rows_become_pairs_and_answers() -> None:
    table = pa.table({"question": ["q"], "context": ["c d"], "answers": [json.dumps([[2, "d"]])]})
    assert spans.rows_of(table) == ([("q", "c d")], [[(2, "d")]])

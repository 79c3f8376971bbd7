"""Cells of every shape: texts, tokens with tags, messages, answers that point into a context."""

from __future__ import annotations

import pyarrow as pa

from fmtools.kit.privacy import cells
from fmtools.kit.privacy.columns import plans
from fmtools.kit.privacy.hints import hint_of
from fmtools.kit.privacy.spans import Span
from fmtools.kit.privacy.sweep import Known


def test_every_text_is_visited_with_its_place() -> None:
    seen: list[tuple[str, object]] = []
    value = [{"role": "user", "content": "hi there"}, {"role": "bot", "content": None}]
    same = cells.visit(value, lambda leaf, place: seen.append((place, leaf)) or leaf)
    assert same == value
    assert seen == [("[0].role", "user"), ("[0].content", "hi there"), ("[1].role", "bot")]


def test_tokens_are_one_text_and_stay_as_many() -> None:
    tokens = ["Mr", "Oluwaseun", "Adeyemi", "left", "."]
    text, starts = cells.joined(tokens)
    assert text == "Mr Oluwaseun Adeyemi left ."
    ((span, inside),) = cells.shared(tokens, [Span(3, 20, "name", "x")])
    assert inside == [1, 2]
    assert starts[1] == span.start
    assert cells.joined(["我", "叫", "王", "伟"])[0] == "我叫王伟"
    assert cells.dealt("Kayla Maria Stone", 2) == ["Kayla", "MariaStone"]
    assert cells.dealt("陆倩", 3) == ["陆", "倩", "倩"]
    assert all(cells.dealt("Kayla Stone", n) for n in (1, 2, 5))


def test_answers_follow_their_context() -> None:
    context = "Anna Lee lives in Rome with Bob."
    changes = [(Span(0, 8, "name", "x"), "[NAME]"), (Span(28, 31, "name", "x"), "[NAME]")]
    moved = cells.aligned((context, changes), {"text": ["Rome", "Lee lives", "Bob"], "answer_start": [18, 5, 28]})
    new = cells.replaced(context, changes)
    assert moved["text"] == ["Rome", "[NAME] lives", "[NAME]"]
    assert all(new[start:].startswith(text) for text, start in zip(moved["text"], moved["answer_start"], strict=True))


def test_columns_tell_what_they_hold() -> None:
    table = pa.table(
        {
            "text": ["a"], "tags": [["B-PER", "O"]], "tokens": [["Anna", "left"]], "phone": [13812345678], "price": [19.5], "count": [3],
            "kind": pa.array(["x"]).dictionary_encode(), "contact": [13912345678.0],
        }
    )  # fmt: skip
    found = {plan.name: plan for plan in plans(table)}
    assert set(found) == {"text", "tokens", "phone", "kind", "contact"}
    assert found["phone"].number
    assert found["kind"].type == pa.string()
    assert [
        hint_of(name) for name in ("Customer Name", "mobilePhone", "身份证号", "name", "product_name", "file name")
    ] == ["name", "phone", "id", "name?", "", ""]


def test_a_name_found_once_is_found_everywhere() -> None:
    known = Known()
    for name in ("Anna Lee", "王小伟", "Bob", "王伟"):
        known.add(name)
    text = "ANNA LEE和王小伟, Bob, 王伟, Annabel Leeds"
    assert [text[s.start : s.end] for s in known.find(text)] == ["ANNA LEE", "王小伟"]

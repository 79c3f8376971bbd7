"""Questions about kin, speakers and kings in verses of the set `bible`, as SQuAD rows: real text, answers copied from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NAME = r"([A-Z][a-z]+(?:-[A-Z][a-z]+)?)"
#: What a verse says, and what can be asked of it: (question, group of the answer), {n} being the n-th name.
PATTERNS = [
    (rf"{NAME},? the son of {NAME}", [("Whose son was {1}?", 2)]),
    (rf"{NAME} became the father of {NAME}", [("Who was the father of {2}?", 1), ("Of whom was {1} the father?", 2)]),
    (rf"{NAME} said to {NAME}", [("Who spoke to {2}?", 1), ("To whom did {1} speak?", 2)]),
    (rf"{NAME} king of {NAME}", [("Who was king of {2}?", 1), ("Where was {1} king?", 2)]),
    (rf"{NAME} the daughter of {NAME}", [("Whose daughter was {1}?", 2)]),
    (rf"{NAME}(?: his|, the) wife of {NAME}", [("Whose wife was {1}?", 2)]),
    (rf"the city of {NAME}", [("Which city is named?", 1)]),
]
TOGETHER = 4
NO_NAMES = frozenset(
    "He She They Then And But So When For The Now His Yahweh Lord God It Therefore Behold Again".split()
)


def rows(verses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return SQuAD rows (id, context, question, answers) over passages of up to four verses that follow each other."""
    return [row for place, passage in passages(verses) for row in _questions(place, passage)]


def passages(verses: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield (reference of the first verse, text) of verses of one chapter, in their order, TOGETHER at a time."""
    chapters: dict[str, list[dict[str, Any]]] = {}
    for verse in verses:
        chapters.setdefault(verse["ref"].rpartition(".")[0], []).append(verse)
    for found in chapters.values():
        for at in range(0, len(found), TOGETHER):
            yield found[at]["ref"], " ".join(verse["source"] for verse in found[at : at + TOGETHER])


def _questions(place: str, context: str) -> Iterator[dict[str, Any]]:
    """Ask what has one answer in the passage: a question that two places answer differently is left out."""
    asked: dict[str, list[tuple[str, int]]] = {}
    for pattern, questions in PATTERNS:
        for match in re.finditer(pattern, context):
            if NO_NAMES & set(match.groups()):
                continue
            for question, group in questions:
                words = question.format("", *match.groups())
                asked.setdefault(words, []).append((match[group], match.start(group)))
    for number, (question, answers) in enumerate(asked.items()):
        if len({text for text, _ in answers}) == 1:
            text, start = answers[0]
            yield {
                "id": f"{place}-{number}",
                "context": context,
                "question": question,
                "answers": {"text": [text], "answer_start": [start]},
            }

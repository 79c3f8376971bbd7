"""Answers that are spans of their context: SQuAD's nested files, and offsets that are checked and put right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .broken import Broken, Repairs
from .packed import open_bytes
from .places import ending_of, find_splits, is_file, is_folder

#: The first bytes of a file tell whether it is laid out as SQuAD is.
SEEN = 1 << 18
#: A wrong offset is put right when the answer stands once within so many characters of it.
NEARBY = 100
REPAIRED = "answers with a wrong answer_start", "put right, for they stand once in their context, or once nearby"
LOST = "answers that stand neither where answer_start says nor once in their context", "left out"
NO_ANSWER = "questions none of whose answers stands in its context"
NO_QUESTION = "questions without a text, a context or a list of answers"


def looks_like_squad(reference: Any) -> bool:
    """Say whether `reference` is a .json file (or a folder with one a split) that is laid out as SQuAD is."""
    try:
        if is_folder(reference):
            paths = [path for files in find_splits(Path(reference).expanduser(), (".json",)).values() for path in files]
            return bool(paths) and all(map(_is_squad, paths))
        return is_file(reference) and _is_squad(Path(reference).expanduser())
    except Exception:  # whatever is wrong with the file, its own reader says it
        return False


def _is_squad(path: Path) -> bool:
    if ending_of(path) != ".json":
        return False
    with open_bytes(path) as file:
        head = file.read(SEEN).replace(b"\0", b"")
    return b'"paragraphs"' in head and b'"qas"' in head


def answer_of(context: str, answers: list[Any], line: int, repairs: Repairs) -> dict[str, list[Any]]:
    """Return {"text": [...], "answer_start": [...]} of the answers that stand in the context, their offsets put right."""
    found: dict[str, list[Any]] = {"text": [], "answer_start": []}
    for answer in answers:
        text = answer.get("text") if isinstance(answer, dict) else None
        start = _place(context, text, answer.get("answer_start")) if isinstance(text, str) and text else -1
        if start < 0:
            repairs.add(LOST, line)
            continue
        if start != answer.get("answer_start"):
            repairs.add(REPAIRED, line)
        found["text"].append(text)
        found["answer_start"].append(start)
    return found


def _place(context: str, text: str, said: Any) -> int:
    """Return where the answer stands: where it is said, else where it stands alone; -1 when that is not certain."""
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        if context.startswith(text, said):
            return said
        low = max(0, said - NEARBY)
        near = context[low : said + NEARBY + len(text)]
        if near.count(text) == 1:
            return low + near.index(text)
    return context.index(text) if _once(context, text) else -1


def _once(context: str, text: str) -> bool:
    first = context.find(text)
    return first >= 0 and context.find(text, first + 1) < 0


def question_row(
    entry: Any, context: Any, title: str, line: int, broken: Broken, repairs: Repairs
) -> dict[str, Any] | None:
    """Return one question as the hub's row, or None when it is left out (noted in `broken`)."""
    question = entry.get("question") if isinstance(entry, dict) else None
    answers = entry.get("answers", []) if isinstance(entry, dict) else None
    if not isinstance(question, str) or not question.strip() or not isinstance(context, str):
        broken.add(NO_QUESTION, line)
        return None
    if not isinstance(answers, list):
        broken.add(NO_QUESTION, line)
        return None
    given = [] if entry.get("is_impossible") is True else answers
    found = answer_of(context, given, line, repairs)
    if given and not found["text"]:
        broken.add(NO_ANSWER, line)
        return None
    name = str(entry.get("id", ""))
    return {"id": name, "title": title, "context": context, "question": question, "answers": found}

"""Rows that are conversations, answers or pairs, in the forms in which they are passed around, brought to one form.

A conversation becomes the column `messages`, a list of {role, content} with the roles system, user, assistant and tool,
beside the columns that were there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
ROLES = {
    **dict.fromkeys(("user", "human", "question", "customer", "prompter", "usr", "用户"), "user"),
    **dict.fromkeys(("assistant", "gpt", "bot", "model", "chatgpt", "answer", "agent", "助手"), "assistant"),
    **dict.fromkeys(("system", "系统"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "function_call", "ipython"), "tool"),
}
_LISTS = ("messages", "conversations", "conversation", "dialogue", "dialog")
_ROLE, _CONTENT = ("role", "from", "speaker"), ("content", "value", "text")
#: Columns of one question and its answer -> (what it is called, key of an addition to the question).
_TURNS = {
    ("instruction", "output"): ("instructions (Alpaca)", "input"),
    ("instruction", "response"): ("instructions (Dolly)", "context"),
    ("prompt", "completion"): ("prompts and completions", ""),
    ("prompt", "response"): ("prompts and responses", ""),
}
#: So many rows tell the form; this share of them must have it.
SEEN, ENOUGH = 50, 0.5


@dataclass(frozen=True)
class Form:
    """A form of rows: what to do with one (None = it is broken), what that is called, and the task it is for."""

    convert: Callable[[Row], Row | None]
    said: str = ""
    task: str = ""
    broken: str = "conversations that cannot be read"


def form_of(rows: list[Row]) -> Form | None:
    """Return the form that most of the first rows have, or None for plain rows."""
    rows = rows[:SEEN]
    first = rows[0] if rows else {}
    for form in filter(None, (_dialogue(first), _preference(first), _turn(first), *_others(first))):
        if sum(form.convert(row) is not None for row in rows) >= ENOUGH * len(rows):
            return form
    return None


def _dialogue(row: Row) -> Form | None:
    key = next((key for key in _LISTS if isinstance(row.get(key), list)), None)
    if key is None:
        return None

    def convert(row: Row) -> Row | None:
        messages = messages_of(row.get(key))
        return {**row, "messages": messages} if messages else None

    said = "" if key == "messages" else f"the conversations in {key!r} became the column 'messages'"
    return Form(convert, said, "text-generation")


def messages_of(turns: Any) -> list[dict[str, str]] | None:
    """Return [{role, content}] of a list of turns, whatever they call these two; None when it is no conversation."""
    if not isinstance(turns, list):
        return None
    found = [_message(turn) for turn in turns]
    return None if None in found or not found else found  # type: ignore[return-value]


def _message(turn: Any) -> dict[str, str] | None:
    if not isinstance(turn, dict):
        return None
    role = next((turn[key] for key in _ROLE if isinstance(turn.get(key), str)), "")
    content = next((turn[key] for key in _CONTENT if key in turn), None)
    if isinstance(content, list):  # parts, of which only texts are for a language model
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str)) or None
    known = ROLES.get(role.strip().lower())
    return {"role": known, "content": content} if known and isinstance(content, str) else None


def _turn(row: Row) -> Form | None:
    for (asked, answered), (said, extra) in _TURNS.items():
        if isinstance(row.get(asked), str) and isinstance(row.get(answered), str):

            def convert(row: Row, asked: str = asked, answered: str = answered, extra: str = extra) -> Row | None:
                return _as_messages(row, asked, answered, extra)

            return Form(convert, f"{said} became the column 'messages'", "text-generation")
    return None


def _as_messages(row: Row, asked: str, answered: str, extra: str) -> Row | None:
    question, answer, more = row.get(asked), row.get(answered), row.get(extra)
    if not isinstance(question, str) or not isinstance(answer, str):
        return None
    turns = [("system", row["system"])] if isinstance(row.get("system"), str) and row["system"].strip() else []
    for pair in row.get("history") or []:
        if isinstance(pair, list) and len(pair) == 2:
            turns += [("user", str(pair[0])), ("assistant", str(pair[1]))]
    text = f"{question}\n\n{more}" if isinstance(more, str) and more.strip() else question
    turns += [("user", text), ("assistant", answer)]
    return {**row, "messages": [{"role": role, "content": content} for role, content in turns]}


def _preference(row: Row) -> Form | None:
    if not {"chosen", "rejected"} <= row.keys():
        return None
    return Form(
        lambda row: row if row.get("chosen") and row.get("rejected") else None,
        task="preference-tuning",
        broken="rows without a chosen and a rejected answer",
    )


def _pair(row: Row) -> Form | None:
    """The hub's translation rows: {"translation": {"en": ..., "fr": ...}}."""
    pair = row.get("translation")
    if not isinstance(pair, dict) or len(pair) != 2:
        return None
    source, target = pair

    def convert(row: Row) -> Row | None:
        pair = row.get("translation")
        texts = [pair.get(source), pair.get(target)] if isinstance(pair, dict) else []
        if not texts or not all(isinstance(text, str) for text in texts):
            return None
        rest = {key: value for key, value in row.items() if key != "translation"}
        return {**rest, "source": texts[0], "target": texts[1]}

    said = f"'translation' became the columns 'source' ({source}) and 'target' ({target})"
    return Form(convert, said, "translation", "pairs without both languages")


def _question(row: Row) -> Form | None:
    """Questions and answers that are called q and a."""
    names = {key.lower(): key for key in row}
    if "q" not in names or "a" not in names or {"question", "answer"} & row.keys():
        return None
    q, a = names["q"], names["a"]

    def convert(row: Row) -> Row | None:
        rest = {key: value for key, value in row.items() if key not in (q, a)}
        return {"question": row.get(q), "answer": row.get(a), **rest} if q in row and a in row else None

    return Form(convert, f"{q!r} and {a!r} became the columns 'question' and 'answer'", "", "rows without q and a")


def _spans(row: Row) -> Form | None:
    """The hub's rows of extractive questions; answers may be a list of {text, answer_start}."""
    if not {"context", "question", "answers"} <= row.keys() or not isinstance(row["answers"], dict | list):
        return None

    def convert(row: Row) -> Row | None:
        answers = row.get("answers")
        if isinstance(answers, list) and all(isinstance(one, dict) and "text" in one for one in answers):
            answers = {key: [one.get(key) for one in answers] for key in ("text", "answer_start")}
        fits = isinstance(answers, dict) and {"text", "answer_start"} <= answers.keys()
        return {**row, "answers": answers} if fits else None

    return Form(convert, "", "question-answering", "questions without answers of {text, answer_start}")


def _others(row: Row) -> tuple[Form | None, ...]:
    return _pair(row), _question(row), _spans(row)

"""From rows as they came to what a language model learns: documents (column text) or conversations (column messages).

Light: the kernel imports it. A conversation is kept as one JSON text, [{"role": ..., "content": ...}, ...], with the roles
of kit.rows.chats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError
from ...core.options import TrainOptions
from .chats import messages_of
from .columns import guess_text_column
from .split import stratified_split, text_key

if TYPE_CHECKING:
    import pyarrow as pa

TEXT, CHAT = "text", "chat"
#: Columns that hold whole conversations; and pairs of a question and its answer, with what may be added to the question.
MESSAGES = ("messages", "conversations", "conversation", "dialogue", "dialog")
TURNS = (
    ("question", "answer", ""), ("instruction", "output", "input"), ("instruction", "response", "context"),
    ("prompt", "completion", ""), ("prompt", "response", ""), ("prompt", "answer", ""), ("问题", "回答", ""), ("问题", "答案", ""),
)  # fmt: skip
#: Fewer characters than this leave nothing to learn once some are held out.
SHORTEST = 20
#: A text is cut in two at the end of a line or a word, looked for in so many characters before the place.
LOOK_BACK = 200


@dataclass(frozen=True)
class Shape:
    """Where the texts are: one column of texts; one of conversations; or a question, its answer and an addition."""

    form: str
    columns: tuple[str, ...]

    def cells(self, table: pa.Table) -> list[str | None]:
        """Return a text (or conversation as JSON) a row; None where a row has none."""
        values = [table[name].to_pylist() for name in self.columns]
        if self.form == TEXT:
            return [str(value) if value is not None and str(value).strip() else None for value in values[0]]
        talks = map(_messages, values[0]) if len(values) == 1 else map(_turn, *values)
        return [json.dumps(talk, ensure_ascii=False) if _answered(talk) else None for talk in talks]


def shape_of(table: pa.Table, text: str | None = None, answer: str | None = None) -> tuple[Shape, list[str]]:
    """Find out where texts or conversations are; return (shape, notices).

    text, answer: columns the user named: a text or conversations; or, with both, questions and their answers. Raises
    DataError, with the nearest name, for a column that is not there, and when no column can be the text.
    """
    if text is not None and answer is not None:
        guess_text_column(table, text), guess_text_column(table, answer)  # they say it when one is not there
        return Shape(CHAT, (text, answer)), []
    found = (text,) if text is not None else [name for name in table.column_names if name.lower() in MESSAGES]
    talk = next((name for name in found if name in table.column_names and _is_talk(table, name)), None)
    if talk is not None:
        return Shape(CHAT, (talk,)), []
    pair = None if text is not None else _pair(table, answer)
    if pair is not None:
        return Shape(CHAT, pair), [f"Conversations of {' and '.join(map(repr, pair))} (guessed)."]
    column, notices = guess_text_column(table, text)
    return Shape(TEXT, (column,)), notices


def text_shape(table: pa.Table, text: str | None = None, answer: str | None = None) -> tuple[Shape, list[str]]:
    """Find the column of texts where conversations are not wanted. Errors as in `shape_of`."""
    del answer
    column, notices = guess_text_column(table, text)
    return Shape(TEXT, (column,)), notices


Finder = Callable[..., tuple[Shape, list[str]]]


def prepare(data: Dataset, options: TrainOptions, find: Finder = shape_of) -> Prepared:
    """Make splits "train" and "validation" (and "test" where the data have one) with one column, text or messages.

    Without a validation split whole rows are held out, the same text never on both sides; of fewer rows than that takes,
    the end of each text. Raises DataError for unknown columns and for data without texts.
    """
    first = next(name for name in ("train", "all", *data.splits) if name in data.splits)
    shape, notices = find(data.splits[first], options.text_column, options.label_column)
    cells = {name: _kept(table, name, shape, notices) for name, table in data.splits.items()}
    train = cells.pop(first)
    if not train:
        raise DataError(f"The data have no {_thing(shape)}.", "Choose another column (--text-column) or other data.")
    if not cells.get("validation"):
        train, cells["validation"] = _hold_out(train, shape, options, notices)
    notices += _leaks(train, cells)
    meta = {
        "form": shape.form,
        "text_column": shape.columns[0],
        "label_column": shape.columns[1] if len(shape.columns) > 1 else None,
    }
    return Prepared(
        {n: _table(found, shape.form) for n, found in {"train": train, **cells}.items() if found}, meta, notices
    )


def align(data: Dataset, meta: dict[str, Any], find: Finder = shape_of) -> Prepared:
    """Give other data the form of a run's. Raises DataError when they are documents and the run learned conversations."""
    notices: list[str] = []
    splits = {}
    for name, table in data.splits.items():
        wanted = [c if c in table.column_names else None for c in (meta["text_column"], meta["label_column"])]
        shape, said = find(table, *wanted)
        if shape.form != meta["form"]:
            has, needs = _thing(shape), _thing(Shape(meta["form"], ()))
            raise DataError(f"The {name} rows are {has}, but this run learned {needs}.", f"Give {needs}.")
        notices += said
        splits[name] = _table(_kept(table, name, shape, notices), shape.form)
    return Prepared(splits, meta, notices)


def talks_of(table: pa.Table) -> list[list[dict[str, str]]]:
    """Return the conversations of a prepared table."""
    return [json.loads(value) for value in table["messages"].to_pylist()]


def _thing(shape: Shape) -> str:
    return "texts" if shape.form == TEXT else "conversations with an answer"


def _messages(value: Any) -> list[dict[str, str]] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return messages_of(value)


def _turn(question: Any, answer: Any, more: Any = None) -> list[dict[str, str]] | None:
    if question is None or answer is None:
        return None
    asked = f"{question}\n\n{more}" if more is not None and str(more).strip() else str(question)
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": str(answer)}]


def _answered(talk: list[dict[str, str]] | None) -> bool:
    return talk is not None and any(m["role"] == "assistant" and m["content"].strip() for m in talk)


def _is_talk(table: pa.Table, name: str) -> bool:
    """Say whether most of the first values of a column are conversations."""
    values = [value for value in table[name].slice(0, 50).to_pylist() if value is not None]
    return bool(values) and sum(_messages(value) is not None for value in values) * 2 >= len(values)


def _pair(table: pa.Table, answer: str | None) -> tuple[str, ...] | None:
    by_case = {column.lower(): column for column in table.column_names}
    for question, usual, more in TURNS:
        answers = answer.lower() if answer is not None else usual
        if question in by_case and answers in by_case:
            return tuple(by_case[name] for name in (question, answers, more) if name in by_case)
    return None


def _kept(table: pa.Table, split: str, shape: Shape, notices: list[str]) -> list[str]:
    """Return the rows' texts; how many rows have none is said."""
    missing = next((name for name in shape.columns if name not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", f"They have {', '.join(table.column_names)}.")
    cells = shape.cells(table)
    found = [cell for cell in cells if cell is not None]
    count = len(cells) - len(found)
    if count:
        what = "text" if shape.form == TEXT else "a conversation with an answer"
        where = "" if split == "all" else f"{split} "
        notices.append(
            f"{count:,} {where}row{'s' * (count > 1)} without {what} {'were' if count > 1 else 'was'} left out."
        )
    return found


def _hold_out(rows: list[str], shape: Shape, options: TrainOptions, notices: list[str]) -> tuple[list[str], list[str]]:
    share = options.validation
    if shape.form == TEXT and len(rows) * share < 1:
        return _ends(rows, share, notices)
    train, held, _ = stratified_split(rows, [""] * len(rows), share, options.seed)
    if not len(held):
        raise DataError("All rows say the same, so nothing can be held out for validation.", "Add other rows.")
    notices.append(f"{len(held):,} of {len(rows):,} rows were held out for validation.")
    return [rows[int(i)] for i in train], [rows[int(i)] for i in held]


def _ends(rows: list[str], share: float, notices: list[str]) -> tuple[list[str], list[str]]:
    """Cut the end off each text."""
    longest = max(map(len, rows))
    if longest < SHORTEST:
        raise DataError(
            f"The longest text has {longest} characters: too few to learn from.", "Give longer texts, or more."
        )
    parts = [_cut(text, share) for text in rows]
    whose = "the text" if len(rows) == 1 else f"each of the {len(rows)} texts"
    notices.append(f"The last {share:.0%} of {whose} were held out for validation.")
    return [begin for begin, _ in parts if begin.strip()], [end for _, end in parts if end.strip()]


def _cut(text: str, share: float) -> tuple[str, str]:
    place = min(len(text) - 1, max(1, round(len(text) * (1 - share))))
    before = text[max(1, place - LOOK_BACK) : place]
    for mark in ("\n", " "):
        if mark in before:
            place -= len(before) - before.rindex(mark) - 1
            break
    return text[:place], text[place:]


def _leaks(train: Sequence[str], others: dict[str, list[str]]) -> list[str]:
    known = set(map(text_key, train))
    counts = {split: sum(text_key(text) in known for text in texts) for split, texts in others.items()}
    return [
        f"{n:,} {split} rows also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]


def _table(cells: list[str], form: str) -> pa.Table:
    import pyarrow as pa

    from ..reading.arrays import array_of

    return pa.Table.from_arrays([array_of(cells).cast(pa.string())], ["text" if form == TEXT else "messages"])

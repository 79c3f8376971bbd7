"""Rows of question, context and answers (SQuAD 1 and 2): columns, spans that are checked, what is held out.

Light: the kernel imports it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError, FmError, OptionError
from ...core.options import PredictOptions, TrainOptions
from ..words.segments import script_of
from .columns import no_column
from .split import stratified_split, text_key

if TYPE_CHECKING:
    import pyarrow as pa

TRAINING = ("train", "all")
KNOWN = {
    "context": ("context", "passage", "paragraph", "document", "article", "text", "上下文", "文章", "段落"),
    "question": ("question", "query", "questions", "q", "问题"),
    "answers": ("answers", "answer", "answer_text", "span", "label", "output", "答案", "回答"),
}
FLAGS = {"context": "--text-column", "question": "--pair-column", "answers": "--label-column"}
STARTS = ("answer_start", "answer_starts", "start", "start_char")


@dataclass(frozen=True)
class Names:
    """The columns of a table; `start` is that of flat answers' places, where there is one."""

    context: str
    question: str
    answers: str | None
    start: str | None


@dataclass
class Row:
    """One question; `spans` are its answers as (start, text), none for a question without an answer."""

    name: str
    question: str
    context: str
    spans: list[tuple[int, str]]


def columns(table: pa.Table, asked: dict[str, str | None], answered: bool = True) -> Names:
    """Choose the columns, as given or by their names. Raises DataError, naming what is missing.

    answered: answers have to be there too.
    """
    found: dict[str, str | None] = {}
    by_case = {name.strip().lower(): name for name in table.column_names}
    for role, known in KNOWN.items():
        given = asked.get(role)
        if given is not None and given not in table.column_names:
            raise no_column(table, given)
        found[role] = given or next((by_case[name] for name in known if name in by_case), None)
    missing = next((r for r in KNOWN if found[r] is None and (answered or r != "answers")), None)
    if missing is not None:
        raise DataError(f"No column holds the {missing}.", f"{_listed(table)} Name it: {FLAGS[missing]} NAME.")
    start = next((by_case[name] for name in STARTS if name in by_case), None)
    return Names(str(found["context"]), str(found["question"]), found["answers"], start)


def _listed(table: pa.Table) -> str:
    return f"The columns are {', '.join(map(repr, table.column_names[:20]))}."


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" (and "test" where there is one) with the columns id, question, context and answers.

    answers: JSON texts [[start, text], ...]. A context never stands on both sides of the split, if there are several.
    Raises DataError for missing columns and when no answer stands in its context; OptionError for what spans cannot have.
    """
    if options.label_smoothing:
        raise OptionError("Answers that are spans take no label smoothing.", "Leave --label-smoothing out.")
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    asked = {"context": options.text_column, "question": options.pair_column, "answers": options.label_column}
    names = columns(data.splits[first], asked)
    notices: list[str] = []
    rows = {split: _rows(table, split, names, notices) for split, table in data.splits.items()}
    train = rows.pop(first)
    if not any(row.spans for row in train):
        raise DataError(
            f"None of the answers in column {names.answers!r} stands in its context.",
            "Extractive answers are copied from the context, letter by letter.",
        )
    if not rows.get("validation"):
        rows.pop("validation", None)
        train, rows["validation"] = _hold_out(train, options, notices)
    notices += _leaks(train, rows)
    tables = {"train": _table(train), **{split: _table(found) for split, found in rows.items() if found}}
    return Prepared(tables, _meta(names, train), notices)


def _meta(names: Names, train: list[Row]) -> dict[str, Any]:
    return {
        "text_column": names.context,
        "pair_column": names.question,
        "label_column": names.answers,
        "script": script_of(row.context for row in train),
        "unanswerable": any(not row.spans for row in train),
    }


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data this run's columns. Raises DataError when one is missing."""
    notices: list[str] = []
    rows = {split: _rows(table, split, _named(table, meta, True), notices) for split, table in data.splits.items()}
    if not any(rows.values()):
        raise DataError("No question can be used.", " ".join(notices) or "The data have no rows.")
    return Prepared({split: _table(found) for split, found in rows.items() if found}, meta, notices)


def _named(table: pa.Table, meta: dict[str, Any], answered: bool) -> Names:
    keys = {"context": "text_column", "question": "pair_column", "answers": "label_column"}
    asked = {role: meta[key] if meta[key] in table.column_names else None for role, key in keys.items()}
    return columns(table, asked, answered)


def inputs(options: PredictOptions, data: Dataset | None, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return {"question", "context"} for every --question about --context, every --text (a context) with its --pair (a
    question), and every row of the data. Raises FmError when a side is missing."""
    found = []
    if options.question and not options.context and len(options.text) != 1:
        raise FmError("A question needs a text to be answered from.", 'Give --context "..." too.')
    if options.context and not options.question and not options.text:
        raise FmError("There is no question about the context.", 'Give --question "..." too.')
    about = options.context or next(iter(options.text), "")
    found += [{"question": question, "context": about} for question in options.question]
    found += [] if options.question else _typed(options)
    for table in data.splits.values() if data is not None else ():
        wanted = {**meta, "text_column": options.text_column or meta["text_column"]}
        names = _named(table, {**wanted, "pair_column": options.pair_column or meta["pair_column"]}, False)
        both = zip(table[names.question].to_pylist(), table[names.context].to_pylist(), strict=True)
        found += [{"question": str(q or ""), "context": str(c or "")} for q, c in both]
    if not found:
        raise FmError("There is nothing to answer.", 'Give --question "..." --context "...", or --data FILE.')
    return found


def _typed(options: PredictOptions) -> list[dict[str, Any]]:
    """Pair --text with --pair, or with --context where the texts are questions."""
    if options.context and options.text:
        return [{"question": text, "context": options.context} for text in options.text]
    if len(options.text) != len(options.pair):
        raise FmError(
            f"Each --text needs its question: there are {len(options.text)} --text and {len(options.pair)} --pair.",
            'Give one --pair "question" for each --text, or --question and --context.',
        )
    return [{"question": q, "context": c} for c, q in zip(options.text, options.pair, strict=True)]


def _rows(table: pa.Table, split: str, names: Names, notices: list[str]) -> list[Row]:
    """Return the questions of a split; what was left out or put right is counted in the notices."""
    missing = next((n for n in (names.context, names.question, names.answers) if n not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", _listed(table))
    read, seen = [n for n in (names.context, names.question, names.answers, names.start) if n], Counter[str]()
    ids = table["id"].to_pylist() if "id" in table.column_names else range(table.num_rows)
    found = []
    for name, row in zip(
        ids, table.select([n for n in dict.fromkeys(read) if n in table.column_names]).to_pylist(), strict=True
    ):
        made = _row(str(name), row, names, seen)
        found += [made] if made else []
    where = "" if split == "all" else f" of the {split} rows"
    notices += [f"{count:,}{where} {said}." for said, count in seen.items()]
    return found


def _row(name: str, row: dict[str, Any], names: Names, seen: Counter[str]) -> Row | None:
    question, context = row[names.question], row[names.context]
    if not isinstance(question, str) or not isinstance(context, str) or not question.strip() or not context.strip():
        seen["without question or context left out"] += 1
        return None
    wanted = _answers(row[names.answers or ""], row.get(names.start or ""))
    spans = [(place, text) for text, start in wanted if (place := place_of(context, text, start)) >= 0]
    if wanted and not spans:
        seen["left out: their answer does not stand in the context"] += 1
        return None
    if any(isinstance(start, int) and context[start : start + len(text)] != text for text, start in wanted):
        seen["with an answer elsewhere than said: put right or left out"] += 1
    return Row(name, question, context, spans)


def _answers(value: Any, start: Any) -> list[tuple[str, Any]]:
    """Return (text, start or None) of every answer, whatever the shape: SQuAD's struct, a list of them, texts, a text."""
    if isinstance(value, str) and value.lstrip()[:1] in "[{" and value.strip():
        try:
            return _answers(json.loads(value), start)
        except ValueError:
            pass
    if isinstance(value, dict):
        texts, starts = value.get("text"), value.get("answer_start", value.get("start"))
        return _answers(texts, starts)
    if isinstance(value, list):
        if any(isinstance(part, dict) for part in value):
            return [answer for part in value for answer in _answers(part, None)]
        starts = start if isinstance(start, list) and len(start) == len(value) else [None] * len(value)
        return [
            (str(text), place)
            for text, place in zip(value, starts, strict=True)
            if text is not None and str(text).strip()
        ]
    first = start[0] if isinstance(start, list) and start else start
    return [(str(value), first)] if value is not None and str(value).strip() else []


def place_of(context: str, text: str, start: Any) -> int:
    """Return where an answer stands: at `start`, else the nearest place of the same letters (the first without a start); -1: nowhere."""
    if isinstance(start, float) and start.is_integer():
        start = int(start)
    if isinstance(start, int) and start >= 0 and context[start : start + len(text)] == text:
        return start
    places, at = [], context.find(text)
    while at >= 0:
        places.append(at)
        at = context.find(text, at + 1)
    if not places:
        return -1
    return min(places, key=lambda place: abs(place - start)) if isinstance(start, int) else places[0]


def _hold_out(rows: list[Row], options: TrainOptions, notices: list[str]) -> tuple[list[Row], list[Row]]:
    for what, keys in (("context", [r.context for r in rows]), ("question", [r.question for r in rows])):
        train, held, _ = stratified_split(keys, [""] * len(rows), options.validation, options.seed)
        if len(held) and any(rows[int(i)].spans for i in train):
            notices.append(
                f"{len(held):,} of {len(rows):,} questions were held out for validation, no {what} on both sides."
            )
            return [rows[int(i)] for i in train], [rows[int(i)] for i in held]
    raise DataError("All rows ask the same, so nothing can be held out for validation.", "Add rows.")


def _leaks(train: list[Row], others: dict[str, list[Row]]) -> list[str]:
    known = {(text_key(row.question), text_key(row.context)) for row in train}
    counts = {
        split: sum((text_key(row.question), text_key(row.context)) in known for row in rows)
        for split, rows in others.items()
    }
    return [
        f"{n:,} {split} questions also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]


def _table(rows: list[Row]) -> pa.Table:
    import pyarrow as pa

    from ..reading.arrays import array_of

    texts = {
        "id": [row.name for row in rows],
        "question": [row.question for row in rows],
        "context": [row.context for row in rows],
        "answers": [json.dumps(row.spans, ensure_ascii=False) for row in rows],
    }
    return pa.Table.from_arrays([array_of(values).cast(pa.string()) for values in texts.values()], list(texts))

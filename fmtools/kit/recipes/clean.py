"""Steps that change texts: normalize, strip-markup; and labels: map-labels."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from ...core.errors import DataError
from ...core.options import nearest
from ...core.options.steps import MapLabels, Normalize, StripMarkup
from ..rows.labels import label_text
from ..rows.texts import Layout, batches, speaker
from .recipe import Change, Work, column_of

#: Full-width letters and digits; Chinese punctuation, which is full-width by right, stays.
_WIDE = {
    code: code - 0xFEE0 for a, b in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)) for code in range(a, b + 1)
}
# Joiners (U+200C, U+200D) have a meaning in Persian, in Indian scripts and in emoji.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffd]"
)
_BLANKS, _AROUND_BREAK, _BREAKS = re.compile(r"[^\S\n]+"), re.compile(r" ?\n ?"), re.compile(r"\n{3,}")
#: Elements of HTML: other words in angle brackets (`<name>`, `a <b and c> d`) are text.
_ELEMENTS = (
    "a abbr address area article aside audio b base blockquote body br button canvas caption center cite code col colgroup dd del "
    "details dfn div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i "
    "iframe img input ins kbd label legend li link main map mark meta nav noscript object ol optgroup option p param picture pre q s "
    "samp script section select small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th "
    "thead time title tr tt u ul var video wbr"
).split()
_ALONE = "disabled checked selected hidden async defer controls autoplay loop muted required readonly multiple nowrap open allowfullscreen"
_ATTRIBUTES = (
    rf"""(?:\s+(?:[\w:@.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=`]+)|(?:{_ALONE.replace(" ", "|")})(?=[\s/>])))*"""
)
_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_ELEMENTS, key=len, reverse=True))}){_ATTRIBUTES}\s*/?>", re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|tr|h[1-6]|ul|ol|table|hr|blockquote|section|article|pre|td|th)\b", re.IGNORECASE
)
_HIDDEN = re.compile(
    r"<!--.*?-->|<!doctype[^>]*>|<!\[CDATA\[|\]\]>|<(script|style)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_URL = re.compile(
    r"(?:https?://|ftp://|www\.)[^\s<>\"'，。、；：！？（）【】《》\u4e00-\u9fff]*[^\s<>\"'.,;:!?)\]，。、；：！？（）【】《》\u4e00-\u9fff]"
)


def has_markup(text: str) -> bool:
    """Say whether a text holds HTML: tags, comments or entities."""
    marked = ("<" in text and (_TAG.search(text) or _HIDDEN.search(text))) or ("&" in text and _ENTITY.search(text))
    return bool(marked)


def has_control(text: str) -> bool:
    """Say whether a text holds characters that show nothing."""
    return _CONTROL.search(text) is not None


def normal(text: str, step: Normalize) -> str:
    """Return a text in the form that a step asks for."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if step.form != "none":
        text = unicodedata.normalize(step.form, text)
    if step.width:
        text = text.translate(_WIDE).replace("\u3000", " ")
    if step.control:
        text = _CONTROL.sub("", text)
    if step.blanks:
        text = _BREAKS.sub("\n\n", _AROUND_BREAK.sub("\n", _BLANKS.sub(" ", text))).strip()
    return text.lower() if step.case == "lower" else text


def without_markup(text: str, step: StripMarkup) -> str:
    """Return a text without tags, comments and scripts, entities as characters; web addresses as the step says."""
    if step.html and ("<" in text or "&" in text):
        text = _HIDDEN.sub(" ", text)
        text = _TAG.sub(lambda tag: " " if _BLOCK.match(tag[0]) else "", text)
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text).replace("\xa0", " ")
    if step.urls != "keep":
        text = _URL.sub("[URL]" if step.urls == "mask" else " ", text)
    return text if not text or text.isspace() else _tidy(text)


def _tidy(text: str) -> str:
    return "\n".join(
        " ".join(line.split(" ")) if "  " not in line else re.sub(" {2,}", " ", line) for line in text.split("\n")
    ).strip(" ")


def normalize(work: Work, step: Normalize) -> None:
    """Bring every text into one form."""
    change_texts(work, lambda text: normal(text, step), step.column)


def strip_markup(work: Work, step: StripMarkup) -> None:
    """Take markup out of every text; a text without any stays as it is, to the last blank."""

    def stripped(text: str) -> str:
        touched = step.html and has_markup(text)
        linked = step.urls != "keep" and _URL.search(text)
        return without_markup(text, step) if touched or linked else text

    change_texts(work, stripped, step.column)


def change_texts(work: Work, change: Callable[[str], str], column: str | None = None) -> None:
    """Replace the texts of every row by `change` of them; tags stay with their tokens, answers with their places."""
    shape = work.shape if column is None else Layout("text", (work.column(column),))
    if shape.kind == "none":
        raise DataError(f"Step {work.outcome.step.step}: no column can be the text.", "Name it: column=NAME.")
    for split in work.splits:
        _change_split(work, split, shape, _changer(shape, change))


def _change_split(work: Work, split: str, shape: Layout, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    table = work.splits[split]
    names = [name for name in (*shape.columns, "answers") if name in table.column_names]
    names = names if shape.kind == "question" else [name for name in names if name in shape.columns]
    say = speaker(shape)
    new: dict[str, list[list[Any]]] = {name: [] for name in names}
    for rows in batches(table, names):
        changed = [change(row) for row in rows]
        for before, after in zip(rows, changed, strict=True):
            if before != after:
                work.outcome.changed += 1
                work.show(Change("changed", split, say(before), say(after)))
        for name in names:
            new[name].append([row[name] for row in changed])
    for name in names:
        work.put(split, name, column_of(iter(new[name]), table.schema.field(name).type))


def _changer(shape: Layout, change: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what `change` does to a row of this shape."""
    if shape.kind == "tokens":
        # A token keeps its place, and its tag: one of which nothing would be left stays as it is.
        return lambda row: {name: [_token(token, change) for token in tokens or []] for name, tokens in row.items()}
    if shape.kind == "messages":
        return lambda row: {name: [_message(one, change) for one in found or []] for name, found in row.items()}
    if shape.kind == "question":
        return lambda row: _question(row, change)
    return lambda row: {name: None if value is None else change(str(value)) for name, value in row.items()}


def _token(token: Any, change: Callable[[str], str]) -> Any:
    changed = "".join(change(str(token)).split()) if token is not None else None
    return changed or token


def _message(message: Any, change: Callable[[str], str]) -> Any:
    if not isinstance(message, dict):
        return message
    return {
        key: change(value) if key in ("content", "value", "text") and isinstance(value, str) else value
        for key, value in message.items()
    }


def _question(row: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Change question, context and answers, and find the answers anew; a row whose answers are lost stays as it was."""
    answers = row.get("answers")
    context = change(str(row["context"] or ""))
    if not isinstance(answers, dict) or not answers.get("text"):
        return {**row, "question": change(str(row["question"] or "")), "context": context}
    texts = [change(str(text)).strip() for text in answers["text"]]
    share = len(context) / max(1, len(str(row["context"] or "")))
    starts = [
        _nearest(context, text, round(start * share))
        for text, start in zip(texts, answers["answer_start"], strict=True)
    ]
    if any(start is None for start in starts):
        return row
    return {
        **row,
        "question": change(str(row["question"] or "")),
        "context": context,
        "answers": {**answers, "text": texts, "answer_start": starts},
    }


def _nearest(context: str, text: str, wanted: int) -> int | None:
    places = [match.start() for match in re.finditer(re.escape(text), context)] if text else []
    return min(places, key=lambda place: abs(place - wanted), default=None)


def map_labels(work: Work, step: MapLabels) -> None:
    """Replace labels. Raises DataError for one that is not there: a slip would go unnoticed."""
    import pyarrow as pa

    name = work.column(step.column) if step.column else work.label()
    known = sorted({label for split in work.splits for label in work.labels(split, name) if label})
    for old in step.labels:
        if old not in known:
            guess = nearest(old, known, 0.5)
            cure = f"Did you mean {guess!r}?" if guess else f"The labels are {', '.join(map(repr, known[:20]))}."
            raise DataError(f"Step map-labels: no row has the label {old!r}.", cure)
    for split, table in work.splits.items():
        values = [_mapped(work, split, value, step) for value in table[name].to_pylist()]
        work.put(split, name, column_of(_in_batches(values), pa.string()))


def _mapped(work: Work, split: str, value: Any, step: MapLabels) -> str | None:
    old = label_text(value)
    new = step.labels.get(old, old) if old is not None else None
    if new != old:
        work.outcome.changed += 1
        work.show(Change("changed", split, old, new))
    return new


def _in_batches(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), 10_000):
        yield values[start : start + 10_000]


STEPS: dict[str, Callable[[Work, Any], None]] = {
    "normalize": normalize,
    "strip-markup": strip_markup,
    "map-labels": map_labels,
}

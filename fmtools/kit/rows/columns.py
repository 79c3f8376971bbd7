"""Which column holds the text and which the label: by name, then by content; every guess is said aloud."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.errors import DataError
from ...core.options import nearest

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_NAMES = (
    "text", "sentence", "review", "content", "utterance", "question", "comment", "body", "message", "query", "document",
    "description", "tweet", "post", "input", "title", "文本", "内容", "评论", "句子", "正文",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "intent", "class", "category", "sentiment", "score", "target", "rating", "topic", "emotion",
    "polarity", "stars", "tag", "type", "output", "y", "标签", "类别", "分类", "情感", "意图",
)  # fmt: skip
#: Names of the two texts of a row, as public sets call them.
PAIRS = (
    ("premise", "hypothesis"), ("sentence1", "sentence2"), ("sentence_a", "sentence_b"), ("question1", "question2"),
    ("text1", "text2"), ("text_a", "text_b"), ("question", "sentence"), ("query", "passage"), ("text", "text_pair"),
    ("claim", "evidence"), ("句子1", "句子2"), ("前提", "假设"),
)  # fmt: skip
#: Columns that describe a row, and are neither its text nor its label.
HELPERS = frozenset(
    {
        "template", "split", "set", "subset", "partition", "id", "idx", "index", "uid", "uuid", "guid", "key", "row",
        "url", "link", "source", "date", "time", "timestamp", "created_at", "language", "lang", "author", "user",
        "username", "filename", "file", "path",
    }
)  # fmt: skip
#: Guesses look at so many rows.
SAMPLE = 5_000
MAX_LABELS = 1_000


@dataclass(frozen=True)
class Profile:
    """What the first rows of a column look like: mean length in characters, distinct values, rows that are not null."""

    name: str
    kind: str
    length: float
    distinct: int
    rows: int


def guess_columns(table: pa.Table, text: str | None = None, label: str | None = None) -> tuple[str, str, list[str]]:
    """Return (text column, label column, notices).

    Columns that are given are taken; DataError, with the nearest name, when there is none of that name. The others are
    guessed by name and content. Raises DataError, listing the columns, when no column can be the text or the label.
    """
    text, label = given_column(table, text), given_column(table, label)
    if text is not None and text == label:
        raise DataError(
            f"Column {text!r} cannot be both the text and the label.", f"The columns are {listed_columns(table)}."
        )
    if text is not None and label is not None:
        return text, label, []
    profiles = [profile(table, name) for name in table.column_names]
    said, rivals = [], []
    if text is None:
        text, others = guess_text(profiles, {label}, table)
        said.append(f"text column: {text!r} (guessed)")
        rivals += others
    if label is None:
        label, others = guess_label(profiles, {text}, table)
        said.append(f"label column: {label!r} (guessed)")
        rivals += others
    notice = ", ".join(said)
    also = f"; {' and '.join(map(repr, rivals))} would fit too" if rivals else ""
    return text, label, [notice[0].upper() + notice[1:] + also + "."]


def guess_pair(table: pa.Table, text: str | None = None, pair: str | None = None) -> tuple[str, str] | None:
    """Return the columns of the two texts of a row; None when rows have one. A `pair` that is given needs no known names.

    Raises DataError, with the nearest name, when a column that is given is not there.
    """
    text, pair = given_column(table, text), given_column(table, pair)
    by_case = {column.lower(): column for column in table.column_names}
    known = [(by_case[a], by_case[b]) for a, b in PAIRS if a in by_case and b in by_case]
    if pair is None:
        return next((found for found in known if text in (None, found[0])), None)
    if text is None:
        text = next((a for a, b in known if b == pair), None)
    if text is None:
        text = guess_text([profile(table, name) for name in table.column_names], {pair}, table)[0]
    return text, pair


def guess_text_column(table: pa.Table, text: str | None = None) -> tuple[str, list[str]]:
    """Return (text column, notices) where no label is needed, as in prediction. Errors as in `guess_columns`."""
    given = given_column(table, text)
    if given is not None:
        return given, []
    found, rivals = guess_text([profile(table, name) for name in table.column_names], set(), table)
    also = f"; {' and '.join(map(repr, rivals))} would fit too" if rivals else ""
    return found, [f"Text column: {found!r} (guessed){also}."]


def given_column(table: pa.Table, name: str | None) -> str | None:
    """Return a column that was asked for, or None. Raises DataError, with the nearest name, when it is not there."""
    if name is None or name in table.column_names:
        return name
    raise no_column(table, name)


def no_column(table: pa.Table, name: str) -> DataError:
    """Word the error for a column that is not there, with the nearest one that is."""
    by_case = {column.lower(): column for column in table.column_names}
    guess = nearest(name, list(by_case), 0.5)
    cure = f"Did you mean {by_case[guess]!r}?" if guess else ""
    return DataError(f"There is no column {name!r}; the columns are {listed_columns(table)}.", cure)


def listed_columns(table: pa.Table) -> str:
    """Return the columns' names as an error lists them, twenty at most."""
    names = [repr(name) for name in table.column_names]
    return ", ".join(names[:20]) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")


def profile(table: pa.Table, name: str) -> Profile:
    """Look at the first rows of one column. `kind` is "text", "int", "bool", "float" or "other"."""
    column = table[name].slice(0, SAMPLE)
    values = [value for value in column.to_pylist() if value is not None and value != ""]
    kind = _kind(column.type)
    if kind == "text":
        kind = _number_kind(values)
    elif kind == "float" and all(float(value).is_integer() for value in values):
        kind = "int"  # whole numbers with gaps, as pandas keeps them
    if kind == "other":
        return Profile(name, kind, 0.0, 0, len(values))
    length = sum(len(str(value)) for value in values) / max(1, len(values))
    return Profile(name, kind, length, len(set(values)), len(values))


def _kind(kind: Any) -> str:
    import pyarrow as pa

    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind):
        return "int"
    return "float" if pa.types.is_floating(kind) else "other"


def _number_kind(values: list[str]) -> str:
    """Say what texts are: numbers in a CSV file are texts too."""
    if not values:
        return "text"
    if all(re.fullmatch(r"\s*[-+]?\d+\s*", value) for value in values):
        return "int"
    return "float" if all(re.fullmatch(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*", value) for value in values) else "text"


def _rank(name: str, known: tuple[str, ...]) -> int:
    """Return the place of a name in a list of known ones: whole first, then as a word; len(known) * 2 when absent."""
    lowered = name.strip().lower()
    if lowered in known:
        return known.index(lowered)
    words = re.split(r"[\s_.\-]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    places = [known.index(word) for word in words if word in known]
    return len(known) + min(places) if places else 2 * len(known)


def _is_helper(name: str) -> bool:
    lowered = name.strip().lower()
    return lowered in HELPERS or lowered.endswith(("_id", " id")) or lowered == "" or lowered.startswith("unnamed")


def guess_text(profiles: list[Profile], taken: set[str | None], table: pa.Table) -> tuple[str, list[str]]:
    """Return the likeliest text column, and others with the same right to it."""
    fit = [p for p in profiles if p.kind == "text" and p.rows and p.name not in taken and not _is_helper(p.name)]
    # A name that means text loses against one that does not when its values are a handful: `type`, `title` of a class.
    fit.sort(key=lambda p: (_few(p) and len(fit) > 1, _rank(p.name, TEXT_NAMES), -p.length))
    if not fit:
        raise DataError(
            f"No column can be the text; the columns are {listed_columns(table)}.", "Name it: --text-column NAME."
        )
    best = fit[0]
    named = _rank(best.name, TEXT_NAMES) < 2 * len(TEXT_NAMES)
    rivals = [] if named else [p.name for p in fit[1:3] if not _few(p) and p.length > 0.5 * best.length]
    return best.name, rivals


def guess_label(profiles: list[Profile], taken: set[str | None], table: pa.Table) -> tuple[str, list[str]]:
    """Return the likeliest label column, and others with the same right to it."""
    fit = [p for p in profiles if p.name not in taken and not _is_helper(p.name) and _can_be_label(p)]
    fit.sort(key=lambda p: (not _few(p), _rank(p.name, LABEL_NAMES), p.distinct, p.length))
    if not fit:
        raise DataError(
            f"No column can be the label; the columns are {listed_columns(table)}.", "Name it: --label-column NAME."
        )
    best = fit[0]
    named = _rank(best.name, LABEL_NAMES) < 2 * len(LABEL_NAMES)
    rivals = [] if named else [p.name for p in fit[1:3] if _few(p)]
    return best.name, rivals


def _few(p: Profile) -> bool:
    """Say whether a column repeats its values as labels do."""
    return 0 < p.distinct <= MAX_LABELS and (p.distinct <= 0.2 * p.rows or p.distinct <= 2)


def _can_be_label(p: Profile) -> bool:
    if p.kind not in ("text", "int", "bool") or p.rows == 0 or p.distinct > MAX_LABELS:
        return False
    named = _rank(p.name, LABEL_NAMES) < 2 * len(LABEL_NAMES)
    return p.length <= 60 and (named or _few(p) or p.distinct <= 0.5 * p.rows)

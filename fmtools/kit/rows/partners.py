"""From rows as they came to texts that belong together: which columns, which kind of rows, and a split without leaks.

Kinds: "pairs" (a text and the one it belongs to), "triplets" (and one it does not), "scored" (how alike, a number),
"labelled" (alike or not, 1 or 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError
from ...core.options import TrainOptions
from .columns import HELPERS, no_column, profile
from .labelled import TRAINING
from .split import divide, text_key

if TYPE_CHECKING:
    import pyarrow as pa

FIRST = (
    "anchor", "query", "question", "question1", "sentence1", "sentence_1", "sentence_a", "text1", "text_1", "text_a", "premise",
    "source", "prompt", "headline", "问题", "问句", "句子1", "文本1",
)  # fmt: skip
SECOND = (
    "positive", "answer", "response", "passage", "document", "question2", "sentence2", "sentence_2", "sentence_b", "text2",
    "text_2", "text_b", "hypothesis", "paraphrase", "duplicate", "target", "答案", "回答", "句子2", "文本2",
)  # fmt: skip
THIRD = ("negative", "hard_negative", "negative_1")
SCORE = (
    "score", "similarity", "similarity_score", "label", "is_duplicate", "relatedness", "relatedness_score", "gold", "分数",
    "相似度", "标签",
)  # fmt: skip
GROUP = ("id", "group", "cluster", "qid")
MIN_ROWS = 4
#: What the columns of prepared rows are called, by kind.
COLUMNS = {
    "pairs": ("anchor", "positive"),
    "triplets": ("anchor", "positive", "negative"),
    "scored": ("anchor", "positive", "score"),
    "labelled": ("anchor", "positive", "score"),
}
ROLES = {"anchor": "text", "positive": "belongs to it", "negative": "does not", "score": "how alike"}


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" with the columns of COLUMNS; texts of one group never stand on both sides.

    Raises DataError for missing columns, for scores that are no numbers, and when nothing can be held out.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    meta, notices = _columns(data.splits[first], options)
    meta["kind"], said = _kind(data.splits[first], meta)
    notices += said
    tables = {
        "train" if name == first else name: _rows(table, name, meta, notices) for name, table in data.splits.items()
    }
    if tables["train"].num_rows < MIN_ROWS:
        raise DataError(
            f"Only {tables['train'].num_rows} rows have both texts; at least {MIN_ROWS} are needed.", "Add rows."
        )
    if "validation" not in tables or not tables["validation"].num_rows:
        tables["train"], tables["validation"], said = _hold_out(tables["train"], options)
        notices += said
    return Prepared(_named(tables, meta), {**meta, "max_length": options.max_length}, notices)


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data the columns of a trained run. Raises DataError when a column of it is not there."""
    notices: list[str] = []
    tables = {name: _rows(table, name, meta, notices) for name, table in data.splits.items()}
    kept = _named(tables, meta)
    if not kept:
        raise DataError("No row has everything that is needed to score it.", f"Needed: {_needed(meta)}.")
    return Prepared(kept, meta, notices)


def _named(tables: dict[str, pa.Table], meta: dict[str, Any]) -> dict[str, pa.Table]:
    return {name: table.select(COLUMNS[meta["kind"]]) for name, table in tables.items() if table.num_rows}


def _columns(table: pa.Table, options: TrainOptions) -> tuple[dict[str, Any], list[str]]:
    """Return {"anchor", "positive", "negative", "score", "group": column or None} and what was guessed."""
    given = {"anchor": options.text_column, "positive": options.pair_column, "score": options.label_column}
    for name in given.values():
        _there(table, name)
    chosen: dict[str, Any] = {role: name for role, name in given.items() if name is not None}
    known = (("anchor", FIRST), ("positive", SECOND), ("negative", THIRD), ("score", SCORE), ("group", GROUP))
    for role, names in known:
        chosen.setdefault(role, _known(table, names, list(chosen.values()), numbers=role == "score"))
    free = [name for name in _texts(table) if name not in chosen.values()]
    for role in ("anchor", "positive"):
        chosen[role] = chosen[role] or (free.pop(0) if free else None)
    if chosen["anchor"] is None or chosen["positive"] is None or chosen["anchor"] == chosen["positive"]:
        raise DataError(
            f"Two texts a row are needed; the columns are {', '.join(map(repr, table.column_names))}.",
            "Name them: --text-column NAME --pair-column NAME.",
        )
    said = [f"{what}: {chosen[role]!r}" for role, what in ROLES.items() if chosen[role] and not given.get(role)]
    notice = ", ".join(said) + " (guessed)."
    return chosen, [notice[0].upper() + notice[1:]] if said else []


def _there(table: pa.Table, name: str | None) -> None:
    if name is not None and name not in table.column_names:
        raise no_column(table, name)


def _known(table: pa.Table, names: tuple[str, ...], taken: list[Any], numbers: bool) -> str | None:
    """Return the column with the first of some names; a score has to be a column of numbers."""
    by_name = {name.strip().lower(): name for name in table.column_names if name not in taken}
    found = [by_name[name] for name in names if name in by_name]
    return next((name for name in found if not numbers or profile(table, name).kind in ("int", "float", "bool")), None)


def _texts(table: pa.Table) -> list[str]:
    plain = [name for name in table.column_names if name.strip().lower() not in HELPERS]
    return [name for name in plain if profile(table, name).kind == "text"]


def _kind(table: pa.Table, meta: dict[str, Any]) -> tuple[str, list[str]]:
    if meta["score"] is None:
        return ("triplets", []) if meta["negative"] else ("pairs", [])
    values = {_number(value, meta["score"]) for value in table[meta["score"]].to_pylist()} - {None}
    if len(values) < 2:
        raise DataError(f"All rows have the same {meta['score']!r}.", "Leave the column out, or give rows that differ.")
    meta["negative"] = None
    if values <= {0.0, 1.0}:
        return "labelled", [f"{meta['score']!r} says alike (1) or not (0)."]
    known = [value for value in values if value is not None]
    return "scored", [f"{meta['score']!r} says how alike the texts are, from {min(known):g} to {max(known):g}."]


def _number(value: Any, column: str) -> float | None:
    try:
        number = None if value is None or value == "" else float(value)
    except (TypeError, ValueError):
        raise DataError(
            f"Column {column!r} has {str(value)[:40]!r}, which is no number.", "Scores are numbers, labels are 0 or 1."
        ) from None
    return None if number != number else number


def _needed(meta: dict[str, Any]) -> str:
    return ", ".join(f"{meta[role]!r} ({what})" for role, what in ROLES.items() if meta.get(role))


def _rows(table: pa.Table, split: str, meta: dict[str, Any], notices: list[str]) -> pa.Table:
    """Return a table with the fixed names; rows that lack something are left out and counted."""
    import pyarrow as pa

    needed = len(COLUMNS[meta["kind"]])
    roles = [*COLUMNS[meta["kind"]], *(["group"] if meta.get("group") in table.column_names else [])]
    missing = next((meta[role] for role in roles if meta[role] not in table.column_names), None)
    if missing is not None:
        raise DataError(
            f"The {split} rows have no column {missing!r}.",
            f"They have {', '.join(table.column_names)}.",
        )
    columns = [[_cell(role, value, meta) for value in table[meta[role]].to_pylist()] for role in roles]
    whole = [row for row in zip(*columns, strict=True) if all(value is not None for value in row[:needed])]
    if len(whole) < table.num_rows:
        where = "" if split == "all" else f"{split} "
        notices.append(f"{table.num_rows - len(whole):,} {where}rows lack a text or a score: left out.")
    kinds = {"score": pa.float32()}
    arrays = [pa.array([row[i] for row in whole], kinds.get(role, pa.string())) for i, role in enumerate(roles)]
    return pa.Table.from_arrays(arrays, roles)


def _cell(role: str, value: Any, meta: dict[str, Any]) -> Any:
    if role == "score":
        number = _number(value, meta["score"])
        if number is not None and meta["kind"] == "labelled" and number not in (0.0, 1.0):
            raise DataError(f"Column {meta['score']!r} has {number:g}; this run's labels are 0 or 1.", "")
        return number
    text = "" if value is None else str(value).strip()
    return text or ("" if role == "group" else None)


def _hold_out(table: pa.Table, options: TrainOptions) -> tuple[pa.Table, pa.Table, list[str]]:
    """Hold rows out together with all that share a text or an id; by the first text where everything hangs together."""
    import pyarrow as pa

    ties = [_ties(row) for row in table.to_pylist()]
    said: list[str] = []
    sides = _divided(ties, options)
    if sides.count("validation") > len(sides) / 2 or "validation" not in sides:
        sides = _divided([own[:1] for own in ties], options)
        said = ["The rows share many of their texts: a second text may stand in training and in validation."]
    held = [row for row, side in enumerate(sides) if side == "validation"]
    if not held or len(held) == len(sides):
        raise DataError("All rows share one text, so nothing can be held out for validation.", "Add rows.")
    said.insert(
        0, f"{len(held):,} of {len(sides):,} rows were held out for validation, with all that share a text or id."
    )
    rest = [row for row, side in enumerate(sides) if side == "train"]
    return table.take(pa.array(rest)), table.take(pa.array(held)), said


def _divided(ties: list[list[str]], options: TrainOptions) -> list[str]:
    return divide(ties, [""] * len(ties), {"validation": options.validation}, options.seed)[0]


def _ties(row: dict[str, Any]) -> list[str]:
    """Return what ties a row to others, its first text in front; a negative ties nothing, it may be anybody's text."""
    texts = [f"text {text_key(row[name])}" for name in ("anchor", "positive")]
    return [*texts, f"group {row['group']}"] if row.get("group") else texts

"""From rows as they came to (prompt, chosen, rejected), plain texts or conversations; light: the kernel imports it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError
from ...core.options import TrainOptions
from .columns import no_column
from .labelled import TRAINING
from .split import divide, text_key

if TYPE_CHECKING:
    import pyarrow as pa

NAMES = {
    "prompt": ("prompt", "question", "instruction", "input", "query", "问题", "指令"),
    "chosen": ("chosen", "preferred", "accepted", "better", "win", "好"),
    "rejected": ("rejected", "dispreferred", "refused", "worse", "lose", "差"),
}
OPTIONS = {"prompt": "--text-column", "chosen": "--label-column", "rejected": "--pair-column"}
CHAT, PLAIN = "chat", "plain"
MIN_ROWS = 4

Talk = list[dict[str, str]]


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" with the columns prompt, chosen, rejected: texts, or messages as JSON.

    A prompt stands on one side of the split only. Raises DataError for columns that are missing and for messages that are
    none.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    columns, notices = _columns(data.splits[first], options)
    form = CHAT if _talks(data.splits[first], columns) else PLAIN
    meta = {**columns, "form": form, "beta": options.beta, "max_length": options.max_length}
    tables = {"train" if s == first else s: _rows(t, s, meta, notices) for s, t in data.splits.items()}
    if tables["train"].num_rows < MIN_ROWS:
        raise DataError(
            f"Only {tables['train'].num_rows} rows can be used; at least {MIN_ROWS} are needed.", "Add rows."
        )
    if "validation" not in tables or not tables["validation"].num_rows:
        tables["train"], tables["validation"] = _hold_out(tables["train"], options)
        held, total = tables["validation"].num_rows, sum(t.num_rows for t in tables.values())
        notices.append(f"{held:,} of {total:,} rows were held out for validation; a prompt stands on one side only.")
    return Prepared({name: table for name, table in tables.items() if table.num_rows}, meta, notices)


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data the form of this run. Raises DataError when a column is missing or no row can be used."""
    notices: list[str] = []
    tables = {name: _rows(table, name, meta, notices) for name, table in data.splits.items()}
    kept = {name: table for name, table in tables.items() if table.num_rows}
    if not kept:
        raise DataError("No row has a prompt and two different answers.", "Give other rows.")
    return Prepared(kept, meta, notices)


def _columns(table: pa.Table, options: TrainOptions) -> tuple[dict[str, str], list[str]]:
    given = {"prompt": options.text_column, "chosen": options.label_column, "rejected": options.pair_column}
    by_case = {name.strip().lower(): name for name in table.column_names}
    listed = ", ".join(map(repr, table.column_names))
    found: dict[str, str] = {}
    for role, name in given.items():
        if name is not None and name not in table.column_names:
            raise no_column(table, name)
        known = name or next((by_case[own] for own in NAMES[role] if own in by_case), "")
        if not known and role != "prompt":
            raise DataError(
                f"No column holds the {role} answers; the columns are {listed}.",
                f"A row is a prompt, a chosen and a rejected answer. Name the column: {OPTIONS[role]} NAME.",
            )
        found[role] = known
    if not found["prompt"] and not _talks(table, found):
        raise DataError(f"No column holds the prompts; the columns are {listed}.", "Name it: --text-column NAME.")
    guessed = [f"{role}: {name!r}" for role, name in found.items() if name and given[role] is None and name != role]
    return found, [f"{', '.join(guessed).capitalize()} (guessed)."] if guessed else []


def _talks(table: pa.Table, columns: dict[str, str]) -> bool:
    """Say whether the answers are messages and not plain texts, by the first of them."""
    cell = next((value for value in table[columns["chosen"]].to_pylist() if value), None)
    return not isinstance(cell, str) or _messages_of(cell) is not None


def _messages_of(text: str) -> Any:
    """Return the list that a text is as JSON; None for a plain text."""
    if not text.lstrip().startswith("[{"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _rows(table: pa.Table, split: str, meta: dict[str, Any], notices: list[str]) -> pa.Table:
    """Return prompt, chosen and rejected as texts (JSON for conversations); rows that teach nothing are left out."""
    import pyarrow as pa

    roles = [role for role in NAMES if meta[role]]
    missing = next((meta[role] for role in roles if meta[role] not in table.column_names), None)
    if missing is not None:
        raise DataError(f"The {split} rows have no column {missing!r}.", f"They have {', '.join(table.column_names)}.")
    cells = zip(*(table[meta[role]].to_pylist() for role in roles), strict=True)
    rows = [_row(dict(zip(roles, row, strict=True)), meta["form"], split, n) for n, row in enumerate(cells)]
    whole = [row for row in rows if row is not None]
    different = [row for row in whole if row["chosen"] != row["rejected"]]
    where = "" if split == "all" else f"{split} "
    for count, what in (
        (len(rows) - len(whole), "lack a text"),
        (len(whole) - len(different), "have two equal answers"),
    ):
        if count:
            notices.append(f"{count:,} {where}rows {what}: left out.")
    return pa.table({role: pa.array([row[role] for row in different], pa.string()) for role in NAMES})


def _row(cells: dict[str, Any], form: str, split: str, number: int) -> dict[str, str] | None:
    """Return one row as texts; None when a part of it is missing."""
    if form == PLAIN:
        texts = {role: "" if cell is None else str(cell) for role, cell in cells.items()}
        return texts if all(text.strip() for text in texts.values()) else None
    talks = {role: _talk(cell, role, split, number) for role, cell in cells.items()}
    if "prompt" not in talks:
        talks = _divided(talks)
    if not all(talks.values()):
        return None
    return {role: json.dumps(talk, ensure_ascii=False) for role, talk in talks.items()}


def _talk(cell: Any, role: str, split: str, number: int) -> Talk:
    """Return a cell as messages: a text is what the user asks, or the assistant answers. Raises DataError."""
    if cell is None or cell == "":
        return []
    if isinstance(cell, str):
        parsed = _messages_of(cell)
        if parsed is None:
            return [{"role": "user" if role == "prompt" else "assistant", "content": cell}]
        cell = parsed
    good = isinstance(cell, list) and all(
        isinstance(message, dict) and isinstance(message.get("role"), str) and isinstance(message.get("content"), str)
        for message in cell
    )
    if not good:
        raise DataError(
            f"{role!r} of {split} row {number + 1} is no list of messages.",
            'One is {"role": "user", "content": "..."}.',
        )
    return [{"role": message["role"], "content": message["content"]} for message in cell]


def _divided(talks: dict[str, Talk]) -> dict[str, Talk]:
    """Take what two whole conversations begin with as the prompt."""
    chosen, rejected = talks["chosen"], talks["rejected"]
    same = next(
        (i for i, (a, b) in enumerate(zip(chosen, rejected, strict=False)) if a != b), min(len(chosen), len(rejected))
    )
    return {"prompt": chosen[:same], "chosen": chosen[same:], "rejected": rejected[same:]}


def _hold_out(table: pa.Table, options: TrainOptions) -> tuple[pa.Table, pa.Table]:
    import pyarrow as pa

    keys = [[text_key(prompt)] for prompt in table["prompt"].to_pylist()]
    sides, _ = divide(keys, [""] * len(keys), {"validation": options.validation}, options.seed)
    held = [row for row, side in enumerate(sides) if side == "validation"]
    rest = [row for row, side in enumerate(sides) if side == "train"]
    if not held or not rest:
        raise DataError("All rows have the same prompt, so nothing can be held out for validation.", "Add rows.")
    return table.take(pa.array(rest)), table.take(pa.array(held))

"""Steps that draw: balance, sample, split. Training rows alone are copied or evened out; a test stays what it is."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...core.errors import DataError, OptionError
from ...core.options.steps import AUGMENTED_FROM, AUGMENTED_WITH, ROW_ID, Balance, Sample, Split
from ..reading.arrays import int_array
from ..rows.split import divide, text_key
from .recipe import Change, Work, pick

#: Sides of a split in the order in which rows are drawn for them.
SIDES = ("test", "validation", "train")


def balance(work: Work, step: Balance) -> None:
    """Even out the labels of the training rows. Raises DataError where there is no label column."""
    split = work.training
    labels = work.labels(split, work.column(step.by) if step.by else work.label())
    counts = Counter(label for label in labels if label)
    if len(counts) < 2:
        raise DataError(f"Step balance: the {split} rows have {len(counts)} label.", "Name another column: by=COLUMN.")
    if step.how == "down":
        _fewer(work, split, labels, step.to or min(counts.values()), _random(step.seed))
    else:
        _copies(work, split, labels, step.to or max(counts.values()), _random(step.seed))


def _random(seed: int | None) -> Any:
    import numpy as np

    return np.random.default_rng(seed or 0)


def _by_label(labels: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        places.setdefault(label, []).append(place)
    return dict(sorted(places.items()))


def _fewer(work: Work, split: str, labels: Sequence[str], to: int, random: Any) -> None:
    reasons: list[str | None] = [None] * len(labels)
    for label, places in _by_label(labels).items():
        for n in random.permutation(len(places))[to:] if label else range(len(places)):
            reasons[places[int(n)]] = f"more than {to:,} rows of {label}" if label else "no label to balance by"
    work.drop(split, reasons)


def _copies(work: Work, split: str, labels: Sequence[str], to: int, random: Any) -> None:
    """Copy rows of rare labels; copies name their row, so that no later split parts them."""
    work.number_rows()
    ids = work.splits[split][ROW_ID].to_pylist()
    sources: list[int] = []
    for label, places in _by_label(labels).items():
        missing = max(0, to - len(places)) if label else 0
        whole, rest = divmod(missing, len(places))
        sources += places * whole + sorted(places[int(n)] for n in random.permutation(len(places))[:rest])
    copies = pick(work.splits[split], sources)
    originals = [work.splits[split][AUGMENTED_FROM][place].as_py() for place in sources]
    add_rows(
        work, split, copies, [ids[place] if old is None else old for place, old in zip(sources, originals, strict=True)]
    )


def add_rows(work: Work, split: str, rows: Any, sources: Sequence[int], others: Sequence[int | None] = ()) -> None:
    """Append rows made from others to a split: `sources` are the numbers of the rows they were made from."""
    import pyarrow as pa

    start = 1 + max((max(table[ROW_ID].to_pylist(), default=-1) for table in work.splits.values()), default=-1)
    own: dict[str, list[int | None]] = {ROW_ID: list(range(start, start + len(sources))), AUGMENTED_FROM: list(sources)}
    if others:
        for name, table in work.splits.items():
            if AUGMENTED_WITH not in table.column_names:
                work.put(name, AUGMENTED_WITH, pa.chunked_array([int_array([None] * table.num_rows)]))
    if AUGMENTED_WITH in work.splits[split].column_names:
        own[AUGMENTED_WITH] = list(others) or [None] * len(sources)
    for name, values in own.items():
        column = pa.chunked_array([int_array(values)])
        place = rows.column_names.index(name) if name in rows.column_names else None
        rows = rows.append_column(name, column) if place is None else rows.set_column(place, name, column)
    table = work.splits[split]
    work.splits[split] = pa.concat_tables([table, rows.select(table.column_names).cast(table.schema)])
    work.outcome.added += len(sources)


def sample(work: Work, step: Sample) -> None:
    """Draw rows, each label and each split in proportion."""
    names = [step.split] if step.split else list(work.splits)
    if step.split and step.split not in work.splits:
        raise DataError(f"Step sample: there is no split {step.split!r}.", f"There are {', '.join(work.splits)}.")
    total = sum(work.splits[name].num_rows for name in names)
    if step.rows >= 1 and not float(step.rows).is_integer():
        raise OptionError(f"Step sample: {step.rows} is neither a number of rows nor a share below 1.", "sample 1000")
    wanted = round(step.rows * total) if step.rows < 1 else int(step.rows)
    if wanted >= total:
        work.outcome.notes.append(f"There are {total:,} rows, no more than asked for.")
        return
    strata = [(name, label) for name in names for label in _strata(work, name, step.by)]
    chosen = _proportional(strata, wanted, _random(step.seed))
    start = 0
    for name in names:
        count = work.splits[name].num_rows
        work.drop(name, [None if start + n in chosen else "not drawn" for n in range(count)])
        start += count


def _strata(work: Work, split: str, by: str | None) -> list[str]:
    if by == "none":
        return [""] * work.splits[split].num_rows
    if by == "label" and by not in work.data.columns:
        by = work.label()
    return work.labels(split, work.column(by) if by else None)


def _proportional(strata: Sequence[Any], wanted: int, random: Any) -> set[int]:
    """Return `wanted` places, of each stratum its share: whole parts first, then the largest remainders."""
    places: dict[Any, list[int]] = {}
    for place, stratum in enumerate(strata):
        places.setdefault(stratum, []).append(place)
    exact = {stratum: wanted * len(places[stratum]) / len(strata) for stratum in sorted(places)}
    counts = {stratum: int(share) for stratum, share in exact.items()}
    missing = wanted - sum(counts.values())
    for stratum in sorted(exact, key=lambda one: (counts[one] - exact[one], one))[:missing]:
        counts[stratum] += 1
    return {places[one][int(n)] for one in counts for n in random.permutation(len(places[one]))[: counts[one]]}


def split_rows(work: Work, step: Split) -> None:
    """Divide the training rows (with `again`, all rows). Raises DataError when a side that is asked for is there."""
    shares = {name: share for name, share in (("test", step.test), ("validation", step.validation)) if share}
    if not shares or sum(shares.values()) >= 1:
        raise OptionError(
            "Step split needs shares for test or validation that leave rows to train.", f"For example: {step.example}"
        )
    if step.group and step.time:
        raise OptionError("Step split: group and time exclude each other.", "Keep one of them.")
    _gather(work, shares, step.again)
    table = work.splits[work.training]
    copies = _copied(table)
    originals = [place for place, copy in enumerate(copies) if not copy]
    texts = work.texts(work.training)
    if step.time:
        sides = _by_time(work, work.column(step.time), originals, shares)
    else:
        sides = _by_chance(work, step, originals, texts, shares)
    _hand_out(work, shares, sides, copies, texts)


def _gather(work: Work, shares: dict[str, float], again: bool) -> None:
    """Put the rows to divide into one split, "train"."""
    import pyarrow as pa

    if again:
        merged = pa.concat_tables(list(work.splits.values()), promote_options="default")
        work.data.splits = {"train": merged}
        return
    there = [name for name in shares if name in work.splits and work.splits[name].num_rows]
    if there:
        rows = ", ".join(f"{name} ({work.splits[name].num_rows:,} rows)" for name in there)
        raise DataError(f"Step split: there is already {rows}.", "Say again=true to put all rows together first.")
    name = work.training
    if name not in ("train", "all"):
        raise DataError(f"Step split: there are no training rows, only {', '.join(work.splits)}.", "Say again=true.")
    work.data.splits = {"train": work.splits.pop(name), **work.splits}


def _copied(table: Any) -> list[bool]:
    if AUGMENTED_FROM not in table.column_names:
        return [False] * table.num_rows
    return [value is not None for value in table[AUGMENTED_FROM].to_pylist()]


def _by_chance(
    work: Work, step: Split, originals: list[int], texts: Sequence[str], shares: dict[str, float]
) -> dict[int, str]:
    """Return the side of each original row; equal texts, or equal groups, stay together; labels keep their shares."""
    table = work.splits["train"]
    groups = table[work.column(step.group)].to_pylist() if step.group else [None] * table.num_rows
    # A text that stands in two groups does not tie them: its training rows go, see _hand_out.
    keys = [[("text", text_key(texts[n])) if groups[n] is None else ("group", str(groups[n]))] for n in originals]
    strata = _strata(work, "train", step.by or ("none" if step.group else None))
    sides, notices = divide(keys, [strata[n] for n in originals], shares, step.seed or 0)
    work.outcome.notes += notices
    return dict(zip(originals, sides, strict=True))


def _by_time(work: Work, column: str, originals: list[int], shares: dict[str, float]) -> dict[int, str]:
    """Return the side of each original row: the newest to the test; rows of one moment stay together."""
    values = work.splits["train"][column].to_pylist()
    times = {n: _moment(values[n], column) for n in originals if values[n] is not None and values[n] != ""}
    order = sorted(times, key=lambda n: (times[n], n))
    sides: dict[int, str] = {}
    end = len(order)
    for name in (side for side in SIDES if side in shares):
        start = max(0, end - max(1, round(shares[name] * len(order))))
        while 0 < start < end and times[order[start - 1]] == times[order[start]]:
            start -= 1
        sides |= dict.fromkeys(order[start:end], name)
        end = start
    return {n: "" if n not in times else sides.get(n, "train") for n in originals}


def _moment(value: Any, column: str) -> float:
    """Return a time as a number: of a date, of a number (or text) of seconds or years, of an ISO text."""
    if isinstance(value, datetime.datetime | datetime.date):
        return _stamp(value.isoformat())
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        return _stamp(str(value).strip())
    except ValueError:
        raise DataError(
            f"Step split: {str(value)[:60]!r} in column {column!r} is not a time.", "Write times like 2026-03-31 12:00."
        ) from None


def _stamp(text: str) -> float:
    moment = datetime.datetime.fromisoformat(text.replace("/", "-"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _hand_out(
    work: Work, shares: dict[str, float], sides: dict[int, str], copies: list[bool], texts: Sequence[str]
) -> None:
    """Give the rows to their sides; copies follow their row, into training or nowhere; no text stands on two sides."""
    table = work.splits["train"]
    side_of = [sides.get(n) for n in range(table.num_rows)]
    reasons = _copies_out(table, side_of, copies)
    held: dict[str, str] = {}
    for name in SIDES:
        own = [n for n, side in enumerate(side_of) if side == name]
        for n in own:
            other = held.get(text_key(texts[n]))
            if other is not None and reasons[n] is None:
                reasons[n] = "copy equal to a held-out text" if copies[n] else f"text stands in {other}, too"
        held |= {key: name for n in own if (key := text_key(texts[n])) and key not in held}
    for n, side in enumerate(side_of):
        if side == "":
            reasons[n] = "no time"
    _assign(work, shares, side_of, reasons)


def _copies_out(table: Any, side_of: list[str | None], copies: list[bool]) -> list[str | None]:
    """Send copies to training when all their rows are there; return a reason for each copy that has to go."""
    reasons: list[str | None] = [None] * len(copies)
    if not any(copies):
        return reasons
    ids = table[ROW_ID].to_pylist()
    where = {ids[n]: side_of[n] for n in range(len(copies)) if not copies[n]}
    names = [name for name in (AUGMENTED_FROM, AUGMENTED_WITH) if name in table.column_names]
    sources = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    for n, copy in enumerate(copies):
        if copy:
            stay = {where.get(source, "train") for source in sources[n] if source is not None} == {"train"}
            side_of[n] = "train"
            reasons[n] = None if stay else "copy of a held-out row"
    return reasons


def _assign(work: Work, shares: dict[str, float], side_of: list[str | None], reasons: list[str | None]) -> None:
    work.drop("train", reasons)
    others = {name: rows for name, rows in work.splits.items() if name != "train"}
    sides = [side for side, why in zip(side_of, reasons, strict=True) if why is None]
    rows = work.splits["train"]
    parts = {name: [n for n, side in enumerate(sides) if side == name] for name in ("train", "validation", "test")}
    if not parts["train"]:
        raise DataError("Step split leaves no training row: all rows are tied together.", "Split by another column.")
    work.outcome.moved += len(parts["validation"]) + len(parts["test"])
    for name in ("validation", "test"):
        for n in parts[name][:2]:
            work.show(
                Change("moved", name, work.texts("train")[n] if rows.num_rows < 10_000 else None, None, f"to {name}")
            )
    missing = [name for name in ("validation", "test") if name in shares and not parts[name]]
    if missing:
        raise DataError(
            f"Step split: no row could be spared for {missing[0]}: too few texts or groups that are not tied together.",
            "Ask for a larger share, or split by another column.",
        )
    found = {name: pick(rows, places) for name, places in parts.items() if places}
    order = ("train", "validation", "test")
    merged = {**others, **found}
    work.data.splits = {name: merged[name] for name in (*order, *merged) if name in merged}


STEPS: dict[str, Callable[[Work, Any], None]] = {"balance": balance, "sample": sample, "split": split_rows}

"""From rows as they came to tagged sentences fit for training: columns, broken rows, tags in one form, splits.

Light: the kernel imports it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...core.contracts import Dataset, Prepared
from ...core.errors import DataError
from ...core.options import TrainOptions
from ..words.division import Division, division_of, is_wide
from .labels import check_labels
from .split import stratified_split
from .tag_columns import find
from .tagged_rows import BETWEEN, Sentences
from .tagging import OUTSIDE, Reader, names_of, part_of, scheme_of

TRAINING = ("train", "all")
#: Fewer sentences than this cannot be split and learnt from.
MIN_SENTENCES = 8


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" (and "test" where the data have one) with columns tokens (list of texts) and
    tags (list of int32, indices into meta["labels"]).

    Raises DataError for columns, tags and spans that cannot be learnt from, before anything is written.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    columns, notices = find(data.splits[first], options.text_column, options.label_column)
    plain = {split: Sentences(split, table, columns, options.on_error) for split, table in data.splits.items()}
    reader = _reader(plain.values(), plain[first])
    for sentences in plain.values():
        sentences.read(reader)
        notices += sentences.notices
    notices += reader.notices()
    learned = plain.pop(first)
    _enough(learned, reader, options)
    division = division_of(tokens for tokens, _ in learned.pairs)
    notices += _chinese_words(learned, division)
    if "validation" not in plain:
        learned, plain["validation"], said = _hold_out(learned, options)
        notices += said
    plain = {split: rows for split, rows in plain.items() if rows.pairs}
    names = names_of(
        (tag for rows in (learned, *plain.values()) for _, tags in rows.pairs for tag in tags), reader.plain
    )
    notices += [*_never_learned(learned, plain, reader), *_leaks(learned, plain)]
    meta = {
        "labels": names, "plain": reader.plain, "division": division, "text_column": columns.text,
        "label_column": columns.tags, "form": columns.form, "max_length": options.max_length,
    }  # fmt: skip
    return Prepared(
        {"train": learned.numbered(names), **{s: r.numbered(names) for s, r in plain.items()}}, meta, notices
    )


def align(data: Dataset, meta: dict[str, Any]) -> Prepared:
    """Give other data the form of a trained run. Raises DataError for tags the model does not know."""
    table = next(iter(data.splits.values()))
    wanted = [name if name in table.column_names else None for name in (meta["text_column"], meta["label_column"])]
    columns, notices = find(table, *wanted)
    plain = {split: Sentences(split, rows, columns, "skip") for split, rows in data.splits.items()}
    reader = Reader("plain") if meta["plain"] else _reader(plain.values(), next(iter(plain.values())))
    for rows in plain.values():
        rows.read(reader)
        notices += rows.notices
    notices += reader.notices() if not meta["plain"] else []
    return Prepared({split: rows.numbered(meta["labels"]) for split, rows in plain.items()}, meta, notices)


def _reader(splits: Any, learned: Sentences) -> Reader:
    """Return the reader of the scheme that all splits together are in."""
    counts: Counter[str] = sum((rows.counts for rows in splits), Counter())
    if not counts:
        learned.refuse_nothing()
    return Reader(scheme_of(counts))


def _enough(rows: Sentences, reader: Reader, options: TrainOptions) -> None:
    if not rows.pairs:
        rows.refuse_nothing()
    if len(rows.pairs) < MIN_SENTENCES:
        raise DataError(
            f"Only {len(rows.pairs)} sentences have tags; at least {MIN_SENTENCES} are needed.", "Add rows."
        )
    kinds = Counter(part_of(tag, reader.scheme)[1] or OUTSIDE for tag in rows.counts.elements())
    if len(kinds) == 1:
        only = next(iter(kinds))
        said = "is tagged O: there is nothing to find" if only == OUTSIDE else f"has the same tag, {only!r}"
        raise DataError(
            f"Every token of the {len(rows.pairs):,} training sentences {said}.",
            "Choose another tag column: --label-column NAME.",
        )
    if sum(kinds.values()) >= MIN_SENTENCES and len(kinds) < sum(kinds.values()):
        check_labels(kinds.elements(), as_they_are=options.labels_as_they_are)


def _hold_out(rows: Sentences, options: TrainOptions) -> tuple[Sentences, Sentences, list[str]]:
    """Hold sentences out at random, about as many of each rarest type; equal sentences stay on one side."""
    counts = Counter(tag[2:] if tag[1:2] == "-" else tag for _, tags in rows.pairs for tag in set(tags))
    rarest = [
        min(
            (tag[2:] if tag[1:2] == "-" else tag for tag in set(tags) - {OUTSIDE}),
            key=lambda k: (counts[k], k),
            default=OUTSIDE,
        )
        for _, tags in rows.pairs
    ]
    train, held, _ = stratified_split(
        [BETWEEN.join(tokens) for tokens, _ in rows.pairs], rarest, options.validation, options.seed
    )
    if not len(held):
        raise DataError("No two sentences are different, so nothing can be held out for validation.", "Add rows.")
    said = f"{len(held):,} of {len(rows.pairs):,} sentences were held out for validation."
    return rows.take("train", train), rows.take("validation", held), [said]


def _never_learned(train: Sentences, others: dict[str, Sentences], reader: Reader) -> list[str]:
    def kinds(rows: Sentences) -> set[str]:
        return {
            tag if reader.plain else tag[2:] for _, tags in rows.pairs for tag in tags if reader.plain or tag != OUTSIDE
        }

    known = kinds(train)
    return [
        f"{', '.join(sorted(unknown))}: only in the {split} rows, so it cannot be learned."
        for split, rows in others.items()
        if (unknown := kinds(rows) - known)
    ]


def _leaks(train: Sentences, others: dict[str, Sentences]) -> list[str]:
    known = set(train.keys())
    counts = {split: sum(key in known for key in rows.keys()) for split, rows in others.items()}  # noqa: SIM118
    return [
        f"{n:,} {split} sentences also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]


def _chinese_words(rows: Sentences, division: Division) -> list[str]:
    """Say that typed texts will be divided otherwise than rows whose tokens are Chinese words."""
    tokens = [token for sentence, _ in rows.pairs[:2_000] for token in sentence]
    long = sum(len(token) > 1 and is_wide(token[0]) and is_wide(token[-1]) for token in tokens)
    if division == "characters" or long < 0.2 * len(tokens):
        return []
    return ["The tokens are words of a script without blanks; texts typed for prediction are divided by characters."]

"""From rows as they came to tagged sentences fit for training: columns, broken rows, tags in one form, splits.

Light: the kernel imports it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset, Prepared
from ..core.errors import DataError
from ..core.options import TrainOptions, nearest
from .division import Division, division_of, is_wide
from .labels import check_labels
from .spans import BrokenSpan, spans_of, tagged
from .split import stratified_split, text_key
from .tag_columns import Columns, find, parts_of
from .tagging import OUTSIDE, Reader, names_of, part_of, scheme_of

if TYPE_CHECKING:
    import pyarrow as pa

TRAINING = ("train", "all")
#: Fewer sentences than this cannot be split and learnt from.
MIN_SENTENCES = 8
#: Stands between tokens where a sentence is compared with another.
BETWEEN = "\x1f"

Sentence = tuple[list[str], list[str]]


def prepare(data: Dataset, options: TrainOptions) -> Prepared:
    """Make splits "train" and "validation" (and "test" where the data have one) with columns tokens (list of texts) and
    tags (list of int32, indices into meta["labels"]).

    Raises DataError for columns, tags and spans that cannot be learnt from, before anything is written.
    """
    first = next(name for name in (*TRAINING, *data.splits) if name in data.splits)
    columns, notices = find(data.splits[first], options.text_column, options.label_column)
    plain = {split: _Sentences(split, table, columns, options.on_error) for split, table in data.splits.items()}
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
    plain = {split: _Sentences(split, rows, columns, "skip") for split, rows in data.splits.items()}
    reader = Reader("plain") if meta["plain"] else _reader(plain.values(), next(iter(plain.values())))
    for rows in plain.values():
        rows.read(reader)
        notices += rows.notices
    notices += reader.notices() if not meta["plain"] else []
    return Prepared({split: rows.numbered(meta["labels"]) for split, rows in plain.items()}, meta, notices)


def _reader(splits: Any, learned: _Sentences) -> Reader:
    """Return the reader of the scheme that all splits together are in."""
    counts = sum((rows.counts for rows in splits), Counter())
    if not counts:
        learned.refuse_nothing()
    return Reader(scheme_of(counts))


class _Sentences:
    """(tokens, tags) of one split; rows that are broken or empty are left out and counted, or refused."""

    def __init__(self, split: str, table: pa.Table | None, columns: Columns, on_error: str) -> None:
        self.split, self.columns, self.on_error = split, columns, on_error
        self.pairs: list[Sentence] = []
        self.notices: list[str] = []
        self._faults: dict[str, tuple[int, str]] = {}
        if table is not None:
            self._load(table)
        self.counts = Counter(tag for _, tags in self.pairs for tag in tags)

    def _load(self, table: pa.Table) -> None:
        missing = next((n for n in (self.columns.text, self.columns.tags) if n not in table.column_names), None)
        if missing is not None:
            raise DataError(
                f"The {self.split} rows have no column {missing!r}.", f"They have {', '.join(table.column_names)}."
            )
        one, two = (table[name].to_pylist() for name in (self.columns.text, self.columns.tags))
        division = _division_of_texts(one) if self.columns.form == "spans" else "words"
        for number, (a, b) in enumerate(zip(one, two, strict=True), 1):
            found = self._row(number, a, b, division)
            if found is not None:
                self.pairs.append(found)
        self._say_faults()

    def _row(self, number: int, one: Any, two: Any, division: Division) -> Sentence | None:
        if self.columns.form == "spans":
            text = "" if one is None else str(one)
            if not text.strip():
                return self._fault("without text", number, "no text")
            try:
                return tagged(text, spans_of(text, two), division)
            except BrokenSpan as error:
                return self._fault("with spans that do not fit", number, str(error))
        tokens, tags = (parts_of(v) if self.columns.form == "blanks" and v is not None else v for v in (one, two))
        if not tokens:
            return self._fault("without tokens", number, "no tokens")
        if tags is None or len(tokens) != len(tags):
            return self._fault(
                "whose tokens and tags differ in number", number, f"{len(tokens)} tokens and {len(tags or [])} tags"
            )
        if any(tag is None or str(tag).strip() == "" for tag in tags):
            return self._fault("with a token without a tag", number, "a tag is missing")
        if isinstance(tags[0], int):
            raise DataError(
                f"The tags in column {self.columns.tags!r} are numbers, and nothing says what they stand for.",
                "Give them as texts such as B-PER, or pass a datasets object whose feature has their names.",
            )
        return ["" if token is None else str(token) for token in tokens], [_clean(tag) for tag in tags]

    def _fault(self, kind: str, number: int, why: str) -> None:
        if self.on_error == "stop":
            raise DataError(
                f"Row {number:,} of the {self.split} rows: {why}.", "Correct it; --on-error skip leaves such rows out."
            )
        count, first = self._faults.get(kind, (0, f"row {number:,}: {why}"))
        self._faults[kind] = (count + 1, first)

    def _say_faults(self) -> None:
        where = "" if self.split == "all" else f"{self.split} "
        for kind, (count, first) in self._faults.items():
            said = f"1 {where}row {kind} was" if count == 1 else f"{count:,} {where}rows {kind} were"
            self.notices.append(f"{said} left out ({'' if count == 1 else 'the first is '}{first}).")

    def refuse_nothing(self) -> None:
        """Raise for rows none of which can be used."""
        why = next((first for _, first in self._faults.values()), "they are empty")
        raise DataError(
            f"None of the {self.split} rows can be used ({why}).", "Check --text-column and --label-column."
        )

    def read(self, reader: Reader) -> None:
        """Bring the tags to one form."""
        self.pairs = [(tokens, reader(tags)) for tokens, tags in self.pairs]

    def take(self, split: str, places: Any) -> _Sentences:
        """Return some of the sentences as a split of their own."""
        part = _Sentences(split, None, self.columns, self.on_error)
        part.pairs = [self.pairs[int(place)] for place in places]
        return part

    def keys(self) -> list[str]:
        """Return what makes two sentences the same to a reader."""
        return [text_key(BETWEEN.join(tokens)) for tokens, _ in self.pairs]

    def numbered(self, names: list[str]) -> pa.Table:
        """Return the prepared table. Raises DataError for a tag that is not among `names`."""
        import pyarrow as pa

        numbers = {name: i for i, name in enumerate(names)}
        strange = next((tag for _, tags in self.pairs for tag in tags if tag not in numbers), None)
        if strange is not None:
            guess = nearest(strange, names)
            kinds = ", ".join(dict.fromkeys(name.removeprefix("B-").removeprefix("I-") for name in names))
            raise DataError(
                f"The tag {strange!r} in the {self.split} rows is not one that the model knows.",
                f"Did you mean {guess!r}? It knows {kinds}." if guess else f"It knows {kinds}.",
            )
        tags = [[numbers[tag] for tag in tags] for _, tags in self.pairs]
        return pa.Table.from_arrays(
            [_lists([tokens for tokens, _ in self.pairs], pa.string()), _lists(tags, pa.int32())], ["tokens", "tags"]
        )


def _clean(tag: Any) -> str:
    text = str(tag).strip()
    return OUTSIDE if text == "o" else text


def _lists(rows: list[list[Any]], kind: Any) -> pa.Array:
    """Return a list array; flat, because `pyarrow.array` of lists would import pandas."""
    import pyarrow as pa

    from .arrays import array_of, int_array

    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row))
    flat = array_of([value for row in rows for value in row]).cast(kind)
    return pa.ListArray.from_arrays(int_array(ends).cast(pa.int32()), flat)


def _division_of_texts(texts: list[Any]) -> Division:
    """Texts with spans are divided by words, or by characters where most letters are Chinese or Japanese."""
    sample = "".join(str(text) for text in texts[:200] if text)
    letters = [character for character in sample if not character.isspace()]
    return "characters" if sum(map(is_wide, letters)) > 0.7 * len(letters) > 0 else "words"


def _enough(rows: _Sentences, reader: Reader, options: TrainOptions) -> None:
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


def _hold_out(rows: _Sentences, options: TrainOptions) -> tuple[_Sentences, _Sentences, list[str]]:
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


def _never_learned(train: _Sentences, others: dict[str, _Sentences], reader: Reader) -> list[str]:
    def kinds(rows: _Sentences) -> set[str]:
        return {
            tag if reader.plain else tag[2:] for _, tags in rows.pairs for tag in tags if reader.plain or tag != OUTSIDE
        }

    known = kinds(train)
    return [
        f"{', '.join(sorted(unknown))}: only in the {split} rows, so it cannot be learned."
        for split, rows in others.items()
        if (unknown := kinds(rows) - known)
    ]


def _leaks(train: _Sentences, others: dict[str, _Sentences]) -> list[str]:
    known = set(train.keys())
    counts = {split: sum(key in known for key in rows.keys()) for split, rows in others.items()}  # noqa: SIM118
    return [
        f"{n:,} {split} sentences also stand in the training rows: scores on them flatter."
        for split, n in counts.items()
        if n
    ]


def _chinese_words(rows: _Sentences, division: Division) -> list[str]:
    """Say that typed texts will be divided otherwise than rows whose tokens are Chinese words."""
    tokens = [token for sentence, _ in rows.pairs[:2_000] for token in sentence]
    long = sum(len(token) > 1 and is_wide(token[0]) and is_wide(token[-1]) for token in tokens)
    if division == "characters" or long < 0.2 * len(tokens):
        return []
    return ["The tokens are words of a script without blanks; texts typed for prediction are divided by characters."]

"""The tagged sentences of one split: read from whatever columns they are in, broken ones left out and counted.

Light: the kernel imports it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...core.errors import DataError
from ...core.options import nearest
from ..words.division import Division, is_wide
from .marked_spans import BrokenSpan, spans_of, tagged
from .split import text_key
from .tag_columns import Columns, parts_of
from .tagging import OUTSIDE, Reader

if TYPE_CHECKING:
    import pyarrow as pa

#: Stands between tokens where a sentence is compared with another.
BETWEEN = "\x1f"

Sentence = tuple[list[str], list[str]]


class _Broken(ValueError):
    """Why a row cannot be used: `args` are the kind of fault, for the count, and what is wrong with this one."""


class Sentences:
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
            try:
                self.pairs.append(self._row(a, b, division))
            except _Broken as fault:
                self._fault(number, *fault.args)
        self._say_faults()

    def _row(self, one: Any, two: Any, division: Division) -> Sentence:
        """Return the tokens and tags of a row as texts. Raises _Broken."""
        if self.columns.form == "spans":
            text = "" if one is None else str(one)
            if not text.strip():
                raise _Broken("without text", "no text")
            try:
                return tagged(text, spans_of(text, two), division)
            except BrokenSpan as error:
                raise _Broken("with spans that do not fit", str(error)) from None
        tokens, tags = (parts_of(v) if self.columns.form == "blanks" and v is not None else v for v in (one, two))
        if not tokens:
            raise _Broken("without tokens", "no tokens")
        if tags is None or len(tokens) != len(tags):
            why = f"{len(tokens)} tokens and {len(tags or [])} tags"
            raise _Broken("whose tokens and tags differ in number", why)
        clean = {tag: _clean(tag) for tag in set(tags)}  # a few different ones among millions
        if "" in clean.values():
            raise _Broken("with a token without a tag", "a tag is missing")
        if isinstance(tags[0], int):
            raise DataError(
                f"The tags in column {self.columns.tags!r} are numbers, and nothing says what they stand for.",
                "Give them as texts such as B-PER, or pass a datasets object whose feature has their names.",
            )
        return ["" if token is None else str(token) for token in tokens], [clean[tag] for tag in tags]

    def _fault(self, number: int, kind: str, why: str) -> None:
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

    def take(self, split: str, places: Any) -> Sentences:
        """Return some of the sentences as a split of their own."""
        part = Sentences(split, None, self.columns, self.on_error)
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
    """Return a tag without blanks around it, "" for none."""
    text = "" if tag is None else str(tag).strip()
    return OUTSIDE if text == "o" else text


def _lists(rows: list[list[Any]], kind: Any) -> pa.Array:
    """Return a list array; flat, because `pyarrow.array` of lists would import pandas."""
    import pyarrow as pa

    from ..reading.arrays import array_of, int_array

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

"""Personal data out of a data set: found in a first pass over the rows, replaced in a second one, never written down.

`find` runs in the worker (presidio, spaCy and jieba are loaded there); `Protection` runs where the rows are, batch by batch.
Values live in memory only; what reaches the disk is the protected table, the audit without values, and the encrypted vault.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset
from ..core.errors import DataError, FmError, ModelError
from ..core.options.protect import ProtectOptions
from ..kit.privacy import cells, detector
from ..kit.privacy.audit import Audit
from ..kit.privacy.columns import Plan, plans, texts
from ..kit.privacy.spans import Span, settle
from ..kit.privacy.stand_ins import StandIns, same
from ..kit.privacy.sweep import Known
from ..kit.privacy.vault import VaultWriter, derived

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows looked at together.
BATCH = 1_000
Finder = Callable[[list[str], str], list[list[Span]]]
Changes = list[tuple[Span, str]]


def find(texts: list[str], kinds: list[str], hint: str = "") -> dict[str, Any]:
    """Return {"spans": [[[start, end, kind, by, score], ...], ...]}, one list a text. A worker's verb.

    An error tells its kind only: texts of users have no place in a traceback.
    """
    try:
        found = detector.find(texts, frozenset(kinds), hint)
    except FmError:
        raise
    except Exception as error:
        raise ModelError(
            f"Looking for personal data failed ({type(error).__name__}).", "Nothing was written. Please report it."
        ) from None
    return {"spans": [[[s.start, s.end, s.kind, s.by, round(s.score, 3)] for s in spans] for spans in found]}


@dataclass
class Outcome:
    """What a protection did. `kinds` and `columns` count findings, `dropped` rows; `values` are the different values."""

    splits: dict[str, pa.Table] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    columns: list[dict[str, Any]] = field(default_factory=list)
    values: int = 0
    dropped: int = 0
    numbers: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def protect(
    data: Dataset, options: ProtectOptions, finder: Finder, folder: Path, name: str, key: bytes | None
) -> Outcome:
    """Write protected tables to `folder`/rows, audit and (with a key) vault to `folder`/audit, and return what was done.

    `name` binds the vault to its data. Raises DataError when a column that was asked for is not there.
    """
    work = _Protection(data, options, finder, folder, name, key)
    try:
        work.look()
        return work.replace()
    finally:
        work.close()


class _Protection:
    def __init__(
        self, data: Dataset, options: ProtectOptions, finder: Finder, folder: Path, name: str, key: bytes | None
    ) -> None:
        self.data, self.options, self.finder, self.folder = data, options, finder, folder
        self.plans = {split: _asked(plans(table), options.only, table) for split, table in data.splits.items()}
        secret = key or secrets.token_bytes(32)  # not kept: nobody can ask again which stand-in a value would get
        self.secret = derived(secret, "stand-ins")
        self.audit = Audit(folder / "audit" / "audit.arrow", derived(secret, "audit"))
        self.vault = VaultWriter(folder / "audit" / "vault.bin", key, name) if key else None
        self.found: dict[tuple[str, str], list[list[Span]]] = {}
        self.known, self.dropped = Known(), 0
        self.values: set[str] = set()
        self.mask = options.mode == "mask"
        self.paired: set[str] = set()

    def look(self) -> None:
        """First pass: find what there is in every cell, and gather the values."""
        for split, table in self.data.splits.items():
            for batch in _batches(table):
                for plan in self.plans[split]:
                    values = plan.values(batch)
                    said = [cells.text_of(leaf) for value in values for leaf in texts(value)]
                    spans = self._find(said, plan.hint)
                    self.found.setdefault((split, plan.name), []).extend(spans)
                    self._remember(said, spans)

    def _find(self, said: list[str], hint: str) -> list[list[Span]]:
        """Ask for the different texts only; categories and repeated rows are looked at once a batch."""
        different = list(dict.fromkeys(said))
        answers = dict(zip(different, self.finder(different, hint) if different else [], strict=True))
        return [answers[text] for text in said]

    def _remember(self, said: list[str], spans: list[list[Span]]) -> None:
        for text, inside in zip(said, spans, strict=True):
            for span in inside:
                value = text[span.start : span.end]
                self.values.add(same(span.kind, value))
                if span.kind == "name":
                    self.known.add(value)

    def replace(self) -> Outcome:
        """Second pass: write the rows with the values replaced, or without the rows that have any."""
        stand_ins = StandIns(self.secret, self.values)
        outcome = Outcome()
        for split, table in self.data.splits.items():
            outcome.splits[split] = self._split(split, table, stand_ins)
        self.audit.close()
        if self.vault:
            self.vault.close()
        outcome.kinds = dict(self.audit.kinds)
        outcome.columns = [{"column": c, "kind": k, "found": n} for (c, k), n in self.audit.columns.items()]
        outcome.values, outcome.dropped = len(self.audit.people), self.dropped
        every = [plan for inside in self.plans.values() for plan in inside]
        outcome.numbers = {plan.name: str(plan.field.type) for plan in every if plan.number}
        outcome.notices = self._notices()
        return outcome

    def _split(self, split: str, table: pa.Table, stand_ins: StandIns) -> pa.Table:
        import pyarrow as pa

        path, inside, row = self.folder / "rows" / f"{split}.arrow", self.plans[split], 0
        spans = {plan.name: iter(self.found.pop((split, plan.name), [])) for plan in inside}
        changed = {plan.name: plan.type for plan in inside}
        # Categories become plain values: their list would hold what no row has any more.
        schema = pa.schema([pa.field(f.name, changed.get(f.name, cells.plain_type(f.type))) for f in table.schema])
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for batch in _batches(table):
                work = _Batch(self, split, row, stand_ins, spans)
                writer.write_batch(work.run(batch, inside, schema))
                row += batch.num_rows
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()

    def _notices(self) -> list[str]:
        first = next(iter(self.data.splits.values()))
        unread = [f.name for f in first.schema if "binary" in str(f.type)]
        lines = [f"The columns {', '.join(unread)} hold bytes: nothing in them was looked at."] if unread else []
        if self.options.only:
            lines.append(f"Only {', '.join(self.options.only)} was looked at; other columns are as they were.")
        return lines

    def close(self) -> None:
        """Let go of files that an error left open."""
        self.values.clear()
        if self.vault:
            self.vault.abandon()


class _Batch:
    """One batch of the second pass."""

    def __init__(
        self, work: _Protection, split: str, row: int, stand_ins: StandIns, spans: dict[str, Iterator[list[Span]]]
    ) -> None:
        self.work, self.split, self.first, self.stand_ins, self.spans = work, split, row, stand_ins, spans
        self.hit: set[int] = set()
        self.contexts: dict[int, tuple[str, Changes]] = {}

    def run(self, batch: pa.RecordBatch, inside: list[Plan], schema: pa.Schema) -> pa.RecordBatch:
        """Return the batch as it may be kept."""
        import pyarrow as pa

        columns = {
            f.name: batch.column(i).cast(schema.field(i).type) for i, f in enumerate(schema) if f.name not in self.spans
        }
        columns = {f.name: columns.get(f.name) for f in schema}
        for plan in sorted(inside, key=lambda plan: plan.answers):  # answers move with their contexts, which come first
            values = [self._cell(plan, row, value) for row, value in enumerate(plan.values(batch))]
            columns[plan.name] = pa.array(values, schema.field(plan.name).type)
        done = pa.RecordBatch.from_arrays(list(columns.values()), schema=schema)
        if self.work.options.mode != "drop" or not self.hit:
            return done
        self.work.dropped += len(self.hit)
        return done.filter(pa.array([row not in self.hit for row in range(batch.num_rows)]))

    def _cell(self, plan: Plan, row: int, value: Any) -> Any:
        new = cells.visit(value, lambda leaf, place: self._leaf(plan, row, leaf, place))
        if not plan.answers or row not in self.contexts or not isinstance(value, dict):
            return new
        moved = cells.aligned(self.contexts[row], value)
        moved = {**new, "answer_start": [-1 for _ in new["text"]]} if moved is None else moved
        if self.work.vault and moved != value:
            self.work.vault.add([self.split, self.first + row, plan.name, None, value])
        return moved

    def _leaf(self, plan: Plan, row: int, leaf: cells.Leaf, place: str) -> cells.Leaf:
        text = cells.text_of(leaf)
        spans = next(self.spans[plan.name])
        if "name" in self.work.options.kinds:
            spans = settle([*spans, *self.work.known.find(text)])
        if not spans:
            return leaf
        self.hit.add(row)
        where = (self.split, self.first + row, plan.name, place)
        for span in spans:
            self.work.audit.add(where, span, text[span.start : span.end], self.work.options.mode)
        new = self._tokens(leaf, text, spans) if isinstance(leaf, list) else self._text(plan, row, text, spans)
        if self.work.vault and not plan.answers:
            self.work.vault.add([self.split, self.first + row, plan.name, place, leaf])
        return new

    def _text(self, plan: Plan, row: int, text: str, spans: list[Span]) -> str:
        changes = [(span, self._new(span, text[span.start : span.end])) for span in spans]
        if plan.context:
            self.contexts[row] = (text, changes)
        return cells.replaced(text, changes)

    def _tokens(self, tokens: list[str], text: str, spans: list[Span]) -> list[str]:
        new = list(tokens)
        for span, inside in cells.shared(tokens, spans):
            said = self._new(span, text[span.start : span.end])
            parts = [said] * len(inside) if self.work.mask else cells.dealt(said, len(inside))
            for i, part in zip(inside, parts, strict=True):
                new[i] = part
        return new

    def _new(self, span: Span, value: str) -> str:
        if self.work.options.mode != "stand-in":
            return f"[{span.kind.upper()}]"
        new = self.stand_ins.of(span.kind, value)
        if self.work.vault and new not in self.work.paired:
            self.work.paired.add(new)
            self.work.vault.add({"value": value, "stand_in": new})
        return new


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    for start in range(0, table.num_rows, BATCH):
        part = table.slice(start, BATCH).combine_chunks()
        yield from part.to_batches()


def _asked(found: list[Plan], only: list[str], table: pa.Table) -> list[Plan]:
    for name in only:
        if name not in table.column_names:
            raise DataError(f"There is no column {name!r}.", f"There are {', '.join(table.column_names)}.")
    chosen = [plan for plan in found if not only or plan.name in only]
    if not chosen:
        raise DataError(
            "No column to look in holds text.", f"There are {', '.join(f'{f.name} ({f.type})' for f in table.schema)}."
        )
    return chosen


def restored(tables: dict[str, pa.Table], records: Iterator[Any], numbers: dict[str, str]) -> dict[str, pa.Table]:
    """Return protected tables with the values that a vault's records hold back in their places."""
    import pyarrow as pa

    kept: dict[tuple[str, str], dict[int, list[tuple[str | None, Any]]]] = {}
    for record in records:
        if isinstance(record, list):
            split, row, column, place, leaf = record
            kept.setdefault((split, column), {}).setdefault(row, []).append((place, leaf))
    for (split, column), rows in kept.items():
        table = tables[split]
        at, values = table.column_names.index(column), table[column].to_pylist()
        for row, leaves in rows.items():
            values[row] = _whole(values[row], dict(leaves))
        kind = pa.type_for_alias(numbers[column]) if column in numbers else table.schema.field(at).type
        array = pa.chunked_array([pa.array(values, table.schema.field(at).type)])
        tables[split] = table.set_column(at, column, array.cast(kind))
    return tables


def _whole(value: Any, leaves: dict[str | None, Any]) -> Any:
    if None in leaves:  # answers are kept as a whole
        return leaves[None]
    return cells.visit(value, lambda leaf, place: leaves.get(place, leaf))


def texts_restored(texts: list[str], records: Iterator[Any]) -> tuple[list[str], int]:
    """Return texts with stand-ins replaced by the values they stand for, and how many were."""
    pairs = {record["stand_in"]: record["value"] for record in records if isinstance(record, dict)}
    there = [new for new in pairs if any(new in text for text in texts)]
    if not there:
        return texts, 0
    either = re.compile("|".join(re.escape(new) for new in sorted(there, key=len, reverse=True)))
    done = [either.subn(lambda found: pairs[found.group()], text) for text in texts]
    return [text for text, _ in done], sum(count for _, count in done)

"""Rows into one Arrow table in bounded memory: in parts, and from a certain size on in a file that is memory-mapped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import DataError, from_os_error
from . import cache
from .tables import MAX_COLUMNS, Rows, as_text, table_of
from .text_lines import LARGE

if TYPE_CHECKING:
    import pyarrow as pa

#: Characters of source text that become one part of the table.
PART = 16 << 20


class Gatherer:
    """Takes rows one by one; `finish` gives the table. Used with `with`: what was written goes when reading fails.

    A column of mixed kinds becomes text, said aloud.

    name: the file's, for notices and errors. columns: known beforehand, in their order; others are added as they come.
    """

    def __init__(self, name: str, notices: list[str], columns: tuple[str, ...] = ()) -> None:
        self.name, self.notices = name, notices
        self.count = 0
        self._columns = dict.fromkeys(columns)
        self._rows: list[dict[str, Any]] = []
        self._waiting = self._held = 0
        self._parts: list[pa.Table] = []
        self._files: list[_Shard] = []

    def __enter__(self) -> Gatherer:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self.drop()

    def add(self, row: dict[str, Any], size: int) -> None:
        """Take a row. `size`: roughly its bytes in memory."""
        self.count += 1
        self._rows.append(row)
        self._waiting += size + 32
        if self._waiting >= PART:
            self._part()

    def take(self, table: pa.Table) -> None:
        """Take a whole table, after the rows that came before it."""
        self._part()
        self.count += table.num_rows
        self._keep(table)

    def finish(self) -> tuple[pa.Table, Path | None]:
        """Return the table, and the file that it is mapped from (None when it is in memory)."""
        self._part()
        if not self._files:
            return _joined(self._parts, self.name, self.notices), None
        return self._join_files()

    def drop(self) -> None:
        """Remove what was written, because reading failed."""
        for shard in self._files:
            shard.remove()
        self._files = []

    def _part(self) -> None:
        """Turn the waiting rows into a part of the table."""
        if not self._rows:
            return
        for row in self._rows:
            if len(row) > len(self._columns) or not row.keys() <= self._columns.keys():
                self._columns.update(dict.fromkeys(row))
                if len(self._columns) > MAX_COLUMNS:
                    cause = f"{self.name} has more than {MAX_COLUMNS:,} different keys."
                    raise DataError(cause, "Give every row the same keys.")
        rows, self._rows, self._waiting = self._rows, [], 0
        columns = {key: [row.get(key) for row in rows] for key in self._columns}
        self._keep(table_of(columns, self.name, self.notices))

    def _keep(self, table: pa.Table) -> None:
        """Hold a part in memory while all of them are small; else write them down."""
        self._parts.append(table)
        self._held += table.nbytes
        if self._held <= LARGE and not self._files:
            return
        parts, self._parts = self._parts, []
        try:
            for part in parts:
                if not self._files or self._files[-1].schema != part.schema:
                    self._files.append(_Shard(part.schema))
                self._files[-1].write(part)
        except OSError as error:
            self.drop()
            raise from_os_error(error, "keep the data's table") from None

    def _join_files(self) -> tuple[pa.Table, Path]:
        """Make one file of those that were written; a part at a time where their types differ."""
        shards = self._files
        for shard in shards:
            shard.close()
        schema = _unified([shard.schema for shard in shards], self.name, self.notices)
        if len(shards) == 1 and schema == shards[0].schema:
            return cache.mapped(shards[0].path), shards[0].path
        whole = _Shard(schema)
        try:
            for shard in shards:
                for batch in cache.mapped(shard.path).to_batches():
                    whole.write(_fitted(batch, schema))
            whole.close()
        except OSError as error:
            whole.remove()
            raise from_os_error(error, "keep the data's table") from None
        finally:
            self.drop()
        return cache.mapped(whole.path), whole.path


class _Shard:
    """An Arrow file that is being written."""

    def __init__(self, schema: pa.Schema) -> None:
        import pyarrow as pa

        self.schema, self.path = schema, cache.fresh()
        cache.create(self.path)
        self._sink = pa.OSFile(str(self.path), "wb")
        self._writer = pa.ipc.new_file(self._sink, schema)

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()
        self._sink.close()

    def remove(self) -> None:
        self._sink.close()
        cache.remove(self.path)


def _joined(parts: list[pa.Table], name: str, notices: list[str]) -> pa.Table:
    import pyarrow as pa

    if len(parts) <= 1:
        return parts[0] if parts else pa.table({})
    schema = _unified([part.schema for part in parts], name, notices)
    return pa.concat_tables([part if part.schema == schema else _fitted(part, schema) for part in parts])


def _unified(schemas: list[pa.Schema], name: str, notices: list[str]) -> pa.Schema:
    """Return the schema that holds the columns of all; kinds that do not go together become text, said aloud."""
    import pyarrow as pa

    types: dict[str, list[pa.DataType]] = {}
    for schema in schemas:
        for field in schema:
            kinds = types.setdefault(field.name, [])
            if field.type not in kinds:
                kinds.append(field.type)
    return pa.schema([(column, _common(column, kinds, name, notices)) for column, kinds in types.items()])


def _common(column: str, kinds: list[pa.DataType], name: str, notices: list[str]) -> pa.DataType:
    import pyarrow as pa

    told = [kind for kind in kinds if not pa.types.is_null(kind)]
    if len(told) <= 1:
        return told[0] if told else pa.null()
    if not any(pa.types.is_boolean(kind) for kind in told):
        try:
            schemas = [pa.schema([(column, kind)]) for kind in told]
            return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass
    notices.append(f"{name}: column {column!r} mixes kinds of values: read as text.")
    return pa.string()


def _fitted(part: Any, schema: pa.Schema) -> pa.Table:
    """Return a part with the columns and types of the whole."""
    import pyarrow as pa

    columns = []
    for field in schema:
        if field.name not in part.schema.names:
            columns.append(pa.nulls(part.num_rows, field.type))
            continue
        column = part.column(part.schema.names.index(field.name))
        columns.append(column if column.type == field.type else _cast(column, field.type))
    return pa.table(columns, schema=schema)


def _cast(column: Any, kind: pa.DataType) -> Any:
    """Return a column as another type; to text as `table_of` does it."""
    import pyarrow as pa

    if pa.types.is_string(kind):
        return pa.array([None if value is None else as_text(value) for value in column.to_pylist()], kind)
    if pa.types.is_nested(kind):
        return pa.array(column.to_pylist(), kind)
    return column.cast(kind)


def gathered(gatherer: Gatherer, read: int, dropped: dict[str, int] | None = None, **account: Any) -> Rows:
    """Return the rows of a gatherer with their account; `account`: `drops` and `task` of Rows."""
    table, spill = gatherer.finish()
    return Rows(table, read, dropped or {}, gatherer.notices, spill=spill, **account)

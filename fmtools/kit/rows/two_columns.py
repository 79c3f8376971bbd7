"""Which columns hold a source and its target text: as given, by name, by language, else the first two texts.

Light: the kernel imports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import DataError
from .columns import no_column

if TYPE_CHECKING:
    import pyarrow as pa

SOURCES = (
    "source", "src", "source_text", "input", "article", "document", "dialogue", "original", "context", "text", "body", "content",
    "sentence", "question", "原文", "源文", "正文", "文章",
)  # fmt: skip
TARGETS = (
    "target", "tgt", "trg", "target_text", "translation", "summary", "highlights", "abstract", "headline", "output",
    "reference", "title", "answer", "response", "label", "译文", "目标", "摘要", "标题",
)  # fmt: skip
#: Columns named after the language of their text.
LANGUAGES = frozenset(
    "af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy is it ja ka kk km kn ko ky la lo lt "
    "lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi xh yo zh zu".split()
)
#: A guessed target whose values are so few of its rows is a label; fewer rows say nothing.
LABEL_SHARE, FEW_ROWS = 0.05, 40
#: Columns that describe a row.
HELPERS = frozenset("id ref lang language url file split idx key".split())


@dataclass(frozen=True)
class Names:
    """The columns of source and target, and what was guessed of them."""

    source: str
    target: str
    notices: tuple[str, ...] = ()

    @property
    def languages(self) -> list[str]:
        """The two languages, where the columns are named after them."""
        codes = [language_of(name) for name in (self.source, self.target)]
        return codes if all(codes) else []


def language_of(name: str) -> str:
    """Return the language that a column is named after: "en" for `en` and `en_XX`; "" when it is not."""
    code = name.strip().lower().replace("-", "_").split("_")[0]
    return code if code in LANGUAGES and len(name) <= 7 else ""


def flattened(table: pa.Table) -> pa.Table:
    """Give every text inside a struct column ({"translation": {"en": ..., "fr": ...}}) a column of its own, by its key."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for field in [field for field in table.schema if pa.types.is_struct(field.type)]:
        keys = [inner.name for inner in field.type if pa.types.is_string(inner.type)]
        if len(keys) >= 2 and not set(keys) & set(table.column_names):
            column = table[field.name]
            table = table.drop_columns([field.name])
            for key in keys:
                table = table.append_column(key, pc.struct_field(column, key))
    return table


def guess(table: pa.Table, source: str | None, target: str | None, shorter_target: bool = False) -> Names:
    """Choose the columns of source and target.

    shorter_target: of columns whose names say nothing the one with the shorter texts is the target (summaries).
    Raises DataError, listing the columns, when a name is unknown, there are not two columns of texts, or the
    guessed target holds labels.
    """
    texts = text_columns(table)
    source, target = given(table, texts, source), given(table, texts, target)
    if source is not None and source == target:
        raise DataError(f"Column {source!r} cannot be both the source and the target.", listed(table))
    if source is not None and target is not None:
        return Names(source, target)
    free = [name for name in texts if name not in (source, target)]
    if len(free) + (source is not None) + (target is not None) < 2:
        raise DataError("There are no two columns of texts, a source and a target.", listed(table))
    if shorter_target:
        free.sort(key=lambda name: -_length(table, name))
    found = _guessed(free, source, target)
    if target is None and (values := _label_values(table, found[1])):
        raise DataError(
            f"No column looks like a target: {found[1]!r}, the likeliest, holds {values} different values in"
            f" {table.num_rows:,} rows, labels and no texts to write.",
            f"{listed(table)} Labels are learned by text-classification.",
        )
    return Names(*found, (f"Source column: {found[0]!r}, target column: {found[1]!r} (guessed).",))


def _label_values(table: pa.Table, name: str) -> int:
    """Return how many different values a column holds when they are too few for texts that somebody wrote; else 0."""
    import pyarrow.compute as pc

    values = int(pc.count_distinct(table[name]).as_py())
    return values if table.num_rows >= FEW_ROWS and values < LABEL_SHARE * table.num_rows else 0


def _guessed(free: list[str], source: str | None, target: str | None) -> tuple[str, str]:
    named = [name for name in free if _rank(name, SOURCES) or _rank(name, TARGETS)]
    spoken = [name for name in free if language_of(name)]
    if source is None and target is None and len(spoken) == 2 and not named:
        return spoken[0], spoken[1]
    target = target or best([name for name in free if name != source], TARGETS)
    source = source or best([name for name in free if name != target], SOURCES)
    rest = [name for name in free if name not in (source, target)]
    source = source or rest.pop(0)
    return source, target or rest[0]


def _rank(name: str, known: tuple[str, ...]) -> int:
    """Return how well a name stands in a list: the higher the better, 0 when it is not there."""
    lowered = name.strip().lower()
    return len(known) - known.index(lowered) if lowered in known else 0


def best(names: list[str], known: tuple[str, ...]) -> str | None:
    """Return the name that stands first in a list of known ones; None when none does."""
    found = max(names, key=lambda name: _rank(name, known), default=None)
    return found if found is not None and _rank(found, known) else None


def text_columns(table: pa.Table) -> list[str]:
    """Return the columns of texts, those that only describe a row left out where others are there."""
    import pyarrow as pa

    kinds = {field.name: field.type for field in table.schema}
    texts = [name for name, kind in kinds.items() if pa.types.is_string(kind) or pa.types.is_large_string(kind)]
    return [name for name in texts if name.lower() not in HELPERS] or texts


def _length(table: pa.Table, name: str) -> int:
    return sum(len(value or "") for value in table[name].slice(0, 500).to_pylist())


def given(table: pa.Table, texts: list[str], name: str | None) -> str | None:
    """Return a column that was asked for. Raises DataError, with the nearest name, when it is not there or no text."""
    if name is None or name in texts:
        return name
    if name in table.column_names:
        import pyarrow as pa

        if pa.types.is_string(table.schema.field(name).type):
            return name
        raise DataError(f"Column {name!r} holds no texts.", listed(table))
    raise no_column(table, name)


def listed(table: pa.Table) -> str:
    """Name the columns, and how to choose among them."""
    names = ", ".join(map(repr, table.column_names[:20]))
    return f"The columns are {names}; name them with --text-column and --label-column."

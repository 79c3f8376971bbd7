"""From a table to what a user's `forward` asks for: which column, or what is made of columns, becomes which argument.

Light at import: the kernel uses it, and the module's class is all it looks at.
"""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ...core.errors import DataError
from ...core.modules import module_name
from ...core.options import TrainOptions
from ..rows.columns import LABEL_NAMES, TEXT_NAMES, guess_label, no_column, profile

if TYPE_CHECKING:
    import pyarrow as pa

#: What arguments of these names get, where no column is called so.
IDS = ("input_ids", "ids", "token_ids", "tokens")
MASK = ("attention_mask", "mask")
LENGTHS = ("lengths", "length")
LABELS = ("labels", "label", "target", "targets", "y")
#: What an argument can be made of besides a column of its name.
FEATURES, TOKEN_IDS, TOKEN_MASK, TOKEN_LENGTHS, LABEL = "#features", "#ids", "#mask", "#lengths", "#label"
NUMBERS = ("int", "float", "bool")


@dataclass
class Fit:
    """How a table fits a module. `arguments`: argument -> column or one of the marks above; `features`: the columns of
    FEATURES, in order; `text`: the column that is tokenised; `kinds`: column -> int, float, bool, text or list."""

    arguments: dict[str, str] = field(default_factory=dict)
    features: list[str] = field(default_factory=list)
    text: str = ""
    label: str = ""
    label_argument: str = ""
    kinds: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def columns(self) -> list[str]:
        """The columns that are needed, in the order of the table."""
        named = [source for source in self.arguments.values() if not source.startswith("#")]
        used = {*named, *self.features, self.text, self.label}
        return [name for name in self.kinds if name in used]


def fit(table: pa.Table, module: Any, options: TrainOptions) -> tuple[Fit, list[str]]:
    """Return how a table fits a module's forward (everything by its name when `module` is none), and what was decided.

    Raises DataError that names the argument which no column fits.
    """
    kinds = {name: _kind(table, name) for name in table.column_names}
    found = Fit(kinds=kinds)
    asked = _arguments(module) if module is not None else None
    found.label = _label(table, options, asked)
    found.text = _text(table, options, found.label)
    if asked is None:
        found.arguments = {name: name for name in table.column_names if name != found.label}
        return found, []
    missing = _by_name(found, asked, table, module)
    _rest(found, missing, table, module, options)
    if TOKEN_IDS not in found.arguments.values():
        found.text = ""
    for argument, source in found.arguments.items():
        if kinds.get(source) == "other":
            raise DataError(
                f"Column {source!r}, which forward asks for as {argument!r}, holds {table[source].type}: no tensor can be made of it.",
                "Turn it into numbers, lists of numbers or texts.",
            )
    return found, _said(found, table)


def _kind(table: pa.Table, name: str) -> str:
    import pyarrow as pa

    kind = table[name].type
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if any(check(kind) for check in lists):
        inner = kind.value_type
        while any(check(inner) for check in lists):
            inner = inner.value_type
        return (
            "list"
            if pa.types.is_integer(inner) or pa.types.is_floating(inner) or pa.types.is_boolean(inner)
            else "other"
        )
    if pa.types.is_floating(kind):
        return "float"  # whole prices are numbers all the same
    return profile(table, name).kind


def _arguments(module: Any) -> dict[str, bool]:
    """Return forward's arguments and whether each is required; {"*": False} stands for **anything."""
    forward = module.forward
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        raise DataError(f"{module_name(module)}'s forward cannot be looked into.", "Define it in Python.") from None
    if isinstance(module, type):
        parameters = parameters[1:]
    found = {}
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            found["*"] = False
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[parameter.name] = parameter.default is parameter.empty
    if not found:
        raise DataError(f"{module_name(module)}'s forward takes nothing.", "Give it arguments named as the columns.")
    return found


def _label(table: pa.Table, options: TrainOptions, asked: dict[str, bool] | None) -> str:
    """Return the column with what is to be learned, "" when there is none: named, called as labels are, or asked for."""
    if options.label_column is not None:
        if options.label_column not in table.column_names:
            raise no_column(table, options.label_column)
        return options.label_column
    by_name = {name.strip().lower(): name for name in table.column_names}
    named = [by_name[name] for name in LABEL_NAMES if name in by_name]
    wanted = [name for name in named if asked is not None and name in asked and name in LABELS]
    if wanted or named:
        return (wanted or named)[0]
    profiles = [profile(table, name) for name in table.column_names if name != options.text_column]
    if asked is not None and any(name in LABELS for name in asked):
        with contextlib.suppress(DataError):
            return guess_label(profiles, set(), table)[0]
    few = [p.name for p in profiles if p.kind in ("text", "bool") and 2 <= p.distinct <= 0.2 * p.rows]
    return few[0] if len(few) == 1 else ""


def _text(table: pa.Table, options: TrainOptions, label: str) -> str:
    """Return the column with the text, "" when there is none."""
    if options.text_column is not None:
        if options.text_column not in table.column_names:
            raise no_column(table, options.text_column)
        return options.text_column
    texts = [name for name in table.column_names if name != label and profile(table, name).kind == "text"]
    named = [name for wanted in TEXT_NAMES for name in texts if name.strip().lower() == wanted]
    return (named or texts or [""])[0]


def _by_name(found: Fit, asked: dict[str, bool], table: pa.Table, module: Any) -> list[str]:
    """Give every argument what goes by its name; return the required ones that are left."""
    if "*" in asked:
        found.arguments = {name: name for name in table.column_names if name != found.label}
        asked = {name: required for name, required in asked.items() if name != "*"}
        if found.label:
            found.label_argument = next((n for n in (found.label, *LABELS) if n in asked), found.label)
            found.arguments[found.label_argument] = LABEL
    missing = []
    for name, required in asked.items():
        source = _source(found, name, table, module)
        if source == LABEL:
            found.label_argument = name
        if source:
            found.arguments[name] = source
        elif required:
            missing.append(name)
    return missing


def _source(found: Fit, name: str, table: pa.Table, module: Any) -> str:
    if found.label and name == found.label:
        return LABEL
    if name in table.column_names:
        return TOKEN_IDS if name == found.text and reads_ids(module) else name
    if name in LABELS and found.label and not found.label_argument:
        return LABEL
    marks = ((IDS, TOKEN_IDS), (MASK, TOKEN_MASK), (LENGTHS, TOKEN_LENGTHS))
    return next((mark for names, mark in marks if name in names and found.text), "")


def reads_ids(module: Any) -> bool:
    """Say whether a module takes texts as numbers of tokens: it has an embedding, or a tokenizer of its own."""
    if isinstance(module, type):
        return True  # made later, with the vocabulary that was learned
    if getattr(module, "tokenizer", None) is not None:
        return True
    return any(type(part).__name__ in ("Embedding", "EmbeddingBag") for part in module.modules())


def _rest(found: Fit, missing: list[str], table: pa.Table, module: Any, options: TrainOptions) -> None:
    """Give the one argument that no column goes by all numbers of a row, or the text's tokens. Raises DataError."""
    taken = set(found.arguments.values()) | {found.label}
    numbers = [
        n
        for n, kind in found.kinds.items()
        if kind in NUMBERS and n not in taken and n.strip().lower() not in ("id", "index")
    ]
    lists = [name for name, kind in found.kinds.items() if kind == "list" and name not in taken]
    if len(missing) == 1:
        by_text = found.text and (
            options.text_column or not numbers or (not isinstance(module, type) and reads_ids(module))
        )
        if len(lists) == 1 and not numbers and not options.text_column:
            found.arguments[missing[0]] = lists[0]
        elif by_text:
            found.arguments[missing[0]] = TOKEN_IDS if reads_ids(module) else found.text
        elif numbers:
            found.arguments[missing[0]], found.features = FEATURES, numbers
        missing = [] if missing[0] in found.arguments else missing
    if missing:
        named = " and ".join(map(repr, missing))
        raise DataError(
            f"{module_name(module)}'s forward asks for {named}, and the data have {', '.join(map(repr, table.column_names))}.",
            "Give columns and arguments the same names.",
        )


def _said(found: Fit, table: pa.Table) -> list[str]:
    words = {
        FEATURES: f"the numbers of {', '.join(map(repr, found.features[:8]))}"
        + (" ..." if len(found.features) > 8 else ""),
        TOKEN_IDS: f"the tokens of {found.text!r}",
        TOKEN_MASK: "1 for tokens, 0 for padding",
        TOKEN_LENGTHS: "tokens a row",
        LABEL: f"the label {found.label!r}",
    }
    said = [f"{name} = {words.get(source, repr(source))}" for name, source in found.arguments.items()]
    unused = [name for name in table.column_names if name not in found.columns]
    more = f" Not asked for: {', '.join(unused[:10])}." if unused else ""
    return [f"forward gets {', '.join(said)}.{more}"]

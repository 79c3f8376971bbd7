"""The YAML body of `%%fm_train`: one flat mapping of options.

Values are read as text and converted by the options model, so `1e-3` is a number and `no` a word where a word is
wanted. Tags, anchors and aliases are refused, so nothing is ever constructed or expanded.
"""

from __future__ import annotations

from typing import Any

from fmtools.core.errors import OptionError
from fmtools.core.options import Options, field_of, hint_of, unknown_option

from .fields import is_list

#: Characters in a body, and levels of brackets. Options need a few hundred and, for steps, five.
MAX_CHARACTERS = 100_000
MAX_DEPTH = 5
#: The body's first line is the cell's second: the magic stands above it.
_OFFSET = 2
_EMPTY = ("", "~", "null", "Null", "NULL")


def read_body(cls: type[Options], body: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Return (values, the cell's line of each) by field name. Raises OptionError that names the line."""
    import yaml

    if len(body) > MAX_CHARACTERS:
        raise OptionError(f"The cell has {len(body):,} characters; {MAX_CHARACTERS:,} are allowed.", "Keep to options.")
    try:
        _refuse_tricks(body)
        root = yaml.compose(body, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _syntax(error) from None
    if root is None:
        return {}, {}
    if not isinstance(root, yaml.MappingNode):
        raise OptionError("The cell's body is not a list of `option: value` lines.", "For example: epochs: 3")
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, node in root.value:
        _read_pair(cls, key, node, values, lines)
    return values, lines


def _read_pair(cls: type[Options], key: Any, node: Any, values: dict[str, Any], lines: dict[str, int]) -> None:
    import yaml

    line = key.start_mark.line + _OFFSET
    name = field_of(cls, str(key.value))
    name = name + "s" if name + "s" in cls.model_fields and name not in cls.model_fields else name
    if name not in cls.model_fields:
        error = unknown_option(cls, name)
        raise OptionError(f"Line {line} of the cell: {error.cause}", error.cure.replace("--", ""))
    if name in lines:
        raise OptionError(f"Line {line} of the cell: {name} is given twice.", f"It stands in line {lines[name]} too.")
    lines[name] = line
    spaced = hint_of(cls.model_fields[name]).complete == "space" and isinstance(node, yaml.MappingNode)
    value = _mapping(node, line) if spaced else _value(node, line)
    if value is not None:
        _no_mappings(cls, name, value, line)
        values[name] = [value] if is_list(cls.model_fields[name]) and isinstance(value, str) else value


def _value(node: Any, line: int) -> Any:
    """Return a text, a list of texts, or None for an empty value."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return None if node.style is None and node.value in _EMPTY else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_item(item, line) for item in node.value]
    raise _nested(line)


def _mapping(node: Any, line: int) -> dict[str, Any]:
    """Return a space written as a mapping: option -> range or list of choices."""
    return {key.value: _texts(inner, line) for key, inner in node.value}


def _item(node: Any, line: int) -> Any:
    """Return an item of a list: a text, or a mapping of one word to texts, as steps are written."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, inner = node.value[0]
        if isinstance(inner, yaml.ScalarNode):
            return {key.value: None if inner.style is None and inner.value in _EMPTY else inner.value}
        if isinstance(inner, yaml.SequenceNode):
            return {key.value: _texts(inner, line)}
        if isinstance(inner, yaml.MappingNode):
            return {key.value: {name.value: _texts(one, line) for name, one in inner.value}}
    raise _nested(line)


def _texts(node: Any, line: int) -> Any:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in node.value):
        return [one.value for one in node.value]
    raise _nested(line)


def _no_mappings(cls: type[Options], name: str, value: Any, line: int) -> None:
    """Steps may be written as mappings; no other option takes any."""
    nested = isinstance(value, list) and any(isinstance(item, dict) for item in value)
    if nested and hint_of(cls.model_fields[name]).complete != "steps":
        raise _nested(line)


def _nested(line: int) -> OptionError:
    cure = "Options take a word, a number, or a list of them."
    return OptionError(f"Line {line} of the cell: the value is nested.", cure)


def _refuse_tricks(body: str) -> None:
    """Walk the events before anything is built: no tags, anchors, aliases or deep nesting."""
    import yaml

    depth = 0
    for event in yaml.parse(body, Loader=yaml.SafeLoader):
        line = getattr(event.start_mark, "line", 0) + _OFFSET
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        trick = "`&` and `*` (anchors, aliases)" if getattr(event, "anchor", None) else ""
        trick = trick or ("`!` (a tag)" if getattr(event, "tag", None) else "")
        if trick:
            raise OptionError(f"Line {line} of the cell: {trick} cannot be used here.", "Put the text in quotes.")
        if depth > MAX_DEPTH:
            raise _nested(line)


def _syntax(error: Any) -> OptionError:
    mark = getattr(error, "problem_mark", None)
    where = f"Line {mark.line + _OFFSET} of the cell" if mark is not None else "The cell"
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    cure = "Write one `option: value` a line; quote texts with `:` or `#`."
    return OptionError(f"{where} is not valid YAML: {problem}.", cure)

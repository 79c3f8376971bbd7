"""From a line, an argument list or a YAML body to a verb's options; the models are the only description of them."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar

from fmtools.core.errors import OptionError
from fmtools.core.options import Options, field_of, flag, nearest, unknown_option

from .fields import is_bool, is_list, positionals, sample
from .words import Word, split

OptionsT = TypeVar("OptionsT", bound=Options)


def parse_line(cls: type[OptionsT], line: str) -> OptionsT:
    """Read a magic's line. Raises OptionError in one sentence for the first mistake."""
    options: OptionsT = cls.parse(values_of(cls, split(line)))
    return options


def parse_args(cls: type[OptionsT], argv: list[str]) -> OptionsT:
    """Read arguments that a shell has already cut into words. Raises OptionError."""
    options: OptionsT = cls.parse(values_of(cls, [Word(text) for text in argv]))
    return options


def parse_yaml(cls: type[OptionsT], line: str, body: str) -> OptionsT:
    """Read a cell: a YAML mapping under the line's options, which win. Raises OptionError with the cell's line."""
    from .yaml_body import read_body

    body_values, lines = read_body(cls, body)
    merged = {**body_values, **values_of(cls, split(line))}
    try:
        options: OptionsT = cls.parse(merged)
    except OptionError as error:
        name = next((name for name in lines if error.cause.startswith(flag(name) + " ")), None)
        if name is None:
            raise
        raise OptionError(f"Line {lines[name]} of the cell: {error.cause}", error.cure) from None
    return options


def wants_help(words: list[Word]) -> bool:
    """Say whether `--help` or `-h` is among the words."""
    return any(word.text in ("--help", "-h") and not word.quoted for word in words)


def values_of(cls: type[Options], words: list[Word]) -> dict[str, Any]:
    """Return the plain values that the words give, by field name; nothing is converted yet."""
    values: dict[str, Any] = {}
    queue, places = deque(words), []
    while queue:
        word = queue.popleft()
        if word.text == "--" and not word.quoted:
            places += [rest.text for rest in queue]
            break
        if word.is_option:
            _take_option(cls, word.text, queue, values)
        else:
            places.append(word.text)
    _place(cls, places, values)
    return values


def field_name(cls: type[Options], typed: str) -> tuple[str, bool]:
    """Return (field, sense) for an option as typed; sense is False for `--no-flag`. Raises OptionError."""
    name = field_of(cls, typed.lstrip("-"))
    if name in cls.model_fields:
        return name, True
    if name + "s" in cls.model_fields and is_list(cls.model_fields[name + "s"]):
        return name + "s", True  # `--step normalize --step sample`: one of several
    positive = name.removeprefix("no_")
    if positive != name and positive in cls.model_fields and is_bool(cls.model_fields[positive]):
        return positive, False
    raise unknown_option(cls, name)


def _take_option(cls: type[Options], text: str, queue: deque[Word], values: dict[str, Any]) -> None:
    typed, equals, given = text.partition("=")
    name, sense = field_name(cls, typed)
    field = cls.model_fields[name]
    if is_list(field):
        values.setdefault(name, []).extend([given] if equals else _following(cls, name, queue))
    elif name in values:
        raise OptionError(f"{flag(name)} is given twice.", "Keep one of them.")
    elif is_bool(field):
        values[name] = given if equals else sense
    else:
        values[name] = given if equals else _next(cls, name, queue)


def _missing(cls: type[Options], name: str) -> OptionError:
    return OptionError(f"{flag(name)} needs a value, for example {flag(name)} {sample(cls.model_fields[name])}.")


def _next(cls: type[Options], name: str, queue: deque[Word]) -> str:
    if not queue or queue[0].is_option:
        raise _missing(cls, name)
    return queue.popleft().text


def _following(cls: type[Options], name: str, queue: deque[Word]) -> list[str]:
    found = [_next(cls, name, queue)]
    while queue and not queue[0].is_option:
        found.append(queue.popleft().text)
    return found


def _place(cls: type[Options], texts: list[str], values: dict[str, Any]) -> None:
    """Give the words without a name to the positional options, in order; a list takes all that are left."""
    rest = list(texts)
    for name in positionals(cls):
        if not rest:
            return
        if name in values:
            raise OptionError(f"{flag(name)} is given twice: as {rest[0]!r} and by name.", "Keep one of them.")
        if is_list(cls.model_fields[name]):
            values[name], rest = rest, []
        else:
            values[name] = rest.pop(0)
    if rest:
        raise _stray(cls, rest[0])


def _stray(cls: type[Options], text: str) -> OptionError:
    guess = nearest(text.replace("-", "_"), list(cls.model_fields))
    cure = f"Did you mean {flag(guess)}?" if guess else "Put quotes around a value that contains blanks."
    return OptionError(f"{cls.verb} does not know what to do with {text!r}.", cure)

"""The help of a verb, for `%fm_train?` and `fmtools train --help`: 100 columns of plain text."""

from __future__ import annotations

import textwrap

from pydantic.fields import FieldInfo

from fmtools.core.options import VERBS, Options, flag, hint_of

from .fields import bounds, is_bool, is_list, placeholder, positionals, type_name, written

WIDTH = 100
_COLUMN = 30
GROUPS = {"basic": "Options", "advanced": "Advanced options"}


def help_text(cls: type[Options]) -> str:
    """Return a verb's whole help: what it does, usage, an example, then its options by group."""
    parts = [cls.summary, usage(cls)]
    if cls.example:
        parts.append(f"Example:\n  {cls.example}")
    for group, title in GROUPS.items():
        rows = [_row(name, field) for name, field in cls.model_fields.items() if hint_of(field).group == group]
        if rows:
            parts.append("\n".join([f"{title}:", *rows]))
    return "\n\n".join(parts) + "\n"


def usage(cls: type[Options]) -> str:
    """Return the two usage lines, of the notebook and of the terminal."""
    words = " ".join(_usage_words(cls))
    return f"Usage:\n  %{cls.magic_name()} {words}".rstrip() + f"\n  fmtools {cls.verb} {words}".rstrip()


def overview() -> str:
    """Return the list of verbs for `fmtools --help`."""
    rows = [f"  {verb:<12}{cls.summary}" for verb, cls in VERBS.items()]
    head = (
        "Fine-tune foundation models, from a terminal as in a notebook.\n\nUsage:\n  fmtools VERB [options] [--json]\n"
    )
    tail = "`fmtools VERB --help` lists a verb's options. --json prints one JSON object as the last line of the output."
    return "\n".join([head, "Verbs:", *rows, "", *textwrap.wrap(tail, WIDTH)]) + "\n"


def spelled(name: str, field: FieldInfo) -> str:
    """Return an option as it is typed, with a placeholder for its value: `--epochs NUMBER`, `[TASK]`."""
    place = placeholder(name, field)
    if hint_of(field).positional:
        return place + (" ..." if is_list(field) else "")
    if is_bool(field):
        return flag(name)
    return f"{flag(name)} {place}" + (" ..." if is_list(field) else "")


def facts(field: FieldInfo) -> str:
    """Return type, bounds, unit and default in one line: `whole number, 1 to 4096 rows; default 16`."""
    limits = f"{bounds(field)} {hint_of(field).unit}".strip()
    first = ", ".join(part for part in (type_name(field), limits) if part)
    if field.is_required():
        return f"{first}; required"
    default = field.default
    if default is None or default == []:
        return first
    return f"{first}; default {written(default) if not isinstance(default, bool) else ('on' if default else 'off')}"


def _usage_words(cls: type[Options]) -> list[str]:
    fields = cls.model_fields
    out = [
        spelled(name, fields[name]) if fields[name].is_required() else f"[{spelled(name, fields[name])}]"
        for name in positionals(cls)
    ]
    rest = [name for name in fields if name not in positionals(cls)]
    first = [name for name in rest if fields[name].is_required() or hint_of(fields[name]).needed]
    return out + [spelled(name, fields[name]) for name in first] + (["[options]"] if len(first) < len(rest) else [])


def _row(name: str, field: FieldInfo) -> str:
    head = f"  {spelled(name, field)}"
    text = f"{field.description} [{facts(field)}]"
    lines = textwrap.wrap(text, WIDTH - _COLUMN, break_long_words=False)
    if len(head) > _COLUMN - 2:
        return "\n".join([head, *(" " * _COLUMN + line for line in lines)])
    return "\n".join([head.ljust(_COLUMN) + lines[0], *(" " * _COLUMN + line for line in lines[1:])])

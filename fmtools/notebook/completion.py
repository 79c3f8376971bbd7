"""Tab in a magic's line: options, their values, and the keys of a `%%fm_train` body.

A matcher in IPython's completer, so every frontend has it. It answers `%fm_train --ep`, `run = %fm_train --schedule c`
and the body of a cell magic; what it does not know it leaves to IPython.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .table import CELL_MAGICS, MAGICS, options_of

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from fmtools.core.options import Options
    from fmtools.derive.values import Environment

_NAME = "fmtools"
_LINE = re.compile(r"\s*(?:[\w.,\s\[\]'\"]+=\s*)?%(?P<magic>fm_\w+)\s(?P<rest>.*)", re.DOTALL)
_CELL = re.compile(r"\s*%%(?P<magic>fm_\w+)(?:\s(?P<rest>.*))?$")
_KEY = re.compile(r"(?P<key>[\w-]*)$")
_PAIR = re.compile(r"(?P<key>[\w-]+):\s+(?P<value>.*)$")
#: Runs offered by name: enough to choose from, few enough to read from the disk while someone waits.
_RUNS = 50


@dataclass(frozen=True)
class Found:
    """Candidates, and the text before the cursor that they replace."""

    fragment: str
    texts: list[str]
    kind: str


def complete(cell: str, line_number: int, before: str, environment: Environment) -> Found | None:
    """Return what may follow `before`, the cursor's line up to the cursor; None where it is none of our business."""
    head = _CELL.match(next((line for line in cell.split("\n") if line.strip()), ""))
    first = next((i for i, line in enumerate(cell.split("\n")) if line.strip()), 0)
    if head and head["magic"] in CELL_MAGICS and line_number > first:
        return _in_body(options_of(head["magic"]), cell, before, environment)
    match = _LINE.match(before) or (_CELL.match(before) if line_number == first else None)
    if match is None or match["magic"] not in MAGICS or match["rest"] is None:
        return None
    return _in_line(options_of(match["magic"]), match["rest"], environment)


def _in_line(cls: type[Options], rest: str, environment: Environment) -> Found:
    from fmtools.derive import values
    from fmtools.derive.words import Word, split

    words = split(rest, tolerant=True)
    at_word = bool(words) and words[-1].end == len(rest)
    if at_word and words[-1].quoted and words[-1].closed:
        return Found("", [], "value")
    current = words.pop() if at_word else Word("", len(rest), len(rest))
    fragment = rest[current.start :]
    governing, used, places = _walk(cls, words)
    if current.is_option or (current.text == "-" and not current.quoted):
        name, equals, value = current.text.partition("=")
        if equals:
            return _values(cls, _field(cls, name), value, fragment[len(name) + 1 :], environment)
        return Found(fragment, values.options(cls, "--" + current.text.lstrip("-"), used), "param")
    field = governing or places
    found = _values(cls, field, current.text, fragment, environment)
    if governing is None and not fragment:
        # Nothing typed yet: the options are offered below the values of the next place.
        return Found("", found.texts[:20] + values.options(cls, "", used), "param")
    return found


def _walk(cls: type[Options], words: list[Any]) -> tuple[str | None, set[str], str | None]:
    """Return (the option whose value comes next, options used up, the positional that comes next)."""
    from fmtools.derive.fields import is_bool, is_list, positionals

    governing: str | None = None
    used: set[str] = set()
    free = list(positionals(cls))
    for word in words:
        if word.is_option:
            name = _field(cls, word.text.partition("=")[0])
            known = cls.model_fields.get(name or "")
            many = known is not None and is_list(known)
            used |= {name} if name and not many else set()
            takes_value = known is not None and not is_bool(known)
            governing = name if takes_value and (many or "=" not in word.text) else None
        elif governing is not None:
            governing = governing if is_list(cls.model_fields[governing]) else None
        elif free:
            used.add(free[0])
            free = free if is_list(cls.model_fields[free[0]]) else free[1:]
    free = [name for name in free if name not in used or is_list(cls.model_fields[name])]
    return governing, used, free[0] if free else None


def _field(cls: type[Options], typed: str) -> str | None:
    from fmtools.core.errors import OptionError
    from fmtools.derive.parser import field_name

    try:
        return field_name(cls, typed)[0]
    except OptionError:
        return None


def _values(cls: type[Options], name: str | None, prefix: str, fragment: str, environment: Environment) -> Found:
    from fmtools.derive.fields import sample
    from fmtools.derive.values import candidates

    if name is None:
        return Found(fragment, [], "value")
    texts = candidates(cls, name, prefix, environment)
    default = cls.model_fields[name].get_default()
    if not texts and not prefix and isinstance(default, (int, float)):
        # Better the default than what IPython would offer here: Python's keywords.
        return Found(fragment, [sample(cls.model_fields[name])], "value")
    return Found(fragment, [_typed(text, fragment) for text in texts], "value")


def _typed(text: str, fragment: str) -> str:
    """Write a candidate with the quotes it needs; a folder's quote stays open, for what comes next."""
    from fmtools.derive.words import quote

    mark = fragment[:1] if fragment[:1] in ("'", '"') else ""
    if not mark and quote(text) == text:
        return text
    mark = mark or '"'
    return f"{mark}{text}" + ("" if text.endswith("/") else mark)


def _in_body(cls: type[Options], cell: str, before: str, environment: Environment) -> Found | None:
    from fmtools.derive.values import candidates

    if match := _PAIR.match(before):
        name = match["key"].replace("-", "_")
        texts = candidates(cls, name, match["value"], environment) if name in cls.model_fields else []
        return Found(match["value"], texts, "value")
    if match := _KEY.match(before):
        used = set(re.findall(r"^([\w-]+):", cell, re.MULTILINE))
        names = [name for name in cls.model_fields if name.startswith(match["key"]) and name not in used]
        return Found(match["key"], [f"{name}: " for name in names], "param")
    return None


def environment_of(shell: InteractiveShell) -> Environment:
    """Return what completion may ask: the user's tables, the newest runs by name and id, the working directory."""
    return environment_at(shell.user_ns)


def environment_at(namespace: Mapping[str, Any]) -> Environment:
    """Return the same for a namespace: what the panel's entries offer."""
    from fmtools.derive.values import Environment

    from .variables import modules, tables

    return Environment(
        runs=_runs,
        artefacts=_artefacts,
        data=lambda: tables(namespace),
        modules=lambda: modules(namespace),
        indexes=_indexes,
        services=_services,
        folder=Path.cwd(),
    )


def _services(at_work: bool) -> list[str]:
    """Return the names of the newest model servers, those at work first; or of these alone."""
    from fmtools.store.services import services

    known = services()[:_RUNS]
    alive = [one.record.name for one in known if one.alive()]
    return list(dict.fromkeys(alive if at_work else [*alive, *(one.record.name for one in known)]))


def _indexes() -> list[str]:
    from fmtools.store import indexes
    from fmtools.store.runs import home

    return indexes.names(home())


def _runs() -> list[str]:
    from fmtools.store.runs import run_ids, run_names

    ids = run_ids()[:_RUNS]
    return [*run_names(ids), *ids]


def _artefacts(typed: str) -> list[str]:
    """Return RUN/NAME of each exported model of the run before the slash."""
    from fmtools.store.exported import exports
    from fmtools.store.runs import find_run

    run = typed.partition("/")[0]
    return [f"{run}/{path.name}" for path in exports(find_run(run))]


def _kept() -> list[str]:
    """Return the names of kept data, each with its newest versions."""
    from fmtools.store.runs import home
    from fmtools.store.versions import every

    found = every(home())[-_RUNS:]
    return [*dict.fromkeys(version.name for version in found), *(version.label for version in found if version.ordinal)]


def add_matcher(shell: InteractiveShell) -> None:
    """Put our matcher before IPython's own."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=_NAME)
    def matcher(context: CompletionContext) -> Any:
        try:
            found = complete(context.full_text, context.cursor_line, context.text_until_cursor, environment_of(shell))
        except Exception:
            # A traceback under the cursor helps nobody; the line itself is checked when it runs.
            found = None
        if found is None:
            return {"completions": [], "matched_fragment": ""}
        completions = [SimpleCompletion(text, type=found.kind) for text in found.texts]
        return {"completions": completions, "matched_fragment": found.fragment, "suppress": True, "ordered": True}

    shell.Completer.custom_matchers.insert(0, matcher)


def remove_matcher(shell: InteractiveShell) -> None:
    """Take our matcher away, also one of an earlier load."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [matcher for matcher in matchers if getattr(matcher, "matcher_identifier", "") != _NAME]

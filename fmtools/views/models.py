"""The catalogue and what can be fetched, as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.contracts import ModelCard
from .language import say
from .markup import MUTED, esc, table
from .tables import plain
from .words import size_words

#: More languages than this are counted instead of named.
NAMED = 4


def models_text(places: list[Any], wished: bool) -> str:
    """Return the catalogue: a line a model, with the reasons below it when something was asked for."""
    inside, outside = _divided(places)
    parts = [plain(_header(), [_row(place) for place in inside], left=2)] if inside else [say("Nothing here fits.")]
    if wished:
        parts += [f"{place.rank}. {place.card.name}: {_why(place)}" for place in inside]
        parts += [f"–  {place.card.name}: {_why(place)}" for place in outside]
    return "\n".join(parts)


def models_html(places: list[Any], wished: bool) -> str:
    """Return the catalogue as HTML; the reasons are a column when something was asked for."""
    inside, outside = _divided(places)
    header = [*_header(), *([say("why")] if wished else [])]
    rows = [[*map(esc, _row(place)), *([esc(_why(place))] if wished else [])] for place in inside]
    body = table(header, rows, left=2) if rows else f"<p>{esc(say('Nothing here fits.'))}</p>"
    out = "".join(f"<li><b>{esc(place.card.name)}</b> {esc(_why(place))}</li>" for place in outside)
    return body + (f'<div style="{MUTED}">{esc(say("left out"))}<ul>{out}</ul></div>' if out and wished else "")


def _divided(places: list[Any]) -> tuple[list[Any], list[Any]]:
    return [place for place in places if place.rank], [place for place in places if not place.rank]


def _why(place: Any) -> str:
    """Join the reasons for a place, then what speaks against it."""
    return "; ".join([*place.pros, *(f"{say('but')} {reason}" if place.pros else reason for reason in place.cons)])


def _header() -> list[str]:
    names = ("name", "summary", "parameters", "memory to train", "disk", "licence", "languages", "installed")
    return [say(name) for name in names]


def _row(place: Any) -> list[str]:
    card: ModelCard = place.card
    return [
        card.name,
        card.summary,
        f"{card.parameters / 1e6:.1f} M" if card.parameters else "–",
        size_words(card.memory[place.added]) if card.memory else "–",
        size_words(card.disk_bytes),
        card.licence,
        _languages(card),
        _state(card),
    ]


def _languages(card: ModelCard) -> str:
    if len(card.languages) > NAMED:
        return f"{len(card.languages)}: {', '.join(card.languages[:2])} ..."
    return ", ".join(say(name) for name in card.languages) or "–"


def _state(card: ModelCard) -> str:
    if card.scratch:
        return say("made here")
    return say("yes") if card.folder else f"%fm_get {card.name}" if card.get else say("no")


def get_text(items: list[Any]) -> str:
    """Return one line a thing that can be, or was, fetched."""
    return plain(_get_header(items), [_get_row(item, str) for item in items], left=3)


def get_html(items: list[Any]) -> str:
    """Return the same as HTML."""
    return table(_get_header(items), [_get_row(item, esc) for item in items], left=3)


def _get_header(items: list[Any]) -> list[str]:
    last = "summary" if any(item.summary for item in items) else "folder"
    return [say("name"), say("status"), say(last), say("download"), say("disk")]


def _get_row(item: Any, word: Callable[[str], str]) -> list[str]:
    told = item.problem or item.summary or item.folder
    size = size_words(item.size) if item.size else "–"
    return [word(item.name), word(say(item.state)), word(told), size_words(item.download), size]

"""The verbs `models` and `get`: which model, and fetching it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.options import GetOptions, ModelsOptions
from ..runtime import fetch
from ..runtime.wait import Follower
from .results import Shown

if TYPE_CHECKING:
    from ..core.contracts import ModelCard


@dataclass(repr=False)
class ModelTable(Shown):
    """The catalogue in the order of what was asked: `places` that fit, ranked, then those that are out, with reasons."""

    places: list[Any]
    wished: bool = False

    @property
    def cards(self) -> list[ModelCard]:
        """The models that fit, best first."""
        return [place.card for place in self.places if place.rank]

    def to_json(self) -> dict[str, Any]:
        return {
            "models": [_place(place) for place in self.places if place.rank],
            "out": [_place(place) for place in self.places if not place.rank],
        }

    def text(self) -> str:
        from ..views.models import models_text

        return models_text(self.places, self.wished)

    def html(self) -> str:
        from ..views.models import models_html

        return models_html(self.places, self.wished)


def _place(place: Any) -> dict[str, Any]:
    card = vars(place.card)
    ranked = {"rank": place.rank, "added": place.added, "pros": place.pros, "cons": place.cons}
    return {**card, "folder": str(card["folder"]) if card["folder"] else None, **ranked}


@dataclass(repr=False)
class GetTable(Shown):
    """What was fetched, or what can be: one item each."""

    items: list[Any]

    def to_json(self) -> dict[str, Any]:
        return {"ok": not any(item.problem for item in self.items), "items": [vars(item) for item in self.items]}

    def text(self) -> str:
        from ..views.models import get_text

        return get_text(self.items)

    def html(self) -> str:
        from ..views.models import get_html

        return get_html(self.items)


def models(options: ModelsOptions, follower: Follower) -> ModelTable:
    """Rank the catalogue."""
    del follower
    wished = any(value is not None for value in (options.task, options.lang, options.budget))
    return ModelTable(fetch.catalogue(options), wished)


def get(options: GetOptions, follower: Follower) -> GetTable:
    """Fetch what is named, or list what can be fetched."""
    del follower
    return GetTable(fetch.fetch(options) if options.names else fetch.known())

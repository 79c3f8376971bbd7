"""Fetching models and sets, and the catalogue, for whoever asks: what is said and how far it is goes to a stream."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from ..core import registry
from ..core.errors import FmError
from ..core.options import GetOptions, ModelsOptions
from ..kit.models.choosing import Place, Wish
from ..stages import get as stage
from ..stages import models


@dataclass(frozen=True)
class Item:
    """One line of an answer: `state` is "here", "fetched", "not here" or, with a `problem`, "failed"; sizes in bytes."""

    name: str
    kind: str
    summary: str
    download: int
    size: int
    state: str
    folder: str = ""
    problem: str = ""


def catalogue(options: ModelsOptions) -> list[Place]:
    """Return the models in the order of what is asked."""
    return models.catalogue(Wish(options.task, options.lang, options.budget_bytes))


def known() -> list[Item]:
    """Return everything that can be fetched, models first."""
    found: dict[str, Item] = {}
    for kind in ("models", "sources"):
        for plugin in registry.every(kind).values():
            asset = getattr(plugin, "asset", None)
            if isinstance(asset, stage.Asset):
                found[asset.name] = _item(asset, _summary(plugin))
    return sorted(found.values(), key=lambda item: (item.kind != "models", item.name))


def _summary(plugin: Any) -> str:
    return str(plugin.summary if hasattr(plugin, "summary") else plugin.card().summary)


def _item(asset: stage.Asset, summary: str) -> Item:
    here = stage.is_usable(asset)
    state, where = ("here", str(stage.location(asset))) if here else ("not here", "")
    return Item(asset.name, asset.kind, summary, asset.download, asset.disk, state, where)


def fetch(options: GetOptions) -> list[Item]:
    """Fetch what is named, one after the other. One that fails does not keep the others from it.

    Raises FmError when the only one fails, and for an interrupt.
    """
    assets = stage.wanted(options.names)
    items, errors = [], []
    for asset in assets:
        try:
            with _Bar() as bar:
                got = stage.get(asset, options.again, bar.say, bar.progress)
            state = "fetched" if got.fetched else "here"
            items.append(Item(asset.name, asset.kind, "", asset.download, got.size, state, got.folder))
        except KeyboardInterrupt:
            raise FmError(f"Fetching {asset.name} was interrupted.", "What was here before is untouched.") from None
        except FmError as error:
            errors.append(error)
            items.append(Item(asset.name, asset.kind, "", asset.download, 0, "failed", problem=str(error)))
    if errors and len(assets) == 1:
        raise errors[0]
    return items


class _Bar:
    """Says what is done and how far it is, on the terminal or in the cell; a log gets the lines only."""

    def __init__(self) -> None:
        self._cell = "ipykernel" in sys.modules
        self._stream = sys.stdout if self._cell else sys.stderr
        self._bar: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def say(self, text: str) -> None:
        """Print a line."""
        self._close()
        print(text, file=self._stream, flush=True)

    def progress(self, done: int, total: int) -> None:
        """Draw how many bytes of how many have come."""
        from tqdm import tqdm

        if not (self._cell or self._stream.isatty()):
            return
        if self._bar is None:
            self._bar = tqdm(total=total, unit="B", unit_scale=True, file=self._stream, leave=False, mininterval=0.3)
        self._bar.update(done - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

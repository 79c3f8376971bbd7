"""The catalogue as text and as HTML."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmtools.core.contracts import ModelCard
from fmtools.kit.models.choosing import Place, Wish, rank
from fmtools.runtime.fetch import Item
from fmtools.views.models import get_html, get_text, models_html, models_text

NASTY = "<script>alert(1)</script>"


def card(name: str, **facts: object) -> ModelCard:
    known = {
        "folder": None, "summary": NASTY, "parameters": 12_000_000, "disk_bytes": 24_000_000, "licence": "MIT",
        "languages": ("en",), "tasks": ("fill-mask",), "memory": {"": 2_000_000_000}, "get": "`%fm_get x` (1 MB)",
    }  # fmt: skip
    return ModelCard(name=name, **{**known, **facts})  # type: ignore[arg-type]


@pytest.fixture
def places() -> list[Place]:
    cards = [card("near"), card("far", languages=("zh", "ja", "ko", "th", "vi")), card("here", folder=Path("/x"))]
    return rank(cards, Wish("fill-mask", "en"))


def test_text_has_the_order_and_the_reasons(places: list[Place]) -> None:
    lines = models_text(places, wished=True).splitlines()
    assert [line.split()[0] for line in lines] == ["name", "here", "near", "1.", "2.", "–"]
    assert "2.0 GB" in lines[1]
    assert "%fm_get near" in lines[2]
    assert lines[5] == "–  far: not trained on en (on zh, ja, ko ...)"
    assert len(models_text(places, wished=False).splitlines()) == 3


def test_html_trusts_no_text(places: list[Place]) -> None:
    html = models_html(places, wished=True)
    assert "<script" not in html
    assert html.index("here") < html.index("near")
    assert "not trained on en" in html
    assert "not trained on en" not in models_html(places, wished=False)


def test_nothing_that_fits_is_said() -> None:
    places = rank([card("a")], Wish("fill-mask", "zh"))
    assert models_text(places, wished=True).startswith("Nothing here fits.")
    assert "Nothing here fits." in models_html(places, wished=True)


def test_what_was_fetched_and_what_was_not() -> None:
    items = [
        Item("a", "data", "", 10, 5_000_000, "fetched", "/x/a"),
        Item("b", "data", "", 10, 0, "failed", problem=NASTY),
    ]
    assert "5.0 MB" in get_text(items)
    assert NASTY in get_text(items)
    assert "<script" not in get_html(items)

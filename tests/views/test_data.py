from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pyarrow as pa
from PIL import Image

from fmtools.core.contracts import Dataset
from fmtools.kit.recipes.diff import compare
from fmtools.kit.recipes.profile import describe
from fmtools.kit.recipes.recipe import run
from fmtools.views.data import data_html, data_text
from fmtools.views.data_pictures import data_png
from fmtools.views.data_versions import diff_html, kept_html

EVIL = '<img src=x onerror="alert(1)">&amp;<script>alert(2)</script>'


class Tags(HTMLParser):
    """Collects the elements and attributes that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}


def evil() -> Dataset:
    table = pa.table(
        {"text": [f"{EVIL} {n} {'x' * n}" for n in range(12)] + ["ok\x07 $a_b$"], EVIL: [EVIL, "b"] * 6 + ["b"]}
    )
    return Dataset(EVIL, {"train": table, "test": table.slice(0, 3)}, EVIL, EVIL, [EVIL], read=13, dropped={EVIL: 2})


def test_nothing_from_the_data_becomes_markup() -> None:
    data = evil()
    made, _, outcomes = run(data, ["strip-markup", "drop-leaks"])
    steps = [outcome.as_json() for outcome in outcomes]
    card = data_html(describe(data), [EVIL], steps, EVIL)
    facts = {"old": EVIL, "new": EVIL, **compare(data, made)}
    table = kept_html(
        [
            {
                "label": EVIL,
                "hash": "ab",
                "rows": {"all": 1},
                "created": 1.0,
                "from": EVIL,
                "recipe": [EVIL],
                "size": 1,
                "fault": "",
            }
        ],
        EVIL,
    )
    for html in (card, diff_html(facts, {"added": [EVIL], "removed": []}), table, kept_html([], EVIL)):
        seen = Tags(html).seen
        assert not seen & {"img", "script", "onerror", "src"}
        assert "alert(1)" in html


def test_the_card_says_what_is_in_the_data() -> None:
    data = evil()
    facts = describe(data)
    text = data_text(facts)
    assert "16 (train 13, test 3)" in text
    assert re.search(r"3 test texts stand in train too", text)
    assert "\\x07" in data_html(facts)
    assert "<svg" in data_html(facts)


def test_the_picture_is_small() -> None:
    png = data_png(describe(evil()), "a $name$")
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width > 800
    assert len(png) < 40_000

"""Interface strings and their translations: Django's message catalogues in five languages."""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import by_text, dataset

ASSET = Asset(
    kind="data",
    name="ui-strings",
    packages=(
        Package(
            registry="pypi",
            name="django",
            version="5.2.19",
            file="django-5.2.19-py3-none-any.whl",
            sha256="5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00",
            size=8_319_631,
            base="django",
            members=r"(.+/)?locale/(zh_Hans|fr|de|es|ja)/LC_MESSAGES/(django|djangojs)\.mo",
            digest="e5b5be77ccce93c15dda9cb3628e878324f911b1ff960da48fec1436158852af",
        ),
    ),
    disk=424_198,
)
LANGUAGES = {"zh": "zh_Hans", "fr": "fr", "de": "de", "es": "es", "ja": "ja"}
#: gettext puts it between a message's context and its text.
CONTEXT_MARK = "\x04"
#: Characters; shorter strings are formats and abbreviations.
SHORTEST = 4


class UiStringsSource:
    """The sets `ui-strings-zh`, `-fr`, `-de`, `-es` and `-ja`."""

    name = "ui-strings"
    summary = "about 700 English interface strings with their Chinese, French, German, Spanish or Japanese ones"
    names = tuple(f"ui-strings-{language}" for language in LANGUAGES)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the splits train, validation and test, columns source and target. DataError when it was not fetched.

        Plurals and the files' headers are left out; strings keep their placeholders. A source with two translations is
        in one split.
        """
        package = ASSET.packages[0]
        root = assets.files(ASSET)[package.name]
        middle = f"/locale/{LANGUAGES[reference.rpartition('-')[2]]}/"
        found = [pair for name in assets.needed(package, root) if middle in f"/{name}" for pair in _pairs(root / name)]
        rows = [{"source": source, "target": target} for source, target in dict.fromkeys(found)]
        return dataset(
            reference,
            by_text(rows, lambda row: row["source"]),
            task="translation",
            origin="Django 5.2.19, message catalogues",
            licence="BSD-3-Clause",
            dropped={"the same pair stood before": len(found) - len(rows)},
        )


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    with path.open("rb") as file:
        # The standard library has no public way to list a catalogue; `_catalog` has held it since Python 2.
        catalog: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    for message, translation in catalog.items():
        if isinstance(message, str):  # a tuple is a plural form
            source = message.split(CONTEXT_MARK)[-1]
            if len(source) >= SHORTEST and translation.strip() and translation != source:
                yield source, translation

"""Sentences said to a smart home, labelled with what they ask for; English and Chinese, split by sentence pattern.

Made by scripts/build_intents.py from the package home-assistant-intents (Apache-2.0); see data/NOTICE.
"""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.tables import Rows, dataset_of, table_of

FILES = {"intents": "intents-en.csv.gz", "intents-zh": "intents-zh-CN.csv.gz"}
FOLDER = Path(__file__).parent / "data"


class IntentsSource:
    """The built-in sets `intents` (English) and `intents-zh` (Chinese)."""

    name = "intents"
    summary = "6,764 English (intents) or 5,088 Chinese (intents-zh) sentences to a smart home, 42 or 40 intents"
    names = tuple(FILES)
    endings: tuple[str, ...] = ()

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in FILES

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the set with splits train, validation and test, columns text, intent and template."""
        path = FOLDER / FILES[reference]
        try:
            text = gzip.decompress(path.read_bytes()).decode()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise DataError(f"The built-in set {reference!r} is damaged ({error}).", "Install fmtools again.") from None
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
        table = table_of(columns, reference, [])
        return dataset_of(reference, Rows(table, len(rows)), "home-assistant-intents 2026.10.27", "Apache-2.0")

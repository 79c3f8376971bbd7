"""The Debian FAQ in English and Chinese: questions and answers, from the packages debian-faq and debian-faq-zh-cn."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.rows.builtin import Row, dataset

POOL, FOLDER = "pool/main/d/debian-faq", "usr/share/doc/debian/FAQ"
ASSET = Asset(
    kind="data",
    name="faq",
    packages=(
        Package(
            registry="debian",
            name="debian-faq",
            version="11.1",
            file="debian-faq_11.1_all.deb",
            sha256="427426e0cfa6888622fc1d72631071cb4b5a1f86ccde722e7820bcef284de5d0",
            size=499_508,
            base=FOLDER,
            members=r"[\w-]+\.en\.html",
            digest="3cf832c6294cff979ce7487635c9bf62125e812a7061f14a8701b7f54dec6d51",
            pool=POOL,
        ),
        Package(
            registry="debian",
            name="debian-faq-zh-cn",
            version="11.1",
            file="debian-faq-zh-cn_11.1_all.deb",
            sha256="3545356b1aa04d87e91dd15e8406210cf5b4f476662e597897bcb42234591758",
            size=169_764,
            base=f"{FOLDER}/zh-cn",
            members=r"[\w-]+\.zh-cn\.html",
            digest="6249441934189cefb77a657a504fa507a3be02e39a6259d26e9bc4dc1c8d2ca0",
            pool=POOL,
        ),
    ),
    disk=617_064,
)
PACKAGES = {"faq": ASSET.packages[0], "faq-zh": ASSET.packages[1]}
HEADING = re.compile(r'<h[2-5] class="title"[^>]*><a id="([^"]*)"></a>(.*?)</h[2-5]>', re.S)
NUMBER = re.compile(r"^([\d.]+\d)\.?\s+(.*)$", re.S)
FOOTER = '<div class="navfooter">'
BLOCK_END = re.compile(r"</(?:p|li|dt|dd|pre|div|tr|table)>")
#: A heading with less below it (in characters) only opens a group of questions.
SHORTEST = 20


class FaqSource:
    """The sets `faq` and `faq-zh`; equal ids are the same question in both."""

    name = "faq"
    summary = "147 questions and answers about Debian, in English (faq) or Chinese (faq-zh), the same ids in both"
    names = tuple(PACKAGES)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return one table, in the order of the document: id, question, answer. DataError when it was not fetched."""
        package = PACKAGES[reference]
        root = assets.files(ASSET)[package.name]
        pages = [root / name for name in assets.needed(package, root)]
        rows = sorted((row for page in pages for row in _pairs(page)), key=_section)
        return dataset(
            reference,
            {"all": rows},
            task="sentence-similarity",
            origin=f"{package.name} 11.1 (The Debian GNU/Linux FAQ)",
            licence="free documentation licence of the package: copies, also modified, under the same notice",
        )


def _pairs(page: Path) -> list[Row]:
    """Return a page's questions, each with the text up to the next heading."""
    body = page.read_text(encoding="utf-8").split(FOOTER)[0]
    headings = list(HEADING.finditer(body))
    ends = [heading.start() for heading in headings[1:]] + [len(body)]
    rows = []
    for heading, end in zip(headings, ends, strict=False):  # a page may have no heading
        number, answer = NUMBER.match(_plain(heading[2])), _plain(body[heading.end() : end])
        if number and len(answer) >= SHORTEST:
            rows.append({"id": number[1], "question": number[2], "answer": answer})
    return rows


def _plain(markup: str) -> str:
    """Drop tags; within a line they leave no gap, at a block's end a space."""
    text = re.sub(r"<[^>]+>", "", BLOCK_END.sub(" ", markup))
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


def _section(row: Row) -> list[int]:
    return [int(part) for part in row["id"].split(".")]

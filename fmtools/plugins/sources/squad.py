"""Questions with answers that are spans of a text: SQuAD's JSON, versions 1 and 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.broken import Broken, Repairs
from fmtools.kit.reading.gather import Gatherer, gathered
from fmtools.kit.reading.places import load_path
from fmtools.kit.reading.squads import looks_like_squad, question_row
from fmtools.kit.reading.tables import Rows
from fmtools.kit.reading.text_io import read_text

NO_PARAGRAPHS = "articles without a list of paragraphs"
NO_QUESTIONS = "paragraphs without a context and a list of questions"


class SquadSource:
    """Reads .json files laid out as SQuAD is, and folders with one file a split."""

    name = "squad"
    summary = "SQuAD files, versions 1 and 2: questions with answers that are spans of a text"
    names: tuple[str, ...] = ()
    endings = (".json",)

    def accepts(self, reference: Any) -> bool:
        return looks_like_squad(reference)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Read a file or folder into id, title, context, question, answers. Raises DataError for what is no SQuAD."""
        return load_path(reference, self.endings, read_squad, reading)


def read_squad(path: Path, reading: Reading = PLAIN) -> Rows:
    """Read one file. Wrong answer_starts are put right where that is certain; other questions are dropped and named."""
    decoded = read_text(path, reading.encoding)
    broken = Broken(path.name, reading.on_error == "stop")
    repairs = Repairs(broken)
    with Gatherer(path.name, [decoded.notice] if decoded.notice else []) as gatherer:
        for row in _questions(_articles(decoded.text, path.name), _Places(decoded.text), broken, repairs):
            gatherer.add(row, len(row["context"]) + len(row["question"]))
        return _finish(gatherer, repairs)


def _finish(gatherer: Gatherer, repairs: Repairs) -> Rows:
    name, broken = gatherer.name, repairs.broken
    read = gatherer.count + broken.total
    if not read:
        raise DataError(f"{name} has no questions.", "Choose a file with questions.")
    broken.check(name, read)
    gatherer.notices += [*repairs.notices(name), *broken.notices(name)]
    return gathered(gatherer, read, broken.counts, drops=broken.drops, task="question-answering")


def _articles(text: str, name: str) -> list[Any]:
    try:
        whole = json.loads(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        why = error.msg[0].lower() + error.msg[1:]
        raise DataError(f"{name}:{error.lineno}: {why}.", "Correct the JSON there.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is no usable JSON: {error}.", "Choose a SQuAD file.") from None
    articles = whole.get("data") if isinstance(whole, dict) else whole
    if not isinstance(articles, list):
        cause = f"{name} is no SQuAD file: it has no list of articles under 'data'."
        raise DataError(cause, "For other JSON leave --format out, or say --format jsonl.")
    return articles


class _Places:
    """Lines of questions: each id is looked for behind the one before, as they stand in the file."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def line_of(self, entry: Any) -> int:
        name = entry.get("id") if isinstance(entry, dict) else None
        key = json.dumps(name) if isinstance(name, str) else None
        at = self._text.find(key, self._at) if key else -1
        if at >= 0:
            self._line += self._text.count("\n", self._at, at)
            self._at = at
        return self._line


def _questions(articles: list[Any], places: _Places, broken: Broken, repairs: Repairs) -> Iterator[dict[str, Any]]:
    for article in articles:
        paragraphs = article.get("paragraphs") if isinstance(article, dict) else None
        if not isinstance(paragraphs, list):
            broken.add(NO_PARAGRAPHS, places.line_of(article))
            continue
        title = article.get("title")
        for paragraph in paragraphs:
            yield from _of_paragraph(paragraph, title if isinstance(title, str) else "", places, broken, repairs)


def _of_paragraph(
    paragraph: Any, title: str, places: _Places, broken: Broken, repairs: Repairs
) -> Iterator[dict[str, Any]]:
    entries = paragraph.get("qas") if isinstance(paragraph, dict) else None
    if not isinstance(entries, list):
        broken.add(NO_QUESTIONS, places.line_of(paragraph))
        return
    for entry in entries:
        row = question_row(entry, paragraph.get("context"), title, places.line_of(entry), broken, repairs)
        if row is not None:
            yield row

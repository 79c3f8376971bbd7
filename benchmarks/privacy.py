"""Personal data: recall and precision on 1,000 planted persons, by kind and language, and the time a text takes.

Recall: the share of planted values of which no letter or digit is left outside the findings. Precision: the share of findings
that touch a planted value of their kind; findings in the sentences without anybody count fully.
"""

from __future__ import annotations

import time
from collections import defaultdict

from fmtools.kit.privacy import detector
from fmtools.kit.privacy.spans import Span

from . import persons
from .figures import Aim, Figure
from .settings import Settings

#: Aims: names are found by what surrounds them, the others by their form; addresses have no checksum.
RECALL = {"name": 0.95, "address": 0.9}
PRECISION = 0.9
Counts = dict[tuple[str, str], list[float]]


def run(settings: Settings) -> list[Figure]:
    """Plant, find, count."""
    planted = persons.sentences(persons.people(20 if settings.quick else 500)) + persons.negatives(
        60 if settings.quick else 600
    )
    texts = [sentence.text for sentence in planted]
    kinds = frozenset(detector.KINDS)
    detector.find(texts[:5], kinds)  # the libraries load
    began = time.perf_counter()
    found = [spans for at in range(0, len(texts), 500) for spans in detector.find(texts[at : at + 500], kinds)]
    each = (time.perf_counter() - began) / len(texts)
    recall, precision = counted(planted, found)
    return [*_figures("recall", recall), *_figures("precision", precision), Figure("a text", [each * 1e3], "ms")]


def counted(planted: list[persons.Planted], found: list[list[Span]]) -> tuple[Counts, Counts]:
    """Return for each (language, kind) the planted values, 1 = found whole, and the findings, 1 = right."""
    recall: Counts = defaultdict(list)
    precision: Counts = defaultdict(list)
    for sentence, spans in zip(planted, found, strict=True):
        places = [(kind, sentence.text.index(value), value) for kind, value in sentence.values]
        for kind, start, value in places:
            recall[sentence.language, kind].append(float(whole(spans, start, value)))
        for span in spans:
            right = any(
                kind == span.kind and start < span.end and span.start < start + len(value)
                for kind, start, value in places
            )
            precision[sentence.language, span.kind].append(float(right))
    return recall, precision


def whole(spans: list[Span], start: int, value: str) -> bool:
    """Say whether every letter and digit of a value is inside some finding."""
    covered = {i for span in spans for i in range(span.start, span.end)}
    return all(start + i in covered for i, character in enumerate(value) if character.isalnum())


def _figures(what: str, counts: Counts) -> list[Figure]:
    aims = {kind: Aim(">=", RECALL.get(kind, 0.99) if what == "recall" else PRECISION) for kind in persons.KINDS}
    keys = sorted(counts, key=lambda key: (key[0], persons.KINDS.index(key[1])))
    return [
        Figure(f"{what}, {kind}, {language}", counts[language, kind], "", aims[kind], share=True)
        for language, kind in keys
    ]

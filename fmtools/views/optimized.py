"""An optimized model beside its original: size, time, score, and where they differ."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from ..core.wire import Detail
from .details import details_html
from .language import say
from .markup import MUTED, esc, table
from .tables import plain
from .words import size_words

#: Classes in the table of changes.
CLASSES = 20
#: Names of rows of the first table.
PLAIN = "onnx"


def names(card: dict[str, Any]) -> list[str]:
    """Return what is compared: the original in torch, the plain ONNX file, the optimized one."""
    return list(card["measured"]["bytes"])


def seconds(card: dict[str, Any], name: str) -> list[tuple[int, int, float]]:
    """Return (rows, tokens, seconds) of each timed batch of a model."""
    return [(t["batch"], t["length"], t["seconds"]) for t in card["measured"]["seconds"] if t["name"] == name]


def _title(card: dict[str, Any]) -> str:
    sizes = card["measured"]["bytes"]
    first, last = sizes["original"], sizes[card["method"]]
    share = f", {say('{share} % of the original').format(share=f'{100 * last / first:.0f}')}" if first else ""
    return f"{card['name']}: {card['method']}, {size_words(last)}{share}"


def _header(card: dict[str, Any]) -> list[str]:
    shapes = seconds(card, "original")
    timed = [say("{rows} x {length} tokens").format(rows=rows, length=length) for rows, length, _ in shapes]
    return ["", say("size"), *timed, say("rows a second"), card["main"]]


def _lines(card: dict[str, Any]) -> list[list[str]]:
    """Return a line a model: size, time of each batch with how many times faster, throughput, main metric."""
    found, base = [], seconds(card, "original")
    for name in names(card):
        own = seconds(card, name)
        times = [_time(mine, first) for (_, _, mine), (_, _, first) in zip(own, base, strict=True)]
        pace = f"{max(rows / taken for rows, _, taken in own):,.0f}" if own else ""
        metrics = card["metrics"] if name == card["method"] else card["metrics_of_original"]
        score = "" if name == PLAIN else f"{metrics.get(card['main'], float('nan')):.4f}"
        word = {"original": say("original (torch)"), PLAIN: say("ONNX, not optimized")}.get(name, name)
        found.append([word, size_words(card["measured"]["bytes"][name]), *times, pace, score])
    return found


def _time(taken: float, first: float) -> str:
    return f"{1000 * taken:.1f} ms ({first / taken:.1f}x)"


def said(card: dict[str, Any]) -> list[str]:
    """Return what there is to know of the figures, a sentence each."""
    lost, measured = card["points_lost"], card["measured"]
    found = [
        say("{metric} {change} points on {rows} rows.").format(
            metric=card["main"], change=f"{-lost:+.2f}", rows=f"{card['rows']:,}"
        )
    ]
    if card["agreement"] is not None:
        found.append(
            say("The same answer as the original on {share} % of {count} {unit}.").format(
                share=f"{100 * card['agreement']:.1f}", count=f"{card['units']:,}", unit=say(card["unit"])
            )
        )
    if batch := card["batch"]:
        found.append(_batch_words(card["method"], batch))
    if card["spared"]:
        found.append(say("Layers that kept their precision: {names}.").format(names=", ".join(card["spared"])))
    times = say("Times: processor time of {threads} thread on this machine, in turns, medians.")
    return [*found, times.format(threads=measured["threads"])]


def _batch_words(method: str, batch: dict[str, int]) -> str:
    """Say how many answers depend on what else is in a batch, and what to do where that matters."""
    if not batch["changed"]:
        return say("No answer of {rows} rows changes with the batch size.").format(rows=batch["rows"])
    advice = (
        " " + say("Where that matters, take --method int8-static: its ranges are fixed.")
        if method == "int8-dynamic"
        else ""
    )
    words = say("{changed} of {rows} answers are others when a row is asked alone than in a batch.")
    return words.format(changed=batch["changed"], rows=batch["rows"]) + advice


def _metric_lines(card: dict[str, Any]) -> list[list[str]]:
    before, after = card["metrics_of_original"], card["metrics"]
    shared = [name for name in after if name in before]
    return [
        [name, f"{before[name]:.4f}", f"{after[name]:.4f}", f"{after[name] - before[name]:+.4f}"] for name in shared
    ]


def _metric_header(card: dict[str, Any]) -> list[str]:
    return [say("metric"), say("original"), card["method"], say("difference")]


def _class_lines(card: dict[str, Any]) -> list[list[str]]:
    return [
        [name, f"{count:,}", f"{changed:,}", *([f"{card['report'][name][0]:.3f}", f"{card['report'][name][1]:.3f}"] if name in card["report"] else ["", ""])]
        for name, count, changed in card["by_class"][:CLASSES]
    ]  # fmt: skip


def _class_header(card: dict[str, Any]) -> list[str]:
    return [
        say("class"),
        say("original says it"),
        say("answered otherwise"),
        f"F1 {say('original')}",
        f"F1 {card['method']}",
    ]


def text(card: dict[str, Any], path: str) -> str:
    """Return the result for terminals."""
    parts = [_title(card), path, plain(_header(card), _lines(card)), *said(card)]
    parts += [plain(_metric_header(card), _metric_lines(card))]
    if lines := _class_lines(card):
        parts += ["", plain(_class_header(card), lines)]
    return "\n".join(parts)


def html(card: dict[str, Any], path: str, picture: bytes) -> str:
    """Return the result for notebooks; the rows that differ are folded below."""
    shown = base64.b64encode(picture).decode()
    sentences = "".join(f"<div>{esc(line)}</div>" for line in said(card))
    return (
        f'<div><b>{esc(_title(card))}</b></div><div style="{MUTED}">{esc(path)}</div>'
        f"{_html_table(_header(card), _lines(card))}{sentences}"
        f'<img src="data:image/png;base64,{shown}" alt="{esc(_title(card))}" style="max-width:100%"/>'
        f"{_folded(say('every metric'), _metric_header(card), _metric_lines(card))}"
        f"{_folded(say('by class'), _class_header(card), _class_lines(card))}"
        f"{details_html([Detail.model_validate(found) for found in card['details']])}"
    )


def _html_table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return table([esc(word) for word in header], [[esc(cell) for cell in line] for line in lines])


def _folded(title: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return f"<details><summary>{esc(title)}</summary>{_html_table(header, lines)}</details>" if lines else ""

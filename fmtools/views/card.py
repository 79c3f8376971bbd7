"""A run as one cell output: the live card's data, and beside it a picture, HTML and text for every other front end."""

from __future__ import annotations

import base64
import json
from typing import Any

from ..core.errors import StoreError
from ..core.wire import MIME_TYPE, Frame, Head, Increment, RunBundle, StoredFrame
from .details import details_html
from .follow import RunView
from .forecast import card_html, line
from .language import say
from .markup import MUTED, STATUS_COLOURS, bar, chip, esc, heat_table, line_chart
from .trouble import trouble_html

#: Points a series in a snapshot; and the bytes of attention a notebook may carry.
POINTS, CARRIED = 150, 60_000


def mime_bundle(view: RunView, png: bytes | None = None) -> dict[str, Any]:
    """Return a run's output by MIME type. `png`: a picture made earlier, to save drawing it anew."""
    from .pictures import run_png

    increment = view.increment(max_points=POINTS)
    frames = last_frames(view, increment)
    bundle = RunBundle(run_id=increment.run_id, snapshot=increment, attention=[_stored(f, data) for f, data in frames])
    return {
        MIME_TYPE: json.loads(bundle.model_dump_json()),
        "text/html": html(increment, frames),
        "image/png": run_png(increment, frames) if png is None else png,
        "text/plain": text(increment.head),
    }


def last_frames(view: RunView, increment: Increment) -> list[tuple[Frame, bytes]]:
    """Return the newest attention snapshot of each watched sentence, with its bytes, as far as they may be carried."""
    newest = {frame.probe: frame for frame in increment.frames}
    found, size = [], 0
    for _, frame in sorted(newest.items()):
        try:
            data = view.frame(frame.seq)
        except StoreError:
            continue  # the curves are worth showing without it
        size += len(data)
        if size <= CARRIED:
            found.append((frame, data))
    return found


def _stored(frame: Frame, data: bytes) -> StoredFrame:
    return StoredFrame(seq=frame.seq, step=frame.step, probe=frame.probe, data=base64.b64encode(data).decode())


def mean_map(increment: Increment, frame: Frame, data: bytes, layer: int = -1) -> tuple[list[str], list[list[float]]]:
    """Return (tokens, weights [n][n] from 0 to 1): the mean over the heads of one layer (the last when not given)."""
    probe = next(p for p in increment.probes if p.probe == frame.probe)
    n, layer = len(probe.tokens), layer % probe.layers
    base = layer * probe.heads * n * n
    total = [sum(data[base + h * n * n + i] for h in range(probe.heads)) / (255.0 * probe.heads) for i in range(n * n)]
    return probe.tokens, [total[i * n : (i + 1) * n] for i in range(n)]


def curves_of(increment: Increment) -> dict[str, tuple[list[int], list[float]]]:
    """Return {series: (steps, values)} of an increment."""
    curves: dict[str, tuple[list[int], list[float]]] = {}
    for point in increment.points:
        steps, values = curves.setdefault(point.series, ([], []))
        steps.append(point.step)
        values.append(point.value)
    return curves


def duration(seconds: float | None) -> str:
    """Return a time for people: 8 s, 2:05, 1:02:05."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def figures(head: Head) -> list[tuple[str, str]]:
    """Return the numbers of a card as (name, value) pairs, those that are known."""
    found = [(say("step"), f"{head.step:,}/{head.total_steps:,}"), (say("epoch"), f"{head.epoch:.2f}")]
    for name, value, form in (
        ("loss", head.loss, "{:.4f}"),
        ("learning rate", head.learning_rate, "{:.2e}"),
        ("samples/s", head.samples_per_second, "{:,.0f}"),
        ("tokens/s", head.tokens_per_second, "{:,.0f}"),
    ):
        if value is not None:
            found.append((say(name), form.format(value)))
    found.append((say("elapsed"), duration(head.elapsed_seconds)))
    if head.eta_seconds is not None:
        found.append((say("left"), duration(head.eta_seconds)))
    return found


def text(head: Head) -> str:
    """Return a run in one or two lines."""
    scores = "  ".join(f"{name} {value:.4f}" for name, value in head.metrics.items())
    lines = [f"{head.name}  [{say(head.status)}]  " + "  ".join(f"{name} {value}" for name, value in figures(head))]
    lines += [f"{head.metrics_split}: {scores}"] if scores else []
    lines += [line(head.forecast)] if head.forecast and head.status in ("running", "paused") else []
    lines += [said for said in (head.error or head.message,) if said]
    return "\n".join(lines)


def html(increment: Increment, frames: list[tuple[Frame, bytes]]) -> str:
    """Return the static card: numbers, curves, the newest attention of the first watched sentence."""
    head, curves = increment.head, curves_of(increment)
    colour = STATUS_COLOURS.get(head.status, "#7a7a7a")
    numbers = "".join(
        f'<span style="margin-right:14px"><span style="opacity:.65">{esc(n)}</span> {esc(v)}</span>'
        for n, v in figures(head)
    )
    scores = " &nbsp; ".join(f"{esc(name)} <b>{value:.4f}</b>" for name, value in head.metrics.items())
    split = f'<span style="opacity:.65">{esc(say(head.metrics_split))}</span> ' if head.metrics_split else ""
    said = head.error or head.message
    validation = _comparable(curves)
    parts = [
        f'<div style="font-size:1.05em"><b>{esc(head.name)}</b> {chip(head.status, say(head.status))} <span style="opacity:.65">{esc(head.task)} · {esc(head.model)} · {esc(head.data)}</span></div>',
        card_html(head.forecast),
        bar(head.step / head.total_steps if head.total_steps else 0.0, colour),
        f'<div style="font-variant-numeric:tabular-nums">{numbers}</div>',
        f"<div>{split}{scores}</div>" if scores else "",
        f'<div style="color:{colour}">{esc(said)}</div>' if said else "",
        trouble_html(increment),
        f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-end">{line_chart([("loss", *curves["loss"])]) if "loss" in curves else ""}{line_chart(validation)}{_attention(increment, frames)}</div>',
        _samples(increment),
        details_html(increment.details),
    ]
    return f'<div style="font-family:system-ui,sans-serif;max-width:1000px">{"".join(parts)}</div>'


def _comparable(curves: dict[str, tuple[list[int], list[float]]]) -> list[tuple[str, list[int], list[float]]]:
    """Return at most three validation curves that fit one scale: shares of one, or else the first that is none."""
    found = [
        (name.removeprefix("validation/"), *curve) for name, curve in curves.items() if name.startswith("validation/")
    ]
    scores = [curve for curve in found if curve[0] != "loss"]
    shares = [curve for curve in scores if max((abs(v) for v in curve[2] if v == v), default=0.0) <= 1.0]
    return shares[:3] if scores and scores[0] in shares else scores[:1]


def _samples(increment: Increment) -> str:
    """Return what the model wrote last after each beginning."""
    newest = {sample.prompt: sample for sample in increment.samples}
    if not newest:
        return ""
    title = f'<div style="{MUTED}">{esc(say("what the model writes"))}, {esc(say("step"))} {increment.samples[-1].step:,}</div>'
    lines = "".join(
        f'<div style="white-space:pre-wrap"><span style="{MUTED}">{esc(s.prompt)}</span>{esc(s.text)}</div>'
        for s in newest.values()
    )
    return title + lines


def _attention(increment: Increment, frames: list[tuple[Frame, bytes]]) -> str:
    if not frames:
        return ""
    frame, data = frames[0]
    tokens, weights = mean_map(increment, frame, data)
    if len(tokens) > 24:
        return ""  # the picture beside this shows it; a table this wide does not fit
    caption = f"{say('attention')}, {say('step')} {frame.step}"
    return f'<div><div style="font-size:11px;opacity:.65">{esc(caption)}</div>{heat_table(tokens, weights)}</div>'

"""What a model server has seen, put together from its workers' records, and compared with what its model was made for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.options.monitor import MonitorOptions
from ..kit.drift import counts as drift
from ..kit.drift.counts import merged
from ..store import samples, windows
from ..store.exported import about
from ..store.services import WINDOWS, ServiceFolder

#: Seconds that workers are given to write what they have counted in the present minute.
PATIENCE = 1.2
#: Without counts from the training, the first texts that a model was asked stand for them: so many at least.
FIRST = 500
#: Kept texts that are shown.
SHOWN = 8
#: Most points of a picture's time axis.
POINTS = 240


def watch(service: ServiceFolder, options: MonitorOptions) -> dict[str, Any]:
    """Return counts, latency buckets, points over time and drift of a server, as plain JSON."""
    folder = service.path / WINDOWS
    if service.alive():
        windows.ask(folder)
        time.sleep(PATIENCE)
    everything, damaged = windows.read(folder)
    since = time.time() - 3600 * options.hours if options.hours else 0.0
    found = [one for one in everything if one["t"] >= since]
    key = _model(service, everything)
    own = [one for one in found if one.get("model") == key]
    reference = _reference(service, key, everything)
    seen = merged([one["tally"] for one in own if one["t"] >= reference["until"]])
    compared = drift.compare(reference["tally"], seen, options.least, options.psi) if reference["tally"] else []
    return {
        "since": since,
        "damaged": damaged,
        "requests": _sum(one["requests"] for one in found),
        "buckets": _sum(one["seconds"] for one in found),
        "rows": sum(int(one["tally"]["rows"]) for one in found),
        "texts": int(seen["rows"]),
        "reference": {"kind": reference["kind"], "rows": int(reference["tally"].get("rows", 0))},
        "least": options.least,
        "limit": options.psi,
        "error_limit": options.errors / 100,
        "drift": compared,
        "points": points(found),
        "sample": sample(service),
    }


def sample(service: ServiceFolder) -> dict[str, Any]:
    """Return {"path", "day", "seen", "kept", "rows"}: the newest day's kept texts, the first few; {} where none are."""
    newest = samples.newest(service.path / samples.SAMPLE)
    if newest is None:
        return {}
    facts = {"path": str(newest.path), "day": newest.day, "seen": newest.seen, "kept": len(newest.rows)}
    return {**facts, "rows": newest.rows[:SHOWN]}


def _model(service: ServiceFolder, found: list[dict[str, Any]]) -> str:
    """Return the key of the model that is served, or was last."""
    known = (service.state.get("model") or {}).get("key")
    return str(known or (found[-1].get("model") if found else ""))


def _reference(service: ServiceFolder, key: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return {"kind", "tally", "until"}: the counts of the model's card, else of the first texts it was asked, which ended then."""
    training = about(_folder(service)).get("training")
    if isinstance(training, dict):
        return {"kind": "training", "tally": training, "until": 0.0}
    first: list[dict[str, Any]] = []
    rows = 0
    for one in found:
        if one.get("model") != key:
            continue
        if rows >= FIRST:
            return {"kind": "first", "tally": merged([part["tally"] for part in first]), "until": one["t"]}
        first.append(one)
        rows += int(one["tally"]["rows"])
    return {"kind": "", "tally": {}, "until": 0.0}


def _folder(service: ServiceFolder) -> Path:
    return Path(service.record.folder)


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    whole: Counter[str] = Counter()
    for part in parts:
        whole.update({str(name): int(count) for name, count in part.items()})
    return dict(whole)


def points(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return at most POINTS sums of windows over equal spans: {"t" (s), "s", "requests", "buckets", "labels"}."""
    if not found:
        return []
    begin, end = found[0]["t"], found[-1]["t"] + 60
    span = max(60.0, (end - begin) / POINTS)
    groups: dict[int, list[dict[str, Any]]] = {}
    for one in found:
        groups.setdefault(int((one["t"] - begin) // span), []).append(one)
    return [
        {
            "t": begin + place * span,
            "s": span,
            "requests": _sum(one["requests"] for one in group),
            "buckets": _sum(one["seconds"] for one in group),
            "labels": _sum(one["tally"].get("label", {}) for one in group),
        }
        for place, group in sorted(groups.items())
    ]

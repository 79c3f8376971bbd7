"""What a model server has counted, from Prometheus' text: rates, percentiles of latency, refusals."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

_LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
#: Routes that nobody asks for an answer of the model.
_OTHER = ("/healthz", "/readyz", "/metrics", "/openapi.json")
Sample = tuple[str, dict[str, str], float]


def samples(text: str) -> list[Sample]:
    """Return (name, labels, value) of each line."""
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            found.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))
    return found


@dataclass
class Counts:
    """What a server has counted: requests to its model by status, refusals by reason, answers by their time (cumulated
    counts by upper bound in s), and what has no label."""

    codes: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    refused: dict[str, float] = field(default_factory=dict)
    buckets: dict[float, float] = field(default_factory=lambda: defaultdict(float))
    plain: dict[str, float] = field(default_factory=dict)


def counts(text: str) -> Counts:
    """Read Prometheus' text."""
    found = Counts()
    for name, labels, value in samples(text):
        if name == "fmtools_requests_total" and labels["route"] not in _OTHER:
            found.codes[labels["code"]] += value
        elif name == "fmtools_refusals_total":
            found.refused[labels["reason"]] = value
        elif name == "fmtools_request_seconds_bucket" and labels["route"] not in _OTHER:
            found.buckets[float(labels["le"])] += value
        elif not labels:
            found.plain[name] = value
    return found


def summary(text: str, seconds: float) -> dict[str, Any]:
    """Return requests, per_second, rows, refused {reason: n}, failed, queue and latency_ms {p50, p95, p99} of a server that
    has counted for so many seconds."""
    found = counts(text)
    total = sum(found.codes.values())
    return {
        "requests": int(total),
        "per_second": round(total / seconds, 3) if seconds > 0 else 0.0,
        "rows": int(found.plain.get("fmtools_rows_total", 0)),
        "failed": int(sum(value for code, value in found.codes.items() if code == "500")),
        "refused": {reason: int(value) for reason, value in found.refused.items()},
        "queue": int(found.plain.get("fmtools_queue", 0)),
        "latency_ms": {f"p{share}": percentile(found.buckets, share / 100) for share in (50, 95, 99)},
    }


def percentile(buckets: dict[float, float], share: float) -> float | None:
    """Return a percentile in ms from cumulated counts {upper bound in s: count}; None before the first request.

    Within a bucket the requests are taken to lie evenly.
    """
    bounds = sorted(buckets)
    if not bounds or not buckets[bounds[-1]]:
        return None
    wanted, low, before = share * buckets[bounds[-1]], 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if bound == float("inf"):
                return round(1000 * low, 2)
            part = (wanted - before) / max(1e-9, buckets[bound] - before)
            return round(1000 * (low + part * (bound - low)), 2)
        low, before = bound, buckets[bound]
    return None

"""What model servers do lately: requests a second and latency of the last minute, from counts that only ever grow."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from ..views.serve_meters import counts, percentile

#: Seconds that "lately" means; and the age up to which a count is taken for the beginning of it.
SPAN, OLDEST = 60.0, 75.0
#: Servers whose counts are kept.
MOST = 256


@dataclass
class _Count:
    """What a server had counted at a moment (s): requests, and answers by their time, cumulated {upper bound in s: count}."""

    at: float
    requests: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)


class Rates:
    """Counts of the last minute by server; thread-safe. A key is (id, when it began): one that restarts counts from 0."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, float], deque[_Count]] = {}
        self._lock = threading.Lock()

    def take(self, key: tuple[str, float], text: str, now: float, began: float) -> dict[str, Any]:
        """Take in what a server says now (Prometheus' text); return requests, failed, refused, waiting, and of the last
        minute per_second and latency_p50_ms, latency_p95_ms - None where nothing is known yet, or nobody asked."""
        said = counts(text)
        new = _Count(now, sum(said.codes.values()), said.buckets)
        with self._lock:
            before = self._before(key, new, began)
        return {
            "requests": int(new.requests),
            "failed": int(said.codes.get("500", 0)),
            "refused": int(sum(said.refused.values())),
            "waiting": int(said.plain.get("fmtools_queue", 0)),
            **_lately(before, new),
        }

    def _before(self, key: tuple[str, float], new: _Count, began: float) -> _Count | None:
        """Keep a count; return the one that the last minute began with, None when there is none that recent."""
        for other in [known for known in self._kept if known[0] == key[0] and known != key]:
            del self._kept[other]
        fresh = deque([_Count(began)]) if new.at - began <= OLDEST else deque()
        kept = self._kept.setdefault(key, fresh)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        while len(kept) > 1 and kept[1].at <= new.at - SPAN:
            kept.popleft()
        while kept and kept[0].at < new.at - OLDEST:
            kept.popleft()
        if not kept or new.at - kept[-1].at >= 1.0:  # several pages may ask at once
            kept.append(new)
        return kept[0] if kept[0] is not new else None


def _lately(before: _Count | None, now: _Count) -> dict[str, float | None]:
    if before is None or now.at <= before.at:
        return {"per_second": None, "latency_p50_ms": None, "latency_p95_ms": None}
    new = {bound: count - before.buckets.get(bound, 0.0) for bound, count in now.buckets.items()}
    rate = max(0.0, now.requests - before.requests) / (now.at - before.at)
    return {
        "per_second": round(rate, 3),
        "latency_p50_ms": percentile(new, 0.5),
        "latency_p95_ms": percentile(new, 0.95),
    }

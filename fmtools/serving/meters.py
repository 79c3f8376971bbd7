"""What the server counts, for Prometheus. Several workers count into files of one folder, so any of them can answer."""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from .meters_folder import SHARED

SECONDS = (
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
SIZES = (1, 2, 4, 8, 16, 32)


class Meters:
    """Counters of one worker."""

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        of: dict[str, Any] = {"registry": self._own}
        self.requests = Counter("fmtools_requests", "Requests answered.", ["route", "code"], **of)
        self.seconds = Histogram(
            "fmtools_request_seconds", "Time of requests answered with 200.", ["route"], buckets=SECONDS, **of
        )
        self.refusals = Counter("fmtools_refusals", "Requests refused.", ["reason"], **of)
        self.rows = Counter("fmtools_rows", "Texts predicted.", **of)
        self.tokens = Counter("fmtools_tokens", "Tokens written, by models that write.", **of)
        self.groups = Histogram("fmtools_group_size", "Texts computed together.", buckets=SIZES, **of)
        self.waiting = Gauge("fmtools_queue", "Texts that wait.", multiprocess_mode="livesum", **of)
        self.inflight = Gauge("fmtools_inflight", "Requests at work.", multiprocess_mode="livesum", **of)
        self.reloads = Counter("fmtools_reloads", "Models taken in while running.", ["outcome"], **of)

    def text(self) -> bytes:
        """Return all counters in Prometheus' text format, of all workers together."""
        if SHARED not in os.environ:
            return generate_latest(self._own)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return generate_latest(registry)

"""Sizes and times as people type them: 2GB, 500MB, 90s, 10m, 1h30m."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])(i?)b?", re.I)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(h|min|m|sec|s)", re.I)
_SECONDS = {"h": 3600.0, "min": 60.0, "m": 60.0, "sec": 1.0, "s": 1.0}


def size_bytes(text: str) -> int:
    """Return the bytes of a size such as 2GB, 500 MB or 1.5GiB. Raises ValueError for anything else, and for nothing."""
    found = _SIZE.fullmatch(text.strip())
    size = float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].lower()] if found else 0.0
    if size < 1:
        raise ValueError("it should be a size with its unit, such as 2GB, 500MB or 1.5GiB")
    return int(size)


def time_seconds(text: str) -> float:
    """Return the seconds of a time such as 90s, 10m, 2h or 1h30m. Raises ValueError for anything else, and for nothing."""
    parts = _TIME.findall(text)
    rest = _TIME.sub("", text).strip()
    seconds = sum(float(amount) * _SECONDS[unit.lower()] for amount, unit in parts)
    if rest or seconds <= 0:
        raise ValueError("it should be a time with its unit, such as 90s, 10m or 1h30m")
    return seconds

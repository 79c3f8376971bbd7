"""What makes a training smaller, as options that fit what was asked: said when memory runs out. Light: no torch."""

from __future__ import annotations

from typing import Any

#: Pieces of advice at most; those that come first change the result least.
MOST = 3


def smaller(options: dict[str, Any]) -> str:
    """Return a sentence of options that take less memory than these (a run's own): the same steps first."""
    limit = options.get("memory_limit")
    choosing = f"; --fit {limit} chooses settings that fit." if limit else "; --dry-run says what each would take."
    return f"Run it again with {' or '.join(_found(options)[:MOST])}{choosing}"


def _found(options: dict[str, Any]) -> list[str]:
    batch, parts = int(options.get("batch_size") or 1), int(options.get("gradient_accumulation") or 1)
    length = int(options.get("max_length") or 0)
    found = []
    if batch > 1:
        found.append(f"--batch-size {batch // 2} --gradient-accumulation {-(-parts * batch // (batch // 2))}")
    if not options.get("gradient_checkpointing"):
        found.append("--gradient-checkpointing")
    if options.get("method") == "full" and not options.get("from_scratch"):
        found.append("--method lora")
    if length > 32:
        found.append(f"--max-length {length // 2}")
    return found or ["a smaller --model"]

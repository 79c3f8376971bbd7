"""A model server for a long time: ten times what it can do for a minute, the end under load, and 10,000 odd requests.

`python scripts/soak_serve.py ARTIFACT [--seconds 60] [--requests 10000]`: ARTIFACT as %fm_serve takes it. Prints a line a
promise and returns 0 when all were kept. The load comes from this process: give the server cores of its own where you can.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from typing import Any

import psutil

import fmtools
from fmtools.serving.load import BROKEN, Load

#: Statuses that are answers; seconds within which a refusal comes; growth of memory that is none.
ALLOWED, QUICK, FLAT = {200, 429, 503, 504}, 0.05, 1.05
TEXT = "a text of some length, as people write them to a shop that has not sent what they have paid for " * 3


def main() -> int:
    """Return 0 when every promise was kept."""
    asked = _parser().parse_args()
    served: Any = fmtools.serve(asked.artifact, name=f"soak-{os.getpid()}", queue=16, deadline=5.0)
    try:
        kept = [_overload(served, asked.seconds), _odd(served, asked.requests), _end(served)]
    finally:
        served.stop()
    return int(not all(kept))


def _say(kept: bool, text: str) -> bool:
    print("kept  " if kept else "BROKEN", text, flush=True)
    return kept


def _load(served: Any) -> Load:
    return Load(served.url, served.token, [{"text": TEXT}])


def _overload(served: Any, seconds: float) -> bool:
    calm, storm, memory = _load(served), _load(served), []
    asyncio.run(_clients(calm, 4, 5.0))
    capacity = calm.summary()["per_second"]
    worker = psutil.Process(served.facts()["workers"][0])

    async def work() -> None:
        for _ in range(10):
            await storm.at_rate(10 * capacity, seconds / 10)
            memory.append(worker.memory_info().rss)
        await storm.close()

    asyncio.run(work())
    found = storm.summary()
    refused = sorted(s for _, status, s in storm.answers if status in (429, 503))
    late = refused[int(0.99 * len(refused))] if refused else 0.0
    growth = memory[-1] / memory[1]
    return all(
        [
            _say(
                {int(s) for s in found["statuses"]} <= ALLOWED, f"{10 * capacity:.0f} requests/s: {found['statuses']}"
            ),
            _say(late < QUICK, f"99 % of {len(refused)} refusals within {1000 * late:.1f} ms"),
            _say(growth < FLAT, f"memory grew to {growth:.3f} of what it was after a tenth of the time"),
        ]
    )


async def _clients(load: Load, count: int, seconds: float) -> None:
    await load.clients(count, seconds)
    await load.close()


def _odd(served: Any, requests: int) -> bool:
    import json
    import urllib.request

    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    heads = {"Authorization": f"Bearer {served.token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{served.url}/openapi.json", headers=heads)) as answer:
        schema = schemathesis.openapi.from_dict(json.load(answer))
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = [one.ok().as_strategy(generation_mode=mode) for one in schema.get_all_operations() for mode in modes]
    seen: dict[int, int] = {}

    @settings(
        max_examples=requests,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(cases))
    def ask(case: Any) -> None:
        status = case.call(base_url=served.url, headers=heads).status_code
        seen[status] = seen.get(status, 0) + 1

    ask()
    return _say(
        not any(status >= 500 for status in seen), f"{sum(seen.values()):,} odd requests: {dict(sorted(seen.items()))}"
    )


def _end(served: Any) -> bool:
    load = _load(served)

    async def work() -> float:
        asking = asyncio.create_task(load.at_rate(50, 4.0))
        await asyncio.sleep(2.0)
        at = time.perf_counter()
        os.kill(served.pid, signal.SIGTERM)
        await asking
        await load.close()
        return at

    at = asyncio.run(work())
    dropped = sum(status == BROKEN for began, status, _ in load.answers if began < at)
    return _say(not dropped, f"SIGTERM under load: {dropped} of {len(load.answers)} accepted requests dropped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--requests", type=int, default=10_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Load for a model server: `python -m fmtools.serving.load URL --token-file F --rate 200 --seconds 10`.

Prints one line of JSON: how many requests got which status, and how long they took, in ms. With --clients instead of
--rate each client asks again as soon as it is answered: the throughput is then the server's capacity.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .settings import TOKEN_VARIABLE

#: Connections that are open at most.
MOST = 1000
#: What stands for a status where a connection failed instead.
BROKEN = 0


class Load:
    """Asks one server and remembers (when it was asked, status, seconds) of every request."""

    def __init__(self, url: str, token: str, bodies: Sequence[dict[str, Any]], path: str = "/predict") -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self._requests = itertools.cycle([self._request(path, token, body) for body in bodies])
        self.answers: list[tuple[float, int, float]] = []
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._open = 0

    def _request(self, path: str, token: str, body: dict[str, Any]) -> bytes:
        data = json.dumps(body).encode()
        heads = f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {token}\r\n"
        return f"{heads}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data

    async def at_rate(self, rate: float, seconds: float) -> None:
        """Send so many requests a second, whether or not the earlier ones are answered."""
        began, tasks = time.perf_counter(), set()
        for number in range(int(rate * seconds)):
            wait = began + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self.once())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        while tasks:
            await asyncio.wait(set(tasks))

    async def clients(self, count: int, seconds: float) -> None:
        """Let clients ask one request after another."""
        end = time.perf_counter() + seconds

        async def client() -> None:
            while time.perf_counter() < end:
                await self.once()

        await asyncio.gather(*(client() for _ in range(count)))

    async def once(self) -> int:
        """Ask once; return the status, BROKEN when the connection failed."""
        began = time.perf_counter()
        try:
            status = await self._ask()
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError):
            status = BROKEN
        self.answers.append((began, status, time.perf_counter() - began))
        return status

    async def _ask(self) -> int:
        reader, writer = self._free.pop() if self._free else await self._connect()
        try:
            writer.write(next(self._requests))
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").lower().split("\r\n")
            fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            await reader.readexactly(int(fields.get("content-length", 0)))
        except BaseException:
            self._close(writer)
            raise
        if fields.get("connection") == "close":
            self._close(writer)
        else:
            self._free.append((reader, writer))
        return int(lines[0].split()[1])

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._open >= MOST:
            await asyncio.sleep(0.001)
        self._open += 1
        try:
            return await asyncio.open_connection(self.host, self.port)
        except BaseException:
            self._open -= 1
            raise

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._open -= 1
        writer.close()

    async def close(self) -> None:
        """Close the connections."""
        for _, writer in self._free:
            self._close(writer)
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self._free = []

    def summary(self) -> dict[str, Any]:
        """Return requests, statuses, requests with 200 a second, and percentiles in ms for each status."""
        times: dict[int, list[float]] = defaultdict(list)
        for _, status, seconds in self.answers:
            times[status].append(1000 * seconds)
        first = min((began for began, _, _ in self.answers), default=0.0)
        last = max((began + seconds for began, _, seconds in self.answers), default=1.0)
        return {
            "requests": len(self.answers),
            "statuses": {str(k): n for k, n in sorted(Counter(status for _, status, _ in self.answers).items())},
            "per_second": round(len(times[200]) / max(1e-9, last - first), 1),
            "ms": {str(status): _percentiles(found) for status, found in sorted(times.items()) if found},
        }


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) for name, share in shares.items()}


async def _main(asked: argparse.Namespace) -> int:
    token = asked.token_file.read_text(encoding="utf-8") if asked.token_file else os.environ.get(TOKEN_VARIABLE, "")
    load = Load(asked.url, token.strip(), [json.loads(asked.body)], asked.path)
    if asked.clients:
        await load.clients(asked.clients, asked.seconds)
    else:
        await load.at_rate(asked.rate, asked.seconds)
    await load.close()
    print(json.dumps(load.summary()))
    return int(any(status == BROKEN or status == 500 for _, status, _ in load.answers))


def main(words: list[str] | None = None, **usual: Any) -> int:
    """Return 0, 1 when a request got no answer or a fault. usual: defaults of options."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}.load", description=__doc__)
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000", help="the server (%(default)s)")
    parser.add_argument("--token-file", type=Path, help=f"file with the bearer token (else ${TOKEN_VARIABLE})")
    parser.add_argument("--path", default="/predict")
    parser.add_argument("--body", default='{"text": "a text to predict"}', help="the JSON that is sent")
    parser.add_argument("--rate", type=float, default=50, help="requests a second (50)")
    parser.add_argument("--clients", type=int, help="clients that ask one request after another, instead of --rate")
    parser.add_argument("--seconds", type=float, default=10)
    parser.set_defaults(**usual)
    return asyncio.run(_main(parser.parse_args(words)))


if __name__ == "__main__":
    sys.exit(main())

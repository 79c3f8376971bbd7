"""A written model in a fresh process of its own, opened by the runtime that its users have.

`python -m fmtools.kit.exporting.fresh EXPORTER FOLDER` answers batches on standard input with arrays on standard output. Nothing is
left of what wrote the model: what it forgot to write is missing here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...core.errors import FmError, ModelError

if TYPE_CHECKING:
    import numpy as np

    from ...core.exporting import Runner

_LENGTH = struct.Struct("<cQ")
#: What a message is.
ARRAYS, SAID = b"a", b"e"
#: Seconds that opening a written model, or one answer of it, may take.
LIMIT = 600.0


@contextlib.contextmanager
def opened(exporter: str, folder: Path) -> Iterator[Runner]:
    """Run a written model in a fresh process; the runner takes and gives named arrays.

    Raises ModelError with the runtime's own words when the model does not load, or does not answer within LIMIT seconds.
    """
    command = [sys.executable, "-m", "fmtools.kit.exporting.fresh", exporter, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin
    assert process.stdout

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        with contextlib.suppress(BrokenPipeError):
            _send(process.stdin, ARRAYS, _packed(inputs))
        return _unpacked(_answer(process, exporter))

    try:
        _answer(process, exporter)  # it has loaded
        yield run
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _answer(process: subprocess.Popen[bytes], exporter: str) -> bytes:
    assert process.stdout
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    watch = threading.Timer(LIMIT, end)
    watch.daemon = True
    watch.start()
    try:
        head = process.stdout.read(_LENGTH.size)
        size = _LENGTH.unpack(head)[1] if len(head) == _LENGTH.size else 0
        body = process.stdout.read(size) if size else b""
    finally:
        watch.cancel()
    if late.is_set():
        raise ModelError(
            f"The {exporter} runtime gave no answer within {LIMIT:g} seconds.", "It was not kept. Try another format."
        )
    if len(head) < _LENGTH.size or len(body) < size:
        process.wait()
        raise ModelError(
            f"The written model ended the process that opened it (status {process.returncode}).",
            "It was not kept. Try another format.",
        )
    kind = _LENGTH.unpack(head)[0]
    if kind == SAID:
        said = json.loads(body)
        raise ModelError(f"The {exporter} runtime refuses the written model: {said['cause']}", said["cure"])
    return body


def _send(stream: IO[bytes] | None, kind: bytes, body: bytes) -> None:
    assert stream
    stream.write(_LENGTH.pack(kind, len(body)) + body)
    stream.flush()


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    return buffer.getvalue()


def _unpacked(body: bytes) -> dict[str, np.ndarray]:
    import numpy as np

    with np.load(io.BytesIO(body), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def main(exporter: str, folder: str) -> int:
    """Serve one model until standard input ends."""
    from ...core import registry

    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print
    try:
        runner: Runner = registry.get("exporters", exporter).open(Path(folder))
        _send(replies, ARRAYS, b"")
        while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
            _, size = _LENGTH.unpack(head)
            _send(replies, ARRAYS, _packed(runner(_unpacked(sys.stdin.buffer.read(size)))))
    except FmError as error:
        _send(replies, SAID, json.dumps({"cause": error.cause, "cure": error.cure}).encode())
        return 1
    except Exception as error:
        traceback.print_exc()
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        _send(replies, SAID, json.dumps({"cause": first, "cure": "It was not kept. Try another format."}).encode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

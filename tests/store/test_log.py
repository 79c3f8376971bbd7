"""The event log loses nothing that was acknowledged and glues nothing together, whatever is cut, flipped or full."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.store.log import LogReader, LogWriter, decode, encode

LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text()
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4), max_leaves=12
)


def plain(value: Any) -> Any:
    """Word NaN and infinities as the log does."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.text().filter(lambda key: key not in {"seq", "crc"}), VALUES, max_size=6), st.integers(1, 2**50)
)
def test_what_is_encoded_is_decoded(body: dict[str, Any], seq: int) -> None:
    line = encode({"seq": seq, **body})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decode(line[:-1]) == plain({"seq": seq, **body})


def test_lone_surrogates_and_control_characters_survive() -> None:
    text = "\ud800 \x00 \x1b[31m \u2028 \u202e 模型"
    assert decode(encode({"seq": 1, "text": text})[:-1]) == {"seq": 1, "text": text}


def test_every_flipped_bit_is_found() -> None:
    line = encode({"seq": 7, "type": "step", "step": 3, "loss": 0.25, "text": "é模"})[:-1]
    record, silent = decode(line), 0
    for i in range(len(line)):
        for bit in range(8):
            flipped = line[:i] + bytes([line[i] ^ 1 << bit]) + line[i + 1 :]
            found = decode(flipped)
            assert found is None or found == record, (i, bit)
            silent += found is not None
    assert silent <= 16  # the two bytes between checksum and content, which carry nothing


def test_the_log_cut_at_every_byte_then_written_on(tmp_path: Path) -> None:
    """A writer dies after any byte, the next attempt writes on: each whole record is read once, none is glued."""
    folder = tmp_path / "whole"
    folder.mkdir()
    writer = LogWriter(folder, 1, 1)
    for n in range(12):
        writer.append({"type": "step", "step": n, "loss": float("nan"), "text": "é\n" * n})
    writer.close()
    whole = writer.path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        at = tmp_path / f"cut{cut}"
        at.mkdir()
        (at / writer.path.name).write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        reader = LogReader(at)
        assert len(reader.read()) == kept
        second = LogWriter(at, 2, reader.last_seq + 1)
        second.append({"type": "status", "status": "running"})
        second.close()
        assert [r["seq"] for r in reader.read()] == [kept + 1]
        fresh = LogReader(at)
        assert [r["seq"] for r in fresh.read()] == list(range(1, kept + 2))
        torn = cut not in {0, *ends}
        assert (fresh.lost, fresh.torn(), fresh.torn(alive=True)) == (0, torn, torn)


def test_a_naive_reader_would_glue(tmp_path: Path) -> None:
    """The control of the test above: appending to a torn file loses the next record, and the checksum says so."""
    writer = LogWriter(tmp_path, 1, 1)
    writer.append({"a": 1})
    writer.append({"b": 2})
    writer.close()
    os.truncate(writer.path, writer.path.stat().st_size - 3)
    with writer.path.open("ab") as file:
        file.write(encode({"seq": 3, "c": 3}))
    reader = LogReader(tmp_path)
    assert [r["seq"] for r in reader.read()] == [1]
    assert reader.lost == 1


def test_a_reader_in_the_middle_of_a_line_waits(tmp_path: Path) -> None:
    data = encode({"seq": 1, "x": "y" * 50}) + encode({"seq": 2})
    file, reader, got = tmp_path / "0001-A.jsonl", LogReader(tmp_path), []
    for i in range(len(data) + 1):
        file.write_bytes(data[:i])
        got += reader.read()
        assert not reader.unread()
    assert [r["seq"] for r in got] == [1, 2]
    assert (reader.lost, reader.torn()) == (0, 0)


def test_zeros_and_garbage_between_records_are_counted(tmp_path: Path) -> None:
    lines = [encode({"seq": 1}), b"\0" * 300 + b"\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", encode({"seq": 2})]
    (tmp_path / "0001-A.jsonl").write_bytes(b"".join(lines))
    reader = LogReader(tmp_path)
    assert [r["seq"] for r in reader.read()] == [1, 2]
    assert reader.lost == 4


@pytest.mark.parametrize("limit", [1, 50, 1000, 10**6])
def test_reading_in_pieces_gives_the_same(tmp_path: Path, limit: int) -> None:
    seq = 1
    for attempt in (1, 2, 3):
        writer = LogWriter(tmp_path, attempt, seq)
        for n in range(40):
            seq = writer.append({"n": n, "text": "x" * (n % 7)}) + 1
        writer.close()
    (tmp_path / "0002-ZZ.jsonl").write_bytes(b'{"crc":"00000000","torn')
    reader, got = LogReader(tmp_path), []
    while records := reader.read(limit):
        got += records
    assert [r["seq"] for r in got] == list(range(1, 121))
    assert reader.read() == []


def test_the_writer_numbers_records_whatever_they_say(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, 1, 5)
    assert [writer.append({"seq": 0, "a": 1}), writer.append({"b": 1})] == [5, 6]
    with pytest.raises(TypeError):
        writer.append({"a": object()})
    assert writer.append({}) == 7
    writer.close()
    assert [r["seq"] for r in LogReader(tmp_path).read()] == [5, 6, 7]


def test_threads_do_not_mix_lines(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, 1, 1)
    threads = [threading.Thread(target=lambda: [writer.append({"x": "y" * 99}) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    reader = LogReader(tmp_path)
    assert [r["seq"] for r in reader.read()] == list(range(1, 801))
    assert reader.lost == 0


LIMITED = """
import resource, sys
from pathlib import Path
from fmtools.store.log import LogReader, LogWriter
folder, limit = Path(sys.argv[1]), int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
writer = LogWriter(folder, 1, 1)
for n in range(6):
    writer.append({"type": "step", "step": n})
assert writer.refused is not None
try:
    writer.sync()
    raise SystemExit("a refused record was called safe")
except OSError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
writer.append({"type": "step", "step": 6})
writer.sync()
reader = LogReader(folder)
records = reader.read()
assert [r["seq"] for r in records] == list(range(1, 8)), records
assert (reader.lost, reader.torn()) == (0, 0), (reader.lost, reader.torn())
"""


@pytest.mark.fault
@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is a thing of POSIX")
def test_a_full_disk_at_every_byte_of_two_lines(tmp_path: Path) -> None:
    """The disk takes a part of a line, refuses the rest, and has room again later: nothing lost, doubled or glued."""
    length = len(encode({"seq": 1, "type": "step", "step": 0}))
    script = "import os, sys\nfor limit in range(int(sys.argv[2]), int(sys.argv[3])):\n"
    script += "    pid = os.fork()\n    if pid == 0:\n        os.mkdir(f'{sys.argv[1]}/{limit}')\n"
    script += "        sys.argv = ['', f'{sys.argv[1]}/{limit}', str(limit)]\n        exec(BODY)\n        os._exit(0)\n"
    script += "    if os.waitpid(pid, 0)[1]:\n        sys.exit(f'limit {limit}')\n"
    code = f"BODY = {LIMITED!r}\nimport fmtools.store.log\n" + script
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "0", str(2 * length + 2)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert len(list(tmp_path.iterdir())) == 2 * length + 2


def test_dev_full_never_raises_into_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LogWriter(tmp_path, 1, 1)
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    good, full = writer._descriptor, os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(writer, "_descriptor", full)
    monkeypatch.setattr("fmtools.store.log.KEPT_WHILE_REFUSED", 10)
    for n in range(50):
        writer.append({"n": n})
    assert writer.refused is not None
    with pytest.raises(OSError, match="No space"):
        writer.sync()
    monkeypatch.setattr(writer, "_descriptor", good)
    writer.sync()
    writer.close()
    os.close(full)
    kept = [r["seq"] for r in LogReader(tmp_path).read()]
    assert (len(kept), kept[-1]) == (10, 50)


def test_a_failed_flush_is_never_called_a_success_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LogWriter(tmp_path, 1, 1)
    writer.append({"a": 1})
    real = os.fsync

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input"):
        writer.sync()
    monkeypatch.setattr(os, "fsync", real)
    with pytest.raises(OSError, match="Input"):
        writer.sync()
    writer.close()

"""Errors as users see them: words, not tracebacks."""

from __future__ import annotations

import errno
import os
import pickle

import pytest

from fmtools.core.errors import DataError, FmError, from_os_error, out_of_memory


def test_cause_and_cure_are_what_is_shown() -> None:
    error = DataError("The file is empty.", "Give another.")
    assert str(error) == "The file is empty. Give another."
    assert error._render_traceback_() == ["The file is empty.", "Give another."]
    assert FmError("Only a cause.")._render_traceback_() == ["Only a cause."]


def test_control_characters_of_the_input_are_spelled_out() -> None:
    (line,) = FmError("No run 'a\x1b[31mb\u202ec\r'.")._render_traceback_()
    assert line == "No run 'a\\x1b[31mb\\u202ec\\r'."


def test_an_error_survives_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(DataError("a", "b")))
    assert (type(error), error.cause, error.cure) == (DataError, "a", "b")


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "quota"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "Check the disk"),
    ],
)
def test_refusals_of_a_disk_come_with_a_cure(code: int, cure: str) -> None:
    said = from_os_error(OSError(code, os.strerror(code), "/some/file"), "save the model")
    assert said.cause.startswith("Could not save the model (/some/file): ")
    assert said.cause.endswith(".")
    assert cure in said.cure


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: 3 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("can't start new thread"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_want_of_memory_is_known_by_many_words(error: Exception) -> None:
    advice = out_of_memory(error)
    assert advice is not None
    assert "--batch-size" in advice[1]


def test_other_errors_are_not_want_of_memory() -> None:
    assert out_of_memory(RuntimeError("size mismatch for weight")) is None

"""Files that lie in memory alone: an encrypted model's, handed from process to process as an open descriptor.

There is no path to them, and neither the list of processes nor the environment says more than the descriptor's number.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping

from .problems import BadArtifact

#: Holds the descriptor's number, for the supervisor and its workers.
VARIABLE = "FMTOOLS_SERVE_MEMORY"
_SIZE = 8


def possible() -> bool:
    """Say whether this system has files without a place on a disk (Linux does)."""
    return hasattr(os, "memfd_create")


def write(files: Mapping[str, bytes]) -> int:
    """Put files into memory; return a descriptor, which children inherit and nobody can change. The caller closes it."""
    import fcntl

    head = json.dumps({name: len(content) for name, content in files.items()}).encode()
    descriptor = os.memfd_create("fmtools-model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            for part in (len(head).to_bytes(_SIZE, "little"), head, *files.values()):
                file.write(part)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def descriptor() -> int | None:
    """Return the descriptor that this process was given; None when it was given none."""
    number = os.environ.get(VARIABLE, "")
    return int(number) if number.isdigit() else None


def read() -> dict[str, bytes]:
    """Return the files that this process was given. Raises BadArtifact when there are none."""
    number = descriptor()
    if number is None:
        raise BadArtifact("The model is encrypted, and this server was not handed its files.")
    with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as memory:
        end = _SIZE + int.from_bytes(memory[:_SIZE], "little")
        found, at = {}, end
        for name, size in json.loads(memory[_SIZE:end]).items():
            found[name] = memory[at : at + size]
            at += size
    return found

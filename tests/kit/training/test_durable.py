"""How libraries word a full disk, and what it means."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from fmtools.kit.training.durable import disk_refusal


def test_a_refusal_keeps_its_number() -> None:
    error = OSError(errno.EDQUOT, "Disk quota exceeded")
    assert disk_refusal(error) is error


@pytest.mark.parametrize("error", [ValueError("os error 28"), RuntimeError("shape mismatch"), KeyError("x")])
def test_other_errors_are_not_the_disks(error: Exception) -> None:
    assert disk_refusal(error) is None


SAVERS = {
    "torch": "import torch; torch.save({'x': torch.zeros(100_000)}, path)",
    "safetensors": "import torch; from safetensors.torch import save_file; save_file({'x': torch.zeros(100_000)}, path)",
    "python": "open(path, 'wb', 0).write(b'x' * 100_000) and open(path, 'ab', 0).write(b'x')",
}


@pytest.mark.fault
@pytest.mark.parametrize("library", SAVERS)
def test_what_each_library_really_raises_is_understood(library: str, tmp_path: Path) -> None:
    code = f"""
import sys
from fmtools.kit.training.durable import disk_refusal
path = {str(tmp_path / "file")!r}
import resource
import torch, safetensors.torch
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    {SAVERS[library]}
except Exception as error:
    refusal = disk_refusal(error)
    print(refusal is not None and refusal.errno is not None, type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("True"), (done.stdout, done.stderr)

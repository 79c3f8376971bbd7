"""Who works on a run: one lease file per attempt, touched as a heartbeat, judged by pid where that is possible."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.errors import StoreError, from_os_error
from .files import new_id, read_bytes, sync_folder, write_all, write_file

#: Seconds between two touches; and the age at which a lease whose process cannot be looked up counts as dead.
BEAT, STALE = 1.0, 20.0
#: How a lease is called before it has its name.
STAGE = ".tmp-lease-"


@dataclass(frozen=True)
class Lease:
    """A claim of one attempt. `host` names machine, boot and pid namespace, so that equal hosts share their pids."""

    attempt: int
    pid: int
    started: str
    host: str
    machine: str


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def host_key() -> str:
    """Return a text that is equal only for processes that see each other's pids in this boot of this machine."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()}|{_first_line('/proc/sys/kernel/random/boot_id')}|{space}"


def process_start(pid: int) -> str:
    """Return when a process started, as a text that another process with the same pid cannot share; "" when it is gone.

    Linux gives ticks since boot, which clock changes do not move; a zombie counts as gone.
    """
    if os.path.isdir("/proc/self"):
        stat = _first_line(f"/proc/{pid}/stat")
        fields = stat[stat.rfind(")") + 2 :].split() if stat else []
        return fields[19] if fields and fields[0] not in "ZX" else ""
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.0f}"
    except psutil.Error:
        return ""


def _path(folder: Path, attempt: int) -> Path:
    return folder / f"lease-{attempt:04d}.json"


def newest(folder: Path) -> tuple[Lease | None, float]:
    """Return the newest lease of a run folder and its age in seconds; (None, 0) when nobody ever worked on it."""
    paths = sorted(folder.glob("lease-*.json"))
    if not paths:
        return None, 0.0
    try:
        age = time.time() - paths[-1].stat().st_mtime
        return Lease(**json.loads(read_bytes(paths[-1]))), age
    except (OSError, ValueError, TypeError):
        # Created this very moment and not yet written, or damaged: its number still counts.
        return Lease(int(paths[-1].stem[6:]), 0, "", "", "?"), age


def alive(folder: Path) -> bool:
    """Say whether somebody works on the run now."""
    lease, age = newest(folder)
    if lease is None:
        return False
    if lease.host == host_key():
        return lease.started != "" and process_start(lease.pid) == lease.started
    return age < STALE


def tell(folder: Path, number: signal.Signals) -> bool:
    """Send a signal to the process that works here; return False when there is none. Raises StoreError for one elsewhere."""
    lease, _ = newest(folder)
    if lease is None or not alive(folder):
        return False
    if lease.host != host_key():
        raise StoreError(f"It runs on {lease.machine}.", "Stop it there.")
    if not hasattr(os, "pidfd_open"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(lease.pid, number)
        return True
    try:
        handle = os.pidfd_open(lease.pid)
    except ProcessLookupError:
        return False
    try:
        # Looked at again now that the handle holds the process: its number may have gone to another one meanwhile.
        if process_start(lease.pid) != lease.started:
            return False
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)
    return True


def _create(folder: Path, path: Path, data: bytes) -> None:
    """Write a lease under a name that nobody has, at once and whole: one without content, of a process that was killed while
    it wrote, would look alive until it is stale. Raises FileExistsError, or FileNotFoundError, when another one was first.
    """
    stage = folder / f"{STAGE}{os.getpid()}-{new_id()}"
    try:
        _write(stage, data)
        try:
            os.link(stage, path)  # unlike a rename, it does not replace what another process has made meanwhile
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError:  # a file system without links
            _write(path, data)
    finally:
        stage.unlink(missing_ok=True)
    for left in folder.glob(f"{STAGE}*"):  # of those who were killed, or who come too late
        left.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def claim(folder: Path, pid: int | None = None) -> Lease:
    """Claim the next attempt for this process, or for a worker it has started (`pid`): then no moment is without a holder.

    Raises StoreError when another process works on the run.
    """
    last, _ = newest(folder)
    owner = pid or os.getpid()
    if last is not None and alive(folder) and last.pid != owner:
        raise StoreError(
            f"Run {folder.name} is being worked on by process {last.pid} on {last.machine}.",
            "Attach to it (%fm_attach) or stop it (%fm_stop) first.",
        )
    attempt = last.attempt + 1 if last else 1
    lease = Lease(attempt, owner, process_start(owner), host_key(), socket.gethostname())
    try:
        _create(folder, _path(folder, attempt), json.dumps(asdict(lease)).encode())
    except (FileExistsError, FileNotFoundError):
        raise StoreError(
            f"Run {folder.name} was taken by another process this moment.", "Attach to it (%fm_attach)."
        ) from None
    except OSError as error:
        raise from_os_error(error, "claim the run") from None
    sync_folder(folder)
    return lease


def release(folder: Path, attempt: int) -> None:
    """Give a claim back from a process that lives on, after an inline run: nobody works on the run any more."""
    path = _path(folder, attempt)
    given_back = {**json.loads(read_bytes(path)), "started": ""}
    write_file(path, json.dumps(given_back).encode())
    os.utime(path, (0, 0))  # for those who cannot look the process up: stale at once


def beat(folder: Path, attempt: int) -> None:
    """Touch the lease: the sign of life for those who cannot look the process up."""
    os.utime(_path(folder, attempt))

"""`--processes N`: the worker starts N ranks on this machine, and watches over them; it is the one whose lease the run has.

torch.multiprocessing starts them: by fork from the warm worker, whose libraries are loaded (a rank is there within 0.1 s
instead of 5 to 19), by spawn where a fork is not safe. They meet in a file and talk over the loopback interface: torch's
TCP store, which torchrun uses, listens on every interface of the machine and asks for no password. The ranks die with the
worker; when one of them dies, the worker ends the others and says why.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..core.errors import OptionError
from ..core.events import Control
from ..core.options import TrainOptions
from ..store import controls
from ..store.runs import RunFolder
from . import memory_watch, ranked

#: prctl: which signal a process gets when its parent ends.
PR_SET_PDEATHSIG = 1
#: The task whose loss compares the rows of a batch with each other.
IN_BATCH = "sentence-similarity"
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


def check(options: TrainOptions) -> list[str]:
    """Return what there is to say about the number of processes. Raises OptionError for what cannot be."""
    from . import on_ray

    if options.processes == 1 and not options.on:
        return []
    if options.inline:
        raise OptionError(
            "--inline runs in the kernel, which is one process.", "Leave --inline out, or --processes and --on."
        )
    on_ray.check(options)
    if options.processes > options.batch_size:
        raise OptionError(
            f"{options.processes} processes cannot share a batch of {options.batch_size} rows.",
            "Give a larger --batch-size (it is that of all processes together), or fewer --processes.",
        )
    said, cores = [], available()
    if options.task == IN_BATCH and options.processes > 1:
        part = -(-options.batch_size // options.processes)
        said.append(
            f"Texts are compared within a process's part of a batch, {part} rows of {options.batch_size}: less is learned from "
            f"wrong answers than in one process. --batch-size {options.batch_size * options.processes} makes up for it."
        )
    if not options.on and options.processes > cores:
        said.append(f"{options.processes} processes share {cores} processor cores: fewer would be faster.")
    return said


def available() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(folder: Path, attempt: int, obeyed: Iterable[str], count: int, *, fresh: bool) -> int:
    """Train a run with `count` processes; return 0 for done and stopped, 143 after SIGTERM, 1 for a failure.

    `fresh`: this process has not computed anything yet, and may fork.
    """
    import torch
    from torch import multiprocessing

    obeyed, terminated = list(obeyed), stop_on_term(folder)
    method = "fork" if fresh and not (torch.version.cuda or torch.version.hip) else "spawn"
    with tempfile.TemporaryDirectory(prefix="fmtools-ranks-") as meeting:
        told = (str(folder), attempt, obeyed, count, meeting, os.getpid())
        started: Any = multiprocessing.start_processes(_rank, told, count, join=False, start_method=method)
        failure = _watch(started.processes, Path(meeting))
        if failure is not None:
            ranked.report(folder, attempt, obeyed, failure)
            return 1
    return 143 if terminated else 0


def stop_on_term(folder: Path) -> list[bool]:
    """Make SIGTERM a wish to stop, which rank 0 reads; the list that is returned is then no longer empty."""
    terminated: list[bool] = []

    def on_term(*_: Any) -> None:
        terminated.append(True)
        controls.add(folder, Control(action="stop", by="SIGTERM"))

    signal.signal(signal.SIGTERM, on_term)
    return terminated


def _watch(processes: list[Any], meeting: Path) -> ranked.Failure | None:
    """Return when all have ended well, or end them all with the first that has not, and return why."""
    from multiprocessing.connection import wait

    alive = dict(enumerate(processes))
    while alive:
        wait([process.sentinel for process in alive.values()])
        codes = {rank: process.exitcode for rank, process in alive.items() if process.exitcode is not None}
        if any(codes.values()):
            for process in processes:
                process.kill()
                process.join()
            return _why(codes, len(processes), meeting)
        alive = {rank: process for rank, process in alive.items() if rank not in codes}
    return None


def _why(codes: dict[int, int], count: int, meeting: Path) -> ranked.Failure:
    killed = next((rank for rank, code in codes.items() if code < 0), None)
    if killed is not None:
        name = signal.Signals(-codes[killed]).name
        why = f"Process {killed} of {count} was killed ({name}), perhaps for want of memory."
        return ranked.Failure(killed, why, ranked.CURE)
    unsaid = ranked.Failure(min(codes), f"Process {min(codes)} of {count} ended without a word.", ranked.CURE)
    return ranked.first(ranked.kept(meeting)) or unsaid


def _rank(rank: int, folder: str, attempt: int, obeyed: list[str], count: int, meeting: str, parent: int) -> None:
    """Be one of the processes. Never returns: what the parent has open and registered is not this process's to clean up."""
    die_with(parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the worker makes it a wish to stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = 1
    end = memory_watch.ends_rank(lambda error: ranked.keep(error, rank, Path(meeting)))
    watch = memory_watch.MemoryWatch(RunFolder(Path(folder)).record.options, end, own=True, share=count)
    try:
        meet(rank, count, Path(meeting))
        with watch:
            ranked.work(Path(folder), attempt, obeyed)
        status = 0
    except Exception as error:
        ranked.keep(watch.worded(error), rank, Path(meeting))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def die_with(parent: int) -> None:
    """Let the system kill this process when its parent ends, however it does."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


def meet(rank: int, count: int, meeting: Path) -> None:
    """Join the others in a process group: gloo on the processor, NCCL where every rank has a GPU of its own."""
    import torch
    from torch import distributed

    gpus = torch.cuda.device_count()
    os.environ.update(
        RANK=str(rank), WORLD_SIZE=str(count), LOCAL_RANK=str(rank % max(1, gpus)), LOCAL_WORLD_SIZE=str(count),
        GLOO_SOCKET_IFNAME=LOOPBACK, NCCL_SOCKET_IFNAME=LOOPBACK,
    )  # fmt: skip
    if gpus:
        torch.cuda.set_device(rank % gpus)
    torch.set_num_threads(max(1, torch.get_num_threads() // count))
    store = distributed.FileStore(str(meeting / "meeting"), count)
    distributed.init_process_group("nccl" if gpus >= count else "gloo", store=store, rank=rank, world_size=count)

"""`--on ray`: Ray Train starts the ranks, on a cluster made for the run or, with ray://HOST:PORT, on one that exists.

A cluster of our own lives on the loopback interface, asks for a random token, shows no dashboard, tells nobody of its use,
and ends with the run. Whoever reaches a Ray cluster runs code on it: one that asks for no token is refused.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..core.errors import OptionError, WorkerError
from ..core.options import TrainOptions
from . import many, ranked

ADDRESS = re.compile(r"ray://[A-Za-z0-9.\-\[\]:]+:\d+")
#: Set before Ray is imported. Ray reads them in every process it starts.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_BACKEND_LOG_LEVEL": "error",
    "RAY_TRAIN_METRICS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_RUNTIME_ENV_LOG_TO_DRIVER_ENABLED": "0",
}
#: Of a cluster of our own. Ray takes a machine's outward address even where it was given the loopback one, unless it
#: believes to be on a system whose firewall would ask the user.
OWN = {
    "RAY_AUTH_MODE": "token",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_agent_register_timeout_ms": "300000",  # usually 30 s, after which Ray ends
}
#: The least that Ray takes for objects, in bytes. Nothing of a training goes that way.
OBJECTS = 80_000_000
#: Seconds that a cluster of our own may take to start.
STARTING = 300.0
#: Seconds for the question whether a cluster lets anybody in.
ASKING = 10.0


def check(options: TrainOptions) -> None:
    """Raise FmError when the run cannot go to Ray: it is not installed, the address is none, or the cluster is open to all."""
    if options.on:
        check_address(options.on)


def check_address(on: str, without: str = "Leave it out to train here.") -> None:
    """Raise FmError when there is no going to `ray` or `ray://HOST:PORT`; see `check`. without: what else there is."""
    if on != "ray" and not ADDRESS.fullmatch(on):
        raise OptionError(f"--on takes ray or ray://HOST:PORT, not {on!r}.", without)
    if find_spec("ray") is None:
        raise OptionError("Ray is not installed.", "pip install 'fmtools[ray]' brings it.")
    if on != "ray":
        _check_locked(on)


def _check_locked(address: str) -> None:
    mode = os.environ.get("RAY_AUTH_MODE", "")
    if mode == "disabled":
        return  # Ray's own way of saying that the network around the cluster is its lock
    if mode != "token":
        raise OptionError(
            f"{address} is used with a token only: anybody who reaches a Ray cluster runs code on it.",
            "Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH as on the cluster; RAY_AUTH_MODE=disabled does without.",
        )
    if is_open(address):
        raise OptionError(
            f"The Ray cluster at {address} lets anybody in: it asks for no token.",
            "Start it with RAY_AUTH_MODE=token; RAY_AUTH_MODE=disabled uses it as it is.",
        )


def is_open(address: str) -> bool:
    """Say whether a Ray cluster answers who shows no token. Raises WorkerError when nobody answers at all."""
    import grpc  # type: ignore[import-untyped]
    from ray.core.generated import ray_client_pb2
    from ray.core.generated import ray_client_pb2_grpc as services

    messages: Any = ray_client_pb2  # made by protobuf, without types
    question = messages.ClusterInfoRequest(type=messages.ClusterInfoType.PING)
    with grpc.insecure_channel(address.removeprefix("ray://")) as channel:
        try:
            services.RayletDriverStub(channel).ClusterInfo(
                question, timeout=ASKING, metadata=[("client_id", secrets.token_hex(16))]
            )
        except grpc.RpcError as error:
            code = error.code()
            if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise WorkerError(f"No Ray cluster answers at {address}.", "Check host, port and firewall.") from None
            return code not in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
    return True


def run(folder: Path, attempt: int, obeyed: Iterable[str], options: TrainOptions) -> int:
    """Train a run on Ray; return 0 for done and stopped, 143 after SIGTERM, 1 for a failure."""
    obeyed, terminated = list(obeyed), many.stop_on_term(folder)
    desk = folder / f"ray-{attempt:04d}"  # on the disk that all machines share
    desk.mkdir(mode=0o700, exist_ok=True)
    try:
        with cluster(options.on, options.processes) as own:
            failure = _fit(folder, attempt, obeyed, options, (desk, own))
    except Exception as error:
        failure = ranked.of(error, 0)
    finally:
        shutil.rmtree(desk, ignore_errors=True)
    if failure is not None:
        ranked.report(folder, attempt, obeyed, failure)
        return 1
    return 143 if terminated else 0


@contextlib.contextmanager
def cluster(on: str, processes: int) -> Iterator[bool]:
    """Connect to the cluster that is asked for; say whether it is our own, which ends with the block.

    processes: how many have to find a core in one of our own. SIGTERM keeps its meaning: Ray would take it for itself.
    """
    own, on_term = on == "ray", signal.getsignal(signal.SIGTERM)
    os.environ.update(QUIET)
    if own:
        os.environ.update(OWN, RAY_AUTH_TOKEN=secrets.token_hex(32))
    import ray

    # Ray names sockets in it, whose names may have 107 characters.
    place = tempfile.mkdtemp(prefix="fmray-")
    try:
        if own:
            _start(processes, place)
        else:
            _connect(on)
        signal.signal(signal.SIGTERM, on_term)
        yield own
    finally:
        ray.shutdown()
        shutil.rmtree(place, ignore_errors=True)


def _start(processes: int, place: str) -> None:
    """Start a cluster of our own. Raises WorkerError when Ray does not get up."""
    import ray

    try:
        with _patient():
            ray.init("local", **_small(processes, place))
    except Exception as error:
        raise WorkerError(f"Ray did not start: {_first(error)}", "Try again when the machine is less busy.") from None


@contextlib.contextmanager
def _patient() -> Iterator[None]:
    """Give Ray the time to get up: it gives itself 30 seconds, a number in its code, which a busy machine may not keep.

    Where Ray Serve is installed, Ray would also start all that its dashboard is made of, which nobody here looks at.
    """
    from ray._private import services, utils

    ask, whole = services.get_node, utils.get_dashboard_dependency_error

    def asked_again(*args: Any, **kwargs: Any) -> Any:
        deadline = time.monotonic() + STARTING
        while True:
            try:
                return ask(*args, **kwargs)
            except RuntimeError:  # the node is not there yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    services.get_node = asked_again
    utils.get_dashboard_dependency_error = lambda: ImportError("not asked for")
    try:
        yield
    finally:
        services.get_node, utils.get_dashboard_dependency_error = ask, whole


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _small(processes: int, place: str) -> dict[str, Any]:
    """Return how a cluster of our own is started."""
    return {
        "num_cpus": max(many.available(), processes),
        "object_store_memory": OBJECTS,
        "include_dashboard": False,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "configure_logging": False,
        "_node_ip_address": "127.0.0.1",
        "_temp_dir": place,
        "_plasma_directory": place,
    }


def _connect(address: str) -> None:
    import ray

    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        raise WorkerError(
            f"Could not connect to {address}: {_first(error)}", "Check address, token and firewall."
        ) from None


def _fit(
    folder: Path, attempt: int, obeyed: list[str], options: TrainOptions, where: tuple[Path, bool]
) -> ranked.Failure | None:
    import ray
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    desk, own = where
    had = ray.cluster_resources()
    gpu = had.get("GPU", 0) >= options.processes
    if had.get("CPU", 0) < options.processes:
        return ranked.Failure(
            0, f"The Ray cluster has {had.get('CPU', 0):g} processor cores for {options.processes} processes.",
            "Give fewer --processes, or add nodes.",
        )  # fmt: skip
    cores = max(1, many.available() // options.processes) if own else 1
    told = {
        "folder": str(folder),
        "attempt": attempt,
        "obeyed": obeyed,
        "desk": str(desk),
        "own": own,
        "cwd": os.getcwd(),
    }
    trainer = TorchTrainer(
        _rank,
        train_loop_config={**told, "cores": cores},
        torch_config=_meeting(own, gpu),
        scaling_config=ScalingConfig(num_workers=options.processes, use_gpu=gpu, resources_per_worker={"CPU": cores}),
        run_config=RunConfig(name=folder.name, storage_path=str(desk), failure_config=FailureConfig(max_failures=0)),
    )
    try:
        trainer.fit()
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        died = ranked.Failure(0, f"A process of the run ended on the Ray cluster: {lines[0][:200]}", ranked.CURE)
        return ranked.first(ranked.kept(desk)) or died
    return None


def _meeting(own: bool, gpu: bool) -> Any:
    """Return how the ranks find each other: in a file where there is one machine, else as Ray does it."""
    from ray.train.backend import Backend
    from ray.train.torch import TorchConfig

    class InAFile(TorchConfig):
        @property
        def backend_cls(self) -> type:
            return Backend

    return InAFile(backend="gloo") if own else TorchConfig(backend="nccl" if gpu else "gloo")


def _rank(told: dict[str, Any]) -> None:
    """Be one of the processes, inside a Ray worker."""
    import ray.train
    import torch

    place = ray.train.get_context()
    rank, count = place.get_world_rank(), place.get_world_size()
    try:
        if os.path.isdir(told["cwd"]):
            os.chdir(told["cwd"])
        torch.set_num_threads(told["cores"] * (count if told["own"] else 1))
        if told["own"]:
            many.meet(rank, count, Path(told["desk"]))
        ranked.work(Path(told["folder"]), told["attempt"], told["obeyed"])
    except Exception as error:
        ranked.keep(error, rank, Path(told["desk"]))
        raise

"""Options of `serve`: a model behind HTTP."""

from __future__ import annotations

from typing import ClassVar, Literal

from .base import Hint, option
from .secret import TakesKey

ADVANCED = Hint(group="advanced")


class ServeOptions(TakesKey):
    """Serve an exported model over HTTP; list, stop and restart servers."""

    verb: ClassVar[str] = "serve"
    summary: ClassVar[str] = "Serve an exported model over HTTP, on this machine, behind a token."
    example: ClassVar[str] = "%fm_serve last/onnx"

    artifact: str = option(
        "last",
        "what to serve: a run (its newest ONNX export; one is made when there is none), RUN/NAME, or a folder",
        hint=Hint(positional=True, complete="runs"),
    )
    port: int = option(0, "the port to listen at; 0 = a free one", ge=0, le=65535)
    name: str = option("", "the server's name; that of the run when not given", pattern=r"^[\w.-]*$", max_length=80)
    list_: bool = option(False, "list the servers instead")
    stop: str | None = option(
        None, "stop a server, by name: what it has accepted is answered first", hint=Hint(complete="running services")
    )
    restart: str | None = option(
        None,
        "start a server that has ended again, or take a running one's model in anew",
        hint=Hint(complete="services"),
    )
    replace: str | None = option(
        None,
        "let this running server take the model in, without dropping a request",
        hint=Hint(complete="running services"),
    )
    workers: int = option(1, "processes that answer; on Ray: replicas", ge=1, le=64, hint=ADVANCED)
    on: str = option(
        "",
        "ray: Ray Serve runs the workers as replicas, on a cluster started here; ray://HOST:PORT: on one that exists",
        hint=ADVANCED,
    )
    threads: int = option(
        1, "cores that one inference uses; texts are computed side by side on the rest", ge=1, le=256, hint=ADVANCED
    )
    queue: int = option(
        128,
        "texts that may wait; more are refused at once (429)",
        ge=1,
        le=100_000,
        hint=Hint(group="advanced", unit="texts"),
    )
    deadline: float = option(
        10.0, "longest time that a request may take (504)", gt=0, le=3600, hint=Hint(group="advanced", unit="s")
    )
    body: float = option(1.0, "longest body that is taken (413)", gt=0, le=1000, hint=Hint(group="advanced", unit="MB"))
    batching: Literal["auto", "off"] = option(
        "auto",
        "auto: texts that wait are computed together where that was measured to pay",
        hint=Hint(group="advanced", complete="choices"),
    )
    keep_sample: int = option(
        0,
        "keep so many texts of each day, with what was predicted, when the personal data found in them is masked; 0 = none",
        ge=0,
        le=10_000,
        hint=Hint(group="advanced", unit="texts"),
    )
    host: str = option(
        "127.0.0.1", "the address to listen at; another one than 127.0.0.1 lets other machines in", hint=ADVANCED
    )
    background: bool = option(
        False, "return at once (a command line waits until it is told to end; a notebook never does)"
    )

"""What the views get: the schema of the REST answers and of the MIME bundle `application/vnd.fmtools.run.v1+json`.

The TypeScript types in labextension/src/contract.ts are generated from these models (`python -m fmtools.derive.typescript`),
and CI fails when the two differ. Floats that JSON cannot hold travel as the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .events import ControlAction, Status

MIME_TYPE = "application/vnd.fmtools.run.v1+json"


class Wire(BaseModel):
    """Base of everything that leaves the process as JSON."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="strings")


class Forecast(Wire):
    """What a run will cost: seconds, bytes of memory and of disk, and whether this machine has them free."""

    seconds: float
    peak_bytes: int
    disk_bytes: int
    free_bytes: int = 0
    free_disk_bytes: int = 0
    fits: bool = True
    basis: str = ""
    advice: list[str] = []


class Head(Wire):
    """The present state of a run, small enough to send with every increment."""

    id: str
    name: str
    task: str
    model: str
    data: str
    status: Status
    phase: str = ""
    message: str = ""
    attempt: int = 1
    created: float = 0.0
    step: int = 0
    total_steps: int = 0
    epoch: float = 0.0
    epochs: float = 0.0
    loss: float | None = None
    learning_rate: float | None = None
    samples_per_second: float | None = None
    tokens_per_second: float | None = None
    elapsed_seconds: float = 0.0
    eta_seconds: float | None = None
    parameters: int = 0
    trainable: int = 0
    device: str = ""
    precision: str = ""
    rows: dict[str, int] = {}
    metrics: dict[str, float] = {}
    metrics_split: str = ""
    command: str = ""
    error: str = ""
    alive: bool = False
    lost_records: int = 0
    forecast: Forecast | None = None


class Point(Wire):
    """One point of a curve; `series` is "loss", "learning_rate", "validation/accuracy" ..."""

    series: str
    step: int
    value: float


class Mark(Wire):
    """Something that happened at a step: a pause, a new rate, a checkpoint, a resume."""

    step: int
    kind: str
    text: str
    t: float


class Frame(Wire):
    """One stored attention snapshot; its bytes are fetched with runs/ID/attention/SEQ."""

    seq: int
    step: int
    probe: int


class Probe(Wire):
    """A watched sentence."""

    probe: int
    text: str
    tokens: list[str]
    layers: int
    heads: int


class Notice(Wire):
    text: str
    level: Literal["info", "warning"] = "info"


class Sample(Wire):
    """What the model wrote after a beginning, at a step."""

    step: int
    prompt: str
    text: str


class Detail(Wire):
    """One more thing to see of the last evaluation; `kind` says how it is drawn.

    "table": columns (names) and rows (texts and numbers). "calibration": columns confidence, accuracy, rows (counts), one
    row a bin. "errors": rows that the model got most wrong. "texts": columns source, written, reference.
    """

    title: str
    kind: Literal["table", "calibration", "errors", "texts"] = "table"
    columns: list[str]
    rows: list[list[str | float | int | None]]
    note: str = ""


class Increment(Wire):
    """What happened in a run after `since`; with `since` 0 (or another `generation`), the whole of it.

    `generation` grows when earlier points stop being true (a resume from a checkpoint behind the last point); a client
    that holds another generation throws its points away: the server then answers from 0.
    """

    version: Literal[1] = 1
    run_id: str
    since: int
    last_seq: int
    generation: int
    head: Head
    points: list[Point] = []
    marks: list[Mark] = []
    probes: list[Probe] = []
    frames: list[Frame] = []
    notices: list[Notice] = []
    report: dict[str, Any] = {}
    confusion: dict[str, Any] = {}
    details: list[Detail] = []
    samples: list[Sample] = []


class StoredFrame(Wire):
    """An attention snapshot inside a saved notebook: `data` is base64 of uint8 [layers, heads, n, n]."""

    seq: int
    step: int
    probe: int
    data: str


class RunBundle(Wire):
    """The data of the MIME type: what a renderer needs with no server at hand, and the id to follow with one."""

    version: Literal[1] = 1
    run_id: str
    snapshot: Increment
    attention: list[StoredFrame] = []


class RunSummary(Wire):
    """One row of a list of runs; `spark` is the loss thinned to at most 40 values."""

    head: Head
    spark: list[float] = []


class RunList(Wire):
    runs: list[RunSummary]
    home: str


class ControlRequest(Wire):
    action: ControlAction
    value: float | None = None


class ControlReply(Wire):
    control_id: str


class ServiceSummary(Wire):
    """A model server as a list shows it. `status`: starting, running, stopping, stopped, failed or interrupted.

    `answers`: whether it said what it counted just now; None for one that cannot be asked. Counts are those since it began;
    `per_second` and the latencies those of the last minute, None before two looks, and where nobody asked.
    `fields`: what a question to it has; `sealed`: its model is encrypted.
    """

    id: str
    name: str
    task: str
    method: str
    artifact: str
    status: str
    created: float
    began: float = 0.0
    message: str = ""
    restarts: int = 0
    fields: list[str] = []
    sealed: bool = False
    answers: bool | None = None
    requests: int = 0
    failed: int = 0
    refused: int = 0
    waiting: int = 0
    per_second: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None


class ServiceList(Wire):
    services: list[ServiceSummary]


class ServiceRequest(Wire):
    action: Literal["stop", "restart"]


class ApiError(Wire):
    """Every answer that is not 2xx."""

    error: str

"""What a worker says while it works: one tagged union of small records, appended to the run's log.

Every record gets `seq` (one more than the record before, also across attempts), `t` (seconds since the epoch),
`attempt` (1 for the first worker of a run, 2 after one resume ...) and a checksum from the log. Views are built from
these records and from nothing else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Status = Literal["queued", "running", "paused", "stopped", "interrupted", "failed", "done"]
#: Statuses after which no worker is at work any more.
ENDED: frozenset[str] = frozenset({"stopped", "interrupted", "failed", "done"})


class Record(BaseModel):
    """Fields that the log adds to every event."""

    model_config = ConfigDict(extra="ignore", ser_json_inf_nan="strings")
    seq: int = 0
    t: float = 0.0
    attempt: int = 1


class StatusEvent(Record):
    """The run entered a status; `from_step` is set when an attempt starts from a checkpoint (0 at the very start)."""

    type: Literal["status"] = "status"
    status: Status
    message: str = ""
    from_step: int | None = None


class PhaseEvent(Record):
    """What the worker does now: "loading model", "tokenising", "training", "evaluating", "saving"."""

    type: Literal["phase"] = "phase"
    phase: str


class PlanEvent(Record):
    """How long the run is, known before its first step."""

    type: Literal["plan"] = "plan"
    total_steps: int
    epochs: float
    batch_size: int
    rows: dict[str, int] = {}
    parameters: int = 0
    trainable: int = 0
    device: str = "cpu"
    precision: str = "fp32"


class NoticeEvent(Record):
    """Something the user should hear: a guess that was made, a warning.

    `trouble` names what was spotted at `step` ("nan", "spike", "dead-gradient", "flat", "overfitting", "rate-too-high",
    "memory"); such a notice is also a mark on the curve.
    """

    type: Literal["notice"] = "notice"
    text: str
    level: Literal["info", "warning"] = "info"
    step: int | None = None
    trouble: str = ""


class ForecastEvent(Record):
    """What the run will cost. `seconds`: the whole attempt, from the worker's first event to its last; `peak_bytes`: the
    worker's most resident memory; `disk_bytes`: checkpoints, model and log at their largest. `fits` says whether this
    machine has that much free; `basis` how the figures were got; `advice` what to change to make it cheaper.
    """

    type: Literal["forecast"] = "forecast"
    seconds: float
    peak_bytes: int
    disk_bytes: int
    free_bytes: int = 0
    free_disk_bytes: int = 0
    fits: bool = True
    basis: str = ""
    advice: list[str] = []


class StepEvent(Record):
    """One optimizer step. `loss` is a plain float and may be NaN: it is written and shown as NaN, never as 0."""

    type: Literal["step"] = "step"
    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float | None = None
    samples: int = 0
    tokens: int = 0
    seconds: float = 0.0


class EvalEvent(Record):
    """Metrics on a split ("validation", "test") after a step."""

    type: Literal["eval"] = "eval"
    step: int
    epoch: float
    split: str
    metrics: dict[str, float]


class AttentionEvent(Record):
    """Attention of a watched sentence: `file`[`offset`:`offset`+`length`] holds uint8 [layers, heads, n, n], 255 = 1.0."""

    type: Literal["attention"] = "attention"
    step: int
    probe: int
    text: str
    tokens: list[str]
    layers: int
    heads: int
    file: str
    offset: int
    length: int


class CheckpointEvent(Record):
    """A verified checkpoint was published."""

    type: Literal["checkpoint"] = "checkpoint"
    step: int
    bytes: int
    seconds: float


class ControlEvent(Record):
    """A control record was obeyed at a step's end."""

    type: Literal["control"] = "control"
    step: int
    action: str
    value: float | None = None
    by: str = ""


class SampleEvent(Record):
    """What the model wrote after a beginning while it trained."""

    type: Literal["sample"] = "sample"
    step: int
    prompt: str
    text: str


class ResultEvent(Record):
    """The last evaluation: `metrics` by name, `report` per class, `confusion` with rows = truth, `details` as in kit.scoring.details."""

    type: Literal["result"] = "result"
    split: str
    metrics: dict[str, float]
    report: dict[str, Any] = {}
    confusion: dict[str, Any] = {}
    details: list[dict[str, Any]] = []
    seconds: float = 0.0
    samples_per_second: float = 0.0


class ArtifactEvent(Record):
    """Something was published under artifacts/."""

    type: Literal["artifact"] = "artifact"
    name: str
    format: str
    bytes: int


class ErrorEvent(Record):
    """Why the run failed. `traceback` is empty for a user's mistake."""

    type: Literal["error"] = "error"
    cause: str
    cure: str = ""
    traceback: str = ""


Event = Annotated[
    StatusEvent
    | PhaseEvent
    | PlanEvent
    | NoticeEvent
    | ForecastEvent
    | StepEvent
    | EvalEvent
    | AttentionEvent
    | CheckpointEvent
    | ControlEvent
    | SampleEvent
    | ResultEvent
    | ArtifactEvent
    | ErrorEvent,
    Field(discriminator="type"),
]
EventAdapter: TypeAdapter[Event] = TypeAdapter(Event)

ControlAction = Literal["pause", "resume", "stop", "set_learning_rate", "evaluate", "save", "extend"]
#: What a wish's value is, where it has one: (least, most), least excluded.
CONTROL_VALUES: dict[str, tuple[float, float]] = {"set_learning_rate": (0.0, 10.0), "extend": (0.0, 1000.0)}


class Control(BaseModel):
    """A wish from a view, read by the worker at the next step's end.

    `value`: the rate for set_learning_rate, the epochs to add for extend; the other actions take none.
    """

    model_config = ConfigDict(extra="forbid")
    action: ControlAction
    value: float | None = None
    by: str = ""

    @model_validator(mode="after")
    def _value_fits(self) -> Control:
        bounds = CONTROL_VALUES.get(self.action)
        if (bounds is None) != (self.value is None):
            raise ValueError(f"{self.action} {'takes no' if bounds is None else 'needs a'} value")
        if bounds and self.value is not None and not bounds[0] < self.value <= bounds[1]:
            raise ValueError(f"the value of {self.action} should be above {bounds[0]:g} and at most {bounds[1]:g}")
        return self

"""How each verb is carried out: the table of all of them, and the one way through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.options import (
    AnswerOptions,
    AttachOptions,
    AttentionOptions,
    BaselineOptions,
    CodeOptions,
    CompareOptions,
    DataOptions,
    DistillOptions,
    DoctorOptions,
    EvaluateOptions,
    ExportOptions,
    FollowOptions,
    GetOptions,
    IndexOptions,
    LabelOptions,
    ModelsOptions,
    MonitorOptions,
    OptimizeOptions,
    Options,
    PanelOptions,
    PauseOptions,
    PredictOptions,
    ProtectOptions,
    PruneOptions,
    QuantizeOptions,
    ResumeOptions,
    RunsOptions,
    ServeOptions,
    ShowOptions,
    SteerOptions,
    StopOptions,
    TrainOptions,
    TuneOptions,
)
from ..runtime.wait import Follower, Silent
from . import catalogue, exporting, lifecycle, look
from . import code as coding
from . import compare as comparing
from . import data as data_verb
from . import distill as distilling
from . import follow as following
from . import knowledge as bases
from . import label as labelling
from . import monitor as watching
from . import optimize as optimizing
from . import panel as panels
from . import protect as protection
from . import quantize as quantizing
from . import search as searching
from . import serve as servers
from . import steer as steering

#: How each verb is carried out: a function of its options and of a follower.
VERBS: dict[type[Options], Callable[[Any, Follower], Any]] = {
    TrainOptions: lifecycle.train,
    TuneOptions: searching.tune,
    ResumeOptions: searching.first(searching.resume, lifecycle.resume),
    AttachOptions: searching.first(searching.attach, lifecycle.attach),
    ShowOptions: searching.first(searching.show, lifecycle.show),
    PauseOptions: lifecycle.pause,
    SteerOptions: steering.steer,
    StopOptions: searching.first(searching.stop, lifecycle.stop),
    DataOptions: data_verb.data,
    ModelsOptions: catalogue.models,
    GetOptions: catalogue.get,
    BaselineOptions: look.baseline,
    EvaluateOptions: look.evaluate,
    PredictOptions: look.predict,
    ProtectOptions: protection.protect,
    LabelOptions: labelling.label,
    PanelOptions: panels.panel,
    IndexOptions: bases.index,
    AnswerOptions: bases.answer,
    AttentionOptions: look.attention,
    RunsOptions: look.runs,
    CompareOptions: comparing.compare,
    CodeOptions: coding.code,
    ExportOptions: exporting.export,
    QuantizeOptions: quantizing.quantize,
    DistillOptions: distilling.distill,
    PruneOptions: distilling.prune,
    OptimizeOptions: optimizing.optimize,
    FollowOptions: following.follow,
    ServeOptions: servers.serve,
    MonitorOptions: watching.monitor,
    DoctorOptions: look.doctor,
}


def execute(options: Options, follower: Follower | None = None) -> Any:
    """Carry out a verb and return its result; `follower` is shown a run while it goes on. Raises FmError."""
    return VERBS[type(options)](options, follower or Silent())


def warm_up() -> None:
    """Start a standby worker, so that the next run or question finds its libraries loaded."""
    from ..runtime import process

    process.warm_up()

"""One typed options model per verb; VERBS is the only list of them."""

from __future__ import annotations

from .base import Hint, Options, ReadsData, field_of, flag, hint_of, nearest, option, unknown_option
from .code import CodeOptions
from .data import DataOptions
from .distill import DistillOptions, PruneOptions
from .export import ExportOptions
from .follow import FollowOptions
from .get import GetOptions
from .knowledge import AnswerOptions, IndexOptions
from .label import LabelOptions
from .models import ModelsOptions
from .monitor import MonitorOptions
from .optimize import OptimizeOptions
from .panel import PanelOptions
from .protect import ProtectOptions
from .quantize import QuantizeOptions
from .serve import ServeOptions
from .steer import SteerOptions
from .train import TrainOptions
from .tune import TuneOptions
from .verbs import (
    AttachOptions,
    AttentionOptions,
    BaselineOptions,
    CompareOptions,
    DoctorOptions,
    EvaluateOptions,
    PauseOptions,
    PredictOptions,
    ResumeOptions,
    RunsOptions,
    ShowOptions,
    StopOptions,
)

#: Every verb by its name; order is the order of help texts.
VERBS: dict[str, type[Options]] = {
    cls.verb: cls
    for cls in (
        DataOptions,
        ProtectOptions,
        LabelOptions,
        ModelsOptions,
        GetOptions,
        BaselineOptions,
        TrainOptions,
        TuneOptions,
        PanelOptions,
        EvaluateOptions,
        PredictOptions,
        IndexOptions,
        AnswerOptions,
        AttentionOptions,
        RunsOptions,
        ShowOptions,
        AttachOptions,
        ResumeOptions,
        SteerOptions,
        PauseOptions,
        StopOptions,
        CompareOptions,
        CodeOptions,
        QuantizeOptions,
        DistillOptions,
        PruneOptions,
        OptimizeOptions,
        ExportOptions,
        FollowOptions,
        ServeOptions,
        MonitorOptions,
        DoctorOptions,
    )
}

__all__ = [
    "VERBS",
    "AnswerOptions",
    "AttachOptions",
    "AttentionOptions",
    "BaselineOptions",
    "CodeOptions",
    "CompareOptions",
    "DataOptions",
    "DistillOptions",
    "DoctorOptions",
    "EvaluateOptions",
    "ExportOptions",
    "FollowOptions",
    "GetOptions",
    "Hint",
    "IndexOptions",
    "LabelOptions",
    "ModelsOptions",
    "MonitorOptions",
    "OptimizeOptions",
    "Options",
    "PanelOptions",
    "PauseOptions",
    "PredictOptions",
    "ProtectOptions",
    "PruneOptions",
    "QuantizeOptions",
    "ReadsData",
    "ResumeOptions",
    "RunsOptions",
    "ServeOptions",
    "ShowOptions",
    "SteerOptions",
    "StopOptions",
    "TrainOptions",
    "TuneOptions",
    "field_of",
    "flag",
    "hint_of",
    "nearest",
    "option",
    "unknown_option",
]

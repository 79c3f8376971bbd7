"""Options of every verb but `train`, which has a file of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from ..events import Status
from .base import Hint, Options, ReadsData, option

RUN = Hint(positional=True, complete="runs")
ADVANCED = Hint(group="advanced")
SAMPLING = Hint(group="advanced")
RUN_HELP = "a run's id, the beginning of it, its name, or `last`"
WRITTEN_HELP = "; RUN/NAME for a model that it was exported to"


class EvaluateOptions(ReadsData):
    """Evaluate a trained run on other data."""

    verb: ClassVar[str] = "evaluate"
    magic: ClassVar[str] = "fm_eval"
    summary: ClassVar[str] = "Score a trained run: per-class report, averages, confusion matrix."
    example: ClassVar[str] = "%fm_eval last --data intents"

    run: str = option("last", RUN_HELP + WRITTEN_HELP, hint=RUN)
    data: Any = option(
        None, "what to score on; the run's own test split when not given", hint=Hint(complete="data", live=True)
    )
    split: str | None = option(None, "the split of the data to use; its test split, else all of it")
    batch_size: int = option(64, "rows scored at once", ge=1, le=4096, hint=Hint(unit="rows"))


class BaselineOptions(ReadsData):
    """Measure what needs no training: the most frequent answer, a regression on frozen embeddings, a copy of the input."""

    verb: ClassVar[str] = "baseline"
    summary: ClassVar[str] = "Score what needs no fine-tuning, on the rows a training would use."
    example: ClassVar[str] = "%fm_baseline intents --model minilm"

    data: Any = option(
        ..., "a file, a registered name, or a notebook variable", hint=Hint(positional=True, complete="data", live=True)
    )
    task: str = option("text-classification", "what there is to learn", hint=Hint(complete="tasks"))
    model: str = option("minilm", "a catalogue name, a folder, or a hub name", hint=Hint(complete="models"))
    text_column: str | None = option(None, "the column with the text; guessed when not given")
    pair_column: str | None = option(None, "the column with the second text, where there are two")
    label_column: str | None = option(None, "the column with the label; guessed when not given")
    validation: float = option(0.1, "share of the rows held out when the data have no such split", ge=0.01, le=0.5)
    seed: int = option(42, "same seed = same rows held out", ge=0, le=2**32 - 1)


class PredictOptions(ReadsData):
    """Ask a trained run."""

    verb: ClassVar[str] = "predict"
    summary: ClassVar[str] = "Ask a trained run about new texts."
    example: ClassVar[str] = '%fm_predict last --text "turn on the kitchen lights"'

    run: str = option("last", RUN_HELP + WRITTEN_HELP, hint=RUN)
    text: list[str] = option([], "a text to predict, translate, go on from or send as a message (several allowed)")
    pair: list[str] = option([], "the second text of each --text, where the task takes two")
    question: list[str] = option([], "a question about --context (several allowed)")
    context: str = option("", "the text that answers are found in")
    data: Any = option(None, "a file or table of texts", hint=Hint(complete="data", live=True))
    text_column: str | None = option(None, "the column with the text; guessed when not given")
    pair_column: str | None = option(None, "the column with the second text or the question", hint=ADVANCED)
    top: int = option(3, "how many labels, answers or neighbours to show", ge=1, le=1000)
    max_new_tokens: int = option(100, "length of what is written", ge=1, le=8192, hint=SAMPLING)
    temperature: float = option(
        0.0, "0 = always the likeliest next token; higher = more daring", ge=0, le=10, hint=SAMPLING
    )
    top_p: float = option(
        1.0, "draw among the likeliest tokens that together have this probability", gt=0, le=1, hint=SAMPLING
    )
    top_k: int = option(0, "draw among so many of the likeliest tokens; 0 = all", ge=0, le=1_000_000, hint=SAMPLING)
    repetition_penalty: float = option(
        1.0, "above 1: what was written already becomes less likely", gt=0, le=10, hint=SAMPLING
    )
    beams: int = option(1, "beams of the search (translation, summarization)", ge=1, le=64, hint=SAMPLING)
    system: str = option("", "the system message of a chat", hint=SAMPLING)
    seed: int = option(42, "same seed = same drawn text", ge=0, le=2**32 - 1, hint=SAMPLING)


class AttentionOptions(Options):
    """See what a model looks at."""

    verb: ClassVar[str] = "attention"
    summary: ClassVar[str] = "Show the attention maps of a run (or of a model before training) for a sentence."
    example: ClassVar[str] = '%fm_attention last --text "turn on the kitchen lights"'

    run: str = option("last", RUN_HELP + "; or a model's name", hint=RUN)
    text: str = option(..., "the sentence to look at")
    layer: int | None = option(None, "a layer, from 0; all of them as small pictures when not given", ge=0)
    head: int | None = option(None, "a head, from 0; their mean when not given", ge=0)


class RunsOptions(Options):
    """List the runs of this workspace."""

    verb: ClassVar[str] = "runs"
    summary: ClassVar[str] = "List the runs of this workspace, newest first."
    example: ClassVar[str] = "%fm_runs --status running"

    status: Status | None = option(None, "only runs in this status", hint=Hint(complete="choices"))
    task: str | None = option(None, "only runs of this task", hint=Hint(complete="tasks"))
    limit: int = option(20, "at most this many", ge=1, le=100_000)


class AttachOptions(Options):
    """Follow a run that already exists."""

    verb: ClassVar[str] = "attach"
    summary: ClassVar[str] = "Show the card of an existing run and return the Run."
    example: ClassVar[str] = "run = %fm_attach last"

    run: str = option("last", RUN_HELP, hint=RUN)
    wait: bool = option(False, "wait until the run has ended")


class ResumeOptions(Options):
    """Go on with an interrupted, stopped or failed run; with --epochs also with one that is done."""

    verb: ClassVar[str] = "resume"
    summary: ClassVar[str] = "Go on with a run from its newest verified checkpoint."
    example: ClassVar[str] = "%fm_resume last"

    run: str = option("last", RUN_HELP, hint=RUN)
    epochs: str | None = option(
        None,
        "train longer: +2 = two more epochs, 5 = five in all",
        pattern=r"^\+?(\d+\.?\d*|\.\d+)$",
        hint=Hint(unit="epochs"),
    )
    learning_rate: float | None = option(
        None,
        "the rate from there on, such as a lower one after NaN; the rest of the schedule goes with it",
        gt=0,
        le=1,
        hint=Hint(log=True),
    )
    processes: int | None = option(
        None, "go on with so many processes; as many as before when not given", ge=1, le=64, hint=ADVANCED
    )
    background: bool = option(False, "return at once; the run goes on beside the kernel")

    @field_validator("epochs", mode="before")
    @classmethod
    def _as_typed(cls, value: Any) -> Any:
        return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


class StopOptions(Options):
    """Stop a run at the end of its step."""

    verb: ClassVar[str] = "stop"
    summary: ClassVar[str] = "Stop a run at the end of its step, and save it."
    example: ClassVar[str] = "%fm_stop last"

    run: str = option("last", RUN_HELP, hint=RUN)


class PauseOptions(Options):
    """Pause a run; `--off` lets it go on."""

    verb: ClassVar[str] = "pause"
    summary: ClassVar[str] = "Pause a run at the end of its step; --off lets it go on."
    example: ClassVar[str] = "%fm_pause last"

    run: str = option("last", RUN_HELP, hint=RUN)
    off: bool = option(False, "let a paused run go on")


class ShowOptions(Options):
    """Print what is known of a run."""

    verb: ClassVar[str] = "show"
    summary: ClassVar[str] = "Print a run's state, options, metrics and artifacts."
    example: ClassVar[str] = "fmtools show last --json"

    run: str = option("last", RUN_HELP, hint=RUN)


class CompareOptions(Options):
    """Lay runs side by side."""

    verb: ClassVar[str] = "compare"
    summary: ClassVar[str] = "Compare runs: curves, options that differ, metrics, and whether one is really better."
    example: ClassVar[str] = "%fm_compare first-run second-run"

    runs: list[str] = option(..., "two or more runs", hint=Hint(positional=True, complete="runs"), min_length=2)
    series: list[str] = option(
        ["loss"], "the curves to overlay: loss, learning_rate, validation/accuracy ... (several allowed)"
    )
    test: bool = option(
        True, "say whether a difference is more than luck: paired tests on the rows that all were scored on"
    )

    @field_validator("series", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class DoctorOptions(Options):
    """Check the installation."""

    verb: ClassVar[str] = "doctor"
    summary: ClassVar[str] = "Check versions, the run store, the extension, plug-ins and hardware."
    example: ClassVar[str] = "%fm_doctor"

"""The one doorway: every verb as a function, for notebooks, the command line and scripts alike.

Each function takes the options of its verb (fmtools.core.options) as keywords; `execute` takes them as a model.
"""

from __future__ import annotations

from typing import Any

from ..core.events import ENDED
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
    PanelOptions,
    PauseOptions,
    PredictOptions,
    ProtectOptions,
    PruneOptions,
    QuantizeOptions,
    ResumeOptions,
    RunsOptions,
    ServeOptions,
    SteerOptions,
    StopOptions,
    TrainOptions,
    TuneOptions,
)
from ..runtime.wait import Follower
from . import forecast as costs
from . import label as labelling
from . import monitor as watching
from . import panel as panels
from . import protect as protection
from . import serve as servers
from . import steer as steering
from .catalogue import GetTable, ModelTable
from .code import Script
from .compare import Comparison
from .data_cards import DataCard, DataDiff, KeptTable
from .execution import execute, warm_up
from .exporting import Exported
from .find_rate import RateTest
from .follow import Followers
from .forecast import Forecast
from .knowledge import Answers, BaseTable, Chat, KnowledgeBase
from .optimize import Optimization
from .quantize import Optimized
from .results import AttentionMap, Checkup, Predictions, Report, RunTable
from .run import Artifact, Run
from .search import Search

__all__ = [
    "ENDED", "Artifact", "Exported", "Follower", "Forecast", "Optimization", "Optimized", "RateTest", "Run", "Search", "answer", "attach", "attention", "baseline", "code", "compare", "distill", "doctor", "evaluate", "execute", "export", "find_learning_rate", "follow", "forecast", "get", "index", "label", "load_data", "models", "monitor",
    "optimize", "panel", "pause", "predict", "protect", "prune", "quantize", "resume", "runs", "serve", "steer", "stop", "train", "tune", "warm_up",
]  # fmt: skip


def train(task: str | None = None, **options: Any) -> Run:
    """Train and return the Run, when it has ended or, with background=True, at once. Options: TrainOptions.

    Without a task it is text-classification, or that of the run that from_="RUN" repeats."""
    result: Run = execute(TrainOptions.parse({**({} if task is None else {"task": task}), **options}))
    return result


def find_learning_rate(task: str = "text-classification", **options: Any) -> RateTest:
    """Try learning rates from 1e-7 to 1 on a copy of the model that is thrown away: what train(find_lr=True) returns."""
    result: RateTest = execute(TrainOptions.parse({"task": task, **options, "find_lr": True}))
    return result


def forecast(task: str = "text-classification", **options: Any) -> Forecast:
    """Say what a training would cost: time, memory, disk. The first call takes some steps of it, in a worker; later ones
    with another batch size, length or number of epochs answer at once. Options: TrainOptions."""
    return costs.of(TrainOptions.parse({"task": task, **options}))


def tune(task: str = "text-classification", **options: Any) -> Search:
    """Search hyper-parameters and return the Search: tune(data="reviews", trials=20, space={"batch_size": [8, 16]}).

    `search.best` is the best Run, `search.line()` repeats it. tune(resume="last") goes on. Options: TuneOptions.
    """
    result: Search = execute(TuneOptions.parse({"task": task, **options}))
    return result


def resume(run: str = "last", **options: Any) -> Run:
    """Go on with a run from its newest verified checkpoint, bit for bit as if it had never stopped (CPU)."""
    result: Run = execute(ResumeOptions.parse({"run": run, **options}))
    return result


def attach(run: str = "last", **options: Any) -> Run:
    """Return an existing run by id, beginning of an id, name, or `last`."""
    result: Run = execute(AttachOptions.parse({"run": run, **options}))
    return result


def pause(run: str = "last", off: bool = False) -> Run:
    """Pause a run at the end of its step; off=True lets it go on."""
    result: Run = execute(PauseOptions.parse({"run": run, "off": off}))
    return result


def steer(run: str = "last", **options: Any) -> steering.Steered:
    """Steer a run at work: steer("last", evaluate=True, save=True, extend=2, learning_rate=1e-4)."""
    result: steering.Steered = execute(SteerOptions.parse({"run": run, **options}))
    return result


def stop(run: str = "last") -> Run:
    """Stop a run at the end of its step, and save it."""
    result: Run = execute(StopOptions.parse({"run": run}))
    return result


def load_data(data: Any = None, **options: Any) -> DataCard | DataDiff | KeptTable:
    """Look at data: rows, lengths, labels, languages, duplicates, leaks, odd rows; without data, list what is kept.

    load_data("reviews.csv", name="shop") keeps them as shop@v1, load_data("shop", steps=["normalize", "split test=0.1"])
    keeps the result as the next version (preview=True keeps nothing). `.dataset` and `.frame()` are the rows. More in
    DataOptions.
    """
    result: DataCard | DataDiff | KeptTable = execute(DataOptions.parse({"data": data, **options}))
    return result


def models(task: str | None = None, **options: Any) -> ModelTable:
    """List the catalogue, or rank it for a task, a language and a memory budget: models("ner", lang="zh", budget="2GB")."""
    result: ModelTable = execute(ModelsOptions.parse({"task": task, **options}))
    return result


def get(*names: str, again: bool = False) -> GetTable:
    """Fetch models and built-in sets; without a name, list what can be fetched."""
    result: GetTable = execute(GetOptions.parse({"names": list(names), "again": again}))
    return result


def baseline(data: Any, **options: Any) -> Report:
    """Score a logistic regression on a frozen model's embeddings: what fine-tuning has to beat."""
    result: Report = execute(BaselineOptions.parse({"data": data, **options}))
    return result


def evaluate(run: str = "last", **options: Any) -> Report:
    """Score a run on other data, or on its own test rows."""
    result: Report = execute(EvaluateOptions.parse({"run": run, **options}))
    return result


def predict(run: str = "last", **options: Any) -> Predictions:
    """Predict texts with a trained run: text=["..."] or data=table."""
    result: Predictions = execute(PredictOptions.parse({"run": run, **options}))
    return result


def protect(data: Any, **options: Any) -> protection.Result:
    """Find personal data in a file, kept data or a table; mask or replace them and keep the result. Options: ProtectOptions."""
    result: protection.Result = execute(ProtectOptions.parse({"data": data, **options}))
    return result


def index(data: Any = None, **options: Any) -> KnowledgeBase | BaseTable:
    """Make a knowledge base of questions and answers, or of texts: index("faq", run="last"). Options: IndexOptions.

    `.scores` says how often each search finds the right text; without data the knowledge bases are listed.
    """
    result: KnowledgeBase | BaseTable = execute(IndexOptions.parse({"data": data, **options}))
    return result


def answer(question: str | list[str] | None = None, **options: Any) -> Answers | Chat:
    """Ask a knowledge base: answer("How do I report a bug?", index="faq")[0].answer; "" = nothing there answers it.

    run="last" lets a text-generation run word the answer; without one it is quoted. Without a question it is a Chat, which
    a notebook shows as a panel. Options: AnswerOptions.
    """
    asked = [question] if isinstance(question, str) else question or []
    result: Answers | Chat = execute(AnswerOptions.parse({"question": asked, **options}))
    return result


def label(data: Any, **options: Any) -> labelling.Labels:
    """Label and correct rows: in a notebook a widget, anywhere else `.suspects()`; `.save()` keeps a new version.

    label("shop", order="suspects", run="last"). Options: LabelOptions.
    """
    result: labelling.Labels = execute(LabelOptions.parse({"data": data, **options}))
    return result


def panel(task: str = "text-classification", **options: Any) -> panels.Panel:
    """Return a form that tunes a training by hand, filled with what is given; a notebook shows it. Options: PanelOptions."""
    result: panels.Panel = execute(PanelOptions.parse({"task": task, **options}))
    return result


def attention(run: str = "last", **options: Any) -> AttentionMap:
    """Show what a trained run, or a model of the catalogue, looks at in a sentence."""
    result: AttentionMap = execute(AttentionOptions.parse({"run": run, **options}))
    return result


def runs(**options: Any) -> RunTable:
    """List the runs of this workspace, newest first."""
    result: RunTable = execute(RunsOptions.parse(options))
    return result


def compare(*runs: str, series: str | list[str] = "loss", test: bool = True) -> Comparison:
    """Lay runs side by side: options that differ, metrics, overlaid curves, and paired tests of who is better."""
    result: Comparison = execute(CompareOptions.parse({"runs": list(runs), "series": series, "test": test}))
    return result


def code(run: str = "last", save: str | None = None) -> Script:
    """Show a run as a plain Python script that needs no fmtools; save="train.py" or a folder writes it."""
    result: Script = execute(CodeOptions.parse({"run": run, "save": save}))
    return result


def export(run: str = "last", to: str = "onnx", **options: Any) -> Exported:
    """Write a trained run in another format; it is compared with the original in a fresh process first. Options: ExportOptions."""
    result: Exported = execute(ExportOptions.parse({"run": run, "to": to, **options}))
    return result


def quantize(run: str = "last", method: str = "int8-dynamic", **options: Any) -> Optimized:
    """Make a trained run smaller and faster; what it loses is measured on its own rows first. Options: QuantizeOptions."""
    result: Optimized = execute(QuantizeOptions.parse({"run": run, "method": method, **options}))
    return result


def distill(run: str = "last", **options: Any) -> Run:
    """Teach a smaller model what a trained run knows, and return its Run: distill("last", layers=3). Options: DistillOptions."""
    result: Run = execute(DistillOptions.parse({"run": run, **options}))
    return result


def optimize(run: str = "last", **options: Any) -> Optimization:
    """Try every method on a run and keep the fastest within the limits: optimize("last", latency="5ms", max_loss="1pt")."""
    result: Optimization = execute(OptimizeOptions.parse({"run": run, **options}))
    return result


def prune(run: str = "last", amount: float = 0.5, **options: Any) -> Run:
    """Take the weakest neurons or weights out of a trained run, train it to recover, and return the new Run. Options: PruneOptions."""
    result: Run = execute(PruneOptions.parse({"run": run, "amount": amount, **options}))
    return result


def follow(run: str = "last", to: str | list[str] = "tensorboard", place: str | None = None) -> Followers:
    """Show a run's curves in TensorBoard, MLflow or Trackio, while it trains or after."""
    result: Followers = execute(FollowOptions.parse({"run": run, "to": to, "place": place}))
    return result


def serve(artifact: str = "last", **options: Any) -> servers.Served | servers.ServedTable:
    """Serve an exported model over HTTP on this machine and return when it answers: serve("last/onnx").predict("a text").

    serve(list=True) lists servers, serve(stop="name") ends one. Options: ServeOptions.
    """
    result: servers.Served | servers.ServedTable = execute(ServeOptions.parse({"artifact": artifact, **options}))
    return result


def monitor(name: str = "last", **options: Any) -> watching.Monitored:
    """Show what a model server has answered and how fast, and whether texts and predictions have drifted: `.alarms`, `.drift`.

    Options: MonitorOptions.
    """
    result: watching.Monitored = execute(MonitorOptions.parse({"name": name, **options}))
    return result


def doctor() -> Checkup:
    """Check versions, store, extension, plug-ins and hardware."""
    result: Checkup = execute(DoctorOptions.parse({}))
    return result

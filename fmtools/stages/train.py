"""train: build the task's parts, run the durable Trainer, publish the model, score it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import Context, Parts, Task
from ..core.events import ArtifactEvent, NoticeEvent, PhaseEvent, PlanEvent, ResultEvent, StatusEvent
from ..core.options import TrainOptions
from ..store import artifacts, datasets, outcomes, steering
from ..store.checkpoints import Checkpoints
from ..store.runs import RunFolder, RunRecord


def train(context: Context, record: RunRecord, rehearsal: Any = None) -> StatusEvent:
    """Train a run from its record, from its newest verified checkpoint if it has one; return how it ended.

    rehearsal: a kit.cost.rehearsal.Rehearsal shortens the run to what it takes to say what the whole would cost.
    """
    from ..kit.machine.usage import keep_heap_tight
    from ..kit.training import ranks

    began = time.perf_counter()
    options = TrainOptions.parse(record.options)
    if options.fit:
        keep_heap_tight()
    task: Task = registry.get("tasks", record.task)
    checkpoints = Checkpoints(context.folder)
    start, said = ranks.from_main(checkpoints.newest)
    context.emit(StatusEvent(status="running", from_step=int(start.name) if start else 0))
    notices = [*(() if start else record.notices), *said]
    for text in notices:
        context.emit(NoticeEvent(text=text))
    context.emit(PhaseEvent(phase="loading model"))
    splits, meta = datasets.load(record.dataset, context.folder.parent.parent)
    trainer, parts = _trainer(context, task, record, options, (splits, meta), checkpoints)
    if rehearsal is not None:
        rehearsal.begin(trainer, parts)
    elif ranks.is_main():
        _watch_cost(context, (trainer, parts), options, (splits[_scored(splits)], splits["train"]), began)
    trained = trainer.train_from(start)
    if rehearsal is not None:
        rehearsal.trained(trainer)
    while (last := ranks.from_main(lambda: checkpoints.of(trainer.state.global_step))) and trainer.narrator.helm.late():
        trained = trainer.train_from(last)
    if not ranks.part():
        return StatusEvent(status="done")  # rank 0 does the rest
    if not trainer.narrator.stopped:
        trainer.take_best()
    _publish_model(context, trainer, parts, record)
    trainer.optimizer.state.clear()  # the checkpoint has it; twice the weights, for Adam
    if rehearsal is not None:
        rehearsal.score(task, context.folder / "artifacts" / "model", splits[_scored(splits)], meta)
        return StatusEvent(status="done")
    if trainer.narrator.stopped:
        step, total = trainer.state.global_step, trainer.state.max_steps
        return StatusEvent(
            status="stopped", message=f"Stopped at step {step} of {total}; `%fm_resume {record.id}` goes on from there."
        )
    _score(context, task, (splits, meta, options), (began, trained.metrics.get("train_samples_per_second", 0.0)))
    trainer.narrator.helm.missed(record.id)
    return StatusEvent(status="done")


def _trainer(
    context: Context,
    task: Task,
    record: RunRecord,
    options: TrainOptions,
    data: tuple[Any, Any],
    checkpoints: Checkpoints,
) -> tuple[Any, Parts]:
    from transformers import PrinterCallback, set_seed

    from ..kit.cost import checkpointing as cost_checkpointing
    from ..kit.machine import gpu
    from ..kit.machine.precision import chosen_precision
    from ..kit.training import optimizers, ranks, steady
    from ..kit.training.durable import durable
    from ..kit.training.trouble_watch import TroubleWatch, classes_of

    splits, meta = data
    set_seed(options.seed)
    gpu.prepare(gpu.kind())
    parts = task.build(record.model_folder, splits, meta, options)
    if options.teacher:
        _attach_teacher(context, task, record, options, parts)
    if gpu.is_used():
        parts.collate = steady.on_card(parts, options.max_length)
    if options.gradient_checkpointing:
        cost_checkpointing.enable(parts.model)
    for text in parts.notices if not checkpoints.steps() else ():
        context.emit(NoticeEvent(text=text))
    precision = chosen_precision(options.precision)
    narrator = _narrator(context, task, parts, options, _helm(context, record))
    trainer = durable(parts.trainer)(
        parts.model,
        _arguments(context.folder, options, precision, parts),
        train_dataset=parts.train,
        eval_dataset=parts.validation,
        optimizers=(optimizers.build(parts.groups, options), None),
        callbacks=[narrator, TroubleWatch(narrator, options, parts, classes_of(task.name, meta), task.main_metric)],
        **({"data_collator": parts.collate} if parts.collate else {}),
        **({"compute_loss_func": parts.loss} if parts.loss else {}),
        **({"compute_metrics": lambda p: _scores(task, p, meta)} if parts.validate == "scores" else {}),
        **parts.trainer_options,
    )
    ranks.draw_apart(options.seed)
    trainer.remove_callback(PrinterCallback)  # the log says it all
    trainer.context, trainer.checkpoints, trainer.narrator, trainer.derived = (
        context, checkpoints, narrator, parts.derived
    )  # fmt: skip
    if parts.trainer is None and not parts.loss:
        # Our heads and losses are means over a batch: the Trainer has to divide them when batches are accumulated.
        trainer.model_accepts_loss_kwargs = False
    narrator.keep, narrator.helm.trainer = checkpoints.keep, trainer
    narrator.helm.plan = _plan(options, parts, splits, precision, ranks.named(trainer.args.device), narrator.helm)
    context.emit(narrator.helm.plan)
    return trainer, parts


def _attach_teacher(context: Context, task: Task, record: RunRecord, options: TrainOptions, parts: Parts) -> None:
    """Let the run learn from the answers of another. Raises ModelError when that has no model any more."""
    from ..core.errors import ModelError
    from ..kit.smaller import distilling

    folder = context.folder.parent / str(options.teacher) / "artifacts" / "model"
    if not folder.is_dir():
        raise ModelError(f"Run {options.teacher}, the teacher, has no model here.", "Name a run that is done.")
    distilling.attach(parts, task.load(folder), Path(record.model_folder), options.temperature)


def _watch_cost(
    context: Context, made: tuple[Any, Parts], options: TrainOptions, rows: tuple[Any, Any], began: float
) -> None:
    """Let the run say what it will cost."""
    from ..kit.cost.live import CostWatch

    watch = CostWatch(context, options, began, *rows)
    watch.attach(*made)
    made[0].add_callback(watch)


def _helm(context: Context, record: RunRecord) -> Any:
    from ..kit.training.helm import Helm

    folder = RunFolder(context.folder)
    return Helm(context, steering.length(record), steering.changes(record), partial(steering.keep, folder))


def _narrator(context: Context, task: Task, parts: Parts, options: TrainOptions, helm: Any) -> Any:
    """Return what tells the log of the training, with the looks at the model that the options ask for."""
    from ..kit.training import looks
    from ..kit.training.narrator import Judge, Narrator
    from ..kit.training.ranks import is_main

    return Narrator(
        context,
        save_seconds=options.save_minutes * 60,
        snapshot=looks.snapshots(context, task, parts),
        every=options.watch_every if parts.probes and is_main() else 0,
        sample=looks.samples(context, parts),
        sample_every=options.sample_every if parts.sample and is_main() else 0,
        judge=Judge(
            options.metric or task.main_metric, options.patience, options.keep == "best" or bool(options.patience)
        ),
        helm=helm,
    )


def _scores(task: Task, output: Any, meta: dict[str, Any]) -> dict[str, float]:
    """Return a split's metrics; the loss is left to the Trainer, which computes it the way the training does."""
    metrics: dict[str, float] = task.score(output.predictions, output.label_ids, meta)["metrics"]
    return {name: value for name, value in metrics.items() if name != "loss"}


def _arguments(folder: Path, options: TrainOptions, precision: str, parts: Parts) -> Any:
    from transformers import TrainingArguments

    from ..kit.cost.model import rows_at_once
    from ..kit.machine import gpu

    schedule = {"min_lr": options.min_learning_rate} if options.schedule == "cosine_with_min_lr" else {}
    usual: dict[str, Any] = {
        "output_dir": str(folder / "checkpoints"),
        "num_train_epochs": options.epochs,
        "max_steps": options.max_steps or -1,
        "per_device_train_batch_size": options.batch_size,
        "per_device_eval_batch_size": rows_at_once(options),
        "gradient_accumulation_steps": options.gradient_accumulation,
        "learning_rate": options.learning_rate,
        "lr_scheduler_type": options.schedule,
        "lr_scheduler_kwargs": schedule,
        "warmup_steps": options.warmup,  # below 1: a share of the steps
        "max_grad_norm": options.max_grad_norm,
        "bf16": precision == "bf16",
        "seed": options.seed,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # a NaN loss is shown as NaN, not as 0
        "save_strategy": "no",  # the narrator asks for saves and evaluations
        "eval_strategy": "steps" if options.eval_steps else "no",
        "eval_steps": options.eval_steps or None,
        "prediction_loss_only": parts.validate == "loss",
        "torch_compile": options.compile == "on",
        "report_to": [],
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "average_tokens_across_devices": False,  # kit.training.shares does, for every kind of loss
        **gpu.arguments(gpu.kind(), parts.collate),
    }
    return gpu.one_card((parts.arguments or TrainingArguments)(**{**usual, **parts.argument_options}))


def _plan(
    options: TrainOptions, parts: Parts, splits: dict[str, Any], precision: str, device: str, helm: Any
) -> PlanEvent:
    from ..kit.training.methods import count

    batches = -(-len(parts.train) // options.batch_size)
    steps = -(-batches // options.gradient_accumulation)
    total, epochs = helm.whole(max(1, steps))
    parameters, trainable = count(parts.model)
    return PlanEvent(
        total_steps=total,
        epochs=epochs,
        batch_size=options.batch_size * options.gradient_accumulation,
        rows={name: table.num_rows for name, table in splits.items()},
        parameters=parameters,
        trainable=trainable,
        device=device,
        precision=precision,
    )


def _publish_model(context: Context, trainer: Any, parts: Parts, record: RunRecord) -> None:
    """Save model and tokenizer in the hub's layout under artifacts/model, whole or not at all."""
    from ..kit.training.methods import is_adapter, whole

    context.emit(PhaseEvent(phase="saving"))
    if is_adapter(parts.model):
        _publish(context, record, trainer, "adapter", parts.model.save_pretrained)
    parts.model = whole(parts.model)
    _publish(context, record, trainer, "model", parts.save or _hub_layout(parts))


def _hub_layout(parts: Parts) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        parts.model.save_pretrained(folder)
        if parts.tokenizer is not None:
            parts.tokenizer.save_pretrained(folder)

    return save


def _publish(context: Context, record: RunRecord, trainer: Any, name: str, save: Callable[[Path], Any]) -> None:
    """Write one artifact, whole or not at all."""
    from ..kit.training.durable import disk_refusal

    facts = {"run": record.id, "step": int(trainer.state.global_step)}
    size = artifacts.write(context.folder, name, save, facts, disk_refusal)
    context.emit(ArtifactEvent(name=name, format="safetensors", bytes=size))


def _score(context: Context, task: Task, data: tuple[Any, Any, TrainOptions], pace: tuple[float, float]) -> None:
    """Score the published model folder, as anyone will load it, on the test split (the validation split without one)."""
    from ..kit.cost.model import rows_at_once
    from ..kit.machine.gpu import give_back
    from ..kit.scoring.details import texts_of

    context.emit(PhaseEvent(phase="evaluating"))
    give_back()  # the model is loaded a second time: what training no longer uses is not to stand beside it
    splits, meta, options = data
    split, at_once = _scored(splits), rows_at_once(options)
    outputs, truth = task.outputs(task.load(context.folder / "artifacts" / "model"), splits[split], at_once)
    _keep_outcomes(context, task, split, (outputs, truth, meta))
    began, speed = pace
    scores = task.score(outputs, truth, {**meta, **texts_of(splits[split])})
    context.emit(ResultEvent(split=split, seconds=time.perf_counter() - began, samples_per_second=speed, **scores))


def _scored(splits: dict[str, Any]) -> str:
    return "test" if "test" in splits else "validation"


def _keep_outcomes(context: Context, task: Task, split: str, scored: tuple[Any, Any, Any]) -> None:
    """Keep what the model did on each row, for tests between runs (%fm_compare)."""
    from ..kit.scoring import row_outcomes

    try:
        found = row_outcomes.of(task, *scored)
        if found is not None:
            outcomes.keep(context.folder, split, found.stats, found.facts)
    except Exception as error:  # %fm_compare then lets the model answer again
        context.emit(NoticeEvent(text=f"What the model did on each row is not kept: {error}", level="warning"))

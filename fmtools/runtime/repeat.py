"""`%fm_train --from RUN`: a run's options, seed and rows once more, where the line says nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.contracts import Dataset, Prepared
from ..core.errors import OptionError, StoreError
from ..core.options import TrainOptions, flag
from ..core.tasks import task_name
from ..store import datasets
from ..store.files import fault_in, read_bytes
from ..store.runs import MODULE, MODULE_FILE, RunRecord, find_run, home
from . import environment

#: What decides how rows are read and divided: --from takes the rows of the run as they are.
PREPARING = (
    "encoding", "on_error", "format", "columns", "text_column", "pair_column", "label_column", "labels_as_they_are", "multi_label",
    "validation",
)  # fmt: skip
#: What belongs to the other run or its moment alone; what --fit and its kin had chosen is among the options.
OWN = ("name", "from_", "follow", "background", "inline", "dry_run", "find_lr", "fit", "time", "auto_batch")


@dataclass(frozen=True)
class Repeat:
    """What a new run takes from an old one; `kept`: its rows too. `changed`: options that the line says otherwise."""

    record: RunRecord
    kept: bool
    changed: dict[str, tuple[Any, Any]]

    def rows(self) -> tuple[Dataset, Prepared]:
        """Return the rows that the run had kept. Raises StoreError when they are gone or damaged."""
        try:
            splits, meta = datasets.load(self.record.dataset, home())
        except StoreError as error:
            raise StoreError(
                f"The rows of run {self.record.name} cannot be used again: {error.cause}", "Give --data as well."
            ) from None
        name = self.record.dataset.partition("@")[0]
        known = self.record.meta
        facts = {"origin": known.get("origin", ""), "licence": known.get("licence", "")}
        return Dataset(name, splits, **facts, version=self.record.data_version), Prepared(splits, meta)

    def module(self) -> bytes:
        """Return the user's own module that the run had trained; b"" when it had a model by name. Raises StoreError."""
        folder = home() / "runs" / self.record.id / MODULE
        if not folder.is_dir():
            return b""
        fault = fault_in(folder)
        if fault:
            raise StoreError(f"The module of run {self.record.name} is damaged: {fault}.", "Give --model as well.")
        return read_bytes(folder / MODULE_FILE)

    def environment(self, now: dict[str, Any]) -> dict[str, Any]:
        """Return what the new run's record says: kept rows came from the source as it was then."""
        source = self.record.environment.get("source")
        rest = {name: value for name, value in now.items() if name != "source"}
        return {**rest, **({"source": source} if source else {})} if self.kept else now

    def said(self, versions: dict[str, str], now: dict[str, Any]) -> list[str]:
        """Say what is repeated, and what is not as it was; `now` as environment.seen gives it."""
        lines = [_title(self.record, self.changed)]
        then = self.record.environment
        lines += _of_versions(self.record.versions, versions)
        lines += _of_machine(then, now)
        if self.kept:
            lines += _of_source(then.get("source") or {})
        if len(lines) == 1 and not self.changed and self.kept and then:
            lines.append(
                "Versions, machine, model and rows are as they were: the weights should be the same, bit for bit."
            )
        return lines


def fill(options: TrainOptions) -> tuple[TrainOptions, Repeat | None]:
    """Return options with what --from leaves to the run it names, and that run; (options, None) without --from.

    Raises OptionError for what cannot be asked of the rows of another run, StoreError for a run that is not there.
    """
    if options.from_ is None:
        return options, None
    record = find_run(options.from_).record
    typed = options.model_fields_set
    _check(options, record, typed)
    known = {k: v for k, v in record.options.items() if k in TrainOptions.model_fields and k not in OWN}
    changed = {
        name: (known[name], getattr(options, name))
        for name in sorted(typed - {"data", "task", *OWN})
        if name in known and known[name] != getattr(options, name)
    }
    filled = options.model_copy(update={name: value for name, value in known.items() if name not in typed})
    filled.task = record.task
    return filled, Repeat(record, "data" not in typed, changed)


def _check(options: TrainOptions, record: RunRecord, typed: set[str]) -> None:
    if record.verb != "train":
        raise OptionError(
            f"Run {record.name} is no training: it cannot be repeated by train.", "%fm_runs lists the runs."
        )
    if "task" in typed and task_name(options.task) != record.task:
        raise OptionError(
            f"Run {record.name} learned {record.task}, and the line says {task_name(options.task)}.",
            "Leave the task out, or --from.",
        )
    other = [name for name in PREPARING if name in typed and getattr(options, name) != record.options.get(name)]
    if other and "data" not in typed:
        raise OptionError(
            f"{flag(other[0])} is about reading data, and --from takes the rows of {record.name} as they are.",
            f"Give --data as well, or leave {flag(other[0])} out.",
        )


def _title(record: RunRecord, changed: dict[str, tuple[Any, Any]]) -> str:
    other = ", ".join(f"{flag(name)} {_short(new)} instead of {_short(old)}" for name, (old, new) in changed.items())
    return f"Repeats {record.name} ({record.id})" + (f" with {other}." if other else ".")


def _short(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _of_versions(then: dict[str, str], now: dict[str, str]) -> list[str]:
    other = [f"{name} {then[name]} -> {now.get(name, 'none')}" for name in then if now.get(name) != then[name]]
    return [f"Other versions than then: {', '.join(other)}."] if other else []


def _of_machine(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    if not then:
        return ["Which machine and which files that run had is not recorded."]
    before, here = then.get("machine", {}), now.get("machine", {})
    other = [f"{name} {before[name]} -> {here.get(name)}" for name in before if here.get(name) != before[name]]
    lines = (
        [f"Another machine than then: {', '.join(other)}; the last bits of the weights may differ."] if other else []
    )
    if then.get("model", "") != now.get("model", ""):
        lines.append("The model to begin with is not the same as then: its files differ.")
    if then.get("git", {}).get("commit") != now.get("git", {}).get("commit"):
        lines.append("The code in this folder is at another commit than then.")
    return lines


def _of_source(then: dict[str, str]) -> list[str]:
    if not then:
        return []
    now = environment.source(then["path"])
    if now.get("sha256") == then["sha256"]:
        return []
    return [f"{then['path']} {'has changed since' if now else 'is gone'}: the rows that the run had kept are used."]

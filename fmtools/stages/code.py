"""code in the worker: a run as a script, and what the script reads beside it."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

from ..core.errors import FmError
from ..core.options import TrainOptions
from ..store import datasets
from ..store.log import LogReader
from ..store.runs import RunRecord

#: Which module of kit.code writes a task's script.
WRITERS = {
    "text-classification": "texts",
    "token-classification": "tags",
    "text-generation": "language",
}
#: Options that make a run end elsewhere than after its last step with its last weights.
TAKES_BEST = "The run kept the weights of its best evaluation; this script keeps the last ones."


def code(record: dict[str, Any], path: str, root: str, save: str) -> dict[str, Any]:
    """Return {"code"} of a run; with `save` (a folder) the rows, and what else is read, are written there.

    Raises FmError for a task that has no script.
    """
    known = RunRecord.model_validate(record)
    writer = _writer(known, Path(path))
    splits, meta = datasets.load(known.dataset, Path(root))
    if "messages" in splits["train"].column_names:
        raise FmError("There is no script for conversations yet.", "Texts have one.")
    trained = Path(path) / "artifacts" / "model"
    options = TrainOptions.parse(known.options)
    places = _export(splits, trained, known, Path(save)) if save else _in_store(known, trained, Path(root))
    facts = _facts(known, options, meta, Path(path), places)
    return {"code": writer.write(facts, str(trained))}


def _writer(record: RunRecord, path: Path) -> Any:
    name = WRITERS.get(record.task)
    if name is None:
        raise FmError(f"There is no script for {record.task} yet.", f"These have one: {', '.join(WRITERS)}.")
    writer = importlib.import_module(f"..kit.code.{name}", __package__)
    trained = path / "artifacts" / "model"
    why = writer.refusal(str(trained)) if trained.is_dir() else "it has no model yet, whose shape the script needs"
    if why:
        raise FmError(f"There is no script for run {record.name}: {why}.", "%fm_runs lists the others.")
    return writer


def _facts(record: RunRecord, options: TrainOptions, meta: dict[str, Any], path: Path, places: dict[str, str]) -> Any:
    from ..kit.code.parts import Facts
    from ..kit.machine.precision import chosen_precision

    title = f"Trains what fmtools trained as run {record.name} ({record.id}): {record.task}, without fmtools."
    versions = ", ".join(
        f"{name} {record.versions[name]}" for name in ("torch", "transformers") if name in record.versions
    )
    notes = [f"Needs torch, transformers and numpy (the run had {versions}), pyarrow for rows in .arrow files."]
    bf16 = chosen_precision(options.precision) == "bf16"
    return Facts(title, options, meta, bf16=bf16, notes=[*notes, *_differences(options, path)], **places)


def _differences(options: TrainOptions, path: Path) -> list[str]:
    """Say where the script does not do what the run did."""
    said = [TAKES_BEST] if options.keep == "best" or options.patience else []
    records = LogReader(path / "events").read()
    changed = sorted(
        {
            r["action"]
            for r in records
            if r["type"] == "control" and r["action"] in ("set_learning_rate", "extend", "stop")
        }
    )
    if changed:
        said.append(f"The run was steered while it trained ({', '.join(changed)}); this script is not.")
    if options.gradient_checkpointing or options.processes > 1 or options.on:
        said.append("The run trained with other memory or machine settings; this script trains in one process.")
    return said


def _in_store(record: RunRecord, trained: Path, root: Path) -> dict[str, str]:
    folder = datasets.folder_of(record.dataset, root)
    return {"model": record.model_folder, "data": str(folder), "trained": str(trained)}


def _export(splits: Any, trained: Path, record: RunRecord, folder: Path) -> dict[str, str]:
    """Write the rows as JSONL into folder/data, and configuration and tokenizer of the trained model into folder/shape."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for split, table in splits.items():
        with (data / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for batch in table.to_batches(max_chunksize=1000):
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in batch.to_pylist())
    shape = folder / "shape"
    shape.mkdir(exist_ok=True)
    for path in trained.iterdir():
        if path.suffix in (".json", ".txt", ".model", ".jinja") and path.name not in (
            "MANIFEST.json",
            "model.safetensors.index.json",
        ):
            shutil.copy(path, shape / path.name)
    return {"data": "data", "trained": "./shape", "model": record.model_folder}

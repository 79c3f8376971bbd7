"""student: a smaller copy of a trained model as an artefact of its run, for a training to begin from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core import registry
from ..core.contracts import Task
from ..core.errors import ModelError
from ..store import artifacts, datasets
from ..store.files import fault_in
from ..store.runs import RunRecord


def student(record: dict[str, Any], path: str, root: str, name: str, wish: dict[str, Any]) -> dict[str, Any]:
    """Write artifacts/`name` of a run; return {"path", "parameters", "of", "layers", "pooling"}.

    wish: {"layers": how many, "neurons", "magnitude": share of neurons, of weights that go, "vocabulary": "used" or "all"}.
    """
    from ..kit.exporting.recorded import module_of
    from ..kit.models import encoders
    from ..kit.smaller import students
    from ..kit.training.durable import disk_refusal

    run, asked = Path(path), RunRecord.model_validate(record)
    folder = run / "artifacts" / "model"
    if fault := fault_in(folder):
        raise ModelError(f"The model of run {asked.name} is damaged: {fault}.", "Resume the run (%fm_resume).")
    task: Task = registry.get("tasks", asked.task)
    model: Any = module_of(task.load(folder))
    words, before = encoders.load_tokenizer(str(folder)), students.parameters(model)
    layers = len(students.stack_of(model)[1])
    kept = students.spread(layers, wish.get("layers") or layers)
    students.cut_layers(model, kept)
    if wish.get("neurons"):
        students.cut_neurons(model, wish["neurons"])
    if wish.get("magnitude"):
        students.cut_weights(model, wish["magnitude"])
    tokens, said = _words(
        model, words, folder, datasets.load(asked.dataset, Path(root))[0]["train"], wish["vocabulary"]
    )
    facts = {"teacher": asked.id, "layers": kept, "tokens": tokens, "zeros": wish.get("magnitude") or 0.0}

    def save(place: Path) -> None:
        students.save(model, words, place, facts, said)

    artifacts.write(run, name, save, {"run": asked.id, "format": "safetensors"}, disk_refusal)
    return {
        "path": str(run / "artifacts" / name),
        "parameters": students.parameters(model),
        "of": before,
        "layers": len(kept),
        "pooling": getattr(model.config, "pooling", "cls"),
    }


def _words(model: Any, words: Any, folder: Path, train: Any, keep: str) -> tuple[list[int] | None, Any]:
    """Cut the vocabulary where it is asked for and can be; return (the teacher's number of each token, tokenizer.json)."""
    from ..kit.smaller import students

    file = folder / "tokenizer.json"
    if keep != "used" or not file.is_file():
        return None, None
    said = json.loads(file.read_text(encoding="utf-8"))
    names = [name for name in ("text", "pair", "tokens") if name in train.column_names]
    texts = [text for name in names for text in train[name].to_pylist() if text]
    kept = students.words_used(words, texts, said)
    if kept is None or len(kept) >= model.get_input_embeddings().num_embeddings:
        return None, None
    return kept, students.cut_words(model, words, kept, said)

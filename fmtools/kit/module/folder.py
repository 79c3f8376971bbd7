"""A user's module on the disk: module.pkl (what it is), model.safetensors (what it learned), module.json, a tokenizer."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, load_model, save_model

from ...core.errors import ModelError
from ...core.options import TrainOptions
from ..models import encoders, scratch
from ..training import losses
from .answers import Judge
from .box import FILE, unpack
from .columns import TOKEN_IDS, Fit
from .model import Runner, made
from .rows import ModuleBatch, ModuleRows

if TYPE_CHECKING:
    import pyarrow as pa

FACTS, WEIGHTS = "module.json", "model.safetensors"


@dataclass
class Opened:
    """A module with all it needs: `learned` says that its tokenizer was made here and is saved with it."""

    runner: Runner
    fit: Fit
    meta: dict[str, Any]
    source: Path
    tokenizer: Any = None
    learned: bool = False
    given: dict[str, int] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    def rows(self, table: pa.Table) -> ModuleRows:
        """Return prepared rows as the module takes them."""
        return ModuleRows(table, self.fit, self.tokenizer, int(self.meta["max_length"]))

    def save(self, folder: Path) -> None:
        """Write everything that `load` needs; the weights are readable by plain safetensors."""
        save_model(self.runner.module, str(folder / WEIGHTS))
        shutil.copyfile(self.source / FILE, folder / FILE)
        facts = {"meta": self.meta, "given": self.given, "learned": self.learned, "names": self.meta["labels"]}
        (folder / FACTS).write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        if self.learned:
            self.tokenizer.save_pretrained(folder)
        config: Any = getattr(self.runner.module, "config", None)
        if hasattr(config, "save_pretrained"):
            config.save_pretrained(folder)


def begin(folder: Path, train: pa.Table, meta: dict[str, Any], options: TrainOptions) -> Opened:
    """Open the module of a run that begins: learn a tokenizer where it takes tokens and brings none, make a class."""
    fit, module = Fit(**meta["fit"]), unpack(folder)
    said: list[str] = []
    own = None if isinstance(module, type) else getattr(module, "tokenizer", None)
    words, learned = own, False
    if fit.text and own is None and TOKEN_IDS in fit.arguments.values():
        asked, more = _vocabulary(module, options)
        words, learned = scratch.tokenizer(train[fit.text].to_pylist(), asked), True
        said += [*more, f"A tokenizer of {len(words):,} {_kind(asked)} was learned from {fit.text!r}."]
    module, given = made(module, _facts(fit, meta, words))
    if given:
        said.append(f"{type(module).__name__}({', '.join(f'{name}={value}' for name, value in given.items())})")
    weights = losses.class_weights(train[fit.label].to_pylist(), len(meta["labels"])) if meta["labels"] else None
    judge = _judge(meta, options.label_smoothing, weights if options.class_weights == "balanced" else None)
    runner = Runner(module, ModuleBatch(fit, _pad(words)), judge)
    return Opened(runner, fit, meta, folder, words, learned, given, tuple(said))


def _judge(meta: dict[str, Any], smoothing: float = 0.0, weights: torch.Tensor | None = None) -> Judge:
    return Judge(meta["label_kind"], len(meta["labels"] or []), smoothing, weights)


def _pad(words: Any) -> int:
    return int(getattr(words, "pad_token_id", None) or 0)


def _kind(options: TrainOptions) -> str:
    return {"characters": "characters", "bpe": "pieces"}.get(options.tokenizer, "words")


def _vocabulary(module: Any, options: TrainOptions) -> tuple[TrainOptions, list[str]]:
    """Return options for scratch.tokenizer: words unless asked otherwise, no more than the module's embedding has rows."""
    kind = "words" if options.tokenizer == "auto" else options.tokenizer
    asked = options.model_copy(update={"tokenizer": kind, "model": "custom"})
    parts = [] if isinstance(module, type) else module.modules()
    room = next((p.num_embeddings for p in parts if isinstance(p, torch.nn.Embedding | torch.nn.EmbeddingBag)), None)
    if room is None or room >= options.vocabulary:
        return asked, []
    said = [f"The vocabulary is held to the {room:,} rows of the module's embedding."]
    return asked.model_copy(update={"vocabulary": room}), said


def _facts(fit: Fit, meta: dict[str, Any], words: Any) -> dict[str, int]:
    """Return what the data tell about the sizes that a class may ask for."""
    facts = {"classes": len(meta["labels"]) if meta["labels"] else 1}
    if fit.features:
        facts["features"] = len(fit.features)
    if words is not None and hasattr(words, "__len__"):
        facts |= {"vocabulary": len(words), "padding": _pad(words)}
    return facts


def load(folder: Path) -> Opened:
    """Open a trained module, ready to answer. Raises ModelError for what fmtools has not saved."""
    module = unpack(folder)
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        meta, given = facts["meta"], facts["given"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{folder} is no trained module: {FACTS} cannot be read ({error}).", "Train it again."
        ) from None
    module = module(**given) if isinstance(module, type) else module
    words = encoders.load_tokenizer(str(folder)) if facts["learned"] else getattr(module, "tokenizer", None)
    if any(torch.nn.parameter.is_lazy(weight) for weight in module.parameters()):
        module.load_state_dict(load_file(str(folder / WEIGHTS)))  # gives a lazy module its sizes, too
    else:
        load_model(module, str(folder / WEIGHTS))
    fit = Fit(**meta["fit"])
    runner = Runner(module, ModuleBatch(fit, _pad(words)), _judge(meta)).eval()
    return Opened(runner, fit, meta, folder, words, facts["learned"], given)

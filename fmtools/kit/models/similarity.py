"""Sentence encoders through sentence-transformers: load or make one, its trainer made fit for resuming, its vectors."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from torch.utils.data import BatchSampler, SequentialSampler

from ...core.errors import ModelError, out_of_memory
from ...core.options import TrainOptions
from ..training.judged import BareWeights, Judged
from . import encoders, scratch

#: Names of the prompts that a model may bring, for the text that asks and for the one that is found.
ASKING, FOUND = ("query",), ("passage", "document")


def build(folder: str, texts: Iterable[str], options: TrainOptions) -> SentenceTransformer:
    """Return the encoder of a folder, or a new one with random weights (`from_scratch`), with `options`' pooling."""
    if options.from_scratch:
        return _fresh(folder, texts, options)
    if (Path(folder) / "modules.json").is_file():
        model = load(folder)
        if options.pooling != "auto":
            _pooled(model, options.pooling)
    else:
        chosen = encoders.pooling_of(folder) if options.pooling == "auto" else options.pooling
        model = _of_parts(folder, chosen)
    longest = getattr(model[0].config, "max_position_embeddings", None) or options.max_length
    model.max_seq_length = min(options.max_length, int(longest))
    return model


def load(folder: str) -> SentenceTransformer:
    """Load a folder in the layout of sentence-transformers; code that it might bring is never run. Raises ModelError."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = SentenceTransformer(folder, device=device, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
        if out_of_memory(error):
            raise
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise ModelError(f"The model {folder} cannot be loaded: {first}", "Give the folder of an encoder.") from None
    return model.eval()


def _of_parts(folder: str, pooling: str) -> SentenceTransformer:
    """Put an encoder, its pooling and unit length together."""
    try:
        first = Transformer(folder)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if out_of_memory(error):
            raise
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise ModelError(f"The model {folder} cannot be loaded: {line}", "Give the folder of an encoder.") from None
    width = first.get_embedding_dimension()
    return SentenceTransformer(modules=[first, Pooling(width, pooling), Normalize()], device="cpu")


def _pooled(model: SentenceTransformer, pooling: str) -> None:
    for name, part in model.named_children():
        if isinstance(part, Pooling):
            setattr(model, name, Pooling(part.embedding_dimension, pooling))


def _fresh(folder: str, texts: Iterable[str], options: TrainOptions) -> SentenceTransformer:
    """Make an encoder with random weights: an architecture with a learned tokenizer, or the shape of a folder."""
    from transformers import AutoConfig, AutoModel

    words = encoders.load_tokenizer(folder) if folder else scratch.tokenizer(texts, options)
    shape = encoders._load(AutoConfig, folder) if folder else scratch.config(options, words)
    with tempfile.TemporaryDirectory() as made:  # sentence-transformers takes encoders from folders only
        AutoModel.from_config(shape).save_pretrained(made)
        words.save_pretrained(made)
        model = _of_parts(made, "mean" if options.pooling == "auto" else options.pooling)
    model.max_seq_length = min(options.max_length, int(getattr(shape, "max_position_embeddings", options.max_length)))
    return model


def prompt(model: SentenceTransformer, names: Sequence[str]) -> str:
    """Return what a model wants in front of a text of one side; "" when it wants nothing."""
    return next((text for name in names if (text := model.prompts.get(name))), "")


def loss_of(kind: str, model: SentenceTransformer) -> torch.nn.Module:
    """Return the loss for a kind of rows (kit.rows.partners)."""
    if kind == "scored":
        return losses.CoSENTLoss(model)
    if kind == "labelled":
        return losses.OnlineContrastiveLoss(model)
    return losses.MultipleNegativesRankingLoss(model)


def embed(model: SentenceTransformer, texts: list[str], names: Sequence[str], batch_size: int = 64) -> np.ndarray:
    """Return unit vectors [texts, width] (float32), each text behind the model's prompt for its side."""
    if not texts:
        return np.zeros((0, model.get_embedding_dimension() or 1), np.float32)
    training = model.training
    vectors = model.encode(
        texts,
        prompt=prompt(model, names),
        batch_size=batch_size,
        show_progress_bar=False,
        convert_to_numpy=True,
        normalize_embeddings=True,
    )
    model.train(training)
    return np.asarray(vectors, np.float32)


class Apart(BatchSampler):
    """Batches in which no text stands twice where that can be had: another row's text is a wrong answer to the loss.

    The order depends on `seed` and the epoch alone, so that a resume repeats it; every row comes once an epoch, in
    ceil(rows / batch_size) batches. `keys` [rows] are the texts of each row.
    """

    def __init__(self, keys: list[tuple[str, ...]], batch_size: int, seed: int, epoch: Callable[[], int]) -> None:
        self.keys, self.batch_size, self.seed, self.epoch = keys, batch_size, seed, epoch
        self.drop_last = False

    def __len__(self) -> int:
        return -(-len(self.keys) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch())
        waiting = torch.randperm(len(self.keys), generator=generator).tolist()
        while waiting:
            batch, waiting = self._take(waiting)
            yield batch

    def _take(self, waiting: list[int]) -> tuple[list[int], list[int]]:
        """Return (the next batch, the rows that still wait): rows whose texts are new to it first."""
        batch: list[int] = []
        later: list[int] = []
        seen: set[str] = set()
        for place, row in enumerate(waiting):
            if len(batch) == self.batch_size:
                return batch, later + waiting[place:]
            if seen.isdisjoint(self.keys[row]):
                batch.append(row)
                seen.update(self.keys[row])
            else:
                later.append(row)
        room = self.batch_size - len(batch)
        return batch + later[:room], later[room:]


class EmbeddingTrainer(Judged, BareWeights, SentenceTransformerTrainer):
    """sentence-transformers' trainer with our order of rows, bare-weight checkpoints, and no model card from the hub."""

    def __init__(self, *args: Any, scores: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scores = scores
        self.model_accepts_loss_kwargs = False  # its losses are means over a batch: accumulation has to divide them

    def get_batch_sampler(self, dataset: Any, batch_size: int, *args: Any, **kwargs: Any) -> BatchSampler:
        """Return the order of training rows; validation rows come as they stand."""
        if dataset is not self.train_dataset:
            return BatchSampler(SequentialSampler(dataset), batch_size, drop_last=False)
        texts = [list(dataset[name]) for name in dataset.column_names if name != "score"]
        keys = [tuple(row) for row in zip(*texts, strict=True)]
        return Apart(keys, batch_size, self.args.seed, self._epoch)

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Write no model card: it would ask the hub about the model."""


def rows(table: Any) -> Any:
    """Return prepared rows as the trainer takes them."""
    from datasets import Dataset

    return Dataset(table.combine_chunks())


def prompts(model: SentenceTransformer, columns: Sequence[str]) -> dict[str, str]:
    """Return the prompt of each column that has one: texts of scored rows all ask, as there is no side that is found."""
    sides = {name: ASKING if name == "anchor" or "score" in columns else FOUND for name in columns if name != "score"}
    return {name: wanted for name, side in sides.items() if (wanted := prompt(model, side))}


def pieces(model: SentenceTransformer, table: Any, count: int = 64) -> list[np.ndarray]:
    """Return the ids that the texts of prepared rows become, prompts and padding among them: flat arrays."""
    before, found = prompts(model, table.column_names), [np.asarray(model.tokenizer.all_special_ids)]
    for name in (name for name in table.column_names if name != "score"):
        texts = table[name].to_pylist()
        for start in range(0, len(texts), count):
            ids = model.preprocess(texts[start : start + count], prompt=before.get(name))["input_ids"]
            found.append(ids.numpy().ravel())
    return found


def save(model: SentenceTransformer, trained: Any, folder: Path) -> None:
    """Write the model in the layout of sentence-transformers, an adapter merged into its weights."""
    if hasattr(trained, "merge_and_unload"):
        model[0].model = trained.merge_and_unload()
    model.save_pretrained(str(folder), create_model_card=False)

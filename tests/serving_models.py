"""Tiny real models of each task, written as ONNX: random weights answer as differently as trained ones."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import support
from fmtools.core import registry

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
#: Weights are drawn widely, so that answers differ from text to text.
SPREAD = 0.4


def _config(**more: Any) -> Any:
    from transformers import BertConfig

    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return BertConfig(vocab_size=30522, max_position_embeddings=128, initializer_range=SPREAD, **shape, **more)


def trained(task: str, folder: Path) -> Path:
    """Save a model of a task as a training would, in the hub's layout."""
    import torch
    import transformers

    torch.manual_seed(3)
    named = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: i for i, tag in enumerate(TAGS)}}
    classes = {
        "text-classification": (
            "BertForSequenceClassification",
            {**named, "problem_type": "single_label_classification"},
        ),
        "token-classification": ("BertForTokenClassification", named),
        "question-answering": ("BertForQuestionAnswering", {}),
        "fill-mask": ("BertForMaskedLM", {}),
        "sentence-similarity": ("BertModel", {}),
    }
    name, more = classes[task]
    config = _config(**more)
    if task == "token-classification":
        config.division, config.plain_tags = "words", False
    if task == "question-answering":
        config.fmtools = {"max_length": 64, "longest": 12, "unanswerable": True}
    plain = folder if task != "sentence-similarity" else folder.with_name("plain")
    getattr(transformers, name)(config).save_pretrained(plain)
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        source = support.tokenizer_folder()
        assert source is not None
        if (source / file).is_file():
            shutil.copy(source / file, plain / file)
    if task == "sentence-similarity":
        from fmtools.kit.models import similarity

        model = similarity._of_parts(str(plain), "mean")
        model.max_seq_length = 40
        model.prompts = {"query": "query: ", "document": "passage: "}
        model.save_pretrained(str(folder), create_model_card=False)
    return folder


def write(task: str, loaded: Any, source: Path, folder: Path, **facts: Any) -> Path:
    """Write a loaded model as an exported artefact."""
    import torch

    model = loaded[0] if isinstance(loaded, tuple) else loaded
    words = loaded[1] if isinstance(loaded, tuple) else loaded.tokenizer
    outputs = {"question-answering": ["start_logits", "end_logits"], "sentence-similarity": ["sentence_embedding"]}
    names = ["input_ids", "attention_mask", "token_type_ids"]
    wanted = outputs.get(task, ["logits"])

    class Bare(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, *values: Any) -> Any:
            given = dict(zip(names, values, strict=True))
            found = self.inner(given) if task == "sentence-similarity" else self.inner(**given)
            return tuple(found[name] for name in wanted)

    ids = torch.randint(5, 999, (2, 7))
    example = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    (folder / "onnx").mkdir(parents=True)
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        torch.onnx.export(
            Bare().eval(), example, str(folder / "onnx/model.onnx"), dynamo=True, verbose=False, external_data=False,
            input_names=names, output_names=wanted, dynamic_shapes=((free,) * 3,),
        )  # fmt: skip
    for file in source.iterdir():
        if file.suffix == ".json" and file.name != "fmtools.json":
            shutil.copy(file, folder / file.name)
    words.save_pretrained(folder)
    card = {
        "schema": 1, "format": "onnx", "task": task, "name": "tiny", "run": "", "method": "", "files": {"model": "onnx/model.onnx"},
        "labels": TAGS, "several": False, "pair": False, "max_length": 128, "pad_id": 0, "division": "words", "plain_tags": False,
    }  # fmt: skip
    (folder / "fmtools.json").write_text(json.dumps({**card, **facts}))
    return folder


def classifier(root: Path) -> Path:
    """Write a classifier as an exported artefact."""
    task = "text-classification"
    source = trained(task, root / "model")
    return write(task, registry.get("tasks", task).load(source), source, root / "onnx")


def writer(root: Path) -> tuple[Any, Path]:
    """Return a language model with random weights, loaded, and its folder as an exported artefact with a cache."""
    import pyarrow as pa
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from fmtools.kit.exporting import recorded

    torch.manual_seed(5)
    source, folder, task = root / "model", root / "onnx", registry.get("tasks", "text-generation")
    shape = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 48, "initializer_range": SPREAD}
    GPT2LMHeadModel(GPT2Config(vocab_size=30522, bos_token_id=101, eos_token_id=102, **shape)).save_pretrained(source)
    words = support.tokenizer_folder()
    assert words is not None
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(words / name, source / name)
    loaded = task.load(source)
    rows = pa.table({"text": [f"{text} and so on" * 4 for text in ("a cat", "the dog", "some birds", "one fish") * 4]})
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns of itself
        subject = recorded.record(task, loaded, rows, source)
        found = registry.get("exporters", "onnx").export(subject, folder)
    card = {"schema": 1, "format": "onnx", "task": task.name, "name": "writer", "max_length": 48, "pad_id": 0}
    (folder / "fmtools.json").write_text(json.dumps({**card, **found}))
    return loaded, folder

"""text-generation in the worker: from prepared tables to parts of a training, to scores, to texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.contracts import Parts
from ...core.options import TrainOptions
from ..cost.model import rows_at_once
from ..machine import gpu
from ..rows.documents import talks_of
from ..scoring.details import detail
from ..training import methods
from . import chat, encoders, generate, language_model, looking, ngrams
from .blocks import Blocks, Documents, PadTargets, Talks, Targets, end_token
from .generate import Sampling

if TYPE_CHECKING:
    import pyarrow as pa

#: What a model's config remembers of its training, so that a score later takes the text in the same blocks.
KEPT = "fmtools_blocks"
USUAL = {"max_length": 256, "packing": True}
#: While training, texts are drawn a little daring: the likeliest words of a young model go round in circles.
DARING = {"temperature": 0.8, "top_k": 50}
#: Beginnings shown without being asked for, and after a training; characters of a beginning; passages named as hardest.
SHOWN, SHOWN_AFTER, BEGINNING, HARDEST = 1, 3, 60, 10


def parts(folder: str, splits: dict[str, pa.Table], options: TrainOptions) -> Parts:
    """Return what a training needs: the model with its method, rows of tokens, texts to look at and to go on from."""
    model, tokenizer = language_model.begin(folder, "causal", _learned_from(splits["train"]), options)
    talks = "messages" in splits["train"].column_names
    if talks:
        chat.give_template(tokenizer)
    setattr(model.config, KEPT, {"max_length": options.max_length, "packing": options.packing})
    rows = {name: rows_of(tokenizer, splits[name], model) for name in ("train", "validation")}
    model = methods.apply(model, options)
    asked, covered = (
        sum(len(rows["validation"].asked(i)) for i in range(len(rows["validation"]))),
        rows["validation"].covered(),
    )
    beginnings = options.watch or [_beginning(splits["validation"])]
    blocks = isinstance(rows["train"], Blocks)
    return Parts(
        model,
        tokenizer,
        rows["train"],
        rows["validation"],
        PadTargets(tokenizer.pad_token_id or 0, rows["train"].size if blocks and gpu.is_used() else 0),
        methods.groups(model, options),
        probes=[text for text in beginnings if text.strip()] if looking.has_attention(model) else [],
        validate="loss",
        derived=lambda own: language_model.derived(own["loss"], asked, covered) if "loss" in own else {},
        loss=language_model.target_loss(options.label_smoothing),
        sample=lambda: _samples((model, tokenizer), beginnings, talks, options),
        trainer=language_model.LanguageTrainer,
        trainer_options={"steady": blocks},
        argument_options={
            "per_device_eval_batch_size": language_model.at_once(model, options.max_length, rows_at_once(options))
        },
    )


def rows_of(tokenizer: Any, table: pa.Table, model: Any) -> Targets:
    """Return a prepared table as rows of tokens, in the blocks that the model was trained with."""
    asked = kept(model)
    size = min(int(asked["max_length"]), language_model.positions_of(model) or int(asked["max_length"]))
    if "messages" in table.column_names:
        return Talks(tokenizer, talks_of(table), size)
    texts = table["text"].to_pylist()
    return Blocks(tokenizer, texts, size) if asked["packing"] else Documents(tokenizer, texts, size)


def kept(model: Any) -> dict[str, Any]:
    """Return how a model's texts were cut when it was trained."""
    return {**USUAL, **(getattr(model.config, KEPT, None) or {})}


def _learned_from(table: pa.Table) -> list[str]:
    if "messages" in table.column_names:
        return [chat.as_text(talk) for talk in talks_of(table)]
    texts: list[str] = table["text"].to_pylist()
    return texts


def _beginning(table: pa.Table) -> str:
    """Return what to go on from when the user named nothing: the first words, or the first question, of the validation rows."""
    if "messages" in table.column_names:
        return next((m["content"] for talk in talks_of(table) for m in talk if m["role"] == "user"), "")
    return _head(table["text"][0].as_py().lstrip())


def _head(text: str) -> str:
    """Return the first line, or words of it: BEGINNING characters at most, and half the text."""
    most = max(1, min(BEGINNING, len(text) // 2))
    line = text[:most].split("\n")[0]
    cut = line.rfind(" ")
    return line if len(line) < most or cut < most // 2 else line[:cut]


def go_on(loaded: tuple[Any, Any], inputs: list[dict[str, Any]], how: Sampling) -> list[str]:
    """Return what the model writes after each input: {"text"}, or {"messages"} that it answers."""
    model, tokenizer = loaded
    packed = bool(kept(model)["packing"])
    prompts = [_prompt(tokenizer, row, packed) for row in inputs]
    return [
        _said(tokenizer, prompt, new, "messages" in row)
        for row, prompt, new in zip(inputs, prompts, generate.write(model, prompts, how), strict=True)
    ]


def _prompt(tokenizer: Any, row: dict[str, Any], packed: bool) -> list[int]:
    if "messages" in row:
        chat.give_template(tokenizer)
        return chat.prompt(tokenizer, row["messages"])
    ids = list(tokenizer(row["text"], add_special_tokens=False, verbose=False)["input_ids"])
    # A model that saw each text alone, without packing, knows it behind an end token only.
    return ids if ids and packed else [end_token(tokenizer), *ids]


def _said(tokenizer: Any, prompt: list[int], new: list[int], answer: bool) -> str:
    """Return the new tokens as text. Decoded behind the old ones: some tokenizers set blanks by what stands before."""
    options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
    if answer:
        return str(tokenizer.decode(new, **options)).strip()
    before, both = tokenizer.decode(prompt, **options), tokenizer.decode([*prompt, *new], **options)
    return str(both[len(before) :]) if both.startswith(before) else str(tokenizer.decode(new, **options))


def _samples(
    loaded: tuple[Any, Any], beginnings: list[str], talks: bool, options: TrainOptions
) -> list[tuple[str, str]]:
    how = Sampling(options.sample_tokens, seed=options.seed, **DARING)  # type: ignore[arg-type]
    rows = [_row(text, talks) for text in beginnings]
    return list(zip(beginnings, go_on(loaded, rows, how), strict=True))


def _row(text: str, talk: bool) -> dict[str, Any]:
    return {"text": text, "messages": [{"role": "user", "content": text}]} if talk else {"text": text}


def outputs(loaded: tuple[Any, Any], table: pa.Table, batch_size: int) -> tuple[dict[str, Any], Any]:
    """Return ({"tallies" [rows, 3], "hardest", "written", "cut"}, (characters, bytes) of the text that is asked for, or None)."""
    model, tokenizer = loaded
    rows = rows_of(tokenizer, table, model)
    found = language_model.tallies(model, rows, PadTargets(tokenizer.pad_token_id or 0), batch_size)
    nats = found[:, 0] / np.maximum(1, found[:, 1])
    hardest = [
        (tokenizer.decode(rows.asked(int(i)), skip_special_tokens=True), float(nats[i]))
        for i in np.argsort(-nats, kind="stable")[:HARDEST]
    ]
    written = _shown_after(loaded, table)
    cut = getattr(rows, "cut", 0)
    return {"tallies": found, "hardest": hardest, "written": written, "cut": cut}, rows.covered()


def _shown_after(loaded: tuple[Any, Any], table: pa.Table) -> list[tuple[str, str, str]]:
    """Return (beginning, what the model writes, what stands in the data) of the first rows."""
    pairs = _asked_and_answered(table)
    talk = "messages" in table.column_names
    texts = go_on(loaded, [_row(begin, talk) for begin, _ in pairs], Sampling(max_new_tokens=60))
    return [(begin, new, true) for (begin, true), new in zip(pairs, texts, strict=True)]


def _asked_and_answered(table: pa.Table) -> list[tuple[str, str]]:
    first = table.slice(0, SHOWN_AFTER)
    if "messages" not in table.column_names:
        heads = [(_head(text), text) for text in (t.lstrip() for t in first["text"].to_pylist())]
        return [(head, text[len(head) : len(head) + 200]) for head, text in heads]
    found = []
    for talk in talks_of(first):
        place = next(
            (i for i in range(1, len(talk)) if [m["role"] for m in talk[i - 1 : i + 1]] == ["user", "assistant"]), 0
        )
        if place:
            found.append((talk[place - 1]["content"], talk[place]["content"]))
    return found


def score(outputs: dict[str, Any], truth: Any) -> dict[str, Any]:
    """Return the metrics over all targets, the hardest passages, and what the model wrote beside what stands there."""
    total = outputs["tallies"].sum(0)
    own = language_model.scores(total)
    more = language_model.derived(own["loss"], int(total[1]), tuple(truth) if truth else None)
    metrics = {"perplexity": more.pop("perplexity"), **own, **more}
    cut = outputs["cut"]
    note = f"{cut:,} of {len(outputs['tallies']):,} conversations were longer than a block, and cut." if cut else ""
    shown = [
        detail(
            "what the model writes", ["source", "written", "reference"], outputs["written"], kind="texts", note=note
        ),
        detail("hardest passages", ["text", "loss"], outputs["hardest"], kind="errors"),
    ]
    return {"metrics": metrics, "report": {}, "confusion": {}, "details": shown}


def baseline(folder: str, splits: dict[str, pa.Table], split: str) -> dict[str, Any]:
    """Score what counting the training tokens of a model's tokenizer predicts, in blocks of the usual length; and what
    counting characters does, for models that are made of characters."""
    tokenizer = encoders.load_tokenizer(folder)
    if "messages" in splits["train"].column_names:
        chat.give_template(tokenizer)
    train, held = (_plain_rows(tokenizer, splits[name]) for name in ("train", split))
    counts = ngrams.Counts(*ngrams.pairs(train), len(tokenizer))
    before, asked = ngrams.pairs(held)
    covered = held.covered()
    found = {
        name: _counted(probability, covered)
        for name, probability in (("unigram", counts.unigram(asked)), ("bigram", counts.bigram(before, asked)))
    }
    texts = ["\n".join(_texts(splits[name])) for name in ("train", split)]
    for name, loss in ngrams.characters(texts[0], texts[1]).items():
        size = len(texts[1]) - 1, len(texts[1].encode()) - 1
        found[f"character {name}"] = {**language_model.derived(loss, size[0], size), "loss": loss}
    columns = ("perplexity", "loss", "bits_per_character", "bits_per_byte")
    table = detail("counting", ["model", *columns], [[name, *map(row.get, columns)] for name, row in found.items()])
    extra = {
        f"{kind.replace(' ', '_')}_{name}": value
        for kind, row in found.items()
        if kind != "unigram"
        for name, value in row.items()
    }
    return {
        "name": "unigram model of the training tokens",
        "metrics": {**found["unigram"], **extra},
        "report": {},
        "confusion": {},
        "details": [table],
    }


def _texts(table: pa.Table) -> list[str]:
    """Return what is learned of each row: its text, or what the assistant says."""
    if "messages" in table.column_names:
        return [m["content"] for talk in talks_of(table) for m in talk if m["role"] == "assistant"]
    texts: list[str] = table["text"].to_pylist()
    return texts


def _plain_rows(tokenizer: Any, table: pa.Table) -> Targets:
    if "messages" in table.column_names:
        return Talks(tokenizer, talks_of(table), USUAL["max_length"])
    return Blocks(tokenizer, table["text"].to_pylist(), USUAL["max_length"])


def _counted(probability: np.ndarray, covered: tuple[int, int] | None) -> dict[str, float]:
    loss = float(-np.log(probability).mean())
    more = language_model.derived(loss, len(probability), covered)
    return {"perplexity": more.pop("perplexity"), "loss": loss, **more}

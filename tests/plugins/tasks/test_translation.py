"""translation and summarization on small encoder-decoders, trained for real: sources to targets word by word."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import sacrebleu

import fmtools
from fmtools.core.errors import FmError, ModelError
from support import at_step, records, weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shared_store")]
WORDS = dict(zip("one two three four five six".split(), "uno dos tres cuatro cinco seis".split(), strict=True))
SMALL: dict[str, Any] = {
    "model": "marian", "from_scratch": True, "layers": 1, "width": 32, "heads": 2, "tokenizer": "words", "max_length": 24,
    "max_target_length": 16, "batch_size": 16, "learning_rate": 5e-3, "warmup": 10, "precision": "fp32", "watch_every": 0,
    "sample_every": 0,
}  # fmt: skip


def rows(count: int) -> list[dict[str, Any]]:
    chance = random.Random(1)
    found = [[chance.choice(list(WORDS)) for _ in range(chance.randint(2, 5))] for _ in range(count)]
    return [{"translation": {"en": " ".join(ws), "es": " ".join(WORDS[w] for w in ws)}} for ws in found]


def train(**options: Any) -> fmtools.Run:
    task = options.pop("task", "translation")
    return fmtools.train(task, **{"data": rows(320), "epochs": 6, **SMALL, **options})


@pytest.fixture(scope="module")
def folder(shared_store: Path) -> Path:
    """A Marian that was trained a little, as a folder that can be trained on."""
    return train(inline=True, name="marian", epochs=8).path / "artifacts" / "model"


def test_a_marian_from_scratch_learns_writes_and_is_scored_as_sacrebleu_does(folder: Path) -> None:
    run = fmtools.attach("marian")
    base = fmtools.baseline(rows(320), task="translation")
    assert run.metrics["bleu"] > 40 > base.metrics["bleu"]
    assert {"bleu", "chrf", "exact_match", "loss"} <= set(run.metrics)
    report = run.evaluate()
    assert report.metrics == pytest.approx(run.metrics, rel=1e-5)
    assert {"validation/bleu", "validation/loss"} <= set(run.history)

    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    # What plain transformers writes from the folder is what was scored.
    model, words = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    from fmtools.store import datasets

    held = datasets.load(run._folder.record.dataset, run.path.parents[1])[0]["validation"]
    batch = words(held["source"].to_pylist(), padding=True, return_tensors="pt", return_token_type_ids=False)
    texts = words.batch_decode(model.generate(**batch, max_new_tokens=16, num_beams=1), skip_special_tokens=True)
    assert run.metrics["bleu"] == pytest.approx(
        sacrebleu.corpus_bleu(texts, [held["target"].to_pylist()]).score, abs=1e-6
    )


def test_predictions_are_the_hubs_and_repeat_themselves(folder: Path) -> None:
    said = {"text": ["one two", "three", ""], "max_new_tokens": 16}
    found = fmtools.predict("marian", **said)
    assert [set(row) for row in found.rows] == [{"text", "translation_text"}] * 3
    assert found.rows == fmtools.predict("marian", **said).rows
    assert "translation" in found.text()
    assert "<b>" in found.html()
    beams = fmtools.predict("marian", **said, beams=3, top=2).rows
    assert all(len(row["top"]) == 2 and row["score"] >= row["top"][1]["score"] for row in beams)
    drawn = [fmtools.predict("marian", **said, temperature=5.0, seed=s).rows for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_attention_has_source_and_written_tokens(folder: Path) -> None:
    seen = fmtools.attention("marian", text="one two three")
    assert seen.tokens[:4] == ["one", "two", "three", "</s>"]
    written = len(seen.tokens) - 4
    assert written >= 2
    rows_of_target = seen.weights[:, :, 4:, :] / 255
    assert rows_of_target[..., :4].sum(-1) == pytest.approx(1, abs=0.02)
    assert rows_of_target[..., 4:].max() == 0


@pytest.mark.parametrize("method", ["lora", "last-layers", "head", "full"])
def test_a_trained_folder_is_trained_on(folder: Path, method: str) -> None:
    given = {key: SMALL[key] for key in ("max_length", "max_target_length", "batch_size", "precision")}
    run = fmtools.train(
        "translation", model=str(folder), data=rows(96), epochs=1, method=method, inline=True, watch_every=3,
        sample_every=3, label_smoothing=0.1, **given,
    )  # fmt: skip
    kinds = [record["type"] for record in records(run)]
    assert run.status == "done"
    assert "sample" in kinds
    assert "attention" in kinds
    assert run.metrics["bleu"] > 20
    assert not [r for r in records(run) if r["type"] == "notice" and r["level"] == "warning"]


def test_a_stopped_run_resumes_bit_for_bit() -> None:
    options = {"data": rows(320), "epochs": 3}
    whole = train(**options)
    run = train(**options, background=True)
    at_step(run, 20)
    run.stop()
    run.wait()
    assert run.status == "stopped"
    run.resume()
    assert run.status == "done"
    assert weights(run) == weights(whole)
    assert run.metrics == whole.metrics


def test_t5_keeps_its_prefix(tmp_path: Path) -> None:
    first = train(model="t5", epochs=1, inline=True).path / "artifacts" / "model"
    import json
    import shutil

    folder = shutil.copytree(first, tmp_path / "t5", ignore=shutil.ignore_patterns("MANIFEST.json"))
    config = json.loads((folder / "config.json").read_text())
    prefixes = {"translation_en_to_es": {"prefix": "one two: "}, "summarization": {"prefix": "six: "}}
    del config["fmtools"]
    (folder / "config.json").write_text(json.dumps({**config, "task_specific_params": prefixes}))
    given = {key: SMALL[key] for key in ("max_length", "max_target_length", "batch_size", "precision")}
    run = fmtools.train("translation", model=str(folder), data=rows(64), epochs=1, inline=True, watch_every=0, **given)
    kept = json.loads((run.path / "artifacts/model/config.json").read_text())["fmtools"]
    assert kept["prefix"] == "one two: "
    assert fmtools.attention(run.id, text="three").tokens[:3] == ["one", "two", ":"]


def test_an_mbart_is_told_the_languages_it_hears(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, MBartConfig, MBartForConditionalGeneration, MBartTokenizer

    pieces = [("▁" + word, -2.0) for word in [*WORDS, *WORDS.values()]] + [
        (c, -8.0) for c in "▁abcdefghijklmnopqrstuvwxyz"
    ]
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    words = MBartTokenizer(vocab=[*special, *pieces], src_lang="en_XX", tgt_lang="de_DE")
    size = {
        f"{side}_{part}": n
        for side in ("encoder", "decoder")
        for part, n in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 64))
    }
    config = MBartConfig(vocab_size=len(words), d_model=32, max_position_embeddings=64, init_std=0.18, **size)
    MBartForConditionalGeneration(config).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    given = {key: SMALL[key] for key in ("max_length", "max_target_length", "batch_size", "precision", "learning_rate")}
    run = fmtools.train(
        "translation", model=str(tmp_path), data=rows(320), epochs=5, inline=True, watch_every=0, **given
    )
    kept = AutoTokenizer.from_pretrained(run.path / "artifacts/model")
    assert (kept.src_lang, kept.tgt_lang) == ("en_XX", "es_XX")
    assert run.predict("one two three").rows[0]["translation_text"].startswith("uno")


def test_summaries_are_the_shorter_texts_and_scored_by_rouge() -> None:
    data = [
        {"b": f"{r['translation']['en']}.", "a": f"{r['translation']['es']}. More words follow. And more."}
        for r in rows(96)
    ]
    run = train(task="summarization", data=data, epochs=1, inline=True)
    assert next(iter(run.metrics)) == "rouge1"
    assert {"rouge1", "rouge2", "rougel", "bleu", "chrf"} <= set(run.metrics)
    assert set(run.predict("uno dos. More words follow.").rows[0]) == {"text", "summary_text"}
    base = fmtools.baseline(data, task="summarization")
    assert base.metrics["rougel"] >= 0


def test_mistakes_are_sentences(tiny: Path) -> None:
    with pytest.raises(ModelError, match="does not learn translation"):
        train(model="bert")
    run = train(model=str(tiny), from_scratch=False, inline=True)
    assert run.status == "failed"
    assert "no encoder-decoder" in run.head.error
    with pytest.raises(FmError, match="no two columns"):
        train(data=[{"text": "alone"}])

from __future__ import annotations

from typing import Any

import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from fmtools.kit.scoring import written

WRITTEN = ["the cat sat on the mat", "a dog ran away quickly", "hello", "it is raining, again."]
TRUTH = ["the cat is on the mat", "a dog ran off quickly", "hello", "it rains again and again."]


def meta(script: str = "ascii", short: bool = False) -> dict[str, Any]:
    return {"script": script, "short": short}


def scored(texts: list[str], truth: list[str], *measures: str, **about: Any) -> dict[str, float]:
    rows = [("source", reference) for reference in truth]
    found: dict[str, float] = written.scores(texts, rows, meta(**about), measures)["metrics"]
    return found


@pytest.mark.parametrize(
    ("script", "tokenizer", "texts", "truth"),
    [
        ("ascii", "13a", WRITTEN, TRUTH),
        ("words", "13a", ["el niño comió"], ["el niño comía pan"]),
        ("zh", "zh", ["猫坐在垫子上。", "请输入密码"], ["猫坐在椅子上。", "请输入您的密码"]),
        ("ja", "char", ["猫が座った"], ["猫は座った"]),
    ],
)
def test_bleu_and_chrf_are_sacrebleus(script: str, tokenizer: str, texts: list[str], truth: list[str]) -> None:
    found = scored(texts, truth, "bleu", script=script)
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(texts, [truth], tokenize=tokenizer).score, abs=1e-6)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(texts, [truth]).score, abs=1e-6)


def test_rouge_is_rouge_scores() -> None:
    found, scorer = scored(WRITTEN, TRUTH, "rouge"), RougeScorer(["rouge1", "rouge2", "rougeL"])
    for name in ("rouge1", "rouge2", "rougeL"):
        values = [scorer.score(t, w)[name].fmeasure for w, t in zip(WRITTEN, TRUTH, strict=True)]
        assert found[name.lower()] == pytest.approx(sum(values) / len(values), abs=1e-6)


def test_chinese_rouge_goes_by_characters() -> None:
    # 4 of 5 characters are the same on both sides; 2 of 4 pairs.
    found = scored(["今天天气好"], ["今天天气糟"], "rouge", script="zh")
    assert found["rouge1"] == pytest.approx(0.8)
    assert found["rouge2"] == pytest.approx(0.75)
    assert scored(["niño"], ["niña"], "rouge", script="words")["rouge1"] == 0


def test_short_references_are_matched_whole() -> None:
    assert "exact_match" not in scored(WRITTEN, TRUTH, "bleu")
    assert scored(WRITTEN, TRUTH, "bleu", short=True)["exact_match"] == 0.25


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello %(name)s, %d of %s", ["%(name)s", "%d", "%s"]),
        ("{} and {0} and {name!r:>10} and {a.b}", ["{}", "{0}", "{name!r:>10}", "{a.b}"]),
        ("%1$s costs ${price} at %{rate}", ["%1$s", "${price}", "%{rate}"]),
        ("100% sure, 50 %discount", []),
        ("a set {1, 2} of things", []),
    ],
)
def test_placeholders(text: str, found: list[str]) -> None:
    assert sorted(written.placeholders(text).elements()) == sorted(found)


def test_placeholders_are_scored_apart() -> None:
    sources, texts = ["%(n)s files", "{} of {}", "none"], ["%(n)s ficheros", "{} de", "nada"]
    assert written.placeholders_kept(sources, texts) == 0.5
    assert written.placeholders_kept(["none"], ["{}"]) is None


def test_details_show_texts_and_the_signature() -> None:
    rows = [(f"s{i}", f"r{i}") for i in range(100)]
    detail = written.scores([f"w{i}" for i in range(100)], rows, meta(), ["bleu"])["details"][0]
    assert detail["kind"] == "texts"
    assert detail["rows"][0] == ["s0", "w0", "r0"]
    assert len(detail["rows"]) == 20
    assert "tok:13a" in detail["note"]
    assert "version:" in detail["note"]

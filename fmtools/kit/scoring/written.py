"""Scores of written texts beside their references: BLEU and chrF by sacrebleu, ROUGE by rouge-score, exact matches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from ..words.segments import Script, words
from .details import detail

#: sacrebleu's tokenizer for each script; its Japanese one needs a dictionary, so characters it is.
BLEU_TOKENIZER = {"ascii": "13a", "words": "13a", "zh": "zh", "ja": "char", "characters": "char"}
#: What programs fill in later: %(name)s %s %1$d {name} {} {0} ${name} %{name}.
PLACEHOLDER = re.compile(
    r"%\(\w+\)[sdifr]|%\d+\$[sdif]|%(?:\.\d+)?[sdf](?![A-Za-z])|\$\{\w+\}|%\{\w+\}|\{\w*(?:[.\[]\w+\]?)*(?:![rsa])?(?::[^{}\s]*)?\}"
)
EXAMPLES = 20


def placeholders(text: str) -> Counter[str]:
    """Return the placeholders of a text and how often each stands in it."""
    return Counter(PLACEHOLDER.findall(text))


def placeholders_kept(sources: Sequence[str], written: Sequence[str]) -> float | None:
    """Return the share of the sources with placeholders whose written text has exactly the same; None without any."""
    asked = [(placeholders(s), placeholders(w)) for s, w in zip(sources, written, strict=True) if placeholders(s)]
    return sum(want == got for want, got in asked) / len(asked) if asked else None


class _Words:
    """rouge-score's tokenizer keeps a-z and 0-9 only; this one knows every script."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@cache
def _rouge(script: Script) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=None if script == "ascii" else _Words())


def rouge(written: Sequence[str], references: Sequence[str], script: Script) -> dict[str, float]:
    """Return the mean F-measures rouge1, rouge2, rougel (0 to 1), without stemming, as rouge-score computes them.

    Texts in ASCII go through rouge-score's own tokenizer; elsewhere words are those of any script, and a Chinese or Japanese
    character is a word.
    """
    scorer, total = _rouge(script), Counter[str]()
    for text, reference in zip(written, references, strict=True):
        for name, score in scorer.score(reference, text).items():
            total[name.lower()] += score.fmeasure
    return {name: total[name] / max(1, len(references)) for name in ("rouge1", "rouge2", "rougel")}


def bleu(written: Sequence[str], references: Sequence[str], script: Script) -> tuple[dict[str, float], str]:
    """Return ({"bleu", "chrf"} on sacrebleu's scale of 0 to 100, their signatures)."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    # force: else a warning that texts end in " ." is written to the log.
    scorers = {"bleu": BLEU(tokenize=BLEU_TOKENIZER[script], force=True), "chrf": CHRF()}
    scores = {name: float(s.corpus_score(list(written), [list(references)]).score) for name, s in scorers.items()}
    return scores, ", ".join(f"{name} {scorer.get_signature().format()}" for name, scorer in scorers.items())


def scores(
    written: Sequence[str], rows: Sequence[tuple[str, str]], meta: dict[str, Any], measures: Sequence[str]
) -> dict[str, Any]:
    """Score written texts against rows of (source, reference); return "metrics" and "details".

    measures: "bleu" (bleu, chrf) and "rouge" (rouge1, rouge2, rougel), the first one's metrics first. Short references
    also get exact_match (0 to 1), sources with placeholders placeholders_kept (0 to 1).
    """
    script, references = meta["script"], [reference for _, reference in rows]
    metrics: dict[str, float] = {}
    note = ""
    for measure in measures:
        if measure == "rouge":
            metrics |= rouge(written, references, script)
        else:
            found, note = bleu(written, references, script)
            metrics |= found
    if meta["short"]:
        same = sum(text.strip() == reference.strip() for text, reference in zip(written, references, strict=True))
        metrics["exact_match"] = same / max(1, len(rows))
    kept = placeholders_kept([source for source, _ in rows], written)
    if kept is not None:
        metrics["placeholders_kept"] = kept
    return {"metrics": metrics, "report": {}, "confusion": {}, "details": [_examples(written, rows, note)]}


def _examples(written: Sequence[str], rows: Sequence[tuple[str, str]], note: str) -> dict[str, Any]:
    """Return texts from all over the split, not only its beginning."""
    places = range(0, len(rows), max(1, len(rows) // EXAMPLES))
    found = [(rows[i][0], written[i], rows[i][1]) for i in places][:EXAMPLES]
    return detail("written texts", ["source", "written", "reference"], found, kind="texts", note=note)

"""Words that people use for the hub's tasks."""

from __future__ import annotations

#: What a user may type -> the hub's name.
ALIASES = {
    "ner": "token-classification",
    "named-entity-recognition": "token-classification",
    "pos": "token-classification",
    "sentiment": "text-classification",
    "sentiment-analysis": "text-classification",
    "sequence-classification": "text-classification",
    "language-modeling": "text-generation",
    "causal-lm": "text-generation",
    "chat": "text-generation",
    "sft": "text-generation",
    "dpo": "preference-tuning",
    "mt": "translation",
    "summary": "summarization",
    "summarisation": "summarization",
    "qa": "question-answering",
    "embeddings": "sentence-similarity",
    "feature-extraction": "sentence-similarity",
    "retrieval": "sentence-similarity",
    "masked-lm": "fill-mask",
    "mlm": "fill-mask",
    "module": "custom",
}


def task_name(word: str) -> str:
    """Return the hub's name of a task for whatever people call it; an unknown word comes back as it is."""
    plain = word.strip().lower().replace("_", "-").replace(" ", "-")
    return ALIASES.get(plain, plain)

"""What a task's arrays mean: one file a task, chosen by its hub name."""

from __future__ import annotations

from importlib import import_module

from ..artifact import Artifact
from ..session import Session
from .base import Handler

#: Task -> module:class. What is not here is served as plain tensors.
HANDLERS = {
    "fill-mask": "fill_mask:FillMask",
    "question-answering": "question_answering:QuestionAnswering",
    "sentence-similarity": "sentence_similarity:SentenceSimilarity",
    "summarization": "summarization:Summarization",
    "text-classification": "text_classification:TextClassification",
    "text-generation": "text_generation:TextGeneration",
    "token-classification": "token_classification:TokenClassification",
    "translation": "translation:Translation",
}


def handler_of(artifact: Artifact, session: Session) -> Handler:
    """Return what reads and answers requests of an artifact's task. Raises BadArtifact."""
    module, _, name = HANDLERS.get(artifact.task, "tensors:Tensors").partition(":")
    found: Handler = getattr(import_module(f"{__name__}.{module}"), name)(artifact, session)
    return found

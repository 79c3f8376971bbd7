"""Options of `index` and `answer`: a knowledge base of texts, and questions to it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from .base import Hint, Options, ReadsData, option
from .verbs import ADVANCED, RUN_HELP, SAMPLING

Search = Literal["auto", "both", "meaning", "words"]


class IndexOptions(ReadsData):
    """Make a knowledge base of texts that can be searched by words and by meaning, and say how well it finds them."""

    verb: ClassVar[str] = "index"
    summary: ClassVar[str] = "Make a knowledge base of questions and answers; say how often it finds the right one."
    example: ClassVar[str] = "%fm_index faq --run last"

    data: Any = option(
        None,
        "the texts; the list of knowledge bases when not given",
        hint=Hint(positional=True, complete="data", live=True),
    )
    name: str | None = option(
        None,
        "what the knowledge base is called; the data's name when not given",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    )
    run: str | None = option(
        None, f"the sentence-similarity run that makes the vectors: {RUN_HELP}", hint=Hint(complete="runs")
    )
    model: str = option("minilm", "the model that makes the vectors when no run is given", hint=Hint(complete="models"))
    text_column: str | None = option(None, "the column with the text that answers; guessed when not given")
    question_column: str | None = option(None, "the column with the question of each text, where there is one")
    remove: str | None = option(None, "remove the knowledge base of this name", hint=ADVANCED)


class AnswerOptions(Options):
    """Ask a knowledge base."""

    verb: ClassVar[str] = "answer"
    summary: ClassVar[str] = "Answer a question from a knowledge base, with sources, or say that nothing fits."
    example: ClassVar[str] = '%fm_answer "How do I report a bug?" --index faq'

    question: list[str] = option(
        [], "the question (several allowed); without one a notebook opens a chat", hint=Hint(positional=True)
    )
    index: str = option("last", "the knowledge base; the newest when not given", hint=Hint(complete="indexes"))
    run: str | None = option(
        None,
        f"the text-generation run that words the answer ({RUN_HELP}); without one the answer is quoted",
        hint=Hint(complete="runs"),
    )
    search: Search = option(
        "auto",
        "by words (BM25), by meaning (vectors), or by both; auto = what found most when the index was made",
        hint=Hint(complete="choices"),
    )
    top: int = option(3, "how many sources", ge=1, le=50)
    min_score: float | None = option(
        None,
        "refuse below this likeness; found out when the index was made, when not given",
        ge=-1,
        le=1,
        hint=ADVANCED,
    )
    max_new_tokens: int = option(120, "length of a worded answer", ge=1, le=4096, hint=SAMPLING)
    temperature: float = option(0.0, "0 = always the likeliest next token", ge=0, le=10, hint=SAMPLING)
    seed: int = option(42, "same seed = same drawn text", ge=0, le=2**32 - 1, hint=SAMPLING)

"""Knowledge bases, made and asked from the kernel: the worker makes vectors and words answers, the rest is here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.contracts import Dataset
from ..core.errors import DataError, ModelError, OptionError
from ..core.options import AnswerOptions, IndexOptions
from ..kit.asking import knowledge
from ..kit.rows import columns
from ..kit.rows.documents import CHAT
from ..store import indexes
from ..store.files import write_json
from ..store.runs import RunFolder, find_run, home
from . import launch
from .knowledge_base import Base, encoder_of, near, opened, vectors
from .knowledge_recall import held_back, tested

#: Names of the column with the question, as people call it.
ASKED = ("question", "query", "prompt", "anchor", "title", "问题")
#: What a small language model is told.
TOLD = "Answer the question in one or two sentences, with what the texts below say and nothing else.\n\n{texts}"


@dataclass
class Found:
    """One source of an answer: place among the passages, score between -1 and 1 (cosine), row of the data."""

    text: str
    question: str
    score: float
    row: int


@dataclass
class Answered:
    """A question, what was found, and the answer: "" when nothing fits. `threshold`: below this likeness it is refused."""

    question: str
    answer: str
    sources: list[Found]
    threshold: float
    worded: bool = False

    @property
    def refused(self) -> bool:
        """Whether nothing in the knowledge base was near enough."""
        return not self.answer


def make(options: IndexOptions) -> tuple[Path, dict[str, Any]]:
    """Build a knowledge base and publish it; return its folder and facts. Raises FmError before anything is written."""
    folder, run = _encoder(options)
    data = launch.load(options.data, options)
    texts, asked, notices = _columns(data, options)
    if not texts:
        raise DataError("There is no text in these data.", "Name the column that answers: --text-column.")
    name = options.name or data.name
    pieces = [(piece, asked[row], row) for row, text in enumerate(texts) for piece in knowledge.passages(text)]
    began = time.perf_counter()
    found = vectors(folder, [piece for piece, _, _ in pieces], asks=False)
    facts = {
        "name": name,
        "data": options.data if isinstance(options.data, str) else data.name,
        "passages": len(pieces),
        "rows": len(texts),
        "width": int(found.shape[1]),
        "encoder": str(folder),
        "run": run.id if run else "",
        "model": run.record.name if run else options.model,
        "notices": notices,
    }
    parts = [piece for piece, _, _ in pieces]
    base = Base(
        facts, parts, [q for _, q, _ in pieces], [r for _, _, r in pieces], near(found), knowledge.by_words(parts)
    )
    held, said = held_back(run, asked)
    facts |= tested(base, folder, asked, held)
    facts |= {"held_back": said, "seconds": time.perf_counter() - began}

    def fill(stage: Path) -> None:
        import pyarrow as pa
        import pyarrow.feather as feather

        table = pa.table({"text": base.texts, "question": base.questions, "row": base.rows})
        feather.write_feather(table, stage / indexes.PASSAGES, compression="uncompressed")
        base.vectors.save(str(stage / indexes.VECTORS))
        write_json(stage / indexes.FACTS, facts)

    return indexes.keep(name, home(), fill), facts


def _encoder(options: IndexOptions) -> tuple[str, RunFolder | None]:
    """Return the folder that makes vectors, and the run that it is of. Raises FmError for a run of another task."""
    if options.run is None:
        return launch.resolve(options.model), None
    run = find_run(options.run)
    if run.record.task != "sentence-similarity":
        raise OptionError(
            f"Run {run.record.name} is a {run.record.task} run and makes no vectors.",
            "Train one: %fm_train sentence-similarity --data faq",
        )
    if not run.model.is_dir():
        raise ModelError(f"Run {run.record.name} has no model yet.", "Wait until it has ended.")
    return str(run.model), run


def _columns(data: Dataset, options: IndexOptions) -> tuple[list[str], list[str], list[str]]:
    """Return (texts that answer, the question of each or "", what is said aloud); rows without a text are left out."""
    texts: list[str] = []
    asked: list[str] = []
    notices: list[str] = []
    for table in data.splits.values():
        question = columns.given_column(table, options.question_column) or next(
            (name for name in table.column_names if name.lower() in ASKED), None
        )
        rest = table.drop_columns([question]) if question and table.num_columns > 1 else table
        text, said = columns.guess_text_column(rest, options.text_column)
        notices = [*said, *([f"Questions are in the column {question}."] if question else [])]
        for row in range(table.num_rows):
            value = table[text][row].as_py()
            if value and str(value).strip():
                texts.append(str(value))
                asked.append(str(table[question][row].as_py() or "") if question else "")
    return texts, asked, notices


def answer(options: AnswerOptions) -> list[Answered]:
    """Answer each question with its sources. Raises FmError when there is no such knowledge base or run."""
    base, run = opened(options.index), _writer(options)
    limit = base.facts["threshold"] if options.min_score is None else options.min_score
    search = base.facts["best"] if options.search == "auto" else options.search
    found = []
    for question, vector in zip(options.question, vectors(encoder_of(base), options.question, asks=True), strict=True):
        order, cosines = base.ranked(question, vector, search)
        order = base.apart(order)
        sources = [
            Found(base.texts[i], base.questions[i], float(cosines[i]), base.rows[i]) for i in order[: options.top]
        ]
        known = float(cosines.max()) >= limit and bool(sources)
        found.append(Answered(question, knowledge.quoted(question, sources[0].text) if known else "", sources, limit))
    if run is not None:
        _word(run, [one for one in found if not one.refused], options)
    return found


def check(options: AnswerOptions) -> None:
    """Raise FmError as an answer would: no such knowledge base, its model gone, no such run."""
    encoder_of(opened(options.index))
    _writer(options)


def _writer(options: AnswerOptions) -> RunFolder | None:
    if options.run is None:
        return None
    run = find_run(options.run)
    if run.record.task not in ("text-generation", "preference-tuning"):
        raise OptionError(
            f"Run {run.record.name} is a {run.record.task} run and writes no text.",
            "Name a text-generation run, or none.",
        )
    return run


def _word(run: RunFolder, found: list[Answered], options: AnswerOptions) -> None:
    """Let a language model word the answers from their sources."""
    if not found:
        return
    asks = [_asked(one.question, [source.text for source in one.sources]) for one in found]
    if launch.meta_of(run.record).get("form") != CHAT:
        asks = [{"text": ask["text"]} for ask in asks]
    how = {"max_new_tokens": options.max_new_tokens, "temperature": options.temperature, "seed": options.seed}
    told = {"run": run.id, **how}
    answers = launch.ask("predict", task=run.record.task, folder=str(run.model), inputs=asks, options=told)
    for one, ask, said in zip(found, asks, answers["predictions"], strict=True):
        one.answer = said["generated_text"].removeprefix(ask["text"]).strip() or one.answer
        one.worded = True


def _asked(question: str, texts: list[str]) -> dict[str, Any]:
    told = TOLD.format(texts="\n\n".join(texts))
    talk = [{"role": "system", "content": told}, {"role": "user", "content": question}]
    return {"text": f"{told}\n\n{question}\n", "messages": talk}


def lessons(word: str, sources: int, seed: int) -> list[dict[str, Any]]:
    """Return conversations that teach a language model to answer from texts: one for each question not held back.

    Each has the right passage among `sources`, the others those that its words bring up; the answer is quoted from it.
    """
    base, chance = opened(word), np.random.default_rng(seed)
    held, found = set(base.facts["held"]), []
    for row in dict.fromkeys(base.rows):
        own = [place for place, of in enumerate(base.rows) if of == row]
        question = base.questions[own[0]]
        if row in held or not question:
            continue
        scores = knowledge.word_scores(base.words, question)
        best = max(own, key=lambda place: float(scores[place]))
        others = [int(i) for i in np.argsort(-scores, kind="stable") if base.rows[i] != row][: sources - 1]
        texts = [base.texts[i] for i in chance.permutation([best, *others])]
        talk = _asked(question, texts)["messages"]
        answer = knowledge.quoted(question, base.texts[best], most=2)
        found.append({"messages": [*talk, {"role": "assistant", "content": answer}]})
    return found


def judged(options: AnswerOptions, count: int) -> dict[str, Any]:
    """Answer questions that were held back, and compare with their own texts: {"questions", "answered", "right_source", ...}.

    rouge1 and rougel: of the answers against the sentences of the right text that fit the question; refusals count 0.
    """
    from ..kit.scoring.written import rouge
    from ..kit.words.segments import script_of

    base = opened(options.index)
    rows = base.facts["held"]
    rows = rows[:: max(1, len(rows) // count)][:count]
    if not rows:
        raise DataError("This knowledge base has no questions that were held back.", "Give it data with questions.")
    first = {row: place for place, row in reversed(list(enumerate(base.rows)))}
    asked = [base.questions[first[row]] for row in rows]
    answers = answer(options.model_copy(update={"question": asked}))
    wanted = [_gold(base, row, question) for row, question in zip(rows, asked, strict=True)]
    scores = rouge([one.answer for one in answers], wanted, script_of(wanted))
    right = [bool(one.sources) and one.sources[0].row == row for one, row in zip(answers, rows, strict=True)]
    return {
        "questions": len(rows),
        "answered": float(np.mean([not one.refused for one in answers])),
        "right_source": float(np.mean(right)),
        **{name: scores[name] for name in ("rouge1", "rougel")},
        "answers": answers,
    }


def _gold(base: Base, row: int, question: str) -> str:
    whole = " ".join(text for text, of in zip(base.texts, base.rows, strict=True) if of == row)
    return knowledge.quoted(question, whole)

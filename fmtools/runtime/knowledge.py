"""Knowledge bases, made and asked from the kernel: the worker makes vectors and words answers, the rest is here."""

from __future__ import annotations

import base64
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..core.contracts import Dataset
from ..core.errors import DataError, ModelError, OptionError
from ..core.options import AnswerOptions, IndexOptions
from ..kit import columns, knowledge, retrieval
from ..kit.documents import CHAT
from ..store import indexes
from ..store.files import write_json
from ..store.runs import RunFolder, find_run, home
from . import launch

#: Words for the searches, in the order of the table.
WAYS = ("words", "meaning", "both")
#: Names of the column with the question, as people call it.
ASKED = ("question", "query", "prompt", "anchor", "title", "问题")
#: Foreign questions: sentences of the built-in set, none of which any knowledge base answers but one about them.
FOREIGN = 200
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


@dataclass
class Base:
    """An opened knowledge base: passages with their questions and rows, vectors, and the searches over them."""

    facts: dict[str, Any]
    texts: list[str]
    questions: list[str]
    rows: list[int]
    vectors: Any
    words: Any = field(repr=False)

    def ranked(self, question: str, vector: np.ndarray, search: str) -> tuple[list[int], np.ndarray]:
        """Return (places of passages, best first; the cosine of every passage [n])."""
        count = min(len(self.texts), knowledge.CANDIDATES)
        matches = self.vectors.search(vector, count, exact=len(self.texts) <= 20_000)
        near = [int(key) for key in matches.keys]
        cosines = np.full(len(self.texts), -1.0, np.float32)
        cosines[near] = 1.0 - np.asarray(matches.distances, np.float32)
        if search == "meaning":
            return near, cosines
        scores = knowledge.word_scores(self.words, question)
        said = [int(i) for i in np.argsort(-scores, kind="stable")[:count] if scores[i] > 0]
        return (said if search == "words" else knowledge.fused([near, said])), cosines

    def apart(self, order: list[int]) -> list[int]:
        """Return the best passage of each row alone, in their order."""
        first: dict[int, int] = {}
        for place in order:
            first.setdefault(self.rows[place], place)
        return list(first.values())


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
    found = _vectors(folder, [piece for piece, _, _ in pieces], asks=False)
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
        facts, parts, [q for _, q, _ in pieces], [r for _, _, r in pieces], _near(found), knowledge.by_words(parts)
    )
    held, said = _held_back(run, asked)
    facts |= _tested(base, folder, asked, held)
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


def _vectors(folder: str, texts: list[str], asks: bool) -> np.ndarray:
    answer = launch.ask("vectors", folder=folder, texts=texts, asks=asks)
    return np.frombuffer(base64.b64decode(answer["data"]), np.float32).reshape(len(texts), answer["width"])


def _near(vectors: np.ndarray) -> Any:
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="cos", dtype="f32")
    index.add(np.arange(len(vectors)), np.ascontiguousarray(vectors))
    return index


def _held_back(run: RunFolder | None, asked: list[str]) -> tuple[list[int], str]:
    """Return rows whose questions the encoder was not trained on, and how that is known."""
    known = [row for row, question in enumerate(asked) if question]
    if run is None:
        return known, "the model was not trained on any of these questions"
    from ..store import datasets

    splits, _ = datasets.load(run.record.dataset, home())
    learned = {
        text for name in splits["train"].column_names if name != "score" for text in splits["train"][name].to_pylist()
    }
    return [row for row in known if asked[row] not in learned], f"questions that {run.record.name} was not trained on"


def _tested(base: Base, folder: str, asked: list[str], held: list[int]) -> dict[str, Any]:
    """Return how often each search finds the passage of a question held back, and where to refuse."""
    foreign = _foreign(asked)
    away = _vectors(folder, foreign, asks=True)
    outside = np.array([base.ranked(q, v, "meaning")[1].max() for q, v in zip(foreign, away, strict=True)])
    if not held:
        return {"threshold": float(np.quantile(outside, 0.95)), "tested": 0, "best": "both"}
    vectors = _vectors(folder, [asked[row] for row in held], asks=True)
    places: dict[str, list[np.ndarray]] = {way: [] for way in WAYS}
    nearest = []
    for row, vector in zip(held, vectors, strict=True):
        for way in WAYS:
            order, cosines = base.ranked(asked[row], vector, way)
            right = [rank for rank, place in enumerate(order, 1) if base.rows[place] == row]
            places[way].append(np.array([min(right, default=len(base.texts))]))
        nearest.append(float(cosines.max()))
    cut = knowledge.threshold(np.array(nearest), outside)
    scores = {
        way: {**retrieval.ranking_scores(found), "recall_at_3": _within(found, 3)} for way, found in places.items()
    }
    best = max(WAYS, key=lambda way: (scores[way]["recall_at_3"], scores[way]["mrr"]))
    return {"tested": len(held), "scores": scores, "best": best, "threshold": cut.value, "refusal": asdict(cut)}


def _within(found: list[np.ndarray], k: int) -> float:
    return float(np.mean([own.min() <= k for own in found]))


def _foreign(asked: list[str]) -> list[str]:
    """Return sentences that have nothing to do with the knowledge base: commands to a home, of the built-in set."""
    table = launch.load("intents").splits["test"]
    own = set(asked)
    texts = [text for text in table["text"].to_pylist() if text not in own]
    return texts[:: max(1, len(texts) // FOREIGN)][:FOREIGN]


@lru_cache(maxsize=4)
def _opened(folder: Path, stamp: int) -> Base:
    import pyarrow.feather as feather
    from usearch.index import Index

    del stamp
    table = feather.read_table(folder / indexes.PASSAGES)
    texts, questions, rows = (table[name].to_pylist() for name in ("text", "question", "row"))
    vectors = Index.restore(str(folder / indexes.VECTORS))
    return Base(indexes.facts(folder), texts, questions, rows, vectors, knowledge.by_words(texts))


def opened(word: str) -> Base:
    """Open a knowledge base by its name, or the newest."""
    folder = indexes.find(word, home())
    return _opened(folder, (folder / indexes.FACTS).stat().st_mtime_ns)


def answer(options: AnswerOptions) -> list[Answered]:
    """Answer each question with its sources. Raises FmError when there is no such knowledge base or run."""
    base, run = opened(options.index), _writer(options)
    limit = base.facts["threshold"] if options.min_score is None else options.min_score
    search = base.facts["best"] if options.search == "auto" else options.search
    if not Path(base.facts["encoder"]).is_dir():
        raise ModelError(
            f"The model that made the vectors of {base.facts['name']} is gone.",
            "Make the knowledge base anew with %fm_index.",
        )
    found = []
    for question, vector in zip(
        options.question, _vectors(base.facts["encoder"], options.question, asks=True), strict=True
    ):
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
    asks = []
    for one in found:
        told = TOLD.format(texts="\n\n".join(source.text for source in one.sources))
        talk = [{"role": "system", "content": told}, {"role": "user", "content": one.question}]
        asks.append({"text": f"{told}\n\n{one.question}\n", "messages": talk})
    if launch.meta_of(run.record).get("form") != CHAT:
        asks = [{"text": ask["text"]} for ask in asks]
    how = {"max_new_tokens": options.max_new_tokens, "temperature": options.temperature, "seed": options.seed}
    answers = launch.ask(
        "predict", task=run.record.task, folder=str(run.model), inputs=asks, options={"run": run.id, **how}
    )
    for one, ask, said in zip(found, asks, answers["predictions"], strict=True):
        one.answer, one.worded = said["generated_text"].removeprefix(ask["text"]).strip() or one.answer, True

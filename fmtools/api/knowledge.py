"""index and answer: a knowledge base, and questions to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..core.options import AnswerOptions, IndexOptions
from ..runtime import knowledge as runtime
from ..runtime.wait import Follower
from ..store import indexes
from ..store.runs import home
from .results import Shown


@dataclass(repr=False)
class KnowledgeBase(Shown):
    """Texts that can be asked. `facts`: passages, the encoder, recall by each search on questions held back, `threshold`."""

    path: Path
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called in %fm_answer --index."""
        return str(self.facts["name"])

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """recall_at_1/3/5/10, mrr, ndcg_at_10 by "words" (BM25), "meaning" (vectors) and "both"; empty without questions."""
        return dict(self.facts.get("scores", {}))

    def ask(self, question: str, **options: Any) -> Answers:
        """Ask one question; options as of fmtools.answer."""
        return Answers(runtime.answer(AnswerOptions.parse({"question": [question], "index": self.name, **options})))

    def lessons(self, sources: int = 2, seed: int = 42) -> list[dict[str, Any]]:
        """Return conversations that teach a language model to answer from these texts, for fmtools.train; see the notebook
        customer_service. Questions that were held back are not among them."""
        return runtime.lessons(self.name, sources, seed)

    def judge(self, count: int = 20, **options: Any) -> dict[str, Any]:
        """Answer questions that were held back: {"questions", "answered", "right_source", "rouge1", "rougel", "answers"}.

        options: as of fmtools.answer, such as run="last". Figures are shares and ROUGE against the right text's sentences.
        """
        return runtime.judged(AnswerOptions.parse({"index": self.name, **options}), count)

    def chat(self, **options: Any) -> Chat:
        """Return a conversation with it, which a notebook shows as a panel; options as of fmtools.answer."""
        return Chat(AnswerOptions.parse({"index": self.name, **options}))

    def to_json(self) -> dict[str, Any]:
        return {"path": str(self.path), **self.facts}

    def text(self) -> str:
        from ..views.knowledge import base_text

        return base_text(self.facts)

    def html(self) -> str:
        from ..views.knowledge import base_html

        return base_html(self.facts)


@dataclass(repr=False)
class BaseTable(Shown):
    """The knowledge bases of a store, newest first."""

    bases: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        return {"indexes": self.bases}

    def text(self) -> str:
        from ..views.knowledge import list_text

        return list_text(self.bases)

    def html(self) -> str:
        from ..views.knowledge import list_html

        return list_html(self.bases)


@dataclass(repr=False)
class Answers(Shown):
    """One answer a question, in order: see runtime.knowledge.Answered. An empty `answer` says that nothing there answers it."""

    answers: list[runtime.Answered]

    def __getitem__(self, index: int) -> runtime.Answered:
        return self.answers[index]

    def __len__(self) -> int:
        return len(self.answers)

    def to_json(self) -> dict[str, Any]:
        return {"answers": [{**asdict(one), "refused": one.refused} for one in self.answers]}

    def text(self) -> str:
        from ..views.knowledge import answers_text

        return answers_text(self.to_json()["answers"])

    def html(self) -> str:
        from ..views.knowledge import answers_html

        return answers_html(self.to_json()["answers"])


@dataclass(repr=False)
class Chat(Shown):
    """A conversation with a knowledge base: a notebook shows it as a panel. `said` is what was asked and answered so far."""

    options: AnswerOptions
    said: list[runtime.Answered] = field(default_factory=list)

    #: A magic shows it at once.
    opens = True

    @property
    def name(self) -> str:
        """The knowledge base that is asked."""
        return str(runtime.opened(self.options.index).facts["name"])

    def ask(self, question: str) -> runtime.Answered:
        """Ask one question, and remember it with its answer."""
        self.said += runtime.answer(self.options.model_copy(update={"question": [question]}))
        return self.said[-1]

    def to_json(self) -> dict[str, Any]:
        return {"index": self.name, "answers": Answers(self.said).to_json()["answers"]}

    def text(self) -> str:
        from ..views.knowledge import chat_text

        return chat_text(self.name, self.to_json()["answers"])

    def html(self) -> str:
        from ..views.knowledge import chat_html

        return chat_html(self.name, self.to_json()["answers"])


def index(options: IndexOptions, follower: Follower | None) -> KnowledgeBase | BaseTable:
    """Make a knowledge base; without data list them; with --remove take one away."""
    del follower
    if options.remove:
        indexes.remove(options.remove, home())
    if options.data is None:
        return BaseTable([indexes.facts(indexes.find(name, home())) for name in indexes.names(home())])
    return KnowledgeBase(*runtime.make(options))


def answer(options: AnswerOptions, follower: Follower | None) -> Answers | Chat:
    """Answer questions from a knowledge base; without any return a chat with it."""
    del follower
    if not options.question:
        runtime.check(options)
        return Chat(options)
    return Answers(runtime.answer(options))

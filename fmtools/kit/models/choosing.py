"""Which model for a task, a language and a budget of memory: an order of the catalogue, with the reasons for each place."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.contracts import ModelCard

#: Bytes a weight takes while all weights are trained: float32 weight, gradient, AdamW's two moments, and the copies that
#: one step makes; for language models also what the logits over the vocabulary take. Measured on the catalogue's models.
BYTES_A_WEIGHT, BYTES_A_WEIGHT_LM = 30, 54
#: What Python, torch, transformers and the activations of 16 x 128 tokens take beside that.
OVERHEAD = 900_000_000
MEASURED = "measured: peak of a process that trains 16 x 128 tokens a step in float32, one thread"
DERIVED = "derived: 0.9 GB and 30 bytes a weight, 54 for language models, as measured on the catalogue's models"
#: Stands for every language: a model trained from nothing learns what its rows are written in.
ANY = "any"
GRADES = {3: "well suited", 2: "suited", 1: "possible"}


@dataclass(frozen=True)
class Wish:
    """What a model is looked for: a task's hub name, a language's code, bytes of memory; what is None does not matter."""

    task: str | None = None
    language: str | None = None
    budget: int | None = None


@dataclass
class Place:
    """A model's place: `rank` from 1, 0 when it is out; `pros` say why it stands there, `cons` why not further up.

    `added` is what its training's line needs to stay within the budget.
    """

    card: ModelCard
    rank: int = 0
    added: str = ""
    pros: list[str] = field(default_factory=list)
    cons: list[str] = field(default_factory=list)


def derived_memory(parameters: int, tasks: tuple[str, ...]) -> dict[str, int]:
    """Return the memory (bytes) to train all weights where nobody has measured it, in the form of a card's `memory`."""
    each = BYTES_A_WEIGHT_LM if "text-generation" in tasks else BYTES_A_WEIGHT
    return {"": each * parameters + OVERHEAD} if parameters else {}


def rank(cards: list[ModelCard], wish: Wish) -> list[Place]:
    """Return every card's place: those that fit in their order, then those that are out."""
    judged = [_judged(card, wish) for card in cards]
    inside = sorted((place for place, fits in judged if fits), key=lambda place: _key(place, wish))
    for number, place in enumerate(inside, 1):
        place.rank = number
    return inside + sorted((place for place, fits in judged if not fits), key=lambda place: place.card.name)


def _judged(card: ModelCard, wish: Wish) -> tuple[Place, bool]:
    """Return a place, with all its reasons, and whether every wish is met."""
    place, against = Place(card), list[str]()
    for check in (_task, _language, _memory):
        before = len(place.cons)
        if not check(place, wish):
            against += place.cons[before:]
    if against:
        return Place(card, cons=against), False
    _presence(place)
    return place, True


def _task(place: Place, wish: Wish) -> bool:
    card, task = place.card, wish.task
    if task is None:
        return True
    if task not in card.tasks:
        place.cons.append(f"not for {task}" if card.tasks else "nobody has said what it is for")
        return False
    grade, why = card.suitability.get(task, (1, ""))
    place.pros.append(f"{GRADES[grade]} for {task}" + (f": {why}" if why else ""))
    return True


def _language(place: Place, wish: Wish) -> bool:
    known, language = place.card.languages, wish.language
    if language is None:
        return True
    if ANY in known:
        place.pros.append(f"learns {language} from your rows alone")
        return True
    if not known:
        place.cons.append("nobody has said which languages it knows")
        return True
    if language not in known:
        named = ", ".join(known[:3]) + (" ..." if len(known) > 3 else "")
        place.cons.append(f"not trained on {language} (on {named})")
        return False
    place.pros.append(f"trained on {language}" + (f" and {len(known) - 1} other languages" if known[1:] else " only"))
    return True


def _memory(place: Place, wish: Wish) -> bool:
    """Choose the best training within the budget."""
    needs, budget = place.card.memory, wish.budget
    if budget is None:
        return True
    if not needs:
        place.cons.append("nobody has measured its memory")
        return True
    fitting = [line for line, size in needs.items() if size <= budget]
    if not fitting:
        least = min(needs, key=lambda line: needs[line])
        even = f" even with {least}" if least else ""
        place.cons.append(f"training needs {size_gb(needs[least])} of memory{even}")
        return False
    place.added = fitting[0]
    how = f"with {place.added} " if place.added else ""
    place.pros.append(f"{how}training takes {size_gb(needs[place.added])} of memory")
    if place.added:
        place.cons.append(f"as usual it would take {size_gb(needs[''])}")
    return True


def _presence(place: Place) -> None:
    card = place.card
    if card.scratch:
        place.pros.append("made here, nothing to fetch")
        place.cons.append("knows nothing before its training")
        return
    place.pros.append(f"{card.parameters / 1e6:.0f} M weights")
    if card.folder is not None:
        place.pros.append("here, works offline")
    else:
        place.cons.append(f"not here yet: {card.get}" if card.get else "not installed")


def _key(place: Place, wish: Wish) -> tuple[object, ...]:
    """Suited first; whole training before a part; made for the language alone; here before to be fetched; small first."""
    card = place.card
    grade = card.suitability.get(wish.task, (1, ""))[0] if wish.task else 0
    own = wish.language is None or (len(card.languages) == 1 and ANY not in card.languages)
    return (-grade, card.scratch, bool(place.added), not own, card.folder is None, card.parameters, card.name)


def size_gb(size: int) -> str:
    """Return a size of memory for people: 450 MB, 2.1 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"

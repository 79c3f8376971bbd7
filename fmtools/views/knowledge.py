"""A knowledge base, how well it finds, and its answers with their sources."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc, table
from .tables import plain

#: The searches, as people know them.
WAYS = {"words": "words (BM25)", "meaning": "meaning (vectors)", "both": "both"}
COLUMNS = ("recall_at_1", "recall_at_3", "recall_at_10", "mrr")
SHOWN = 400


def _title(facts: dict[str, Any]) -> str:
    said = say("{name}: {passages} passages of {rows} texts, vectors by {model}")
    return said.format(**{**facts, "passages": f"{facts['passages']:,}", "rows": f"{facts['rows']:,}"})


def _scores(facts: dict[str, Any]) -> list[list[str]]:
    return [
        [say(WAYS[way]), *(f"{found[name]:.3f}" for name in COLUMNS)] for way, found in facts.get("scores", {}).items()
    ]


def _header() -> list[str]:
    return [say("search"), *COLUMNS]


def _said(facts: dict[str, Any]) -> list[str]:
    """Return what is said below the table: on what it was tested, and when it refuses."""
    if not facts["tested"]:
        return [
            *facts["notices"],
            say("There are no questions to test it with; it refuses what is less alike than foreign sentences."),
        ]
    refusal = facts["refusal"]
    tested = say("Tested with {tested} questions held back ({held_back}).").format(**facts)
    refuses = say(
        "Below a likeness of {value} it refuses: {kept} of these questions are answered, {refused} of {foreign} foreign ones are not."
    )
    shares = {
        "value": f"{refusal['value']:.2f}",
        "kept": f"{refusal['kept']:.0%}",
        "refused": f"{refusal['refused']:.0%}",
        "foreign": refusal["foreign"],
    }
    return [*facts["notices"], tested, refuses.format(**shares)]


def base_text(facts: dict[str, Any]) -> str:
    """Return a knowledge base for terminals."""
    rows = _scores(facts)
    return "\n".join([_title(facts), *([plain(_header(), rows)] if rows else []), *_said(facts)])


def base_html(facts: dict[str, Any]) -> str:
    """Return a knowledge base for notebooks."""
    rows = [[esc(cell) for cell in row] for row in _scores(facts)]
    said = "".join(f'<div style="{MUTED}">{esc(line)}</div>' for line in _said(facts))
    return f"<div><b>{esc(_title(facts))}</b></div>" + (table([esc(w) for w in _header()], rows) if rows else "") + said


def _rows(bases: list[dict[str, Any]]) -> list[list[str]]:
    def recall(facts: dict[str, Any]) -> str:
        return f"{facts['scores']['both']['recall_at_3']:.3f}" if facts.get("scores") else "–"

    return [
        [facts["name"], str(facts["data"]), facts["model"], f"{facts['passages']:,}", recall(facts)] for facts in bases
    ]


def _columns() -> list[str]:
    return [say("name"), say("data"), say("model"), say("passages"), "recall_at_3"]


def list_text(bases: list[dict[str, Any]]) -> str:
    """Return all knowledge bases for terminals."""
    return plain(_columns(), _rows(bases), left=3) if bases else say("no knowledge base yet") + ": %fm_index faq"


def list_html(bases: list[dict[str, Any]]) -> str:
    """Return all knowledge bases for notebooks."""
    if not bases:
        return f"<div>{esc(list_text(bases))}</div>"
    return table([esc(word) for word in _columns()], [[esc(cell) for cell in row] for row in _rows(bases)], left=3)


def refusal() -> str:
    """Return what is said when nothing fits."""
    return say("Nothing here answers this.")


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN].rstrip() + " …"


def answers_text(answers: list[dict[str, Any]]) -> str:
    """Return answers with numbered sources for terminals."""
    parts = []
    for one in answers:
        lines = [one["question"], "  " + (one["answer"] or refusal())]
        lines += [f"  [{i}] {source['score']:.2f} {_heading(source)}" for i, source in enumerate(one["sources"], 1)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _heading(source: dict[str, Any]) -> str:
    return source["question"] or _cut(source["text"].split("\n")[0])[:100]


def answers_html(answers: list[dict[str, Any]]) -> str:
    """Return answers for notebooks, each with its sources folded below."""
    return "".join(_answer(one) for one in answers)


def _answer(one: dict[str, Any]) -> str:
    style = "border-left:3px solid {};padding:2px 10px;margin:4px 0;max-width:720px"
    body = esc(one["answer"]) if one["answer"] else f"<i>{esc(refusal())}</i>"
    sources = "".join(
        f'<li><b>{esc(_heading(source))}</b> <span style="{MUTED}">{source["score"]:.2f}</span><div>{esc(_cut(source["text"]))}</div></li>'
        for source in one["sources"]
    )
    colour = "#1a6ed8" if one["answer"] else "#999"
    return (
        f'<div><b>{esc(one["question"])}</b></div><div style="{style.format(colour)}">{body}</div>'
        f"<details><summary>{esc(say('sources'))}</summary><ol>{sources}</ol></details>"
    )


def chat_text(name: str, answers: list[dict[str, Any]]) -> str:
    """Return a conversation for terminals."""
    title = say("A chat with {name}").format(name=name)
    return f"{title}\n\n{answers_text(answers)}" if answers else f"{title}; " + say("it opens in a notebook.")


def chat_html(name: str, answers: list[dict[str, Any]], waiting: str = "") -> str:
    """Return a conversation for notebooks: what was asked on the right, answers with their sources on the left.

    waiting: a question that has no answer yet.
    """
    bubble = "border-radius:10px;padding:6px 12px;margin:4px 0;max-width:75%;width:fit-content;"
    mine, theirs = bubble + "background:#1a6ed8;color:#fff;margin-left:auto", bubble + "border:1px solid #8884"
    parts = []
    for one in answers:
        body = esc(one["answer"]) if one["answer"] else f"<i>{esc(refusal())}</i>"
        found = "".join(
            f'<li>{esc(_heading(source))} <span style="{MUTED}">{source["score"]:.2f}</span></li>'
            for source in one["sources"]
        )
        folded = f"<details><summary>{esc(say('sources'))}</summary><ol>{found}</ol></details>" if one["answer"] else ""
        parts.append(f'<div style="{mine}">{esc(one["question"])}</div><div style="{theirs}">{body}{folded}</div>')
    if waiting:
        parts.append(f'<div style="{mine}">{esc(waiting)}</div><div style="{theirs}">…</div>')
    title = say("A chat with {name}").format(name=name)
    return f'<div style="max-width:720px"><b>{esc(title)}</b>{"".join(parts)}</div>'

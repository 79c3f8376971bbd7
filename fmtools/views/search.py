"""A search as a cell's output: how it stands, a table of its trials, a picture; all read from the search's folder."""

from __future__ import annotations

from typing import Any

from ..core.search import SearchRecord, SearchState, TrialState
from ..store.searches import STATE, SearchFolder
from .card import duration
from .language import say
from .markup import MUTED, STATUS_COLOURS, bar, chip, esc, table

#: Trials that a table shows: the best ones and the newest.
ROWS = 30
_MARKS = {"done": "done", "pruned": "stopped", "failed": "failed", "running": "running", "stopped": "paused"}


class SearchView:
    """A search, followed. `update` says whether anything changed."""

    #: The share of the processor that drawing its pictures may take: they change with each trial that ends, not each step.
    share = 0.1

    def __init__(self, folder: SearchFolder) -> None:
        self.folder, self.record = folder, folder.record
        self.state = folder.state
        self._seen: tuple[int, bool] | None = None

    def update(self) -> bool:
        """Read the state anew where it has changed."""
        seen = ((self.folder.path / STATE).stat().st_mtime_ns, self.folder.alive())
        if seen == self._seen:
            return False
        self._seen, self.state = seen, self.folder.state
        return True


def mime_bundle(view: SearchView, png: bytes | None = None) -> dict[str, Any]:
    """Return a search's output by MIME type. `png`: a picture made earlier, to save drawing it anew."""
    from .search_pictures import search_png

    drawn = search_png(view.record, view.state) if png is None else png
    return {
        "text/html": html(view.record, view.state, drawn),
        "image/png": drawn,
        "text/plain": text(view.record, view.state),
    }


def best_of(state: SearchState) -> TrialState | None:
    """Return the best trial: with two goals the best of the front by the first one."""
    return next((trial for number in state.best for trial in state.trials if trial.number == number), None)


def progress(record: SearchRecord, state: SearchState) -> str:
    """Return how a search stands, in one line."""
    counts = [(say(word), state.counted(word)) for word in ("running", "done", "pruned", "failed")]
    parts = [f"{say('trials')} {len(state.trials)}/{state.wanted or record.trials}"]
    parts += [f"{word} {count}" for word, count in counts if count]
    parts += [f"{say('elapsed')} {duration(state.elapsed)}"]
    best = best_of(state)
    return "  ".join([*parts, f"{say('best')} {scores(record, best)} ({_name(best)})"] if best else parts)


def scores(record: SearchRecord, trial: TrialState) -> str:
    """Return a trial's goals: `accuracy 0.9312, seconds 12.5`."""
    return ", ".join(f"{g.name} {_number(v)}" for g, v in zip(record.goals, trial.values, strict=False))


def gained(record: SearchRecord, state: SearchState) -> str:
    """Say what the best trial has won over the options as they stand; empty when that was not tried, or is the best."""
    best, goal = best_of(state), record.goals[0]
    first = next((t for t in state.trials if t.number == 0 and t.state == "done"), None)
    if best is None or first is None or not _is_default(record, first) or not first.values:
        return ""
    if best.number == first.number:
        return say("The options as they stand are the best so far.") if len(state.trials) > 1 else ""
    return f"{say('the options as they stand')}: {goal.name} {_number(first.values[0])}"


def _is_default(record: SearchRecord, trial: TrialState) -> bool:
    return all(trial.options.get(d.name) == record.defaults.get(d.name) for d in record.space)


def _name(trial: TrialState) -> str:
    return f"{say('trial')} {trial.number}"


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if 0.001 <= abs(value) < 1000 else f"{value:.4g}"
    return str(value)


def _said(state: SearchState) -> list[str]:
    return [part for part in (state.message, state.cause, state.cure) if part]


def shown(state: SearchState) -> list[TrialState]:
    """Return the trials in the order of a table: the best, then the newest; at most ROWS."""
    best = [trial for number in state.best for trial in state.trials if trial.number == number]
    rest = [trial for trial in reversed(state.trials) if trial.number not in state.best]
    return [*best, *rest][:ROWS]


def text(record: SearchRecord, state: SearchState) -> str:
    """Return the search for a terminal."""
    lines = [f"{record.name}  [{say(state.status)}]  {progress(record, state)}", *filter(None, [gained(record, state)])]
    head = ["#", "", *(goal.name for goal in record.goals), *(d.name for d in record.space), ""]
    rows = [head, *(_cells(record, state, trial) for trial in shown(state))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *_said(state), *record.notices])


def _cells(record: SearchRecord, state: SearchState, trial: TrialState) -> list[str]:
    values = [_number(value) for value in trial.values] or _last(record, trial)
    chosen = [
        "" if (v := trial.options.get(d.name)) is None else f"{v:g}" if isinstance(v, float) else str(v)
        for d in record.space
    ]
    mark = "* " if trial.number in state.best else ""
    return [f"{mark}{trial.number}", say(trial.state), *values, *chosen, trial.cause or trial.run]


def _last(record: SearchRecord, trial: TrialState) -> list[str]:
    """Return what a trial that has no value yet reported last, in brackets."""
    seen = [f"({_number(trial.reports[-1][1])})"] if trial.reports else [""]
    return [*seen, *[""] * (len(record.goals) - 1)]


def html(record: SearchRecord, state: SearchState, png: bytes = b"") -> str:
    """Return the card: how far it is, the best trial, the picture, the trials."""
    from base64 import b64encode

    wanted = state.wanted or record.trials
    over = state.counted("done", "pruned", "failed")
    colour = STATUS_COLOURS.get(state.status, "#7a7a7a")
    goal = ", ".join(f"{g.name} {'↓' if g.lower else '↑'}" for g in record.goals)
    facts = f"{record.template.get('task', '')} · {record.template.get('model', '')} · {record.template.get('data', '')} · {goal}"
    said = [f'<div style="color:{colour}">{esc(part)}</div>' for part in _said(state)]
    notes = [f'<div style="{MUTED}">{esc(part)}</div>' for part in (gained(record, state), *record.notices) if part]
    picture = (
        f'<img alt="{esc(record.name)}" style="max-width:100%" src="data:image/png;base64,{b64encode(png).decode()}"/>'
        if png
        else ""
    )
    head = [
        "#",
        esc(say("status")),
        *(esc(g.name) for g in record.goals),
        *(esc(d.name) for d in record.space),
        esc(say("run")),
    ]
    rows = [_row(record, state, trial) for trial in shown(state)]
    parts = [
        f'<div style="font-size:1.05em"><b>{esc(record.name)}</b> {chip(state.status, say(state.status))} <span style="{MUTED}">{esc(facts)}</span></div>',
        bar(over / wanted if wanted else 0.0, colour),
        f'<div style="font-variant-numeric:tabular-nums">{esc(progress(record, state))}</div>',
        *said,
        *notes,
        picture,
        table(head, rows, left=2) if rows else "",
    ]
    return f'<div style="font-family:system-ui,sans-serif;max-width:1000px">{"".join(parts)}</div>'


def _row(record: SearchRecord, state: SearchState, trial: TrialState) -> list[str]:
    number, status, *rest, last = _cells(record, state, trial)
    cells = [esc(cell) for cell in rest]
    if trial.number in state.best:
        cells = [f"<b>{cell}</b>" for cell in cells]
    where = esc(trial.name or last) + (f' <span style="{MUTED}">{esc(trial.cause)}</span>' if trial.cause else "")
    return [esc(number), chip(_MARKS.get(trial.state, "queued"), status), *cells, where]

"""Cards of model servers: health, rate, latency, and a line to try."""

from __future__ import annotations

import json
from typing import Any

from .language import say
from .markup import MUTED, TROUBLE_COLOUR, chip, esc, table

#: The colour of a status, as that of a run.
_COLOURS = {
    "running": "running",
    "starting": "queued",
    "stopping": "queued",
    "failed": "failed",
    "interrupted": "interrupted",
}
_SAMPLES = {"text": "a text", "pair": "another text", "question": "a question?", "context": "a text with its answer"}


def curl(facts: dict[str, Any]) -> str:
    """Return a line for a shell that asks the server; the token is read from its file and never shown."""
    body = json.dumps({name: _SAMPLES.get(name, "...") for name in facts["fields"] or ["text"]})
    return (
        f"curl -s {facts['url']}/predict -H \"Authorization: Bearer $(cat '{facts['token_file']}')\" "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


def counted(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (name, value) of what a server has counted, in words."""
    if not metrics:
        return []
    latency = metrics["latency_ms"]
    times = " / ".join("–" if latency[name] is None else f"{latency[name]:.3g}" for name in ("p50", "p95", "p99"))
    refused = ", ".join(f"{reason} {count}" for reason, count in metrics["refused"].items()) or "0"
    return [
        (say("requests"), f"{metrics['requests']:,}"),
        (say("requests/s"), f"{metrics['per_second']:.3g}"),
        (say("latency p50 / p95 / p99"), f"{times} ms"),
        (say("waiting"), f"{metrics['queue']:,}"),
        (say("refused"), refused),
        (say("failed"), f"{metrics['failed']:,}"),
    ]


def _about(facts: dict[str, Any]) -> str:
    on = say("on Ray") if facts.get("on") else ""
    return ", ".join(part for part in (facts["task"], facts["method"], facts["artifact"], on) if part)


def text(facts: dict[str, Any]) -> str:
    """Return a server's card as text."""
    lines = [f"{facts['name']} ({say(facts['status'])}): {_about(facts)}"]
    lines += [facts["message"]] if facts["message"] else []
    lines += facts["notices"]
    if facts["status"] == "running":
        lines += [f"  {facts['url']}  pid {facts['pid']}"]
        lines += ["  " + "   ".join(f"{name} {value}" for name, value in counted(facts["metrics"]))]
        lines += [f"  {curl(facts)}"]
    return "\n".join(lines)


def html(facts: dict[str, Any]) -> str:
    """Return a server's card as HTML."""
    status = facts["status"]
    head = f"<div>{chip(_COLOURS.get(status, 'stopped'), say(status))} <b>{esc(facts['name'])}</b> <span style='{MUTED}'>{esc(_about(facts))}</span></div>"
    said = "".join(
        f'<div style="color:{TROUBLE_COLOUR}">{esc(line)}</div>'
        for line in [facts["message"], *facts["notices"]]
        if line
    )
    if status != "running":
        return head + said
    where = f"<div><code>{esc(facts['url'])}</code> <span style='{MUTED}'>pid {facts['pid']}</span></div>"
    rows = counted(facts["metrics"])
    numbers = table([name for name, _ in rows], [[esc(value) for _, value in rows]], left=0) if rows else ""
    return f"{head}{said}{where}{numbers}<pre style='white-space:pre-wrap;margin:4px 0'>{esc(curl(facts))}</pre>"


def _columns() -> list[str]:
    return [say(name) for name in ("name", "status", "task", "model", "requests", "requests/s", "latency")]


def _cells(facts: dict[str, Any]) -> list[str]:
    metrics = facts["metrics"]
    middle = metrics["latency_ms"]["p50"] if metrics else None
    return [
        facts["name"],
        say(facts["status"]),
        facts["task"],
        facts["artifact"],
        f"{metrics['requests']:,}" if metrics else "",
        f"{metrics['per_second']:.3g}" if metrics else "",
        "" if middle is None else f"{middle:.3g} ms",
    ]


def list_text(rows: list[dict[str, Any]]) -> str:
    """Return the list of servers as text."""
    if not rows:
        return say("no servers yet")
    cells = [_columns(), *(_cells(row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def list_html(rows: list[dict[str, Any]]) -> str:
    """Return the list of servers as HTML."""
    if not rows:
        return f"<div>{esc(say('no servers yet'))}</div>"
    return table(_columns(), [[esc(cell) for cell in _cells(row)] for row in rows], left=4)

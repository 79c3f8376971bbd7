"""Results as tables: HTML for notebooks, plain text for terminals."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..core.wire import RunSummary
from .language import say
from .markup import MUTED, bar, chip, esc, line_chart, table


def plain(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a text table; the first `left` columns stand left, the others right."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def cell(i: int, value: str) -> str:
        return value.ljust(widths[i]) if i < left else value.rjust(widths[i])

    return "\n".join("  ".join(cell(i, value) for i, value in enumerate(line)).rstrip() for line in lines)


def _report_rows(report: dict[str, dict[str, float]]) -> list[list[str]]:
    columns = ("precision", "recall", "f1")
    return [[name, *(f"{row[c]:.3f}" for c in columns), f"{int(row['support']):,}"] for name, row in report.items()]


def _report_header() -> list[str]:
    return [say("class"), say("precision"), say("recall"), say("F1"), say("support")]


def report_text(metrics: dict[str, float], report: dict[str, dict[str, float]], title: str) -> str:
    """Return the report as scikit-learn prints it."""
    scores = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    rows = f"\n{plain(_report_header(), _report_rows(report))}" if report else ""
    return f"{title}{rows}\n{scores}"


def report_html(
    metrics: dict[str, float],
    report: dict[str, dict[str, float]],
    confusion: dict[str, Any],
    title: str,
    notices: list[str],
) -> str:
    """Return metrics, the classes from worst to best, and what is confused with what."""
    scores = " &nbsp; ".join(f"{esc(name)} <b>{value:.4f}</b>" for name, value in metrics.items())
    averages = {name: row for name, row in report.items() if name.endswith(" avg")}
    classes = sorted(((n, r) for n, r in report.items() if n not in averages), key=lambda item: item[1]["f1"])
    rows = [[esc(cell) for cell in row] for row in _report_rows({**averages, **dict(classes)})]
    said = "".join(f'<div style="{MUTED}">{esc(text)}</div>' for text in notices)
    scroll = "max-height:340px;overflow:auto"
    return (
        f'<div><b>{esc(title)}</b></div>{said}<div>{scores}</div><div style="display:flex;flex-wrap:wrap;gap:28px;align-items:flex-start">'
        + (f'<div style="{scroll}">{table(_report_header(), rows)}</div>' if rows else "")
        + f"{_confused(confusion)}</div>"
    )


def confused_pairs(confusion: dict[str, Any], limit: int = 10) -> list[tuple[str, str, int]]:
    """Return (truth, predicted, times) of the most frequent confusions."""
    labels, matrix = confusion.get("labels", []), confusion.get("matrix", [])
    pairs = [(labels[i], labels[j], n) for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j and n]
    return sorted(pairs, key=lambda pair: -pair[2])[:limit]


def _confused(confusion: dict[str, Any]) -> str:
    pairs = [[esc(a), esc(b), f"{n:,}"] for a, b, n in confused_pairs(confusion)]
    if not pairs:
        return ""
    return f"<div><b>{esc(say('most confused'))}</b>{table([say('truth'), say('predicted'), say('times')], pairs, left=2)}</div>"


def predictions_html(rows: list[dict[str, Any]]) -> str:
    """Return one line a text: the label, a bar for its probability, the runners-up."""
    lines = []
    for row in rows:
        others = ", ".join(f"{esc(other['label'])} {other['score']:.2f}" for other in row["top"][1:])
        score = f'<div style="width:90px">{bar(row["score"], "#1a6ed8")}</div>'
        lines.append(
            [
                esc(row["text"]),
                f"<b>{esc(row['label'])}</b>",
                score,
                f"{row['score']:.3f}",
                f'<span style="{MUTED}">{others}</span>',
            ]
        )
    return table([say("text"), say("label"), "", say("score"), say("others")], lines, left=5)


def ago(created: float) -> str:
    """Return how long ago something was: 5 s, 3 min, 2 h, 4 d."""
    seconds = max(0.0, time.time() - created)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _main_score(row: RunSummary) -> str:
    return next((f"{name} {value:.3f}" for name, value in row.head.metrics.items()), "")


def _run_rows(rows: list[RunSummary]) -> list[list[str]]:
    return [
        [
            r.head.id[:10],
            r.head.name,
            r.head.status,
            f"{r.head.step}/{r.head.total_steps}",
            _main_score(r),
            ago(r.head.created),
        ]
        for r in rows
    ]


def runs_text(rows: list[RunSummary], home: str) -> str:
    """Return the list of runs, newest first."""
    if not rows:
        return f"{say('no runs yet')} ({home})"
    return plain(["id", say("name"), say("status"), say("step"), say("metric"), ""], _run_rows(rows), left=3)


def runs_html(rows: list[RunSummary], home: str) -> str:
    """Return the list of runs with their loss as a spark line."""
    if not rows:
        return f"<i>{esc(say('no runs yet'))}</i> <span style='{MUTED}'>{esc(home)}</span>"
    lines = []
    for row, cells in zip(rows, _run_rows(rows), strict=True):
        spark = line_chart([("", list(range(len(row.spark))), row.spark)], 110, 34) if row.spark else ""
        lines.append(
            [
                f"<code>{cells[0]}</code>",
                esc(cells[1]),
                chip(row.head.status, say(row.head.status)),
                spark,
                *map(esc, cells[3:]),
            ]
        )
    return table(["id", say("name"), say("status"), say("loss"), say("step"), say("metric"), ""], lines, left=4)


def checkup_text(lines: list[tuple[bool, str, str, str]]) -> str:
    """Return one line a check, with the cure where it failed."""
    return "\n".join(
        f"{'ok  ' if ok else 'FAIL'}  {name}: {seen}{'' if ok else '  -> ' + cure}" for ok, name, seen, cure in lines
    )


def checkup_html(lines: list[tuple[bool, str, str, str]]) -> str:
    """Return one row a check, with the cure where it failed."""
    rows = [
        [
            f'<span style="color:{"#2e7d32" if ok else "#c62828"}">{"✓" if ok else "✗"}</span>',
            esc(name),
            esc(seen),
            "" if ok else f"<code>{esc(cure)}</code>",
        ]
        for ok, name, seen, cure in lines
    ]
    return table(["", say("check"), say("seen"), say("what to do")], rows, left=4)

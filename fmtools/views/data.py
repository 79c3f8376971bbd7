"""Data as cards: what is in them, and what each step of a recipe did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .language import say
from .markup import MUTED, SERIES_COLOURS, bar, esc, table
from .tables import plain

WARNING = "#b26a00"
#: Labels drawn, and a card's width in pixels.
LABELS, WIDTH = 40, 1040


def total(rows: dict[str, int]) -> str:
    """Return "6,764 (train 4,403, validation 826, test 1,535)"."""
    parts = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    return f"{sum(rows.values()):,}" + (f" ({parts})" if set(rows) != {"all"} else "")


def seen(text: object) -> str:
    """Return text with what shows nothing spelled out: control characters, and blanks at the ends."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(text))


def warnings(facts: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return (what is wrong, examples) for everything that a person should look at before training."""
    found: list[tuple[str, list[str]]] = []
    for leak in facts.get("leaks", []):
        shown = [f"{a}  ≈  {b}" if a != b else str(a) for a, b in leak["examples"]]
        found.append(
            (f"{leak['equal']:,} {leak['split']} texts stand in {leak['with']} too, {leak['near']:,} nearly", shown)
        )
    doubles = facts.get("duplicates", {})
    if doubles.get("within"):
        found.append((f"{doubles['within']:,} texts repeat an earlier one of their split", []))
    if doubles.get("near"):
        found.append((f"{doubles['near']:,} texts are nearly like an earlier one of their split", []))
    for odd in facts.get("odd", []):
        shown = [f"{e['split']} {e['row']}: {e['text']}" for e in odd["examples"]]
        found.append((f"{sum(odd['rows'].values()):,} rows: {odd['what']}", shown))
    missing = [
        f"{c['name']}: {c['missing']:,}"
        for c in facts["columns"]
        if c.get("missing") and c["name"] not in ("augmented_from", "augmented_with")
    ]
    return found + ([(f"missing values ({', '.join(missing)})", [])] if missing else [])


def _facts(facts: dict[str, Any]) -> list[str]:
    lengths = ", ".join(f"{name} {value:,}" for name, value in facts.get("text_length", {}).items())
    kept = sum(facts["rows"].values())
    lines = [f"{say('rows')}: {total(facts['rows'])}"]
    if facts["dropped"]:
        lines.append(f"{facts['read']:,} read = {kept:,} kept + {sum(facts['dropped'].values()):,} dropped")
    lines += [f"  {count:,} {reason}" for reason, count in facts["dropped"].items()]
    lines += [f"  {_place(drop)}: {drop['reason']}" for drop in facts.get("drops", [])[:5]]
    lines += [f"{say('length')}: {lengths}"] if lengths else []
    lines += [
        f"{say(title)}: {_counted(facts[key])}"
        for key, title in (("entities", "entities"), ("tags", "tags"), ("roles", "roles"))
        if facts.get(key)
    ]
    spoken = {entry["language"]: entry["rows"] for entry in facts.get("languages", [])}
    lines += [f"{say('languages')}: {_shares(spoken)}"] if spoken else []
    lines += [
        f"{what}: {part:,} of {whole:,} rows were looked at" for what, (part, whole) in facts.get("sampled", {}).items()
    ]
    return [*lines, *facts["notices"]]


def _place(drop: dict[str, Any]) -> str:
    return ":".join(str(part) for part in (drop.get("file"), drop.get("line")) if part) or "?"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:12])


def _shares(counts: dict[str, int]) -> str:
    whole = max(1, sum(counts.values()))
    return ", ".join(f"{name} {count / whole:.0%}" for name, count in list(counts.items())[:6])


def data_text(facts: dict[str, Any], said: Sequence[str] = (), steps: Sequence[dict[str, Any]] = ()) -> str:
    """Return what is in a data set: counts, lengths, columns, labels, what to look at; before that, what steps did."""
    head = [*said, *(line for step in steps for line in _step_lines(step)), facts["name"]]
    head += [f"  {seen(line)}" for line in _facts(facts)]
    head += [f"  {say('classes')}: {len(facts['labels'])}"] if facts["labels"] else []
    head += [f"  ! {what}" for what, _ in warnings(facts)]
    columns = plain([say("name"), ""], [[c["name"], c["type"]] for c in facts["columns"]], left=2)
    return "\n".join([*head, columns])


def _step_lines(step: dict[str, Any]) -> list[str]:
    lines = [f"{step['step']}: {sum(step['before'].values()):,} -> {total(step['after'])}{_numbers(step)}"]
    lines += [f"  - {count:,} {why}" for why, count in step["removed"].items()]
    return lines + [f"  {note}" for note in step["notes"]]


def _numbers(step: dict[str, Any]) -> str:
    parts = [f"{step[what]:,} {say(what)}" for what in ("changed", "added", "moved") if step[what]]
    return f" ({', '.join(parts)})" if parts else ""


def data_html(
    facts: dict[str, Any], said: Sequence[str] = (), steps: Sequence[dict[str, Any]] = (), label: str = ""
) -> str:
    """Return the data card: what was read, pictures of lengths, labels and languages, what to look at, example rows."""
    origin = " · ".join(esc(part) for part in (facts["origin"], facts["licence"]) if part)
    lines = "".join(f"<div>{esc(seen(line))}</div>" for line in [*said, *_facts(facts)])
    pictures = "".join(
        f"<div>{part}</div>" for part in (_rows(facts), histogram(facts), _balance(facts), _languages(facts)) if part
    )
    return (
        f'<div style="font-family:system-ui,sans-serif;max-width:{WIDTH}px">'
        f'<div style="font-size:1.05em"><b>{esc(label or facts["name"])}</b> <span style="{MUTED}">{origin}</span></div>'
        f"{steps_html(steps)}{lines}{_warnings(facts)}"
        f'<div style="display:flex;flex-wrap:wrap;gap:28px;align-items:flex-start;margin:6px 0">{pictures}</div>{_examples(facts)}</div>'
    )


def _title(text: str) -> str:
    return f'<div style="{MUTED};font-size:11px">{esc(text)}</div>'


def _rows(facts: dict[str, Any]) -> str:
    most = max([1, *facts["rows"].values()])
    rows = [
        [
            f'<span style="color:{SERIES_COLOURS[n % 6]}">■</span> {esc(name)}',
            f'<div style="width:90px">{bar(count / most, SERIES_COLOURS[n % 6])}</div>',
            f"{count:,}",
        ]
        for n, (name, count) in enumerate(facts["rows"].items())
    ]
    return table([esc(say("split")), "", esc(say("rows"))], rows, left=2)


def histogram(facts: dict[str, Any], width: int = 320, height: int = 110) -> str:
    """Return the lengths of texts as inline SVG, the splits one upon the other."""
    lengths = facts.get("lengths") or {}
    if not lengths:
        return ""
    counts, edges = lengths["counts"], lengths["edges"]
    bars = len(edges) - 1
    tops = [sum(values[n] for values in counts.values()) for n in range(bars)]
    step, most, drawn = (width - 8) / bars, max([1, *tops]), []
    for n in range(bars):
        base = height - 16.0
        for place, values in enumerate(counts.values()):
            tall = values[n] / most * (height - 30)
            base -= tall
            drawn.append(
                f'<rect x="{4 + n * step:.1f}" y="{base:.1f}" width="{max(1.0, step - 1):.1f}" height="{tall:.1f}" fill="{SERIES_COLOURS[place % 6]}"/>'
            )
    ends = f'<text x="4" y="{height - 3}" font-size="10" fill="currentColor">{edges[0]}</text><text x="{width - 4}" y="{height - 3}" font-size="10" text-anchor="end" fill="currentColor">{edges[-2]:,}+</text>'
    return f'{_title(say("length") + ", " + say("characters"))}<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">{"".join(drawn)}{ends}</svg>'


def _balance(facts: dict[str, Any]) -> str:
    labels = [(entry["label"], sum(entry["rows"].values())) for entry in facts["labels"]]
    if not labels:
        return _counts(facts["tags"], say("tags")) if facts.get("tags") else ""
    return _counts(dict(labels), facts["label_column"] or say("label"))


def _counts(counts: dict[str, int], title: str) -> str:
    most = max([1, *counts.values()])
    rows = [
        [esc(seen(name)), f'<div style="width:120px">{bar(count / most, SERIES_COLOURS[0])}</div>', f"{count:,}"]
        for name, count in list(counts.items())[:LABELS]
    ]
    more = f'<div style="{MUTED}">… {len(counts) - LABELS:,}</div>' if len(counts) > LABELS else ""
    return f'<div style="max-height:260px;overflow:auto">{table([esc(title), "", esc(say("rows"))], rows, left=2)}{more}</div>'


def _languages(facts: dict[str, Any]) -> str:
    found = {entry["language"]: entry["rows"] for entry in facts.get("languages", [])[:8]}
    return _counts(found, say("language")) if found else ""


def _warnings(facts: dict[str, Any]) -> str:
    parts = []
    for what, examples in warnings(facts):
        inside = "".join(
            f'<div style="white-space:pre-wrap;margin-left:18px;{MUTED}">{esc(seen(e))}</div>' for e in examples
        )
        head = f'<span style="color:{WARNING}">▲ {esc(what)}</span>'
        parts.append(
            f"<details><summary>{head}</summary>{inside}</details>"
            if inside
            else f'<div style="margin-left:14px">{head}</div>'
        )
    return f'<div style="margin:4px 0">{"".join(parts)}</div>' if parts else ""


def _examples(facts: dict[str, Any]) -> str:
    names = [column["name"] for column in facts["columns"]]
    rows = [
        [esc(seen(row.get(name) if row.get(name) is not None else "–")) for name in names] for row in facts["examples"]
    ]
    return (
        f'<div style="overflow:auto">{table([esc(name) for name in names], rows, left=len(names))}</div>'
        if rows
        else ""
    )


def steps_html(steps: Sequence[dict[str, Any]]) -> str:
    """Return what each step of a recipe did, with rows before and after."""
    return "".join(_step(step) for step in steps)


def _step(step: dict[str, Any]) -> str:
    reasons = "".join(
        f'<div style="margin-left:14px">− {count:,} {esc(why)}</div>' for why, count in step["removed"].items()
    )
    notes = "".join(f'<div style="margin-left:14px;{MUTED}">{esc(note)}</div>' for note in step["notes"])
    head = f"<code>{esc(step['step'])}</code> {sum(step['before'].values()):,} → {esc(total(step['after']))}{esc(_numbers(step))}"
    rows = [
        [
            esc(say(e["kind"])),
            text_cell(e.get("before")),
            text_cell(e.get("after")),
            f'<span style="{MUTED}">{esc(e.get("why", ""))}</span>',
        ]
        for e in step["examples"]
    ]
    shown = table(["", esc(say("before")), esc(say("after")), ""], rows, left=4) if rows else ""
    return f'<details style="margin:2px 0" open><summary>{head}</summary>{reasons}{notes}{shown}</details>'


def text_cell(text: str | None) -> str:
    """Return a text as HTML with its line breaks kept; nothing for what is missing."""
    return "" if text is None else f'<span style="white-space:pre-wrap">{esc(seen(text))}</span>'

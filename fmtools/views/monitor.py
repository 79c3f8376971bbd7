"""A look at a model server: what it answered, how fast, and what has drifted."""

from __future__ import annotations

import base64
import time
from typing import Any

from . import monitor_sample
from .language import say
from .markup import MUTED, TROUBLE_COLOUR, esc, table
from .serve_meters import percentile
from .tables import plain

#: Refusals that are the client's own, or the queue's: no fault of the model.
_CODES = {"429": "queue full", "503": "not ready", "504": "too late"}
#: What the kinds of counts are called.
NAMES = {
    "label": "predictions",
    "score": "scores",
    "length": "lengths of texts",
    "script": "scripts of texts",
    "words": "words of texts",
    "meaning": "meanings of texts",
    "written": "lengths of what is written",
}


def cumulated(buckets: dict[str, int]) -> dict[float, float]:
    """Return counts by upper bound (s) as percentile() wants them: each with all below it."""
    total, found = 0.0, {}
    for bound in sorted(buckets, key=float):
        total += buckets[bound]
        found[float(bound)] = total
    return found


def numbers(facts: dict[str, Any]) -> dict[str, Any]:
    """Return requests, rows, failed and its share, refused {status: n}, latency_ms {p50, p95, p99}."""
    requests = facts["requests"]
    total, failed = sum(requests.values()), _failed(requests)
    times = cumulated(facts["buckets"])
    return {
        "requests": total,
        "rows": facts["rows"],
        "failed": failed,
        "failed_share": failed / total if total else 0.0,
        "refused": {code: count for code, count in sorted(requests.items()) if code in _CODES},
        "latency_ms": {f"p{share}": percentile(times, share / 100) for share in (50, 95, 99)},
    }


def _failed(requests: dict[str, int]) -> int:
    """Count what the server could not answer: its faults, and what came too late."""
    return sum(count for code, count in requests.items() if code in ("500", "504"))


def alarms(facts: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing that needs a person."""
    found = [_drifted(one, facts["limit"]) for one in facts["drift"] if one["drifted"]]
    seen = numbers(facts)
    if seen["requests"] >= facts["least"] and seen["failed_share"] > facts["error_limit"]:
        sentence = say("{failed} of {requests} requests failed ({share} %).")
        share = f"{100 * seen['failed_share']:.2g}"
        found.append(sentence.format(failed=seen["failed"], requests=seen["requests"], share=share))
    return found


def _drifted(one: dict[str, Any], limit: float) -> str:
    head = say("The {what} have drifted: PSI {psi} above {limit}").format(
        what=say(NAMES[one["kind"]]), psi=f"{one['psi']:.2f}", limit=f"{limit:g}"
    )
    return f"{head}; {_moved(one)}." if _moved(one) else f"{head}."


def _moved(one: dict[str, Any]) -> str:
    """Say what moved most; the bins of words and of vectors mean nothing to people."""
    if one["kind"] in ("words", "meaning"):
        return ""
    if len(one["moved"]) == 2:
        return say("median from {before} to {now}").format(before=one["moved"][0], now=one["moved"][1])
    name, before, now = one["moved"]
    sentence = say("{name} from {before} % to {now} %")
    return sentence.format(name=name, before=f"{100 * before:.0f}", now=f"{100 * now:.0f}")


def notices(facts: dict[str, Any]) -> list[str]:
    """Say what could not be judged, and why."""
    kind, texts, least = facts["reference"]["kind"], facts["texts"], facts["least"]
    found = []
    if not kind:
        found.append(say("The model's card has no counts to compare with: its first 500 texts will stand for them."))
    elif min(texts, facts["reference"]["rows"]) < least:
        sentence = say("Drift is not judged: {texts} texts beside {rows} of the reference; {least} of each are needed.")
        found.append(sentence.format(texts=texts, rows=facts["reference"]["rows"], least=least))
    elif kind == "first":
        found.append(say("Compared with the first texts that the server was asked."))
    if facts["damaged"]:
        found.append(say("{count} damaged lines of the record were left out.").format(count=facts["damaged"]))
    return found


def rows(facts: dict[str, Any]) -> list[list[str]]:
    """Return a line a kind: name, PSI, p, test, texts, what moved, whether it is an alarm."""
    return [
        [
            say(NAMES[one["kind"]]),
            f"{one['psi']:.3f}",
            "<0.001" if one["p"] < 0.001 else f"{one['p']:.3f}",
            one["test"],
            f"{one['seen']:,} / {one['reference']:,}",
            _moved(one),
            say("drifted") if one["drifted"] else "",
        ]
        for one in facts["drift"]
    ]


def header() -> list[str]:
    """Return the names of the columns of `rows`."""
    return [say(word) for word in ("compared", "PSI", "p", "test", "now / reference", "moved most", "")]


def counted(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (name, value) of what was counted, in words."""
    seen = numbers(facts)
    latency = seen["latency_ms"]
    times = " / ".join("–" if latency[name] is None else f"{latency[name]:.3g}" for name in ("p50", "p95", "p99"))
    refused = ", ".join(f"{say(_CODES[code])} {count}" for code, count in seen["refused"].items()) or "0"
    return [
        (say("requests"), f"{seen['requests']:,}"),
        (say("texts"), f"{seen['rows']:,}"),
        (say("latency p50 / p95 / p99"), f"{times} ms"),
        (say("refused"), refused),
        (say("failed"), f"{seen['failed']:,}"),
    ]


def _title(name: str, status: str, facts: dict[str, Any]) -> str:
    since = facts["since"] or (facts["points"][0]["t"] if facts["points"] else 0)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(since)) if since else ""
    return f"{name} ({say(status)})" + (f", {say('since')} {when}" if when else "")


def text(name: str, status: str, facts: dict[str, Any]) -> str:
    """Return a look at a server as text."""
    lines = [_title(name, status, facts), *(f"! {line}" for line in alarms(facts)), *notices(facts)]
    lines.append("   ".join(f"{word} {value}" for word, value in counted(facts)))
    lines += [plain(header(), rows(facts))] if facts["drift"] else []
    return "\n".join([*lines, *monitor_sample.text(facts["sample"])])


def html(name: str, status: str, facts: dict[str, Any], png: bytes) -> str:
    """Return a look at a server as HTML."""
    said = "".join(f'<div style="color:{TROUBLE_COLOUR}"><b>{esc(line)}</b></div>' for line in alarms(facts))
    quiet = "".join(f'<div style="{MUTED}">{esc(line)}</div>' for line in notices(facts))
    seen = counted(facts)
    totals = table([esc(word) for word, _ in seen], [[esc(value) for _, value in seen]], left=0)
    cells = [[esc(cell) for cell in row] for row in rows(facts)]
    compared = table([esc(word) for word in header()], cells) if cells else ""
    picture = f'<img alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">' if facts["points"] else ""
    kept = monitor_sample.html(facts["sample"])
    return f"<div><b>{esc(_title(name, status, facts))}</b></div>{said}{quiet}{totals}{picture}{compared}{kept}"

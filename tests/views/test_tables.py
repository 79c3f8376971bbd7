"""Results as tables: the numbers that were given, escaped, in an order that helps."""

from __future__ import annotations

from fmtools.core.wire import Head, RunSummary
from fmtools.views import tables

REPORT = {
    "good": {"precision": 1.0, "recall": 0.5, "f1": 0.667, "support": 4},
    "<b>bad": {"precision": 0.25, "recall": 0.5, "f1": 0.333, "support": 2},
    "macro avg": {"precision": 0.625, "recall": 0.5, "f1": 0.5, "support": 6},
}
CONFUSION = {"labels": ["good", "<b>bad"], "matrix": [[2, 2], [1, 1]]}


def test_report_text_lines_up() -> None:
    lines = tables.report_text({"accuracy": 0.5}, REPORT, "run").splitlines()
    assert len({len(line) for line in lines[1:5]}) == 1
    assert lines[-1] == "accuracy 0.5000"


def test_report_html_puts_the_worst_class_first_and_escapes() -> None:
    html = tables.report_html({"accuracy": 0.5}, REPORT, CONFUSION, "run", ["said"])
    assert "<b>bad" not in html
    assert html.index("macro avg") < html.index("&lt;b&gt;bad") < html.index(">good<")


def test_confused_pairs_are_sorted_and_leave_the_diagonal_out() -> None:
    assert tables.confused_pairs(CONFUSION) == [("good", "<b>bad", 2), ("<b>bad", "good", 1)]


def test_runs_are_listed() -> None:
    head = Head(
        id="01ABCDEFGHJKMNPQRSTVWXYZ00",
        name="mine",
        task="t",
        model="m",
        data="d",
        status="done",
        metrics={"accuracy": 0.9},
    )
    text = tables.runs_text([RunSummary(head=head, spark=[3.0, 1.0])], "home")
    assert "01ABCDEFGH  mine  done" in text
    assert "accuracy 0.900" in text
    assert "<polyline" in tables.runs_html([RunSummary(head=head, spark=[3.0, 1.0])], "home")
    assert "home" in tables.runs_text([], "home")

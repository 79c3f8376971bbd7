from __future__ import annotations

from fmtools.views import predictions

GAP = [
    {"token_str": "cat", "score": 0.75, "sequence": "a cat <i>"},
    {"token_str": " dog", "score": 0.2, "sequence": "a dog <i>"},
]


def test_a_text_goes_on_and_an_answer_stands_below() -> None:
    rows = [
        {"text": "Call me <b>", "generated_text": "Call me <b> Ishmael & co"},
        {"text": "who?", "generated_text": "me"},
    ]
    assert predictions.text(rows) == "Call me <b> Ishmael & co\n\n> who?\nme"
    html = predictions.html(rows)
    assert "Call me &lt;b&gt;</span> Ishmael &amp; co" in html
    assert "who?</div>" in html


def test_gaps_show_their_candidates() -> None:
    rows = [{"text": "a ___ <i>", **GAP[0], "top": GAP, "gaps": [GAP]}]
    assert predictions.text(rows) == "a cat <i>\n  cat 0.750, dog 0.200"
    html = predictions.html(rows)
    assert "a cat &lt;i&gt;" in html
    assert "<b>dog</b>" in html

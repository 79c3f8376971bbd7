from __future__ import annotations

from fmtools.views import predictions

ROW = {
    "text": "Ada <b> met Li in Paris.",
    "entities": [
        {"entity_group": "PER", "score": 0.9912, "word": "Ada", "start": 0, "end": 3},
        {"entity_group": "LOC", "score": 0.5, "word": "Paris", "start": 18, "end": 23},
    ],
}


def test_entities_are_marked_in_their_text() -> None:
    assert predictions.text([ROW]) == "[Ada | PER 0.99] <b> met Li in [Paris | LOC 0.50]."
    html = predictions.html([ROW])
    assert "&lt;b&gt; met" in html
    assert "<b>" not in html
    assert html.count("title=") == 2


def test_a_text_without_entities_is_shown_and_said() -> None:
    assert predictions.text([{"text": "It rains.", "entities": []}]) == "It rains."
    assert "nothing found" in predictions.html([{"text": "It rains.", "entities": []}])


def test_labels_are_drawn_as_before() -> None:
    row = {"text": "good", "label": "glad", "score": 0.75, "top": [{"label": "glad", "score": 0.75}]}
    assert predictions.text([row]) == "glad  0.750  good"
    assert "<b>glad</b>" in predictions.html([row])
    assert predictions.text([]) == ""

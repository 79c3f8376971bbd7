from __future__ import annotations

from fmtools.views import predictions, predictions_answers, predictions_written

SHORT = [{"text": "<b>one</b>", "translation_text": "uno"}, {"text": "two", "translation_text": "dos & más"}]
LONG = [{"text": "a long text " * 20, "summary_text": "long"}]
CONTEXT = "x" * 400 + " Rome & more " + "y" * 400
FOUND = {
    "text": "Where?", "question": "Where?", "context": CONTEXT, "answer": "Rome", "score": 0.75, "start": 401, "end": 405,
    "top": [{"answer": "Rome", "score": 0.75}, {"answer": "", "score": 0.25}],
}  # fmt: skip
NONE = {**FOUND, "answer": "", "start": 0, "end": 0}


def test_each_kind_is_known_by_its_keys() -> None:
    assert predictions_written.fits(SHORT[0])
    assert predictions_answers.fits(FOUND)
    assert not predictions_written.fits(FOUND)
    assert not predictions_answers.fits(SHORT[0])


def test_translations_stand_beside_their_sources() -> None:
    assert predictions.text(SHORT).splitlines()[1].split() == ["<b>one</b>", "uno"]
    shown = predictions.html(SHORT)
    assert "&lt;b&gt;one" in shown
    assert "dos &amp; más" in shown
    assert predictions.text(LONG).endswith("\nlong")
    beams = [
        {"text": "a", "translation_text": "b", "score": 0.5, "top": [{}, {"translation_text": "c<", "score": 0.25}]}
    ]
    assert "c&lt; 0.25" in predictions.html(beams)


def test_answers_are_marked_in_their_context() -> None:
    assert "[Rome] & more" in predictions.text([FOUND])
    shown = predictions.html([FOUND])
    assert ">Rome</mark> &amp; more" in shown
    assert "no answer 0.25" in shown
    assert "x" * 300 not in shown
    assert "no answer" in predictions.text([NONE])
    assert "<mark" not in predictions.html([NONE])

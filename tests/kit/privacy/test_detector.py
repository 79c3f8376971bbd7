"""All finders together on sentences of both languages; the libraries are loaded once."""

from __future__ import annotations

import sys

import pytest

from fmtools.core.errors import ModelError
from fmtools.kit.privacy import detector, english
from fmtools.kit.privacy.detector import KINDS

needs_pii = pytest.mark.skipif(bool(english.missing()), reason="the extra pii is not installed")
ALL = frozenset(KINDS)


def found(text: str, hint: str = "") -> list[tuple[str, str]]:
    (spans,) = detector.find([text], ALL, hint)
    return [(span.kind, text[span.start : span.end]) for span in spans]


@needs_pii
@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My name is Oluwaseun Adeyemi and I live in Lagos.", ["Oluwaseun Adeyemi"]),
        ("Please call Priya Ramachandran about order X-2231.", ["Priya Ramachandran"]),
        ("We flew to San Francisco with Delta in March.", []),
        ("I love my Samsung Galaxy S21 and my Dell XPS 13.", []),
        ("张伟强调了质量问题，欧阳静怡也同意。", ["张伟", "欧阳静怡"]),
        ("约翰·史密斯来电，刘先生签收", ["约翰·史密斯"]),
        ("请联系Katarzyna Wójcik，她姓王", ["Katarzyna Wójcik"]),
        ("高兴地买了这个手机，石家庄的快递马上到，退到这张卡", []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert [value for kind, value in found(text) if kind == "name"] == names


@needs_pii
@pytest.mark.slow
def test_a_column_that_says_what_it_holds_is_believed() -> None:
    assert found("Xyqq Wrrt", "name") == [("name", "Xyqq Wrrt")]
    assert found("12345678", "phone") == [("phone", "12345678")]
    assert found("Deluxe Kettle", "name?") == []


@needs_pii
@pytest.mark.slow
def test_positions_hold_in_long_texts() -> None:
    text = "Nothing to see here. " * 2500 + "Write to anna.lee@mail.org or ask Oluwaseun Adeyemi."
    assert found(text) == [("mail", "anna.lee@mail.org"), ("name", "Oluwaseun Adeyemi")]


@needs_pii
@pytest.mark.slow
def test_another_model_under_the_same_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english, "PINNED", "0" * 64)
    with pytest.raises(ModelError, match="not the one"):
        english._model_folder()


def test_without_the_extra_the_install_line_is_said_and_forms_are_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english, "missing", lambda: "presidio_analyzer")
    with pytest.raises(ModelError, match=r"pip install 'fmtools\[pii\]'.*--kinds phone,mail"):
        detector.find(["x"], ALL)
    (spans,) = detector.find(["a@b.org"], frozenset({"mail"}))
    assert [span.kind for span in spans] == ["mail"]


def test_looking_by_form_loads_no_library() -> None:
    import subprocess

    code = "from fmtools.kit.privacy import detector as d; d.find(['a@b.org'], frozenset({'mail'}))"
    code += "; import sys; assert not {'presidio_analyzer', 'spacy', 'jieba', 'torch', 'faker'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

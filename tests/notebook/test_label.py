"""The widget's kernel side: questions and answers, what a cell shows, and a notebook that runs with nobody there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

import fmtools.api as api
from fmtools.notebook import magics
from fmtools.notebook.label.widget import STATIC, LabelWidget, Talk, page
from support import rows


@pytest.fixture
def talk(store: Path) -> Talk:
    return Talk(api.label(rows(12), name="shop", order="given"))


def ask(talk: Talk, what: str, **facts: Any) -> dict[str, Any]:
    answer = talk.answer({"to": "page", "n": 1, "do": what, **facts})
    json.dumps(answer)
    assert (answer["to"], answer["n"]) == ("page", 1)
    return answer


def test_a_decision_brings_the_next_row_and_a_save_a_version(talk: Talk) -> None:
    hello = ask(talk, "hello")
    assert (hello["version"], hello["kind"], hello["at"], hello["of"]) == ("shop@v1", "one", 0, 12)
    assert hello["labels"] == ["angry", "asking", "glad"]
    after = ask(talk, "decide", id=0, at=0, state={"label": "glad"}, next="open")
    assert after["row"]["id"] == 1
    assert after["progress"]["changed"] == 1
    assert ask(talk, "go", at=-5)["at"] == 0
    assert ask(talk, "go", at=500)["at"] == 11
    assert ask(talk, "undo", at=4)["row"]["id"] == 0
    assert ask(talk, "save")["problem"].startswith("No label was changed")
    ask(talk, "decide", id=3, at=3, state={"remove": True})
    kept = ask(talk, "save")
    assert (kept["kept"], kept["version"], kept["of"]) == ("shop@v2", "shop@v2", 11)


def test_what_cannot_be_done_is_a_sentence(talk: Talk) -> None:
    assert ask(talk, "dance")["problem"] == "The page asked for something unknown."
    assert "no label 'x'" in ask(talk, "decide", id=0, state={"label": "x"})["problem"]
    assert ask(talk, "decide", id="a", state={})["problem"].startswith("ValueError")
    assert ask(talk, "add", name="Glad")["doubt"] == {"name": "Glad", "near": "glad"}
    assert ask(talk, "add", name="Glad", sure=True)["labels"][-1] == "Glad"


def test_a_search_narrows_the_view_and_lets_go_again(talk: Talk) -> None:
    assert ask(talk, "search", words="number 1", only="all")["of"] == 3
    assert ask(talk, "search", words="nothing like this", only="all")["row"] is None
    assert ask(talk, "search", words="", only="all")["of"] == 12


def test_a_row_that_somebody_looks_at_stays_when_the_order_comes(talk: Talk) -> None:
    ask(talk, "hello")
    talk.session.order.ranks.queue = [9, 8, 7]
    looked_at = ask(talk, "reorder", id=4, at=4)
    assert looked_at["row"]["id"] == 4
    assert talk.view[:4] == [4, 9, 8, 7]


def test_the_widget_is_one_script_that_writes_no_markup(talk: Talk) -> None:
    widget = LabelWidget(talk.labels)
    assert widget._esm == page()
    assert "export default" in page()
    for path in STATIC.glob("*.js"):
        text = path.read_text("utf-8")
        assert "innerHTML" not in text
        assert "insertAdjacentHTML" not in text
        assert "http" not in text
        assert text.count("\n") <= 300
    widget.close()


def test_every_word_of_the_page_speaks_chinese() -> None:
    script = page()
    known = set(re.findall(r"^  '((?:[^'\\\\]|\\\\.)+)':", script, re.MULTILINE))
    asked = set(re.findall(r"say\(\s*'([^']+)'", script)) | set(re.findall(r"tool\('\w+', '([^']+)'", script))
    asked |= set(re.findall(r"\['\w+', '([A-Z][^']+)'\]", script))
    assert len(asked) > 30
    assert asked - known == set()


def test_a_shell_shows_the_summary_and_a_name_takes_the_labels(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()
    magics.load(shell)
    try:
        shell.user_ns["df"] = [*rows(9), {"text": "<script>alert(1)</script>", "label": "glad"}]
        shell.run_cell("labels = %fm_label df --name shop --order given", store_history=False)
        assert "Labels of shop@v1: 0 / 10 rows done" in capsys.readouterr().out
        assert shell.user_ns["labels"].progress["rows"] == 10
        html = shell.user_ns["labels"].html()
        assert "<script>" not in html
    finally:
        magics.unload(shell)


@pytest.mark.slow
def test_a_notebook_runs_with_nobody_there(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    cells = [
        "%load_ext fmtools",
        f"df = {rows(9)!r}",
        "labels = %fm_label df --name shop --order given",
        "print(labels.version)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = notebook.cells[2].outputs[0]["data"]
    assert "Labels of shop@v1" in shown["text/html"]
    assert "application/vnd.jupyter.widget-view+json" not in shown
    assert "widgets" not in notebook.metadata
    assert notebook.cells[3].outputs[0]["text"] == "shop@v1\n"

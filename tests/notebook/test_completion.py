"""Tab: in the completer itself, and as a real kernel answers it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from fmtools.core.options import TrainOptions, flag
from fmtools.derive.values import Environment
from fmtools.notebook.completion import Found, complete

ENVIRONMENT = Environment(runs=lambda: ["lights", "01J8ZZZZ"], data=lambda: ["df"])


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    (tmp_path / "my data.csv").touch()
    (tmp_path / "my models").mkdir()
    (tmp_path / "plain.csv").touch()
    return Environment(runs=lambda: ["lights", "01J8ZZZZ"], data=lambda: ["df"], folder=tmp_path)


def at(cell: str, environment: Environment = ENVIRONMENT) -> Found | None:
    """Complete at the place of the bar."""
    before = cell.split("|")[0]
    return complete(cell.replace("|", ""), before.count("\n"), before.rpartition("\n")[2], environment)


@pytest.mark.parametrize(
    ("cell", "fragment", "texts"),
    [
        ("%fm_train --ep|", "--ep", ["--epochs"]),
        ("%fm_train --|", "--", None),
        ("run = %fm_train --ep|", "--ep", ["--epochs"]),
        ("    a, b = %fm_train --ep|", "--ep", ["--epochs"]),
        ("x = 1\nrun = %fm_train --ep|\ny = 2", "--ep", ["--epochs"]),
        ("%fm_train --epochs 3 --ep|", "--ep", []),
        ("%fm_train --learning_r|", "--learning_r", []),
        ("%fm_train te|", "te", ["text-classification", "text-generation"]),
        ("%fm_train text-classification --model mini|", "mini", ["minilm"]),
        ("%fm_train --schedule=c|", "c", ["cosine", "cosine_with_min_lr", "constant", "constant_with_warmup"]),
        (
            '%fm_train --schedule "c|',
            '"c',
            ['"cosine"', '"cosine_with_min_lr"', '"constant"', '"constant_with_warmup"'],
        ),
        ("%fm_train --batch-size |", "", ["16"]),
        ("%fm_train --background te|", "te", ["text-classification", "text-generation"]),
        ("%fm_train --nonsense te|", "te", ["text-classification", "text-generation"]),
        ("%fm_train --data d|", "d", ["df", "dialogues", "dialogues-zh"]),
        ("%fm_attach l|", "l", ["last", "lights"]),
        ("%fm_compare lights 01|", "01", ["01J8ZZZZ"]),
        ('%fm_predict last --text "hello |', '"hello ', []),
        ('%fm_predict last --text "hello"|', "", []),
        ("%%fm_train --ep|", "--ep", ["--epochs"]),
        ("\n%%fm_train te|\ndata: x", "te", ["text-classification", "text-generation"]),
        ("%%fm_train\nep|", "ep", ["epochs: "]),
        ("%%fm_train\nepochs: 3\nep|", "ep", []),
        (
            "%%fm_train\nschedule: c|\nepochs: 3",
            "c",
            ["cosine", "cosine_with_min_lr", "constant", "constant_with_warmup"],
        ),
        ("%%fm_train\ndata: d|", "d", ["df", "dialogues", "dialogues-zh"]),
    ],
)
def test_what_is_offered(cell: str, fragment: str, texts: list[str] | None, tmp_path: Path) -> None:
    found = at(cell, Environment(ENVIRONMENT.runs, ENVIRONMENT.data, tmp_path))
    assert found is not None
    assert found.fragment == fragment
    every = [*(flag(name) for name in TrainOptions.model_fields), "--no-packing"]
    expected = every if texts is None else texts
    assert found.texts == expected


def test_servers_are_offered_by_name_where_one_is_asked_for() -> None:
    known = Environment(services=lambda at_work: ["lamps"] if at_work else ["lamps", "latin"])
    for cell, texts in {
        "%fm_monitor la|": ["last", "lamps", "latin"],
        "%fm_serve --restart lat|": ["latin"],
        "%fm_serve --stop la|": ["last", "lamps"],
        "%fm_serve other --replace lam|": ["lamps"],
    }.items():
        found = at(cell, known)
        assert found is not None
        assert found.texts == texts


@pytest.mark.parametrize(
    "cell", ["%timeit --ep|", "x = fm_train --ep|", "%fm_nothing --ep|", "%fm_train|", "print('%fm_train')\nab|"]
)
def test_other_lines_are_left_alone(cell: str) -> None:
    assert at(cell) is None


def test_paths_with_blanks_are_quoted(environment: Environment) -> None:
    found = at("%fm_data my|", environment)
    assert found is not None
    assert found.texts == ['"my data.csv"', '"my models/']
    found = at("%fm_data 'my d|", environment)
    assert found is not None
    assert (found.fragment, found.texts) == ("'my d", ["'my data.csv'"])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "reviews.csv").touch()
    manager, client = start_new_kernel(cwd=str(folder))
    setup = "from fmtools.notebook import magics; magics.load(get_ipython()); df = [{'text': 'a', 'label': 'b'}]"
    client.execute_interactive(setup, timeout=60, output_hook=lambda message: None)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def ask(client: Any, code: str) -> dict[str, Any]:
    reply: dict[str, Any] = client.complete(code, reply=True, timeout=20)["content"]
    return reply


def test_a_kernel_answers(kernel: Any) -> None:
    reply = ask(kernel, "run = %fm_train --data intents --ep")
    assert reply["matches"] == ["--epochs"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (31, 35)
    assert reply["metadata"]["_jupyter_types_experimental"][0]["type"] == "param"


def test_a_kernel_offers_variables_files_and_names(kernel: Any) -> None:
    matches = ask(kernel, "%fm_train --data ")["matches"]
    assert (matches[0], matches[-1]) == ("df", "reviews.csv")
    assert {"intents", "reviews"} <= set(matches)
    assert ask(kernel, "%%fm_train text-classification\ndata: df\nsched")["matches"] == ["schedule: "]
    assert ask(kernel, "%fm_attach la")["matches"] == ["last"]
    assert {"%fm_train", "%%fm_train"} <= set(ask(kernel, "%fm_tr")["matches"])


def test_a_kernel_still_completes_python(kernel: Any) -> None:
    assert "import" in ask(kernel, "impor")["matches"]


def test_a_warm_kernel_answers_within_50_ms(kernel: Any) -> None:
    ask(kernel, "%fm_train --data ")
    took = []
    for _ in range(10):
        start = time.perf_counter()
        ask(kernel, "%fm_train --data ")
        took.append(time.perf_counter() - start)
    assert sorted(took)[5] < 0.05

"""The magics in a shell and in a real kernel: one card a run, sentences instead of tracebacks, help, variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel

from fmtools.core.options import VERBS
from fmtools.notebook import magics
from fmtools.notebook.table import MAGICS

MOODS = """
rows = [{"text": f"{a} {b}", "label": c} for b in ("day", "film", "meal", "trip", "book")
        for a, c in (("good", "yes"), ("bad", "no"))]
"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    magics.load(shell)
    yield shell
    magics.unload(shell)


def test_every_magic_is_there_with_its_help(shell: InteractiveShell) -> None:
    for name, verb in MAGICS.items():
        magic = shell.find_line_magic(name)
        assert VERBS[verb].summary in magic.__doc__
        assert VERBS[verb].summary in shell.object_inspect_text(f"%{name}")
        # `??` shows the source of the options, not of the machinery.
        assert VERBS[verb].summary in shell.object_inspect_text(f"%{name}", detail_level=1)
    assert shell.find_cell_magic("fm_train") is not None
    assert shell.find_cell_magic("fm_runs") is None


def test_loading_twice_and_unloading_leave_nothing_behind() -> None:
    shell = InteractiveShell()
    events, matchers = len(shell.events.callbacks["pre_run_cell"]), len(shell.Completer.custom_matchers)
    magics.load(shell)
    magics.load(shell)
    assert len(shell.Completer.custom_matchers) == matchers + 1
    assert len(shell.events.callbacks["pre_run_cell"]) == events + 1
    magics.unload(shell)
    assert len(shell.Completer.custom_matchers) == matchers
    assert len(shell.events.callbacks["pre_run_cell"]) == events
    assert shell.find_line_magic("fm_train") is None


def test_help_by_option(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_line_magic("fm_train", "--data x --help") is None
    assert "Advanced options:" in capsys.readouterr().out


class Kernel:
    """A real kernel: run code, get the reply and the messages that a frontend would see."""

    def __init__(self, folder: Path) -> None:
        env_line = f"import os; os.environ['FMTOOLS_HOME'] = {str(folder / 'fmtools-runs')!r}"
        self.manager, self.client = start_new_kernel(cwd=str(folder))
        assert self.run(f"{env_line}\n%load_ext fmtools\n{MOODS}")[0]["status"] == "ok"

    def run(self, code: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        messages: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(code, timeout=120, output_hook=messages.append)
        kept = [m for m in messages if m["msg_type"] in ("display_data", "execute_result", "stream", "error")]
        return reply["content"], kept

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    yield kernel
    kernel.close()


def printed(messages: list[dict[str, Any]]) -> str:
    return "".join(message["content"]["text"] for message in messages if message["msg_type"] == "stream")


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["msg_type"] for message in messages]


@pytest.fixture(scope="module")
def first(kernel: Kernel) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return kernel.run("%fm_train --data rows --epochs 1 --batch-size 4 --name moods")


@pytest.mark.slow
def test_a_run_is_shown_once(kernel: Kernel, first: Any) -> None:
    reply, messages = first
    assert (reply["status"], kinds(messages)) == ("ok", ["display_data"])
    assert "application/vnd.fmtools.run.v1+json" in messages[0]["content"]["data"]
    assert printed(kernel.run("print(_.status, _.name)")[1]) == "done moods\n"
    assert kinds(kernel.run("_")[1]) == ["execute_result"]


@pytest.mark.slow
def test_the_line_is_kept_with_the_name_of_the_variable(kernel: Kernel, first: Any) -> None:
    _, messages = kernel.run("import fmtools; print(fmtools.attach('moods').head.command)")
    assert printed(messages) == "%fm_train --data rows --epochs 1 --batch-size 4 --name moods\n"


@pytest.mark.slow
def test_an_assigned_run_is_shown_once_and_can_be_shown_again(kernel: Kernel, first: Any) -> None:
    reply, messages = kernel.run("run = %fm_attach moods\nrun")
    assert (reply["status"], kinds(messages)) == ("ok", ["display_data"])
    assert kinds(kernel.run("run")[1]) == ["execute_result"]


@pytest.mark.slow
def test_a_cell_of_options(kernel: Kernel, first: Any) -> None:
    reply, messages = kernel.run("%%fm_train --name cell\ndata: rows\nepochs: 1\nlearning_rate: 1e-3\nbatch-size: 4\n")
    assert (reply["status"], kinds(messages)) == ("ok", ["display_data"])
    _, messages = kernel.run("print(_.name, _.config['learning_rate'])")
    assert printed(messages) == "cell 0.001\n"


@pytest.mark.slow
def test_nothing_in_a_line_is_evaluated(kernel: Kernel, first: Any) -> None:
    reply, _ = kernel.run('x = 1\nanswer = %fm_predict moods --text "{1 + 1} $x $(id) `id`"')
    assert reply["status"] == "ok"
    _, messages = kernel.run("print(answer.to_json()['predictions'][0]['text'])")
    assert printed(messages) == "{1 + 1} $x $(id) `id`\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%fm_train --epohcs 3", ["--epohcs is not an option of train.", "Did you mean --epochs?"]),
        ("run = %fm_train --data", ["--data needs a value, for example --data data."]),
        ("%%fm_train\ndata: rows\nepochs: no", ["Line 3 of the cell: --epochs 'no' is not possible"]),
        ("empty = []\n%fm_train --data empty", ["--data empty: the variable holds an empty list, not a table."]),
        ("%fm_show nobody", ["There "]),
    ],
)
def test_a_mistake_fails_the_cell_in_words(kernel: Kernel, code: str, said: list[str]) -> None:
    reply, messages = kernel.run(code)
    assert (reply["status"], kinds(messages)) == ("error", ["error"])
    assert len(reply["traceback"]) <= 2
    assert all(line.startswith(start) for line, start in zip(reply["traceback"], said, strict=False))
    assert not any("File " in line or "\x1b" in line for line in reply["traceback"])


def test_help_in_a_kernel(kernel: Kernel) -> None:
    for mark in ("?", "??"):
        reply, _ = kernel.run(f"%fm_train{mark}")
        text = re.sub(r"\x1b\[[0-9;]*m", "", reply["payload"][0]["data"]["text/plain"])  # the source comes in colours
        assert ("--learning-rate NUMBER" if mark == "?" else "class TrainOptions(") in text
        assert "_Magic" not in text
    inspected = kernel.client.inspect("%fm_train", reply=True, timeout=20)["content"]
    assert "--learning-rate NUMBER" in inspected["data"]["text/plain"]

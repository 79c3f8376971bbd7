"""The verb: start, ask, list, replace, stop - and the command line in the foreground."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fmtools
from fmtools.api.serve import Served, ServedTable
from fmtools.core.errors import FmError
from fmtools.store.services import find_service
from support import until


def test_a_server_is_started_asked_replaced_listed_and_stopped(store: Path, classifier: Path, tmp_path: Path) -> None:
    served = fmtools.serve(str(classifier), name="mine")
    assert isinstance(served, Served)
    try:
        row = served.predict("a text", top=2)[0]
        assert row["text"] == "a text"
        assert len(row["top"]) == 2
        again = Served(find_service("mine"))  # as another kernel finds it
        assert again.predict(["a text"], top=2)[0] == row
        card = served.html() + served.text()
        assert served.token not in card
        assert served.url in card
        assert served.metrics()["requests"] == 2
        with pytest.raises(FmError, match="not the folder of an exported model"):
            fmtools.serve(str(tmp_path), replace="mine")
        other = tmp_path / "other"
        shutil.copytree(classifier, other)
        (other / "onnx/model.onnx").write_bytes(b"broken")
        with pytest.raises(FmError, match=r"onnx/model\.onnx is damaged"):
            fmtools.serve(str(other), replace="mine")
        assert served.predict("a text", top=2)[0] == row
        shutil.copytree(classifier, other, dirs_exist_ok=True)
        fmtools.serve(str(other), replace="mine")
        assert served.path.joinpath("settings.json").read_text().count(str(other)) == 1
        table = fmtools.serve(list=True)
        assert isinstance(table, ServedTable)
        assert [(one.name, one.status) for one in table.rows] == [("mine", "running")]
    finally:
        stopped = fmtools.serve(stop="mine")
    assert stopped.status == "stopped"  # type: ignore[union-attr]
    with pytest.raises(FmError, match="is stopped"):
        served.predict("a text")
    assert {oct(path.stat().st_mode & 0o077) for path in served.path.iterdir() if path.is_file()} == {"0o0"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line_says_one_line_and_serves_until_it_is_told_to_end(
    store: Path, classifier: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "fmtools", "serve", str(classifier), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", said["url"])
        assert {"url", "token", "pid"} <= said.keys()
        served = Served(find_service("last"))
        assert served.predict("a")[0]["text"] == "a"
        process.send_signal(number)
        assert process.wait(30) == 0
    assert served.status == "stopped"


def test_a_killed_command_line_leaves_no_server(store: Path, classifier: Path) -> None:
    command = [sys.executable, "-m", "fmtools", "serve", str(classifier), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy()) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    until(lambda: Served(find_service("last")).status == "stopped")

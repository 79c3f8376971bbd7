"""`--data df`: which variables are tables, and what happens when a name means several things."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fmtools.core import registry
from fmtools.core.errors import OptionError
from fmtools.core.options import DataOptions, PredictOptions, TrainOptions
from fmtools.derive.line import line
from fmtools.notebook.variables import looks_like_table, resolve, tables


@pytest.fixture
def frame():
    import pandas as pd

    return pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]})


def test_tables_of_all_libraries(frame) -> None:
    import datasets
    import pyarrow as pa

    class Mine(type(frame)):
        pass

    held = [frame, Mine(frame), pa.table({"a": [1]}), datasets.Dataset.from_dict({"a": [1]}), [{"text": "a"}]]
    assert all(looks_like_table(value) for value in held)
    assert not any(looks_like_table(value) for value in [[], [1], "df", 3, {"a": 1}, frame["text"], None, object])


def test_names_of_tables(frame) -> None:
    assert tables({"df": frame, "_": frame, "_3": frame, "x": 3}) == ["df"]


def test_the_object_is_handed_over_and_its_name_kept(frame) -> None:
    options = TrainOptions(data="df")
    resolved = resolve(options, {"df": frame})
    assert options.data is frame
    assert resolved.names == {"data": "df"}
    assert resolved.notices == []
    assert line(options, resolved.names) == "%fm_train --data df"


def test_a_file_wins_and_it_is_said(frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("df").touch()
    options = DataOptions(data="df")
    assert "the file of that name" in resolve(options, {"df": frame}).notices[0]
    assert options.data == "df"


def test_a_variable_wins_over_a_built_in_name_and_it_is_said(frame) -> None:
    if "intents" not in registry.get("sources", "intents").names:
        pytest.fail("the built-in data set is gone")
    options = TrainOptions(data="intents")
    assert resolve(options, {}).notices == []
    assert options.data == "intents"
    assert resolve(options, {"intents": 3}).notices == []
    resolved = resolve(options, {"intents": frame})
    assert options.data is frame
    assert "your variable" in resolved.notices[0]


def test_a_variable_that_holds_a_path(tmp_path: Path) -> None:
    options = PredictOptions(data="where")
    resolve(options, {"where": tmp_path / "x.csv"})
    assert options.data == str(tmp_path / "x.csv")


def test_a_variable_that_is_no_table() -> None:
    with pytest.raises(OptionError, match=r"--data rows: the variable holds an empty list, not a table\."):
        resolve(TrainOptions(data="rows"), {"rows": []})
    with pytest.raises(OptionError, match="holds a int"):
        resolve(TrainOptions(data="n"), {"n": 3})


def test_other_words_stay() -> None:
    options = TrainOptions(task="df", data="a b")
    resolve(options, {"df": [{"a": 1}], "a b": [{"a": 1}]})
    assert (options.task, options.data) == ("df", "a b")


def test_telling_a_table_imports_no_library() -> None:
    code = """
import sys
from fmtools.notebook.variables import looks_like_table, resolve
from fmtools.core.options import TrainOptions
resolve(TrainOptions(data="rows"), {"rows": [{"text": "a"}]})
print([name for name in ("torch", "pandas", "pyarrow", "datasets", "polars") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_fm_data_returned_is_data_again(store: Path) -> None:
    import fmtools
    from support import rows

    card = fmtools.load_data(rows(30), name="moods")
    options = TrainOptions(data="card")
    resolve(options, {"card": card})
    assert options.data is card
    from fmtools.runtime import launch

    loaded = launch.load(card)
    assert (loaded.rows, loaded.version) == (card.dataset.rows, card.reference)

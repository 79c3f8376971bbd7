from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources.jsonl import JsonlSource


@pytest.fixture
def load(tmp_path: Path):
    def write_and_load(text: str | bytes, name: str = "data.jsonl"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return JsonlSource().load(path)

    return write_and_load


VALUES = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=10) | st.just("two\u2028lines")
ROWS = st.lists(st.fixed_dictionaries({"text": VALUES, "n": st.none() | st.integers(-(2**63), 2**63 - 1)}), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.booleans(), st.booleans())
def test_every_table_comes_back(load, rows: list[dict[str, object]], as_list: bool, escaped: bool) -> None:
    lines = [json.dumps(row, ensure_ascii=escaped) for row in rows]
    data = load("[" + ",\n".join(lines) + "]" if as_list else "\n".join(lines), "data.json")
    assert data.splits["all"].to_pylist() == rows
    assert data.read == len(rows)


LINES = st.lists(
    st.sampled_from(
        ['{"text": "a", "label": 1}', "{", "[1]", "7", "", "null", '{"text": "\\ud800"}', "x" * 9, '{"text": "b"}']
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES.map(lambda lines: ['{"text": "first"}', *lines]))
def test_rows_are_accounted_for(load, lines: list[str]) -> None:
    try:
        data = load("\n".join(lines))
    except DataError as error:
        assert "data.jsonl:" in error.cause  # noqa: PT017
        return
    assert data.read == sum(line != "" for line in lines)
    assert data.read == data.splits["all"].num_rows + sum(data.dropped.values())
    assert bool(data.dropped) == any("dropped" in notice for notice in data.notices)


def test_a_cut_last_line_is_dropped_aloud(load) -> None:
    data = load("\n".join(json.dumps({"text": str(n)}) for n in range(40)) + '\n{"text": "cut of')
    assert data.splits["all"].num_rows == 40
    assert data.dropped == {"lines that are no JSON": 1}
    assert data.notices == ["data.jsonl: 1 lines that are no JSON dropped (line 41)."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("[]", "no rows"),
        ("{}\n{}", "all empty"),
        ('{"a": 1}\nnope\nnope', r"data\.jsonl:2: 2 of 3 rows are broken, most of them: lines that are no JSON"),
        ("1\n2\n", "values that are no object"),
        ('[{"a": 1},\n{"a": }]', r"data\.jsonl:2: expecting value"),
        ("[" * 100_000, "no usable JSON|expecting value"),
        ("[1, 2, 3]", "3 of 3 rows are broken"),
        ("\n".join(json.dumps({f"key {n}": 1}) for n in range(3000)), "more than 2,000 different keys"),
    ],
)
def test_errors(load, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(text)
    assert caught.value.cure


def test_mixed_kinds_become_text_aloud(load) -> None:
    data = load('{"text": "a", "label": 1}\n{"text": "b", "label": "two"}\n{"text": "c", "label": null}')
    assert data.splits["all"]["label"].to_pylist() == ["1", "two", None]
    assert data.notices == ["data.jsonl: column 'label' mixes kinds of values: read as text."]


def test_numbers_beyond_64_bits_become_text(load) -> None:
    data = load('{"n": 99999999999999999999999}\n{"n": 1}')
    assert data.splits["all"]["n"].to_pylist() == ["99999999999999999999999", "1"]


def test_missing_keys_are_null_and_lists_stay(load) -> None:
    data = load('{"tokens": ["a", "b"], "x": 1}\n{"tokens": ["c"]}')
    assert data.splits["all"].to_pydict() == {"tokens": [["a", "b"], ["c"]], "x": [1, None]}


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "valid.jsonl").write_text('{"text": "b", "more": 1}\n')
    data = JsonlSource().load(tmp_path)
    assert data.rows == {"train": 1, "validation": 1}
    assert data.notices[1] == "Split 'validation' has the columns text, more; 'train' has text."


@pytest.mark.parametrize(
    ("text", "rows", "said"),
    [
        ('{"version": 1, "data": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}], "those under 'data'"),
        ('{\n "intents": [{"a": 1}, {"a": 2}]\n}', [{"a": 1}, {"a": 2}], "those under 'intents'"),
        ('{"a": [1, 2], "b": ["x", "y"]}', [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], "read as columns"),
        ('{"a": {"0": 1, "1": 2}}', [{"a": 1}, {"a": 2}], "as pandas writes"),
        ('{\n "a": 1,\n "b": {"c": [2]}\n}', [{"a": 1, "b": {"c": [2]}}], ""),
    ],
)
def test_rows_of_one_object(load, text: str, rows: list[dict[str, object]], said: str) -> None:
    data = load(text, "data.json")
    assert data.splits["all"].to_pylist() == rows
    assert said in "".join(data.notices)


def test_splits_of_one_object(load) -> None:
    data = load('{"train": [{"a": 1}, {"a": 2}], "dev": [{"a": 3}]}', "data.json")
    assert data.rows == {"train": 2, "validation": 1}


def test_drops_of_a_list_have_their_line_and_stop(load, tmp_path: Path) -> None:
    data = load('[\n{"a": 1},\n7,\n{"a": "\\ud800"},\n{"a": 2}, {"a": 3}\n]', "data.json")
    assert [(drop.file, drop.line) for drop in data.drops] == [("data.json", 3), ("data.json", 4)]
    assert data.read == 5
    with pytest.raises(DataError, match=r"data\.json:3: the first of the values that are no object"):
        JsonlSource().load(tmp_path / "data.json", Reading(on_error="stop"))


def test_rows_that_are_too_deep_are_left_out(load) -> None:
    data = load('{"a": ' + "[" * 200 + "]" * 200 + '}\n{"a": 1}\n{"a": 2}\n')
    assert [drop.line for drop in data.drops] == [1]


def test_a_chat_becomes_messages_and_broken_ones_are_dropped(load) -> None:
    data = load('{"conversations": [{"from": "human", "value": "Hi"}]}\n{"conversations": 3}\n')
    assert data.task == "text-generation"
    assert data.splits["all"]["messages"].to_pylist() == [[{"role": "user", "content": "Hi"}]]
    assert [drop.line for drop in data.drops] == [2]


def test_files_of_another_kind_beside_the_splits_are_named(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"a": "x"}\n')
    (tmp_path / "test.csv").write_text("a\nx\n")
    assert "Not read, for they are of another kind: test.csv." in JsonlSource().load(tmp_path).notices

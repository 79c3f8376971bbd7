"""Lines, argument lists and YAML bodies: what they mean, and how mistakes are worded."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.core.errors import OptionError
from fmtools.core.options import CompareOptions, PauseOptions, PredictOptions, TrainOptions
from fmtools.derive.parser import parse_args, parse_line, parse_yaml, wants_help
from fmtools.derive.words import quote, split


def test_the_line_of_the_design() -> None:
    made = parse_line(TrainOptions, "token-classification --model minilm --data ner.conll --epochs 3")
    assert (made.task, made.model, made.data, made.epochs) == ("token-classification", "minilm", "ner.conll", 3.0)


@pytest.mark.parametrize(
    "line", ["--learning-rate 1e-3 --data d", "--learning_rate=1e-3 --data=d", "--data d --learning-rate .001"]
)
def test_spellings_of_a_number(line: str) -> None:
    assert parse_line(TrainOptions, line).learning_rate == 0.001


def test_switches() -> None:
    made = parse_line(TrainOptions, "--data d --background --no-inline")
    assert (made.background, made.inline) == (True, False)
    assert parse_line(TrainOptions, "--data d --background=no").background is False
    assert parse_line(PauseOptions, "last --off").off is True


@pytest.mark.parametrize("line", ['last --text "a b" "c"', 'last --text "a b" --text c', "last --text='a b' --text=c"])
def test_lists_take_several_words_and_may_be_repeated(line: str) -> None:
    made = parse_line(PredictOptions, line)
    assert (made.run, made.text) == ("last", ["a b", "c"])


def test_a_list_without_a_name_takes_all_words() -> None:
    assert parse_line(CompareOptions, "a b c --series loss").runs == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("don't worry", ["don't", "worry"]),
        ("5\" 6'", ['5"', "6'"]),
        (r"C:\Users\me\data.csv", [r"C:\Users\me\data.csv"]),
        (r'"C:\my data\new.csv" x', [r"C:\my data\new.csv", "x"]),
        (r'"\\server\my share" x', [r"\\server\my share", "x"]),
        (r'"say \"hi\"" x', ['say "hi"', "x"]),
        (r'"ends in \\" x', ["ends in \\", "x"]),
        ("'it's fine' x", ["it's fine", "x"]),
        ('""', [""]),
        ('--text="a b" c', ["--text=a b", "c"]),
        ("$HOME `id` $(id) {1+1} *.py ~", ["$HOME", "`id`", "$(id)", "{1+1}", "*.py", "~"]),
        ("猫抓老鼠 “quoted”", ["猫抓老鼠", "“quoted”"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert [word.text for word in split(line)] == words


def test_quoted_words_are_values() -> None:
    assert parse_line(PredictOptions, 'last --text "--top"').text == ["--top"]
    assert parse_args(PredictOptions, ["last", "--text=--top"]).text == ["--top"]
    assert parse_args(PredictOptions, ["--top", "2", "--", "--odd-name"]).run == "--odd-name"


@pytest.mark.parametrize(
    ("cls", "line", "sentence"),
    [
        (TrainOptions, "--epohcs 3 --data d", "--epohcs is not an option of train. Did you mean --epochs?"),
        (TrainOptions, "--data d --epochs", "--epochs needs a value, for example --epochs 3."),
        (TrainOptions, "--data --epochs 3", "--data needs a value, for example --data data."),
        (TrainOptions, "--data d --watch --seed 1", '--watch needs a value, for example --watch "some words".'),
        (TrainOptions, "--data a --data b", "--data is given twice. Keep one of them."),
        (TrainOptions, "x --task y --data d", "--task is given twice: as 'x' and by name. Keep one of them."),
        (TrainOptions, "", "train needs data. For example: " + TrainOptions.example),
        (
            TrainOptions,
            "t u --data d",
            "train does not know what to do with 'u'. Put quotes around a value that contains blanks.",
        ),
        (TrainOptions, "t epoch 3 --data d", "train does not know what to do with 'epoch'. Did you mean --epochs?"),
        (TrainOptions, '--data "d', "The quote that begins '\"d' is not closed. Add the closing quote."),
        (TrainOptions, "--data d --no-epochs", "--no-epochs is not an option of train. Did you mean --epochs?"),
        (TrainOptions, "--data d --schedule liner", "did you mean linear?"),
        (
            TrainOptions,
            "--data d --learning-rate -1",
            "--learning-rate '-1' is not possible: it should be greater than 0",
        ),
    ],
)
def test_mistakes_are_one_clear_sentence(cls: Any, line: str, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_line(cls, line)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_line_is_read_or_refused_in_words(line: str) -> None:
    with suppress(OptionError):
        parse_line(TrainOptions, line)


def test_nothing_is_ever_executed() -> None:
    seen: list[str] = []
    active = [True]
    watched = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "exec", "compile")
    sys.addaudithook(lambda name, _: seen.append(name) if active[0] and name in watched else None)
    for evil in [
        '"; touch PWNED"',
        "$(touch PWNED)",
        "`touch PWNED`",
        "{__import__('os').system('id')}",
        "a;id",
        "|id",
        "!id",
    ]:
        assert parse_line(PredictOptions, f"last --text {quote(evil)}").text == [evil]
        assert parse_line(PredictOptions, f"last --text x{evil}").text == ["x" + evil.split()[0], *evil.split()[1:]]
    active[0] = False
    assert seen == []


def test_help_is_asked_for_by_name_only() -> None:
    assert wants_help(split("last --help"))
    assert wants_help(split("-h"))
    assert not wants_help(split('last --text "--help"'))


# --- YAML bodies ---


def test_a_body_under_the_line() -> None:
    made = parse_yaml(
        TrainOptions, "--epochs 2", "data: intents\nepochs: 9\nlearning-rate: 1e-3\nwatch:\n  - 'one: two'\n  - no\n"
    )
    assert (made.data, made.epochs, made.learning_rate, made.watch) == ("intents", 2.0, 0.001, ["one: two", "no"])


def test_values_are_words_until_the_model_reads_them() -> None:
    body = "data: 2024.10\nname: 007\nbackground: yes\ntext_column: null\nlabel-column:\nwatch: hello\nseed: 0x2A\n"
    with pytest.raises(OptionError, match=r"^Line 8 of the cell: --seed"):
        parse_yaml(TrainOptions, "", body)
    made = parse_yaml(TrainOptions, "", body.replace("0x2A", "1_000"))
    assert (made.data, made.name, made.background, made.text_column, made.watch) == (
        "2024.10",
        "007",
        True,
        None,
        ["hello"],
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("data: d\nepohcs: 3", "Line 3 of the cell: --epohcs is not an option of train. Did you mean epochs?"),
        ("data: d\nepochs: many", "Line 3 of the cell: --epochs 'many' is not possible"),
        ("data: d\nepochs: [1, [2]]", "Line 3 of the cell: the value is nested."),
        ("data: {a: b}", "Line 2 of the cell: the value is nested."),
        ("data: d\ndata: e", "Line 3 of the cell: data is given twice."),
        ("data: d\nwatch: [a", "is not valid YAML"),
        ("data: d\n\tepochs: 3", "Line 3 of the cell is not valid YAML"),
        ("just words", "is not a list of `option: value` lines"),
        ("data: !!python/object/apply:os.system ['id']", "Line 2 of the cell: `!` (a tag) cannot be used here."),
        ("data: &a d\nname: *a", "Line 2 of the cell: `&` and `*`"),
        ("data: d\n---\ndata: e", "of the cell"),
        ("data: " + "[" * 50_000, "is nested"),
        ("data: \x00", "not valid YAML"),
        ("x" * 200_000, "200,000 characters"),
    ],
)
def test_bodies_that_are_refused(body: str, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_yaml(TrainOptions, "", body)
    assert sentence in str(caught.value)


def test_a_bomb_is_refused_at_once() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    start = time.perf_counter()
    with pytest.raises(OptionError):
        parse_yaml(TrainOptions, "", bomb)
    assert time.perf_counter() - start < 1


@given(st.text())
def test_any_body_is_read_or_refused_in_words(body: str) -> None:
    with suppress(OptionError):
        parse_yaml(TrainOptions, "", body)

"""CoNLL files: columns and schemes found by content; broken lines are named, and left out, put right or a stop."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources.conll import ConllSource
from fmtools.plugins.sources.csv import CsvSource
from fmtools.plugins.sources.text import TextSource

CONLL_2003 = (
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\ncall NN I-NP O\n. . O O\n\n"
    "Peter NNP B-NP B-PER\nBlackburn NNP I-NP I-PER\n"
)
TOKENS = [["EU", "rejects", "German", "call", "."], ["Peter", "Blackburn"]]
TAGS = [["B-ORG", "O", "B-MISC", "O", "O"], ["B-PER", "I-PER"]]


@pytest.fixture
def load(tmp_path: Path):
    def write_and_load(text: str | bytes, name: str = "x.conll", **reading):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return ConllSource().load(path, Reading(**reading))

    return write_and_load


def rows(data) -> tuple[list[list[str]], list[list[str]]]:
    table = next(iter(data.splits.values()))
    return table["tokens"].to_pylist(), table["tags"].to_pylist()


@pytest.mark.parametrize("order", ["0123", "3210", "1302", "2031"])
@pytest.mark.parametrize("separator", [" ", "\t", "   "])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_columns_are_found_in_any_order(load, order: str, separator: str, ending: str) -> None:
    lines = [separator.join(line.split()[int(n)] for n in order) if line else "" for line in CONLL_2003.split("\n")]
    data = load(b"\xef\xbb\xbf" + ending.join(lines).encode())
    assert rows(data) == (TOKENS, TAGS)
    assert (data.task, data.read, data.dropped) == ("token-classification", 2, {})


def test_named_columns_are_kept(load) -> None:
    data = load(CONLL_2003, columns=("token", "pos", "chunk", "ner"))
    assert data.columns == ["tokens", "tags", "pos", "chunk"]
    assert data.splits["all"]["pos"].to_pylist()[1] == ["NNP", "NNP"]


SCHEMES = {
    "BIO1": "Ann I-PER\nLee I-PER\nBob B-PER\nran O\n",
    "BIO2": "Ann B-PER\nLee I-PER\nBob B-PER\nran O\n",
    "BIOES": "Ann B-PER\nLee E-PER\nBob S-PER\nran O\n",
    "bio": "Ann b-PER\nLee i-PER\nBob b-PER\nran o\n",
    "BILOU": "Ann B-PER\nLee L-PER\nBob U-PER\nran O\n",
    "BMES": "Ann B_PER\nLee E_PER\nBob S_PER\nran O\n\nA B_PER\nB M_PER\nC E_PER\n",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_becomes_bio2(load, scheme: str) -> None:
    data = load(SCHEMES[scheme], on_error="stop")
    assert rows(data)[1][0] == ["B-PER", "I-PER", "B-PER", "O"]
    assert any("became BIO2" in notice for notice in data.notices) == (scheme not in ("BIO2", "bio"))


def test_chinese_characters_and_wide_blanks(load) -> None:
    data = load("我 O\n爱 O\n北 B-LOC\n京 I-LOC\n\u3000 O\n".encode("gb18030"), encoding="gb18030")
    assert rows(data) == ([["我", "爱", "北", "京", "\u3000"]], [["O", "O", "B-LOC", "I-LOC", "O"]])


GOOD = "a O\nb B-X\nc I-X\n\nd B-Y\ne O\n\n"


@pytest.mark.parametrize(
    ("broken", "line", "words", "kept"),
    [
        ("f\ng O\n", 8, "without a tag", 2),
        ("f O\ng\t\n", 9, "without a tag", 2),
        ("f O more\n", 8, "more columns", 2),
        ("f Q\n", 8, "not of the others' kind", 2),
        ("f I-Y\ng O\n", 8, "begin with I- without B-", 3),
        ("f B-Y\n\ng I-Y\n", 9, "blank lines inside an entity", 3),
        ("f S-X\ng O\n", 8, "mixed schemes", 3),
        ("f O\ng E-X\n", 9, "begin with E-", 3),
    ],
)
def test_what_breaks_is_named(load, broken: str, line: int, words: str, kept: int) -> None:
    text = (GOOD + broken).replace("\n", "\r\n")
    data = load(text)
    assert data.read == 3
    assert data.splits["all"].num_rows == kept
    assert any(words in notice and f"(line {line})" in notice for notice in data.notices)
    assert [(drop.file, drop.line) for drop in data.drops] == ([("x.conll", line)] if kept == 2 else [])
    with pytest.raises(DataError, match=rf"x\.conll:{line}: the first of the .*{words}"):
        load(text, on_error="stop")


def test_a_stray_blank_does_not_cut_the_sentence(load) -> None:
    data = load(GOOD + "f B-Y\n\ng I-Y\nh O\n")
    assert rows(data)[0][2] == ["f", "g", "h"]
    assert rows(data)[1][2] == ["B-Y", "I-Y", "O"]


def test_comments_are_no_tokens_but_a_hash_is(load) -> None:
    data = load("# id = 1\n# text = a b\na O\n# O\n\n#\nb B-X\n")
    assert rows(data) == ([["a", "#"], ["b"]], [["O", "O"], ["B-X"]])


def test_classes_without_b_and_i_stay(load) -> None:
    data = load("The DT\ndog NN\nbarks VB\n\nA DT\ncat NN\n")
    assert rows(data)[1] == [["DT", "NN", "VB"], ["DT", "NN"]]
    data = load("1\tDogs\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_\n2\tbark\tbark\tVERB\tVB\t_\t0\troot\t_\t_\n", "x.conllu")
    assert rows(data) == ([["Dogs", "bark"]], [["NOUN", "VERB"]])


def test_content_decides_where_endings_do_not(tmp_path: Path) -> None:
    for name in ("train.txt", "valid.txt", "test.txt", "eng.testa"):
        (tmp_path / name).write_text(CONLL_2003)
    (tmp_path / "ner.tsv").write_text("token\ttag\nAnn\tB-PER\nruns\tO\n\nBob\tB-PER\nsat\tO\n")
    (tmp_path / "plain.txt").write_text("Not tokens at all.\nJust two lines.\n")
    assert [ConllSource().accepts(tmp_path / name) for name in ("train.txt", "eng.testa", "ner.tsv", "plain.txt")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not TextSource().accepts(tmp_path / "train.txt")
    assert not CsvSource().accepts(tmp_path / "ner.tsv")
    assert ConllSource().load(tmp_path).rows == {"train": 2, "validation": 2, "test": 2}
    assert ConllSource().load(tmp_path / "ner.tsv").rows == {"all": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb\n", "most lines have 1 columns"),
        ("-DOCSTART- O\n\n", "no lines of tokens"),
        ("a O\nb\nc\nd\n", "1 of 1|1 columns"),
    ],
)
def test_useless_files_are_refused(load, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(text)
    assert caught.value.cure


ENTITIES = st.lists(st.tuples(st.sampled_from(["PER", "LOC"]), st.integers(1, 3)), min_size=1, max_size=4)


def tagged(entities: list[tuple[str, int]], scheme: str) -> list[str]:
    tags = ["O"]
    for kind, length in entities:
        first, last, single = {"BIO2": "BIB", "BIOES": "BES", "BILOU": "BLU"}[scheme]
        tags += (
            [f"{single}-{kind}"]
            if length == 1
            else [f"{first}-{kind}", *[f"I-{kind}"] * (length - 2), f"{last}-{kind}"]
        )
        tags.append("O")
    return tags


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTITIES, min_size=1, max_size=5), st.sampled_from(["BIO2", "BIOES", "BILOU"]))
def test_every_sentence_comes_back_as_bio2(load, sentences: list[list[tuple[str, int]]], scheme: str) -> None:
    lines = [[f"w{n} {tag}" for n, tag in enumerate(tagged(entities, scheme))] for entities in sentences]
    data = load("\n\n".join("\n".join(sentence) for sentence in lines), on_error="stop")
    assert rows(data)[1] == [tagged(entities, "BIO2") for entities in sentences]

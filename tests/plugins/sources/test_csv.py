"""CSV: what is written comes back; what is broken is dropped aloud or refused with file and line."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmtools.core.contracts import Reading
from fmtools.core.errors import DataError
from fmtools.plugins.sources import csv as source
from fmtools.plugins.sources.csv import CsvSource, sniff


@pytest.fixture
def load(tmp_path: Path):
    def write_and_load(text: str | bytes, name: str = "data.csv", **reading):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return CsvSource().load(str(path), Reading(**reading))

    return write_and_load


def table(data):
    return data.splits["all"].to_pydict()


def test_quoted_line_breaks_and_quotes(load) -> None:
    data = load('text,label\r\n"two\nlines, one ""field""",pos\r\nplain,neg\r\n')
    assert table(data) == {"text": ['two\nlines, one "field"', "plain"], "label": ["pos", "neg"]}
    assert (data.read, data.dropped, data.notices) == (2, {}, [])


CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=20
) | st.sampled_from(['"', "a,b", "x\ny", "tab\there", ";", "é", "你好", "=1+1", " spaces ", "'"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_every_written_table_comes_back(load, rows: list[tuple[str, str]], separator: str, ending: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([("my text", "my label"), *rows])
    text = out.getvalue()
    full = [row for row in rows if "".join(row).strip()]
    try:
        data = load(text, "data.tsv" if separator == "\t" else "data.csv")
    except DataError as error:
        assert not full or len(full) < 0.9 * len(rows), error  # noqa: PT017
        return
    assert data.read == len(rows) == data.splits["all"].num_rows + sum(data.dropped.values())
    assert list(zip(*table(data).values(), strict=True)) == full


LINES = st.lists(st.sampled_from(["a,b", "a", "a,b,c", "a,b,", "", ",", '"q"",x",y', "x,y", "你,好"]), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_rows_are_accounted_for(load, lines: list[str]) -> None:
    try:
        data = load("text,label\n" + "\n".join(lines) + "\n")
    except DataError as error:
        assert "data.csv" in error.cause  # noqa: PT017
        return
    assert data.read == sum(line != "" for line in lines)
    assert data.read == data.splits["all"].num_rows + sum(data.dropped.values())
    assert bool(data.dropped) == any("dropped" in notice for notice in data.notices)


def test_ragged_rows_are_dropped_aloud(load) -> None:
    lines = [f"text {n},{n % 2}" for n in range(30)]
    lines[4], lines[9] = "only one", "one,two,three"
    data = load("text,label\n" + "\n".join(lines))
    assert data.read == 30
    assert data.splits["all"].num_rows == 28
    assert data.dropped == {"rows with too few fields": 1, "rows with too many fields": 1}
    assert "data.csv: 1 rows with too few fields dropped (line 6)." in data.notices
    assert "data.csv: 1 rows with too many fields dropped (line 11)." in data.notices


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,label\n", "column names but no rows"),
        ("text,label", "column names but no rows"),
        ("\n\n\n", "is empty"),
        ("text,label\na\nb\nc,d\n", r"data\.csv:2: 2 of 3 rows are broken, most of them: rows with too few fields"),
        ("text,label\n,\n,\n", "2 of 2 rows are broken"),
        ("text,text\na,b\n", r"data\.csv:1: the column name 'text' stands twice"),
        ("I like it,pos\nMe too,pos\nNot me,neg\nBad,pos\n", r"data\.csv:1: the first line seems to be a row: 'pos'"),
    ],
)
def test_errors_name_the_line(load, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(text)
    assert caught.value.cure


@pytest.mark.parametrize(
    ("row", "after", "reason"),
    [
        ('"never closed,2', "y,4\n", "rows with a quote that is never closed"),
        ('"said "hi" loud",2', '"two\nlines",4\n', "rows with a quote that ends before its field does"),
    ],
)
def test_a_row_of_broken_quotes_is_dropped_or_stops(load, row: str, after: str, reason: str) -> None:
    text = f"text,label\ngood,1\n{row}\nx,3\n{after}"
    data = load(text)
    assert table(data) == {"text": ["good", "x", after.split(",")[0].strip('"')], "label": ["1", "3", "4"]}
    assert (data.read, [(drop.file, drop.line) for drop in data.drops]) == (4, [("data.csv", 3)])
    assert data.drops[0].reason.startswith(reason)
    with pytest.raises(DataError, match=r"data\.csv:3: the first of the rows with a quote"):
        load(text, on_error="stop")


def test_many_open_quotes_end_in_an_error(load) -> None:
    lines = "".join(f"a{n},1\n" for n in range(200))
    with pytest.raises(DataError, match=r"quotes open in|rows are broken"):
        load("text,label\n" + "".join(f'"open {n},x\n{lines}' for n in range(61)))


def test_a_huge_field_is_left_out_with_its_line(load, monkeypatch) -> None:
    before = csv.field_size_limit()
    monkeypatch.setattr(source, "FIELD_LIMIT", 1 << 20)
    data = load("text,label\na,1\n" + "x" * (2 << 20) + ",2\nb,3\n")
    assert table(data) == {"text": ["a", "b"], "label": ["1", "3"]}
    assert [drop.line for drop in data.drops] == [3]
    assert csv.field_size_limit() == before


def test_columns_that_are_given_are_the_header(load) -> None:
    assert table(load("a,1\nb,2\n", columns=("text", "label"))) == {"text": ["a", "b"], "label": ["1", "2"]}
    assert table(load("Text,label\nb,2\n", columns=("text", "label"))) == {"text": ["b"], "label": ["2"]}
    with pytest.raises(DataError, match="rows are broken"):
        load("a,1\nb,2\n", columns=("text",))


def test_packed_files_are_read(tmp_path: Path) -> None:
    text = b"text,label\na,1\nb,2\n"
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("inner/rows.csv", text)
        archive.writestr("__MACOSX/rows.csv", b"")
    for ending, pack in {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}.items():
        (tmp_path / f"rows.csv{ending}").write_bytes(pack(text))
    for name in ("rows.csv.gz", "rows.csv.bz2", "rows.csv.xz", "z.zip"):
        assert CsvSource().accepts(tmp_path / name)
        data = CsvSource().load(tmp_path / name)
        assert (data.name, data.read) == ("rows", 2)


def test_fields_above_the_csv_modules_own_limit_are_read(load) -> None:
    assert len(table(load("text,label\n" + "x" * 200_000 + ",1\n"))["text"][0]) == 200_000


def test_too_many_columns(load) -> None:
    with pytest.raises(DataError, match="5,000 columns"):
        load(",".join(f"c{n}" for n in range(5000)) + "\n" + ",".join("1" * 5000))


@pytest.mark.parametrize(("separator", "expected"), [(",", ","), (";", ";"), ("\t", "\t"), ("|", "|")])
def test_sniffing_survives_other_separators_in_the_text(separator: str, expected: str) -> None:
    draw = random.Random(0)
    cells = ["one, two", "a; b", "c | d", "plain", "yes, no; maybe"]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([["text", "label"], *[[draw.choice(cells), "ab"[n % 2]] for n in range(30)]])
    assert sniff(out.getvalue()) == expected


def test_semicolons_are_said_aloud(load) -> None:
    data = load("text;label\nhello, you;pos\nbye;neg\n")
    assert data.columns == ["text", "label"]
    assert data.notices == ["data.csv: fields are separated by ';'."]


def test_excels_first_line(load) -> None:
    assert table(load("sep=;\ntext;label\na,b;1\n")) == {"text": ["a,b"], "label": ["1"]}


def test_tabs_with_loose_quotes(load) -> None:
    data = load('text\tlabel\n"tis loose\tpos\n5" pipe\tneg\n', "data.tsv")
    assert table(data)["text"] == ['"tis loose', '5" pipe']
    assert "quotes are read as plain characters" in data.notices[0]


def test_values_stay_as_written(load) -> None:
    assert table(load("text,label\nNA,01\nnull,1.0\n")) == {"text": ["NA", "null"], "label": ["01", "1.0"]}


def test_extra_empty_fields_are_cut(load) -> None:
    assert table(load("text,label,,\na,1,,\nb,2,,\n")) == {"text": ["a", "b"], "label": ["1", "2"]}


def test_repeated_headers_are_dropped(load) -> None:
    lines = [f"t{n},{n % 2}" for n in range(20)]
    data = load("text,label\n" + "\n".join(lines) + "\ntext,label\n" + "\n".join(lines))
    assert data.dropped == {"repeated lines of column names": 1}
    assert data.splits["all"].num_rows == 40


def test_gbk_loads_right_and_says_so(load) -> None:
    text = "文本,标签\n这家店的服务太差了,差\n物流很快,推荐大家买,好\n".replace("快,推", "快，推")
    data = load(text.encode("gbk"))
    assert table(data) == {"文本": ["这家店的服务太差了", "物流很快，推荐大家买"], "标签": ["差", "好"]}
    assert data.notices[0].startswith("data.csv was read as GB18030 (GBK), for example")


def test_split_column(load) -> None:
    data = load("text,label,split\na,1,train\nb,2,Dev\nc,1,TEST\nd,2,train\n")
    assert data.rows == {"train": 2, "validation": 1, "test": 1}
    assert data.columns == ["text", "label"]
    assert data.notices == ["Column 'split' gave the splits: train 2, validation 1, test 1."]


def test_a_split_column_with_other_values_is_not_used(load) -> None:
    data = load("text,label,split\na,1,train\nb,2,fold-7\n")
    assert data.rows == {"all": 2}
    assert "1 of its values name none" in data.notices[0]


def test_folder_of_splits(tmp_path: Path) -> None:
    for name, count in {
        "train.csv": 5,
        "dev.csv": 2,
        "test-00000-of-00002.csv": 1,
        "test-00001-of-00002.csv": 1,
    }.items():
        (tmp_path / name).write_text("text,label\n" + "".join(f"{name} {n},{n % 2}\n" for n in range(count)))
    (tmp_path / "readme.txt").write_text("not data")
    data = CsvSource().load(tmp_path)
    assert data.rows == {"train": 5, "validation": 2, "test": 2}
    assert data.read == 9
    assert data.notices == ["Splits by file: train 5, validation 2, test 2."]


def test_missing_file_suggests_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"Did you mean reviews\.csv\?"):
        CsvSource().load(tmp_path / "review.csv")
    with pytest.raises(DataError, match="There is no folder"):
        CsvSource().load(tmp_path / "nowhere" / "x.csv")


def test_names_are_fit_for_folders(load) -> None:
    assert load("a,b\n1,2\n", "my data (final)!.csv").name == "my-data-final"
    assert load("a,b\n1,2\n", "评论.csv").name == "评论"

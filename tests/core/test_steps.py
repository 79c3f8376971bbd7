from __future__ import annotations

import pytest

from fmtools.core.errors import OptionError
from fmtools.core.options import DataOptions
from fmtools.core.options.steps import STEPS, parse_step


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_read_back_from_its_line_and_from_its_json(name: str) -> None:
    step = parse_step(STEPS[name].example)
    assert parse_step(step.line()) == step == parse_step(step.as_json())
    assert step.as_json()["step"] == name
    assert STEPS[name].summary


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"filter": {"length": "5..400", "language": ["en", "zh"]}}, "filter length=5..400 language=en,zh"),
        ({"normalize": None}, "normalize"),
        ({"sample": 10}, "sample 10"),
        ({"sample": "10%"}, "sample 0.1"),
        ({"map-labels": {"great": "good one", "other": "bad"}}, "map-labels 'great=good one' other=bad"),
        ("map-labels yes='very much' a=b", "map-labels 'yes=very much' a=b"),
        ("keep text, label", "keep text,label"),
        ("keep text label", "keep text,label"),
        ("Normalise", "normalize"),
        ("filter length=..5", "filter length=..5"),
        ("split again=yes test=20%", "split test=0.2 again=true"),
    ],
)
def test_ways_to_write_a_step(given: object, line: str) -> None:
    assert parse_step(given).line() == line
    assert parse_step(line).line() == line


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("filtr length=5", "Did you mean filter?"),
        ("filter lenght=5..9", "Did you mean length?"),
        ("filter length=9..5", "ends before it begins"),
        ("filter length=a..b", "write a range"),
        ("sample", "needs rows"),
        ("sample -5", "greater than 0"),
        ("normalize strange", "does not know what to do with 'strange'"),
        ("normalize form=NFX", "it should be 'NFC'"),
        ("map-labels", "needs labels"),
        ("split test=2", "less than 1"),
        ("drop-duplicates near=0.2", "greater than or equal to 0.5"),
        ("keep 'a", "a quote that is not closed"),
        ("", "A step is empty"),
        ("filter length=1..2 length=3..4", "given twice"),
        (7, "is not a step"),
        ({"a": 1, "b": 2}, "is not a step"),
    ],
)
def test_mistakes_are_one_sentence_with_a_cure(given: object, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_step(given)
    assert message in str(caught.value)


def test_options_keep_steps_as_lines() -> None:
    options = DataOptions.parse({"data": "shop", "steps": ["normalise", {"filter": {"length": "2.."}}]})
    assert options.steps == ["normalize", "filter length=2.."]


@pytest.mark.parametrize("values", [{"name": "x"}, {"steps": ["normalize"]}, {"diff": "a"}, {"recipe": "a"}])
def test_what_needs_data_says_so(values: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="needs data"):
        DataOptions.parse(values).check()


def test_a_comparison_takes_no_steps() -> None:
    with pytest.raises(OptionError, match="takes no steps"):
        DataOptions.parse({"data": "a", "diff": "b", "steps": ["normalize"]}).check()

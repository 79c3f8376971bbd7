"""Every verb has a help that names every option and fits 100 columns."""

from __future__ import annotations

import pytest

from fmtools.core.options import VERBS, Options, TrainOptions, flag, hint_of
from fmtools.derive.help import WIDTH, help_text, overview


@pytest.mark.parametrize("cls", VERBS.values(), ids=VERBS)
def test_every_option_is_in_the_help(cls: type[Options]) -> None:
    text = help_text(cls)
    assert cls.summary in text
    assert cls.example in text
    assert f"%{cls.magic_name()}" in text
    for name, field in cls.model_fields.items():
        assert hint_of(field).positional or flag(name) in text
        assert (field.description or "?").split()[0] in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_rows_of_an_option() -> None:
    lines = help_text(TrainOptions).splitlines()
    assert (
        "  --seed N                    same seed, data and options on the same machine = same weights [whole" in lines
    )
    assert "  %fm_train [TASK] --data DATA [options]" in lines
    text = " ".join(" ".join(lines).split())
    assert "rows in one step, all processes together [whole number, 1 to 4096 rows; default 16]" in text
    assert "peak rate of the pretrained part [number, above 0, up to 1; default 0.0001]" in text
    assert "[linear | cosine | cosine_with_min_lr | constant | constant_with_warmup; default linear]" in text
    assert lines.index("Advanced options:") > lines.index("Options:")


def test_the_overview_names_every_verb() -> None:
    text = overview()
    assert all(f"  {verb} " in text and cls.summary in text for verb, cls in VERBS.items())
    assert max(map(len, text.splitlines())) <= WIDTH

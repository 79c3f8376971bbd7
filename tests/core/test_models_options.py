"""Sizes and languages as people type them."""

from __future__ import annotations

import pytest

from fmtools.core.errors import OptionError
from fmtools.core.options import GetOptions, ModelsOptions
from fmtools.core.options.models import language_code
from fmtools.core.quantities import size_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2_000_000_000), ("2gb", 2_000_000_000), (" 500 MB ", 500_000_000), ("1.5GiB", 1_610_612_736),
        ("1.5 gib", 1_610_612_736), ("2G", 2_000_000_000), ("64k", 64_000), ("0.5T", 500_000_000_000),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size
    assert ModelsOptions.parse({"budget": text}).budget_bytes == size


@pytest.mark.parametrize(
    "text", ["", "2", "GB", "-2GB", "0GB", "nanGB", "infGB", "1e9GB", "2 apples", "2GBs", "２ＧＢx", "1,5GB", "2GB 3MB"]
)
def test_what_is_no_size_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(OptionError, match=r"--budget .* such as 2GB, 500MB or 1\.5GiB") as caught:
        ModelsOptions.parse({"budget": text})
    assert "\n" not in caught.value.cause


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("zh", "zh"),
        ("ZH", "zh"),
        ("zh-CN", "zh"),
        ("zh_Hans", "zh"),
        ("Chinese", "zh"),
        ("中文", "zh"),
        ("en-US", "en"),
        ("yue", "yue"),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert language_code(text) == code


@pytest.mark.parametrize("text", ["", "klingon", "z", "12", "-"])
def test_what_is_no_language(text: str) -> None:
    with pytest.raises(OptionError, match="--lang"):
        ModelsOptions.parse({"lang": text})


def test_tasks_go_by_their_common_names() -> None:
    assert ModelsOptions.parse({"task": "NER"}).task == "token-classification"
    assert ModelsOptions.parse({}).task is None


def test_names_to_get_are_positional() -> None:
    from fmtools.derive.parser import parse_args

    options = parse_args(GetOptions, ["e5-small", "faq", "--again"])
    assert (options.names, options.again) == (["e5-small", "faq"], True)

"""Pictures are real PNG files of the shape that was asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fmtools.views.pictures import attention_png

WEIGHTS = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 5), dtype=np.uint8)
TOKENS = ["[CLS]", "$x$", "猫", "mat", "[SEP]"]


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


@pytest.mark.parametrize(
    ("layer", "head", "columns", "rows"), [(None, None, 3, 1), (1, None, 3, 2), (None, 2, 3, 1), (1, 2, 1, 1)]
)
def test_one_map_a_layer_or_a_head(layer: int | None, head: int | None, columns: int, rows: int) -> None:
    width, height = size(attention_png(TOKENS, WEIGHTS, layer, head))
    one = size(attention_png(TOKENS, WEIGHTS, 0, 0))[0]
    assert (round(width / one), round(height / one)) == (columns, rows)


def test_chinese_is_drawn_with_the_font_that_travels_along() -> None:
    from fontTools.ttLib import TTFont

    from fmtools.views.pictures import FONT, _fonts

    known = TTFont(FONT).getBestCmap()
    assert all(ord(character) in known for character in "猫抓老鼠，很好吃！价格便宜的书店")
    assert TTFont(FONT)["name"].getDebugName(1) in _fonts()
    assert FONT.with_name("OFL.txt").read_text().count("OPEN FONT LICENSE")

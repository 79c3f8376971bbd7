"""Make the Chinese font of static pictures and of the lab: python scripts/build_font.py NotoSansCJK-Regular.ttc

The collection comes from Debian's package fonts-noto-cjk (SIL Open Font License 1.1, see fmtools/views/fonts/OFL.txt). Kept
are Latin, kana, punctuation and the 6,763 characters of GB 2312, without hinting and layout tables: 1.5 MB instead of 19.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

TARGET = Path(__file__).parent.parent / "fmtools" / "views" / "fonts" / "NotoSansSC-subset.otf"
WEB = TARGET.parents[3] / "labextension" / "style" / "NotoSansSC-subset.woff2"
RANGES = ((0x20, 0x7F), (0xA0, 0x180), (0x2000, 0x206F), (0x3000, 0x3100), (0xFF00, 0xFF61))
TABLES = ["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx", "GDEF"]


def characters() -> set[int]:
    """Return the code points to keep."""
    found = {code for low, high in RANGES for code in range(low, high)}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            found |= {ord(character) for character in bytes([high, low]).decode("gb2312", "ignore")}
    return found


def main(collection: str) -> None:
    """Write the subset."""
    fonts = {font["name"].getDebugName(4): font for font in TTCollection(collection).fonts}
    font = fonts["Noto Sans CJK SC"]
    options = subset.Options()
    options.layout_features, options.hinting, options.name_IDs = [], False, [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.drop_tables += TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters() & set(font.getBestCmap()))
    subsetter.subset(font)
    font.save(TARGET)
    font.flavor = "woff2"  # needs the package brotli
    font.save(WEB)


if __name__ == "__main__":
    main(sys.argv[1])

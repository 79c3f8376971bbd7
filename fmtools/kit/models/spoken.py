"""Models of many languages: which of their tokens names the language of the source and that of the target."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..words.languages import UNKNOWN, language

#: Texts of each side that are listened to.
HEARD = 40
#: NLLB names languages with three letters and a script.
_LONG = {
    "ar": "arb_Arab", "de": "deu_Latn", "en": "eng_Latn", "es": "spa_Latn", "fr": "fra_Latn", "hi": "hin_Deva", "it": "ita_Latn",
    "ja": "jpn_Jpan", "ko": "kor_Hang", "nl": "nld_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ru": "rus_Cyrl", "tr": "tur_Latn",
    "uk": "ukr_Cyrl", "vi": "vie_Latn", "zh": "zho_Hans",
}  # fmt: skip


def speaks(model: Any, tokenizer: Any) -> bool:
    """Say whether a model wants to know which languages it has to do with."""
    taught = getattr(model.config, "task_specific_params", None) or {}
    return hasattr(tokenizer, "src_lang") or any(key.startswith("translation_") for key in taught)


def heard(sources: list[str], targets: list[str]) -> list[str]:
    """Return the languages of source and target that most texts are in; [] when one of them is not clear."""
    counts = (Counter(map(language, side[:: max(1, len(side) // HEARD)])) for side in (sources, targets))
    found = [next((code for code, _ in count.most_common() if code != UNKNOWN), "") for count in counts]
    return found if all(found) and found[0] != found[1] else []


def code_of(language: str, known: list[str]) -> str | None:
    """Return the name that a model's tokens have for a language: "en" -> "en_XX" (mBART), "eng_Latn" (NLLB), "en" (M2M100)."""
    bare = {token.strip("_"): token.strip("_") for token in known}
    wanted = (language, _LONG.get(language, ""))
    return next((bare[name] for name in wanted if name in bare), None) or next(
        (name for name in bare if name.startswith(f"{language}_")), None
    )


def choose_languages(model: Any, tokenizer: Any, languages: list[str]) -> None:
    """Tell a model of many languages which two it has to do with; other models are left as they are.

    languages: codes of source and target such as ["en", "fr"]; [] when they are not known.
    """
    if len(languages) != 2 or not hasattr(tokenizer, "src_lang"):
        return
    known = [str(token) for token in tokenizer.all_special_tokens]
    source, target = (code_of(language, known) for language in languages)
    if source is None or target is None:
        return
    tokenizer.src_lang, tokenizer.tgt_lang = source, target
    first = tokenizer.convert_tokens_to_ids(next(token for token in known if token.strip("_") == target))
    how = model.generation_config
    if tokenizer(text_target="a")["input_ids"][-1] == first:
        # mBART of 25 languages: the code ends a target, and the decoder begins with it.
        how.decoder_start_token_id, how.forced_bos_token_id = first, None
    else:
        how.forced_bos_token_id = first

"""What text looks like in the languages that legacy encodings were made for: what is frequent, and what never occurs.

A score is 0 for what cannot be that language, and near 1 for typical text; `text_io` compares the candidates' scores.
"""

from __future__ import annotations

import re

#: Python's codec -> the name that is said aloud.
CANDIDATES = {
    "gb18030": "GB18030 (GBK)",
    "big5": "Big5",
    "cp949": "EUC-KR (CP949)",
    "euc_jp": "EUC-JP",
    "cp932": "Shift-JIS",
    "cp1252": "Windows-1252 (Latin-1)",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "iso8859_5": "ISO-8859-5",
    "cp866": "CP866",
}

SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么"
    "去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关"
    "点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教"
    "儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德"
    "资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规"
    "万取拉格望觉术领共确传师观清今切院让识候带导争运请吗吧呢啊怎谁哪喜欢买快慢差钱送店货质满服推荐错早晚饭吃喝玩房间灯关温调节窗机车"
)
TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼"
    "去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關"
    "點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教"
    "兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德"
    "資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規"
    "萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運請嗎吧呢啊怎誰哪喜歡買快慢差錢送店貨質滿服推薦錯早晚飯吃喝玩房燈溫調節窗車"
)
HANGUL = frozenset(
    "이다는의에을가고하지은를도로한기사대자시서어리인해스나들부일정전그아으국과수보장주제있었라면구거상동원러여성공등중게선적경오만방연조"
    "비신분관니미위야마내계세소우용치말당생유물진김각간체회발요것없않되된까던했실불켜줘끄방온습안녕감합드립습네트타르크프키개무모두려음문저"
    "건바반배너와차최출통특파포하학행현호화후역열영예외운월입작잘좋중질집책처천청초카팔편품피할함향형히"
)
SPREAD = {"gb18030": SIMPLIFIED | TRADITIONAL, "big5": TRADITIONAL, "cp949": HANGUL}

# The letters beyond ASCII of each language that Windows-1252 serves. A text that needs letters of several of them is
# more likely Polish, Czech, Turkish ... in an encoding of its own.
WESTERN = tuple(
    frozenset(letters)
    for letters in (
        "àâçèéêëîïôœùûüÿ",
        "äöüßéèà",
        "áéíóúüñç",
        "áâãàçéêíóôõúü",
        "àèéìòùî",
        "äåöéà",
        "æøåéòóôâü",
        "ëïéèöüáóêí",
        "àçèéíïòóúü",
    )
)
#: Signs that stand outside words, and those that may stand inside.
FREE = frozenset("\xa0£§©«®°±´·»–—‘’“”„•…€™‹›¿¡×")
WORD_SIGNS = frozenset("’'·\xad")
# Foreign letters that Windows-1252 shows as a sign or as a nasal vowel: ż as ¿, ą as ±, Ł as £, ă as ã, ő as õ.
STRANGE = re.compile(r"¿(?![^\n]*\?)|¡(?![^\n]*!)|[^\W\d_]±|±[^\W\d_]|£[^\W\d_]|(?:^| )… ")
NASAL, NASAL_PORTUGUESE = re.compile("[ãõ]"), re.compile("ã[oei]|õe|nhã")
#: Punctuation of East Asian text: says nothing about the language.
WIDE_MARKS = re.compile("[\u2010-\u2026\u3000-\u303f\uff01-\uff0f\uff10-\uff5e\u00b7\u00a0-\u00bf\u00d7]")
COMMON_CYRILLIC, RARE_CYRILLIC = frozenset("оеаинтсрвл"), frozenset("щъэфш")
# South Slavic capitals: where another encoding has its ordinary ones.
FOREIGN_CAPITALS = frozenset("ЂЃЅЈЉЊЋЌЏ")


def language_score(encoding: str, text: str) -> float:
    """Return how much `text`, decoded with `encoding`, looks like what people write in it: 0 to 1."""
    high = [character for character in text if character > "\x7f"]
    if encoding in SPREAD:
        return _share(high, SPREAD[encoding])
    if encoding in ("euc_jp", "cp932"):
        return _japanese(high)
    if encoding == "cp1252":
        return _western(text)
    return _cyrillic(text)


def _share(high: list[str], common: frozenset[str]) -> float:
    letters = WIDE_MARKS.sub("", "".join(high))
    return sum(letter in common for letter in letters) / len(letters) if letters else 0.0


def _japanese(high: list[str]) -> float:
    """Hiragana is half of Japanese text; half-width katakana is what other encodings' single bytes turn into."""
    letters = WIDE_MARKS.sub("", "".join(high))
    if not letters:
        return 0.0
    kana = sum("\u3041" <= letter <= "\u30fc" for letter in letters)
    half = sum("\uff61" <= letter <= "\uff9f" for letter in letters)
    return max(0.0, (kana - 4 * half) / len(letters))


def _western(text: str) -> float:
    """Letters of one Western language, in words with ASCII letters, in a plausible case; signs outside words."""
    letters: list[str] = []
    for match in re.finditer(r"[^\x00-\x7f]", text):
        letter, before, after = match[0], text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if letter.isalpha() and letter not in "ªºµƒ":
            if letter.isupper() and before.islower():
                return 0.0
            letters.append(letter.lower())
        elif letter not in FREE or (letter not in WORD_SIGNS and before.isalpha() and after.isalpha()):
            return 0.0
    return 0.0 if STRANGE.search(text) else _one_language(letters, text)


def _one_language(letters: list[str], text: str) -> float:
    if not letters:
        return 1.0
    shares = [sum(letter in language for letter in letters) / len(letters) for language in WESTERN]
    best = max(shares)
    runs = len(re.findall(r"[^\W\d_a-zA-Z]+", text)) / len(letters)
    nasal = len(NASAL.findall(text))
    if best < 0.97 or runs < 0.5 or (nasal and len(NASAL_PORTUGUESE.findall(text)) < 0.6 * nasal):
        return 0.0
    # French alone has these letters, and hardly a French sentence is without é; Latvian in its own encoding is.
    if len(letters) >= 5 and shares.count(best) == 1 and shares[0] == best and letters.count("é") < 0.2 * len(letters):
        return 0.0
    return best


def _cyrillic(text: str) -> float:
    """The ten most frequent letters are 60 % of Russian, five rare ones hardly 3; no box drawing, no mixed words."""
    letters = re.findall("[\u0400-\u045f\u0490\u0491]", text)
    mixed = len(re.findall("[a-zA-Z][\u0400-\u045f]|[\u0400-\u045f][a-zA-Z]", text))
    odd = re.search("[\u2500-\u25ff]|[a-z\u0430-\u045f][\u0400-\u042f]", text)
    if odd or not letters or mixed > 0.03 * len(letters):
        return 0.0
    common = sum(letter.lower() in COMMON_CYRILLIC for letter in letters)
    rare = sum(letter.lower() in RARE_CYRILLIC or letter in FOREIGN_CAPITALS for letter in letters)
    if sum(letter.islower() for letter in letters) < 0.5 * len(letters):
        return 0.0
    return max(0.0, (common - 4 * rare) / len(letters))

"""Postal addresses, English and Chinese, by their form: a street and a number, or a building and a room."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .spans import Span

_SUFFIX = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Place|Pl|Terrace|Ter|Square|Sq|Parkway|Pkwy|"
    r"Highway|Hwy|Trail|Trl|Crescent|Close|Mews|Row|Walk|Alley|Loop|Grove|Gardens|Quay|Plaza|Way|Broadway|Esplanade|Parade|Hill|Heights|Ridge|Run)"
)
_WORD = r"[A-Z0-9À-Þ][\w'’.À-ɏ-]*"
_UNIT = r"(?:(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Rm|Floor|Fl|Building|Bldg|Lot)\b\.?\s?#?\s?[\w-]{1,6}|#\s?[\w-]{1,6})"
_STATE = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]|ON|QC|BC|AB|NSW|VIC|QLD)"
_CODE = r"(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)"
_TOWN = r"[A-Z][\w'’.-]+(?:[ -](?:[A-Z][\w'’.-]+|of|on|upon|the|de|la)){0,3}"
_TAIL = rf"(?:,?\s+{_UNIT}|,\s*{_UNIT})?(?:(?:,\s*|\s+in\s+|\n\s*){_TOWN})?(?:,?\s+{_STATE}\b)?(?:,?\s+{_CODE}\b)?"
_ENGLISH = re.compile(
    rf"(?<![\w.$€£#-])(?:(?:Flat|Apt|Unit|Suite)\.?\s?[\w-]{{1,5}},\s*)?\d{{1,6}}[A-Za-z]?(?:-\d{{1,5}})?\s+(?:(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\.?\s+)?"
    rf"(?:(?:{_WORD}\s+){{1,4}}?{_SUFFIX}\b\.?|Broadway\b|(?:Calle|Rue|Via)\s+{_WORD})(?:\s+(?:NE|NW|SE|SW|N|S|E|W|North|South|East|West)\b)?{_TAIL}"
)
_BOX = re.compile(rf"\b(?:P\.?\s?O\.?\s?Box|Post Office Box)\s+\d{{1,7}}{_TAIL}", re.IGNORECASE)
#: `5 Star Way`, `2 Times Square`: quantities and fixed phrases that look like streets.
_NO_STREET = re.compile(
    r"^\d+\s+(?:(?:Star|Stars|Times|Days?|Hours?|Minutes?|Years?|Weeks?|Months?|Percent|The|Ways?|Way)\b)",
    re.IGNORECASE,
)

_HAN = r"[\u4e00-\u9fff]"
_PROVINCE = (
    r"(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|"
    r"内蒙古|广西壮族|广西|西藏|宁夏回族|宁夏|新疆维吾尔|新疆|香港|澳门)(?:省|市|自治区|特别行政区)?"
)
_REST = r"(?:(?!号|路|街|室|栋|，|。)[\u4e00-\u9fff])"
_ADMIN = rf"(?:{_PROVINCE})?(?:{_REST}{{1,7}}?(?:自治州|地区|市|盟))?(?:{_REST}{{1,7}}?(?:新区|开发区|高新区|自治县|区|县|旗|市))?(?:{_REST}{{1,7}}?(?:街道|镇|乡))?"
_N = r"(?:[0-9A-Za-z]{1,5}(?:-[0-9A-Za-z]{1,5})*|[一二三四五六七八九十百零]{1,5})"
_STREET = rf"(?:{_HAN}|[0-9A-Za-z]){{1,10}}?(?:大道|大街|胡同|环路|公路|路|街|道|巷|弄|里|村|屯|组)(?:[东南西北中]段|[一二三四五六七八九十]段|{_N}[巷弄])?"
_ROOM = rf"(?:{_N}\s?(?:号楼|号院|号|栋|幢|座|楼|单元|层|室|房|户|门)\s?)"
_ESTATE = rf"(?:{_HAN}|[A-Za-z0-9]){{2,12}}?(?:小区|花园|大厦|公寓|广场|家园|新村|公馆|中心|国际|名城|苑|城|府|湾|庄园|宿舍|校区|社区|里)"
_CHINESE = re.compile(
    rf"{_ADMIN}(?:{_STREET}\s?{_N}\s?号(?:院|楼)?\s?(?:{_ESTATE})?\s?{_ROOM}*(?:\d{{3,4}}(?!\d))?|(?:{_STREET})?{_ESTATE}\s?{_ROOM}+(?:\d{{3,4}}(?!\d))?)"
)
#: Words that stand before an address and that a lazy match swallows.
_LEAD = re.compile(
    r"^(?:.*?(?:地址(?:是|为|改为|改成|填)?|住址(?:是|为)?|家住|现住|住在|住于|居住在|居住于|住|位于|坐落于|坐落在|寄往|寄到|寄至|送到|送至|送往|发到|发往|发至|搬到|搬至|快递到|前往|来到|"
    r"到达|改到|改寄|配送至|配送到|上门到|填写|填的是|写的是|就在|是在|家在|开在|放在|在|于|到|至|往|从|是|为|了|请|把|去))(?=[\u4e00-\u9fff0-9A-Za-z]{4})"
)


def addresses(text: str) -> Iterator[Span]:
    """Yield postal addresses in both languages."""
    for pattern in (_ENGLISH, _BOX):
        for found in pattern.finditer(text):
            if not _NO_STREET.search(found.group()):
                yield Span(found.start(), found.end(), "address", "pattern", 0.9)
    for found in _CHINESE.finditer(text):
        start = found.start() + _lead(found.group())
        if re.search(r"[0-9一二三四五六七八九十]", text[start : found.end()]):
            yield Span(start, found.end(), "address", "pattern", 0.9)


def _lead(text: str) -> int:
    """Return how many characters at the beginning belong to the sentence, not to the address."""
    province = re.search(_PROVINCE, text)
    if province and province.start() <= 12:
        return province.start()
    total = 0
    while (found := _LEAD.match(text)) and found.end() <= 14:
        total, text = total + found.end(), text[found.end() :]
    return total

"""What has a form of its own: mail addresses, phone, identity-card and bank numbers. Checksums where the form has one.

Needs nothing but the standard library. All patterns look at a text made narrow (`spans.widths`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from .spans import Span

_MAIL = re.compile(
    r"(?<![A-Za-z0-9À-ɏ._%+'-])[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ._%+'-]*[A-Za-z0-9À-ɏ_+-])?"
    r"(?:\s?[\[(]\s?at\s?[\])]\s?|@)"
    r"(?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ-]*[A-Za-z0-9À-ɏ])?(?:\.|\s?[\[(]\s?dot\s?[\])]\s?))+[A-Za-z]{2,24}(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_FILES = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|css|js|ts|py|json|html?|mp[34]|so|dll|exe)$", re.IGNORECASE)
#: A number does not begin or end inside a longer one, a word, a decimal or a version.
_LEFT, _RIGHT = r"(?<![A-Za-z0-9_])(?<![0-9][.,/:*-])", r"(?![A-Za-z0-9_])(?![.,:/*-][0-9])"
_GAP = r"[ .-]?"
_CN_MOBILE = re.compile(rf"{_LEFT}(?:\(?(?:\+|00)?86\)?[ -]?)?1[3-9]\d(?:[ -]?\d{{4}}){{2}}{_RIGHT}")
_CN_LINE = re.compile(
    rf"{_LEFT}(?:(?:\+|00)86[ -]?\(?0?(?:10|2\d|[3-9]\d{{2}})\)?[ -]?|\(0(?:10|2\d|[3-9]\d{{2}})\)[ -]?|0(?:10|2\d|[3-9]\d{{2}})[ -]?)"
    rf"[2-9]\d{{2,3}}[ -]?\d{{4}}(?:(?:转|-|x| ext\.? ?)\d{{1,5}})?{_RIGHT}"
)
_CN_SERVICE = re.compile(rf"{_LEFT}[48]00[ -]\d{{3,4}}[ -]?\d{{3,4}}{_RIGHT}")
_EXTENSION = r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?"
_US = re.compile(
    rf"{_LEFT}(?:\+?1[ .-]?)?(?:\([2-9]\d{{2}}\)\s?|[2-9]\d{{2}}[ .-])[2-9]\d{{2}}[ .-]\d{{4}}{_EXTENSION}{_RIGHT}"
)
_US_BARE = re.compile(rf"{_LEFT}(?:\+?1)?[2-9]\d{{2}}[2-9]\d{{6}}{_EXTENSION}{_RIGHT}")
_SHORT = re.compile(rf"{_LEFT}[2-9]\d{{2}}[ .-]\d{{4}}{_RIGHT}")
_WORLD = re.compile(rf"(?<![A-Za-z0-9_+])\+[1-9]\d{{0,2}}(?:[ .-]?\(?\d{{1,5}}\)?){{2,6}}{_RIGHT}")
_UK = re.compile(rf"{_LEFT}\(?0(?:7\d{{3}}|1\d{{2,3}}|20|3\d{{2}}|800)\)?[ -]\d{{3,4}}[ -]?\d{{3,4}}{_RIGHT}")
_CN_ID = re.compile(rf"{_LEFT}[1-9]\d{{5}} ?(?:18|19|20)\d{{2}}[01]\d[0-3]\d ?\d{{3}}[0-9Xx]{_RIGHT}")
_CN_ID_OLD = re.compile(rf"{_LEFT}[1-9]\d{{5}}\d{{2}}[01]\d[0-3]\d\d{{3}}{_RIGHT}")
_SSN = re.compile(rf"{_LEFT}(?!000|666|9)\d{{3}}[- ](?!00)\d{{2}}[- ](?!0000)\d{{4}}{_RIGHT}")
_SSN_BARE = re.compile(rf"{_LEFT}(?!000|666|9)\d{{3}}(?!00)\d{{2}}(?!0000)\d{{4}}{_RIGHT}")
_PASSPORT = re.compile(rf"{_LEFT}[A-Z]{{1,2}}\d{{7,8}}{_RIGHT}")
_CARD = re.compile(
    rf"{_LEFT}[1-9]\d{{3}}(?:[ -]?\d{{4}}){{2,3}}(?:[ -]?\d{{1,4}})?{_RIGHT}|{_LEFT}3[47]\d{{2}}[ -]?\d{{6}}[ -]?\d{{5}}{_RIGHT}"
)
_ACCOUNT = re.compile(rf"{_LEFT}\d{{2,6}}(?:[ -]?\d{{2,6}}){{1,5}}{_RIGHT}")
_IBAN = re.compile(rf"{_LEFT}[A-Z]{{2}}\d{{2}}(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,4}})?{_RIGHT}")

_CALLING = re.compile(
    r"phone|\btel|mobile|\bcell|\bcall|\bfax|whatsapp|\btext(?:ed|ing)?\b|\bsms\b|\bdial|\breach|\bring\b|\bcontact|hotline|landline|"
    r"voicemail|my number|电话|手机|座机|联系|拨打|来电|致电|微信|传真|热线",
    re.IGNORECASE,
)
_BANKING = re.compile(
    r"\bcard\b|\bvisa\b|mastercard|amex|\bdebit|\bcredit|\bbank|\baccount|\bacct|\ba/c\b|\biban\b|\bpayee|银行|卡号|账号|帐号|账户|帐户|储蓄卡|信用卡|借记卡|转账|汇款|打款|退款到|开户",
    re.IGNORECASE,
)
_PAPERS = re.compile(
    r"身份证|证件|公民|passport|护照|\bssn\b|social security|\bid (?:card|number|no)|national id|\btax id",
    re.IGNORECASE,
)
#: A word right before a number that says what the number is, and that it is nobody's.
_THINGS = re.compile(
    r"(?:order|ticket|invoice|tracking|parcel|serial|batch|model|part|sku|isbn|issn|imei|ean|upc|barcode|version|build|case|reference|ref|item|product|"
    r"article|lot|asin|timestamp|hash|订单|单号|运单|编号|流水|货号|批号|批次|型号|序列|条形码|条码|版本|工单|商品|快递|发票|票号|库存|产品|时间戳)"
    r"(?:[ _-]?(?:number|num|no|id|code|号码|号|码|编码))?\s?(?:is|was|为|是|#|no|:|：|\.|,|，|\(|（)*\s*[#:(]?\s*[A-Z-]{0,4}$",
    re.IGNORECASE,
)
_MEAL = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def digits(text: str) -> str:
    """Return only the ASCII digits of a text."""
    return re.sub(r"[^0-9]", "", text)


def luhn(number: str) -> bool:
    """Say whether the last digit is the Luhn check digit of the others; all zeros are no number."""
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(reversed(number)))
    return total % 10 == 0 and len(set(number)) > 1


def resident_check(first17: str) -> str:
    """Return the check character of a Chinese resident id's first 17 digits (ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, _MEAL, strict=True)) % 11]


def iban_valid(text: str) -> bool:
    """Say whether an IBAN's check digits are right (ISO 7064 MOD 97-10)."""
    packed = text.replace(" ", "").upper()
    moved = packed[4:] + packed[:4]
    return 15 <= len(packed) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return date(1850, 1, 1) <= date(year, month, day) <= date.today()
    except ValueError:
        return False


def _around(text: str, start: int, end: int, before: int = 48, after: int = 24) -> str:
    return text[max(0, start - before) : start] + "|" + text[end : end + after]


def _thing(text: str, start: int) -> bool:
    return bool(_THINGS.search(text[max(0, start - 28) : start]))


def mails(text: str) -> Iterator[Span]:
    """Yield mail addresses; `name [at] host [dot] com` is one, too."""
    for found in _MAIL.finditer(text):
        if not _FILES.search(found.group()):
            yield Span(found.start(), found.end(), "mail", "pattern", 0.99)


def phones(text: str) -> Iterator[Span]:
    """Yield phone numbers: Chinese, North American, British, and whatever begins with + and a country's code."""
    for pattern, sure in (
        (_WORLD, True),
        (_CN_MOBILE, True),
        (_CN_LINE, True),
        (_CN_SERVICE, True),
        (_US, True),
        (_UK, True),
    ):
        for found in pattern.finditer(text):
            if 7 <= len(digits(found.group())) <= 20 and (sure and not _thing(text, found.start())):
                yield Span(found.start(), found.end(), "phone", "pattern", 0.85)
    for pattern in (_US_BARE, _SHORT):
        for found in pattern.finditer(text):
            said = _CALLING.search(_around(text, found.start(), found.end()))
            if said and not _thing(text, found.start()):
                yield Span(found.start(), found.end(), "phone", "pattern and words", 0.7)


def plausible(text: str, start: int, end: int) -> bool:
    """Say whether digits that look like a phone number may be one: bare ones need a word of calling around them."""
    bare = text[start:end].isdigit() and len(text[start:end]) != 11
    return not _thing(text, start) and (not bare or bool(_CALLING.search(_around(text, start, end))))


def identities(text: str) -> Iterator[Span]:
    """Yield identity numbers: Chinese resident ids (18 and 15 digits), US social security numbers, passports."""
    for found in _CN_ID.finditer(text):
        number = found.group().replace(" ", "").upper()
        born = _is_date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        right = resident_check(number[:17]) == number[17]
        if born and (right or _papers(text, found)):
            yield Span(found.start(), found.end(), "id", "checksum" if right else "pattern and words", 0.98)
    for found in _CN_ID_OLD.finditer(text):
        number = found.group()
        if _is_date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12])) and _papers(text, found):
            yield Span(found.start(), found.end(), "id", "pattern and words", 0.9)
    for found in _SSN.finditer(text):
        if not _thing(text, found.start()):
            yield Span(found.start(), found.end(), "id", "pattern", 0.88)
    for pattern in (_SSN_BARE, _PASSPORT):
        for found in pattern.finditer(text):
            if _papers(text, found) and not _thing(text, found.start()):
                yield Span(found.start(), found.end(), "id", "pattern and words", 0.88)


def _papers(text: str, found: re.Match[str]) -> bool:
    return bool(_PAPERS.search(_around(text, found.start(), found.end())))


def banks(text: str) -> Iterator[Span]:
    """Yield bank numbers: cards (Luhn), IBANs (MOD 97), and accounts that words around them call so."""
    for found in _IBAN.finditer(text):
        if iban_valid(found.group()):
            yield Span(found.start(), found.end(), "bank", "checksum", 0.97)
    for found in _CARD.finditer(text):
        number = digits(found.group())
        if 13 <= len(number) <= 19 and luhn(number) and number[0] in "23456" and not _thing(text, found.start()):
            yield Span(found.start(), found.end(), "bank", "checksum", 0.95)
    for found in _ACCOUNT.finditer(text):
        number = digits(found.group())
        near = _BANKING.search(_around(text, found.start(), found.end(), 32, 12))
        if 8 <= len(number) <= 21 and near and not _thing(text, found.start()) and not _dated(found.group()):
            yield Span(found.start(), found.end(), "bank", "pattern and words", 0.8)


def _dated(text: str) -> bool:
    """Say whether digits are a day or a time, as 2024-05-17 or 20240517 is."""
    return bool(re.fullmatch(r"(?:19|20)\d{2}[- ]?[01]\d[- ]?[0-3]\d(?:[- ]?\d{2,6})?", text))


#: What finds a kind by its form alone.
FINDERS: dict[str, Callable[[str], Iterator[Span]]] = {"mail": mails, "phone": phones, "id": identities, "bank": banks}

"""Stand-ins: another value of the same kind, language and form, the same one for the same value everywhere.

Drawn by a keyed hash. The key is random and thrown away, or derived from the user's key: then stand-ins are the same in
every data set that is protected with it. No stand-in is, or holds, a value that was found in the data.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from .chinese import COMPOUND, SURNAMES
from .patterns import digits, luhn, resident_check

#: Draws before a stand-in is lengthened to be a new one.
TRIES = 200
#: The country code 1, set apart; eleven digits that begin with 1 are otherwise a Chinese mobile's.
_ONE = re.compile(r"\+1|1[ .(-]")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_HOSTS = ("example.com", "example.org", "example.net")  # reserved: nobody's
_ABODES = ("花园", "小区", "公寓", "家园", "新村", "雅苑")
_STREETS = (
    "建设路",
    "人民路",
    "解放大道",
    "和平街",
    "光明路",
    "新华路",
    "学府路",
    "滨江大道",
    "文化路",
    "迎宾大道",
    "长江路",
    "青年路",
)
_PROVINCES = ("11", "12", "13", "21", "31", "32", "33", "37", "41", "42", "43", "44", "50", "51", "61")


def same(kind: str, value: str) -> str:
    """Return the form under which values are the same: without case, doubled blanks, and what separates digits."""
    plain = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if kind in ("phone", "bank", "id"):
        packed = re.sub(r"[^0-9a-z]", "", plain)
        return (
            re.sub(r"^(?:00)?86(?=1\d{10}$)" + (r"|^1(?=[2-9]\d{9}$)" if _ONE.match(plain) else ""), "", packed)
            if kind == "phone"
            else packed
        )
    return plain


class StandIns:
    """Gives out stand-ins. `known` are all the values found, as `same` writes them; they never come out."""

    def __init__(self, key: bytes, known: set[str]) -> None:
        self._key = key
        self._known = known
        self._longest = max(map(len, known), default=0)
        self._given: dict[tuple[str, str], str] = {}
        self._used: set[str] = set()

    def of(self, kind: str, value: str) -> str:
        """Return the stand-in of a value, laid out as the value was: case, separators, country code."""
        core = self._core(kind, value)
        return _laid_out(kind, value, core)

    def _core(self, kind: str, value: str) -> str:
        wanted = (kind, same(kind, value))
        if wanted not in self._given:
            self._given[wanted] = self._fresh(kind, value, _MAKERS[kind])
        return self._given[wanted]

    def _fresh(self, kind: str, value: str, make: Callable[[Draw, str], str]) -> str:
        """Draw until the stand-in is nobody's in the data and nobody else's stand-in."""
        for attempt in range(TRIES * 3):
            drawn = make(Draw(self._key, kind, same(kind, value), attempt), value)
            if attempt >= TRIES:  # the lists are used up: make it longer
                drawn = _longer(kind, drawn, attempt)
            form = same(kind, drawn)
            if form not in self._used and not self._gives_away(form):
                self._used.add(form)
                return drawn
        return f"[{kind.upper()}]"  # never seen: rather a mask than somebody's value

    def _gives_away(self, form: str) -> bool:
        lengths = range(2, min(self._longest, len(form)) + 1)
        return any(form[i : i + n] in self._known for n in lengths for i in range(len(form) - n + 1))


class Draw:
    """Numbers drawn from a keyed hash of what they are for."""

    def __init__(self, key: bytes, *parts: Any) -> None:
        self._key, self._parts, self._count = key, "\0".join(map(str, parts)), 0

    def below(self, bound: int) -> int:
        self._count += 1
        said = f"{self._parts}\0{self._count}".encode()
        return int.from_bytes(hmac.new(self._key, said, hashlib.sha256).digest()[:8], "big") % bound

    def pick(self, choices: Sequence[str]) -> str:
        return choices[self.below(len(choices))]

    def number(self, length: int) -> str:
        return "".join(str(self.below(10)) for _ in range(length))

    def sub(self, *parts: Any) -> Draw:
        """Return a draw for a part alone: the same family name draws the same one in every name."""
        return Draw(self._key, *parts)


@cache
def _lists() -> tuple[list[str], list[str], list[str], str]:
    """Return English first and last names, English towns, and characters of Chinese given names."""
    from faker.providers.address.en_US import Provider as Places
    from faker.providers.person.en_US import Provider as English
    from faker.providers.person.zh_CN import Provider as Chinese

    given = "".join(dict.fromkeys(c for name in Chinese.first_names for c in name))
    towns = [a + b for a in Places.city_prefixes if " " not in a for b in ("ville", "field", "ton")] or ["Fairview"]
    return (
        sorted(English.first_names),
        sorted(set(English.last_names)),
        [*towns, "Fairview", "Midway", "Oakdale", "Riverton"],
        given,
    )


def _name(draw: Draw, value: str) -> str:
    return _chinese_name(draw, value) if _CJK.search(value) else _english_name(draw, value)


def _chinese_name(draw: Draw, value: str) -> str:
    given = _lists()[3]
    if re.search("[·•・]", value):
        return "·".join(
            "".join(draw.pick("卡罗马安德尔森斯特莉娜维克多伊凡诺贝") for _ in range(max(2, min(4, len(part)))))
            for part in re.split("[·•・]", value)
        )
    size = 2 if value[:2] in COMPOUND and len(value) > 2 else 1
    pool = sorted(COMPOUND) if size == 2 else _FAMILIES
    surname = draw.sub("surname", value[:size]).pick([s for s in pool if s != value[:size]])
    return surname + "".join(draw.pick(given) for _ in range(max(1, len(value) - size)))


def _english_name(draw: Draw, value: str) -> str:
    first, last, _, _ = _lists()
    words = [word for word in value.split() if not re.fullmatch(r"[A-Za-z]\.?", word)]
    if len(words) < 2:
        return draw.pick(first)
    family = draw.sub("surname", words[-1].casefold()).pick(last)
    middle = [f"{draw.pick('ABCDEFGHJKLMNPRSTW')}." for word in value.split()[1:-1] if len(word) <= 2]
    return " ".join([draw.pick(first), *middle, *(draw.pick(first) for _ in words[1:-1]), family])


def _mail(draw: Draw, value: str) -> str:
    first, last, _, _ = _lists()
    return f"{draw.pick(first)}.{draw.pick(last)}{draw.number(2)}@{draw.pick(_HOSTS)}".lower()


def _phone(draw: Draw, value: str) -> str:
    """Chinese mobiles keep 1 and a mobile's second digit, American ones get the exchange 555-01, which nobody has."""
    number = same("phone", value)
    number = digits(number)
    if len(number) == 11 and number[0] == "1":
        return "1" + draw.pick("3578") + draw.number(9)
    if len(number) == 10 and number[0] in "23456789":
        return (
            number[:3] + "55501" + draw.number(2)
            if draw.below(2)
            else draw.pick("23456789") + draw.number(2) + "55501" + draw.number(2)
        )
    keep = 3 if len(number) > 9 else 1
    return number[:keep] + draw.number(len(number) - keep)


def _identity(draw: Draw, value: str) -> str:
    number = same("id", value).upper()
    if len(number) in (15, 18) and number[:-1].isdigit():  # provinces' own codes, which no resident's id has
        born = f"{1950 + draw.below(55)}{1 + draw.below(12):02}{1 + draw.below(28):02}"
        first = draw.pick(_PROVINCES) + "0000" + born + draw.number(3)
        return first + resident_check(first) if len(number) == 18 else first[:6] + first[8:]
    if len(number) == 9 and number.isdigit():
        return "9" + draw.number(8)  # no social security number begins with 9
    return "".join(draw.number(1) if c.isdigit() else draw.pick("ABCDEGHJK") for c in number)


def _bank(draw: Draw, value: str) -> str:
    number = same("bank", value).upper()
    if re.match("[A-Z]{2}", number):
        body = "".join(draw.number(1) if c.isdigit() else draw.pick("ABCDEFGHK") for c in number[4:])
        rest = int("".join(str(int(c, 36)) for c in f"{body}{number[:2]}00")) % 97
        return f"{number[:2]}{98 - rest:02}{body}"
    body = number[0] + draw.number(len(number) - 2)
    check = next(d for d in "0123456789" if luhn(f"{body}{d}") or len(set(body + d)) == 1)
    return body + (check if luhn(number) else draw.number(1))


def _address(draw: Draw, value: str) -> str:
    if _CJK.search(value):
        street = f"{draw.pick(('东城', '西城', '南山', '北湖', '江南', '河东'))}区{draw.pick(_STREETS)}{1 + draw.below(999)}号"
        return f"{street}{draw.pick('安和康宁福瑞嘉明')}{draw.pick('居苑庭园景华')}{draw.pick(_ABODES)}{1 + draw.below(30)}栋{1 + draw.below(30)}{draw.below(10):02}室"
    _, last, towns, _ = _lists()
    street = f"{1 + draw.below(9899)} {draw.pick(last)} {draw.pick(('Street', 'Avenue', 'Road', 'Lane', 'Drive'))}"
    return f"{street}, {draw.pick(towns)}" if "," in value else street


_FAMILIES = sorted(SURNAMES)
_MAKERS: dict[str, Callable[[Draw, str], str]] = {
    "name": _name, "mail": _mail, "phone": _phone, "id": _identity, "bank": _bank, "address": _address,
}  # fmt: skip


def _longer(kind: str, drawn: str, attempt: int) -> str:
    if kind == "mail":
        return drawn.replace("@", f"{attempt}@")
    if kind == "name" and not _CJK.search(drawn):
        return f"{drawn}-{_lists()[1][attempt % len(_lists()[1])]}"
    return drawn


def _laid_out(kind: str, value: str, core: str) -> str:
    """Give a stand-in the value's looks: its separators and country code, its case."""
    if kind in ("phone", "bank", "id") and not core.startswith("["):
        return _separated(value, core)
    if kind == "name" and value.isupper() and not _CJK.search(value):
        return core.upper()
    return core.lower() if kind == "name" and value.islower() else core


def _separated(value: str, core: str) -> str:
    """Lay characters out over those of the value, from the right; what is left over on the left (a country code) stays."""
    out, rest = [], list(core)
    for character in reversed(value):
        narrow = unicodedata.normalize("NFKC", character)
        out.append(rest.pop() if narrow.isalnum() and rest else character)
    return "".join(rest + out[::-1])

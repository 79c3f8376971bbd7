"""Stand-ins: the same for the same value, of its kind and form, and nobody's in the data."""

from __future__ import annotations

import pytest

from fmtools.kit.privacy.patterns import iban_valid, luhn, resident_check
from fmtools.kit.privacy.stand_ins import StandIns, same

pytest.importorskip("faker")
KEY = b"k" * 32


def test_the_same_value_gets_the_same_stand_in_however_it_is_written() -> None:
    drawn = StandIns(KEY, set())
    assert drawn.of("name", "Anna Lee") == drawn.of("name", "anna  lee").title()
    plain = drawn.of("phone", "13812345678")
    assert drawn.of("phone", "+86 138-1234-5678") == f"+86 {plain[:3]}-{plain[3:7]}-{plain[7:]}"
    assert StandIns(KEY, set()).of("name", "王小伟") == StandIns(KEY, set()).of("name", "王小伟")
    assert StandIns(KEY, set()).of("name", "王小伟") != StandIns(b"o" * 32, set()).of("name", "王小伟")


def test_families_stay_families() -> None:
    drawn = StandIns(KEY, set())
    assert drawn.of("name", "Anna Lee").split()[-1] == drawn.of("name", "Robert Lee").split()[-1]
    assert drawn.of("name", "王小伟")[0] == drawn.of("name", "王芳")[0] != "王"
    assert len(drawn.of("name", "欧阳静怡")) == 4


def test_numbers_keep_their_form_and_their_checksums() -> None:
    drawn = StandIns(KEY, set())
    card = drawn.of("bank", "4111-1111-1111-1111")
    assert luhn(card.replace("-", ""))
    assert [i for i, c in enumerate(card) if c == "-"] == [4, 9, 14]
    assert iban_valid(drawn.of("bank", "DE89 3704 0044 0532 0130 00"))
    number = drawn.of("id", "11010519491231002X")
    assert resident_check(number[:17]) == number[17]
    assert drawn.of("id", "123-45-6789")[0] == "9"  # none begins so
    assert "555-01" in drawn.of("phone", "(415) 867-5309").replace(") ", ")-")
    assert drawn.of("mail", "anna@lee.com").split("@")[1].startswith("example.")


def test_no_stand_in_is_or_holds_a_value_of_the_data_and_no_two_values_share_one() -> None:
    plain = StandIns(KEY, set())
    values = [f"{a}{b}{c}" for a in "王李张刘陈" for b in "伟芳娜敏静" for c in "强磊军洋勇杰娟"]
    taken = {same("name", plain.of("name", value)) for value in values}
    again = StandIns(KEY, taken)
    drawn = [again.of("name", value) for value in values]
    assert not taken & set(drawn)
    assert len(set(drawn)) == len(values)

"""Numbers and addresses by their form, and what only looks like them."""

from __future__ import annotations

import pytest

from fmtools.kit.privacy import patterns
from fmtools.kit.privacy.addresses import addresses
from fmtools.kit.privacy.spans import Span, settle, widths


def found(text: str) -> list[tuple[str, str]]:
    plain = widths(text)
    spans = [s for finder in patterns.FINDERS.values() for s in finder(plain)] + list(addresses(plain))
    return [(s.kind, text[s.start : s.end]) for s in settle(spans)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane_doe+x@mail.example.co.uk.", [("mail", "jane_doe+x@mail.example.co.uk")]),
        ("我的邮箱abc.d@qq.com谢谢", [("mail", "abc.d@qq.com")]),
        ("call (415) 555-0123 or +44 20 7946 0958", [("phone", "(415) 555-0123"), ("phone", "+44 20 7946 0958")]),
        (
            "手机１３８１２３４５６７８，座机010-62345678",
            [("phone", "１３８１２３４５６７８"), ("phone", "010-62345678")],
        ),
        ("身份证11010519491231002X。", [("id", "11010519491231002X")]),
        ("SSN 123-45-6789", [("id", "123-45-6789")]),
        (
            "card 4111 1111 1111 1111 and DE89 3704 0044 0532 0130 00",
            [("bank", "4111 1111 1111 1111"), ("bank", "DE89 3704 0044 0532 0130 00")],
        ),
        (
            "at 12 Oak Street, Apt 4B, Springfield, IL 62704 today",
            [("address", "12 Oak Street, Apt 4B, Springfield, IL 62704")],
        ),
        ("我住在北京市朝阳区建国路88号院3号楼2单元501室。", [("address", "北京市朝阳区建国路88号院3号楼2单元501室")]),
    ],
)
def test_what_is_somebodys_is_found_exactly(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 13812345678 shipped", "订单号13912345678，版本1.2.3", "ISBN 978-3-16-148410-0", "2024-05-17 10:20:30", "$1,299.99 for 12 pieces", "firmware 10.2.3.4",
        "身份证110105194912310021", "南京路很热闹", "5 Star Way to go", "logo@2x.png", "tracking number 4111111111111112", "serial SN4111111111111111",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(text: str) -> None:
    # A resident id with a wrong check digit is told from words around it alone; the one here says 身份证.
    assert [kind for kind, _ in found(text)] == (["id"] if text.startswith("身份证") else [])


def test_checksums_against_known_numbers() -> None:
    assert patterns.luhn("4111111111111111")
    assert not patterns.luhn("4111111111111112")
    assert patterns.resident_check("11010519491231002") == "X"
    assert patterns.iban_valid("GB82 WEST 1234 5698 7654 32")
    assert not patterns.iban_valid("GB82 WEST 1234 5698 7654 33")


def test_overlapping_findings_leave_nothing_uncovered() -> None:
    spans = settle([Span(0, 6, "name", "a", 0.7), Span(4, 9, "phone", "b", 0.9), Span(12, 14, "id", "c", 0.9)])
    assert [(s.start, s.end, s.kind) for s in spans] == [(0, 9, "phone"), (12, 14, "id")]

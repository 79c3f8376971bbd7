"""Texts and their words. Light: the kernel imports it."""

from ...serving.reading.division import WIDE, Division, Span, divide, division_of, is_wide, join, spaced

__all__ = ["WIDE", "Division", "Span", "divide", "division_of", "is_wide", "join", "spaced"]

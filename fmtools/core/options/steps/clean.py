"""Steps that change or leave out rows and columns by what stands in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Column, Names, Range, Share, Step


class Normalize(Step):
    """One form of every character and blank."""

    step = "normalize"
    summary = "one form of every character: Unicode form, half-width letters, single blanks, no control characters"
    example = "normalize form=NFKC"
    form: Literal["NFC", "NFKC", "none"] = Field(
        "NFC", description="Unicode form; NFKC also unites compatibility signs"
    )
    width: bool = Field(True, description="full-width letters and digits become half-width")
    blanks: bool = Field(True, description="runs of blanks become one; none at the ends; line breaks stay")
    control: bool = Field(True, description="control, zero-width and broken characters go")
    case: Literal["keep", "lower"] = Field("keep", description="lower: small letters only")
    column: Column = None


class StripMarkup(Step):
    """HTML out of texts."""

    step = "strip-markup"
    summary = "take HTML tags out and turn entities into characters; web addresses if asked"
    example = "strip-markup urls=drop"
    html: bool = Field(True, description="tags, comments, scripts and entities")
    urls: Literal["keep", "drop", "mask"] = Field("keep", description="web addresses: keep, drop, or mask as [URL]")
    column: Column = None


class DropEmpty(Step):
    """No rows without text."""

    step = "drop-empty"
    summary = "drop rows without text (blank, null, or no letter or digit)"
    example = "drop-empty"
    letters: bool = Field(True, description="a text without any letter or digit counts as empty")
    columns: Names = Field([], description="also drop rows where one of these columns is empty")


class DropDuplicates(Step):
    """Each text once a split."""

    step = "drop-duplicates"
    summary = "keep the first of equal texts in each split (case and blanks aside), or of similar ones"
    example = "drop-duplicates near=0.9"
    near: Share | None = Field(
        None, ge=0.5, le=1, description="also drop texts this similar (Jaccard of letter triples)"
    )
    columns: Names = Field([], description="rows are equal when these columns are; the text when not given")
    conflicts: Literal["first", "drop"] = Field(
        "first", description="equal texts with unlike labels: keep one, or none"
    )


class DropLeaks(Step):
    """No text on both sides of a split."""

    step = "drop-leaks"
    summary = (
        "drop training rows whose text stands in the test or validation rows too (and validation rows of the test's)"
    )
    example = "drop-leaks near=0.9"
    near: Share | None = Field(
        None, ge=0.5, le=1, description="also drop texts this similar (Jaccard of letter triples)"
    )


class Filter(Step):
    """Only rows that fit."""

    step = "filter"
    summary = "keep rows by length, language or pattern"
    example = "filter length=5..400 language=en,zh"
    length: Range | None = Field(None, description="characters of the text, such as 5..400")
    words: Range | None = Field(None, description="words of the text; each Chinese character counts as one")
    language: Names = Field([], description="languages to keep, such as en,zh")
    unclear: Literal["drop", "keep"] = Field("drop", description="texts too short to tell their language")
    regex: str | None = Field(None, description="a pattern that the text must contain")
    label: Names = Field([], description="labels to keep")
    invert: bool = Field(False, description="drop the rows that fit instead")
    column: Column = None


class Rename(Step):
    """Other names for columns."""

    step = "rename"
    summary = "rename columns: OLD=NEW"
    example = "rename review=text score=label"
    free = "names"
    names: dict[str, str] = Field(..., description="OLD=NEW", min_length=1)


class Keep(Step):
    """Some columns only."""

    step = "keep"
    summary = "keep these columns, drop the others"
    example = "keep text,label"
    takes = "columns"
    columns: Names = Field(..., description="names of columns", min_length=1)


class Drop(Step):
    """Some columns less."""

    step = "drop"
    summary = "drop these columns"
    example = "drop id,url"
    takes = "columns"
    columns: Names = Field(..., description="names of columns", min_length=1)


class MapLabels(Step):
    """Other labels."""

    step = "map-labels"
    summary = "replace labels: OLD=NEW; several may become one"
    example = "map-labels great=positive other=negative"
    free = "labels"
    labels: dict[str, str] = Field(..., description="OLD=NEW", min_length=1)
    column: Column = None

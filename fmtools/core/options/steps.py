"""The steps of a data recipe: one typed model each, from which parsing, errors, help and completion are derived.

A step is written `NAME [VALUE] key=value key=value`: `filter length=5..400`, `sample 1000`, `map-labels great=positive`.
What a step does stands in fmtools/kit; this module only says what can be asked.
"""

from __future__ import annotations

import shlex
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ..errors import OptionError
from .base import nearest

#: The columns that augmentation adds: a row's own number, and that of the row it was made from. Later steps respect them.
ROW_ID, AUGMENTED_FROM, AUGMENTED_WITH = "row_id", "augmented_from", "augmented_with"


def _listed(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else value
    return [str(part).strip() for part in parts if str(part).strip()] if isinstance(parts, list | tuple) else value


def _ranged(value: Any) -> Any:
    """Read `5..400`, `5..`, `..400` or `7` as (low, high)."""
    if not isinstance(value, str):
        return value
    low, dots, high = value.partition("..")
    try:
        ends = (int(low) if low.strip() else None, int(high) if high.strip() else None)
    except ValueError:
        raise ValueError("write a range such as 5..400, 5.. or ..400") from None
    found = ends if dots else (ends[0], ends[0])
    if found[0] is not None and found[1] is not None and found[0] > found[1]:
        raise ValueError("the range ends before it begins")
    return found


def _shared(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        return float(value.strip()[:-1]) / 100
    return value


Names = Annotated[list[str], BeforeValidator(_listed)]
Range = Annotated[tuple[int | None, int | None], BeforeValidator(_ranged)]
Share = Annotated[float, BeforeValidator(_shared)]
Column = Annotated[str | None, Field(description="the column meant; the text column when not given")]
Seed = Annotated[int | None, Field(ge=0, le=2**32 - 1, description="same seed, same rows; the recipe's when not given")]


class Step(BaseModel):
    """One step. `takes`: the field that a bare word goes to. `free`: the field that takes every `a=b`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    step: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    example: ClassVar[str] = ""
    takes: ClassVar[str] = ""
    free: ClassVar[str] = ""

    def as_json(self) -> dict[str, Any]:
        """Return the step with all its values, as recipes are kept."""
        return {"step": self.step, **self.model_dump(mode="json", exclude_none=True)}

    def line(self) -> str:
        """Return the step as it is typed, defaults left out."""
        words = [self.step]
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value == field.get_default(call_default_factory=True):
                continue
            if name == self.free:
                words += [f"{a}={b}" for a, b in value.items()]
            else:
                words.append(_written(value) if name == self.takes else f"{name.replace('_', '-')}={_written(value)}")
        return shlex.join(words)


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        low, high = ("" if end is None else str(end) for end in value)
        return low if low == high else f"{low}..{high}"
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


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


class Balance(Step):
    """As many rows of each label."""

    step = "balance"
    summary = "as many training rows of each label: fewer of the frequent ones, or copies of the rare ones"
    example = "balance how=down"
    takes = "how"
    how: Literal["down", "up"] = Field(
        "down", description="down: drop rows of frequent labels; up: copy rows of rare ones"
    )
    to: int | None = Field(
        None, ge=1, description="rows a label; the rarest's (down) or the most frequent's (up) if not given"
    )
    by: str | None = Field(None, description="the column to balance; the label column when not given")
    seed: Seed = None


class Sample(Step):
    """Fewer rows."""

    step = "sample"
    summary = "draw rows at random: a number, or a share such as 10%; each label and split in proportion"
    example = "sample 1000"
    takes = "rows"
    rows: Annotated[float, BeforeValidator(_shared)] = Field(
        ..., gt=0, description="a number of rows, or a share below 1"
    )
    by: str | None = Field(
        None, description="keep this column's shares; the label's when not given; `none` for plain chance"
    )
    split: str | None = Field(None, description="only this split")
    seed: Seed = None


class Split(Step):
    """Training, validation and test rows."""

    step = "split"
    summary = "divide the training rows: never the same text on both sides; by label, by group or by time"
    example = "split test=0.1 validation=0.1 by=label"
    test: Share = Field(0.0, ge=0, lt=1, description="share of the rows for the test")
    validation: Share = Field(0.0, ge=0, lt=1, description="share of the rows for validation")
    by: str | None = Field(
        None, description="keep this column's shares on every side; the label's when not given; `none`"
    )
    group: str | None = Field(None, description="rows equal in this column stay on one side")
    time: str | None = Field(None, description="the newest rows by this column go to the test")
    again: bool = Field(False, description="put all rows together first, if there are splits")
    seed: Seed = None


class Augment(Step):
    """Base of the steps that add training rows made from others."""

    share: Share = Field(1.0, gt=0, le=1, description="share of the training rows that get copies")
    times: int = Field(1, ge=1, le=100, description="copies of each of them")
    only: Names = Field([], description="only rows of these labels")
    column: Column = None
    seed: Seed = None


class WordDrop(Augment):
    """Copies with words left out."""

    step = "augment-drop"
    summary = "add copies with words left out (Chinese: characters)"
    example = "augment-drop rate=0.1 share=0.5"
    rate: Share = Field(0.1, gt=0, lt=1, description="share of the words")


class WordSwap(Augment):
    """Copies with neighbouring words exchanged."""

    step = "augment-swap"
    summary = "add copies in which neighbouring words change places"
    example = "augment-swap rate=0.1"
    rate: Share = Field(0.1, gt=0, lt=1, description="share of the words")


class Noise(Augment):
    """Copies with slips of the keyboard."""

    step = "augment-noise"
    summary = "add copies with typing errors: letters left out, doubled, exchanged, or hit beside"
    example = "augment-noise rate=0.03"
    rate: Share = Field(0.03, gt=0, lt=1, description="share of the letters")


class Synonyms(Augment):
    """Copies with words replaced by ones that mean the same."""

    step = "augment-synonyms"
    summary = "add copies with words replaced: from a file of synonyms, or by neighbours in a model's embeddings"
    example = "augment-synonyms file=synonyms.txt rate=0.2"
    rate: Share = Field(0.2, gt=0, le=1, description="share of the words that have a synonym")
    file: str | None = Field(None, description="lines such as `big: large, huge`")
    model: str | None = Field(
        None, description="an encoder whose neighbours are taken, such as minilm; look at the preview"
    )
    least: Share = Field(0.75, gt=0, le=1, description="least cosine of a neighbour")


class Mix(Augment):
    """Copies made of two rows of a label."""

    step = "augment-mix"
    summary = "add rows made of two rows of the same label, one after the other"
    example = "augment-mix share=0.5"
    halves: bool = Field(False, description="half of each instead of all of both")


class BackTranslate(Augment):
    """Copies that have been through another language."""

    step = "augment-back-translate"
    summary = "add copies translated to another language and back, by models of yours"
    example = "augment-back-translate model=en-zh back=zh-en"
    model: str = Field(..., description="a run or folder that translates the texts' language to another")
    back: str | None = Field(None, description="a run or folder that translates back; the same model when not given")
    prefix: str = Field("", description="text put before each input, where a model asks for it")
    back_prefix: str = Field("", description="the same on the way back")


#: Every step by its name; order is the order of help texts.
STEPS: dict[str, type[Step]] = {
    cls.step: cls
    for cls in (
        Normalize, StripMarkup, DropEmpty, DropDuplicates, DropLeaks, Filter, MapLabels, Rename, Keep, Drop, Balance, Sample, Split,
        WordDrop, WordSwap, Noise, Synonyms, Mix, BackTranslate,
    )
}  # fmt: skip
#: Steps that stand in recipes and are done by verbs of their own.
RECORDED = ("label", "protect")
#: Other words for them.
ALIASES = {
    "normalise": "normalize",
    "dedup": "drop-duplicates",
    "dedupe": "drop-duplicates",
    "augment-back": "augment-back-translate",
}


def parse_step(given: Any) -> Step:
    """Read one step: a line, a mapping {"filter": {"length": "5..400"}}, or a kept one {"step": "filter", ...}.

    Raises OptionError, with the nearest name, for the first mistake.
    """
    if isinstance(given, Step):
        return given
    if isinstance(given, str):
        name, values = _read_line(given)
    elif isinstance(given, dict) and "step" in given:
        name, values = str(given["step"]), {key: value for key, value in given.items() if key != "step"}
    elif isinstance(given, dict) and len(given) == 1:
        name, values = _read_pair(*next(iter(given.items())))
    else:
        raise OptionError(f"{given!r} is not a step.", 'Write it like "filter length=5..400".')
    return _build(step_class(name), values)


def step_line(kept: dict[str, Any]) -> str:
    """Return a step of a kept recipe as people read it, also one that a verb of its own has done (label, protect)."""
    if kept.get("step") in RECORDED:
        plain = {key: value for key, value in kept.items() if key != "step" and not isinstance(value, list | dict)}
        return shlex.join([str(kept["step"]), *(f"{key}={_written(value)}" for key, value in plain.items())])
    return parse_step(kept).line()


def step_class(name: str) -> type[Step]:
    """Return a step's model by its name. Raises OptionError with the nearest one."""
    plain = name.strip().lower().replace("_", "-")
    plain = ALIASES.get(plain, plain)
    if plain in STEPS:
        return STEPS[plain]
    if plain in RECORDED:
        raise OptionError(
            f"The step {plain!r} belongs to the rows it was done to; it cannot be applied to others.",
            f"Use %fm_{plain} on them.",
        )
    guess = nearest(plain, list(STEPS), 0.5)
    raise OptionError(
        f"There is no step {name!r}.", f"Did you mean {guess}?" if guess else f"The steps are {', '.join(STEPS)}."
    )


def _read_line(text: str) -> tuple[str, dict[str, Any]]:
    try:
        words = shlex.split(text)
    except ValueError:
        raise OptionError(f"The step {text!r} has a quote that is not closed.", "Close it.") from None
    if not words:
        raise OptionError("A step is empty.", f"The steps are {', '.join(STEPS)}.")
    cls = step_class(words[0])
    values: dict[str, Any] = {}
    for word in words[1:]:
        _take(cls, word, values)
    return words[0], values


def _take(cls: type[Step], word: str, values: dict[str, Any]) -> None:
    """Put one word of a line where it belongs; several bare words of a list come together."""
    key, equals, value = word.partition("=")
    name = key.replace("-", "_")
    if equals and cls.free:
        values.setdefault(cls.free, {})
        if name in cls.model_fields and name != cls.free:
            values[name] = value
        else:
            values[cls.free][key] = value
    elif equals:
        if name in values:
            raise OptionError(f"Step {cls.step}: {key} is given twice.", "Keep one of them.")
        values[name] = value
    elif cls.takes:
        values[cls.takes] = f"{values[cls.takes]},{word}" if cls.takes in values else word
    else:
        raise OptionError(
            f"Step {cls.step} does not know what to do with {word!r}.",
            f"It is written like: {cls.example}",
        )


def _read_pair(name: Any, value: Any) -> tuple[str, dict[str, Any]]:
    cls = step_class(str(name))
    if value is None or value == "":
        return cls.step, {}
    if isinstance(value, dict):
        plain = {str(key).replace("-", "_"): item for key, item in value.items()}
        known = {key: item for key, item in plain.items() if key in cls.model_fields}
        if cls.free and cls.free not in known:
            rest = {str(key): str(item) for key, item in value.items() if str(key).replace("-", "_") not in known}
            return cls.step, {**known, cls.free: rest}
        return cls.step, plain
    if cls.takes:
        return cls.step, {cls.takes: value}
    return _read_line(f"{cls.step} {value}")


def _build(cls: type[Step], values: dict[str, Any]) -> Step:
    try:
        return cls.model_validate(values)
    except ValidationError as error:
        raise _explain(cls, error) from None


def _explain(cls: type[Step], error: ValidationError) -> OptionError:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    typed = name.replace("_", "-")
    if first["type"] == "extra_forbidden":
        guess = nearest(name, list(cls.model_fields))
        known = ", ".join(field.replace("_", "-") for field in cls.model_fields)
        cure = f"Did you mean {guess.replace('_', '-')}?" if guess else f"It has {known}."
        return OptionError(f"Step {cls.step} has no {typed!r}.", cure)
    if first["type"] in ("missing", "too_short"):
        return OptionError(f"Step {cls.step} needs {typed}.", f"For example: {cls.example}")
    wanted = first["msg"].replace("Input should be", "it should be").replace("Value error, ", "")
    return OptionError(
        f"Step {cls.step}: {typed}={first['input']} is not possible: {wanted}.", f"For example: {cls.example}"
    )

"""Steps that make more training rows out of those there are."""

from __future__ import annotations

from pydantic import Field

from .base import Column, Names, Seed, Share, Step


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

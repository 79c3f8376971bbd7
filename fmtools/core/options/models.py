"""Options of `models`: the catalogue, and which of it fits a task, a language and a budget of memory."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import field_validator

from ..quantities import size_bytes
from ..tasks import task_name
from .base import Hint, Options, option

#: Names of languages that people type -> ISO codes.
LANGUAGES = {
    "english": "en", "chinese": "zh", "mandarin": "zh", "french": "fr", "german": "de", "spanish": "es", "japanese": "ja",
    "korean": "ko", "russian": "ru", "arabic": "ar", "portuguese": "pt", "italian": "it", "英语": "en", "英文": "en",
    "中文": "zh", "汉语": "zh", "日语": "ja", "cmn": "zh", "eng": "en", "zho": "zh",
}  # fmt: skip


def language_code(text: str) -> str:
    """Return the code of a language given as zh, zh-CN, zh_Hans or Chinese. Raises ValueError for anything else."""
    word = text.strip().lower()
    code = LANGUAGES.get(word) or LANGUAGES.get(re.split(r"[-_]", word)[0]) or re.split(r"[-_]", word)[0]
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise ValueError("it should be a language's code, such as en, zh or fr")
    return code


class ModelsOptions(Options):
    """Rank the models that can be named by what they are needed for."""

    verb: ClassVar[str] = "models"
    summary: ClassVar[str] = "List the catalogue, or rank it for a task, a language and a memory budget."
    example: ClassVar[str] = "%fm_models --task ner --lang zh --budget 2GB"

    task: str | None = option(
        None, "what the model is for; ner, sentiment, qa ... are understood", hint=Hint(complete="tasks")
    )
    lang: str | None = option(None, "the language of the texts, such as zh")
    budget: str | None = option(None, "memory that training may take, such as 2GB or 500MB")

    @field_validator("task", mode="after")
    @classmethod
    def _hub_name(cls, value: str | None) -> str | None:
        return task_name(value) if value else None

    @field_validator("lang", mode="after")
    @classmethod
    def _code(cls, value: str | None) -> str | None:
        return language_code(value) if value is not None else None

    @field_validator("budget", mode="after")
    @classmethod
    def _sized(cls, value: str | None) -> str | None:
        if value is not None:
            size_bytes(value)
        return value

    @property
    def budget_bytes(self) -> int | None:
        """The budget in bytes; None when none was given."""
        return size_bytes(self.budget) if self.budget else None

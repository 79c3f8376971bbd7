"""A language model's prompts and texts: the chat template of its folder, and tokens back to text as they come."""

from __future__ import annotations

from typing import Any

from .artifact import Artifact
from .problems import Problem
from .reading.plain_talk import TEMPLATE
from .text import Words

Messages = list[dict[str, str]]
#: What half a character decodes to.
BROKEN = "\ufffd"
#: How families of models call the number of tokens that they read at once.
POSITIONS = ("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length")
#: Longest chat template that is read, in characters.
LONGEST = 200_000


class Talk:
    """Prompts of one model. A template is text of the folder: it runs in jinja2's sandbox, which lets it change nothing."""

    def __init__(self, artifact: Artifact) -> None:
        self.words = Words(artifact)
        self.tokenizer = self.words.cutting()
        kept = artifact.config.get("fmtools_blocks") or {}
        self.packed = bool(kept.get("packing", True))
        names = ("eos_token", "sep_token", "bos_token", "pad_token")
        self._end = next((i for name in names if (i := self.words.id_of(name)) is not None), 0)
        self._source = self._template(artifact)

    def _template(self, artifact: Artifact) -> str:
        own = artifact.content("chat_template.jinja")
        if own is not None and len(own) <= LONGEST:
            return own.decode("utf-8")
        found = self.words.config.get("chat_template")
        return found if isinstance(found, str) and len(found) <= LONGEST else TEMPLATE

    def prompt(self, text: str) -> list[int]:
        """Return the tokens of a text to go on from, at least one."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        # A model that saw each text alone, without packing, knows it behind an end token only.
        return ids if ids and self.packed else [self._end, *ids]

    def asked(self, messages: Messages) -> list[int]:
        """Return the tokens after which the assistant answers. Raises Problem 422 when the template will not."""
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        def refuse(message: str) -> None:
            raise TemplateError(message)

        special = {name: self.words.special(name) for name in ("bos_token", "eos_token", "unk_token", "pad_token")}
        try:
            made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(self._source)
            text = made.render(messages=messages, add_generation_prompt=True, raise_exception=refuse, **special)
        except (TemplateError, TypeError, LookupError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise Problem(422, f"messages: the model's chat template does not take them: {said}", "messages") from None
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids or [self._end]

    def decode(self, ids: list[int]) -> str:
        """Return tokens as text, special ones left out."""
        found: str = self.tokenizer.decode(ids, skip_special_tokens=True)
        return found

    def after(self, prompt: list[int], new: list[int]) -> str:
        """Return new tokens as text. Decoded behind the old ones: some tokenizers set blanks by what stands before."""
        before, both = self.decode(prompt), self.decode([*prompt, *new])
        return both[len(before) :] if both.startswith(before) else self.decode(new)


class Growing:
    """Text of tokens that come one by one: `add` returns what is new, whole characters only."""

    def __init__(self, talk: Talk, prompt: list[int]) -> None:
        self.talk, self.prompt = talk, prompt
        self.ids: list[int] = []
        self.text = ""

    def add(self, token: int | None) -> str:
        """Return what a token adds to the text; None: there are no more, and what was held back comes."""
        if token is not None:
            self.ids.append(token)
        whole = self.talk.after(self.prompt, self.ids)
        ready = whole if token is None else whole.rstrip(BROKEN)
        new, self.text = ready[len(self.text) :], ready
        return new


def stops_of(artifact: Artifact) -> frozenset[int]:
    """Return the tokens that end a text, of generation_config.json, else of config.json."""
    for source in (artifact.read("generation_config.json") or {}, artifact.config):
        value: Any = source.get("eos_token_id")
        if value is not None:
            return frozenset(int(one) for one in (value if isinstance(value, list) else [value]))
    return frozenset()


def positions_of(artifact: Artifact) -> int | None:
    """Return how many tokens the model reads at once; None for no limit."""
    found = (artifact.config.get(name) for name in POSITIONS)
    return next((value for value in found if isinstance(value, int) and value > 0), None)

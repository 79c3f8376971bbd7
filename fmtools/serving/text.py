"""Texts to ids, exactly as transformers would with the same folder, by the `tokenizers` library alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from .artifact import Artifact
from .problems import BadArtifact

#: What a tokenizer_config says of a length that it does not limit.
ENDLESS = 1_000_000


class Words:
    """A folder's tokenizer. `longest`: where texts are cut, in tokens, special ones included."""

    def __init__(self, artifact: Artifact) -> None:
        source = artifact.content("tokenizer.json")
        if source is None:
            raise BadArtifact("The folder has no tokenizer.json.")
        self._source = source
        self.config = artifact.read("tokenizer_config.json") or {}
        self.longest = min(artifact.max_length, int(min(self.config.get("model_max_length") or ENDLESS, ENDLESS)))
        self._made: dict[tuple[Any, ...], Any] = {}

    def cutting(self, longest: int = 0, strategy: str = "longest_first", stride: int = 0) -> Any:
        """Return a `tokenizers.Tokenizer` that cuts texts to `longest` tokens; 0 = it cuts nothing.

        How to cut is a state of the library's tokenizer, which requests share: hence one for each way, never changed.
        """
        key = (longest, strategy, stride)
        if key not in self._made:
            made = self._fresh()
            if longest:
                side = str(self.config.get("truncation_side") or "right")
                made.enable_truncation(longest, stride=stride, strategy=strategy, direction=side)
            self._made[key] = made
        return self._made[key]

    def _fresh(self) -> Any:
        from tokenizers import Tokenizer

        try:
            made = Tokenizer.from_buffer(self._source)
        except Exception as error:  # the library raises plain Exception
            said = (str(error).splitlines() or [""])[0][:200]
            raise BadArtifact(f"tokenizer.json cannot be read: {said}") from None
        # The file may hold the cut and the padding of whoever saved it.
        made.no_padding()
        made.no_truncation()
        return made

    def special(self, kind: str) -> str:
        """Return a special token by its name, such as "mask_token"; "" when there is none."""
        value = self.config.get(kind)
        return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")

    def id_of(self, kind: str) -> int | None:
        """Return the id of a special token by its name."""
        token = self.special(kind)
        found: int | None = self.cutting().token_to_id(token) if token else None
        return found


def arrays(encoding: Any, types: bool) -> dict[str, np.ndarray]:
    """Return input_ids and, with `types`, token_type_ids of an Encoding, int64 [length]."""
    found = {"input_ids": np.array(encoding.ids, np.int64)}
    return {**found, "token_type_ids": np.array(encoding.type_ids, np.int64)} if types else found

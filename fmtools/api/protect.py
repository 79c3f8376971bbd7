"""`protect`: find personal data, replace them, keep the result as a version; and back again with a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset
from ..core.options import ProtectOptions
from ..runtime import protect as runtime
from ..runtime.wait import Follower
from .results import Shown
from .sealed import Sealed, sealed

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(repr=False)
class Protected(Shown):
    """Protected (or restored) data: `version` to train on, counts by kind and column, and the audit.

    `splits` are the rows as Arrow tables; `audit` has a row a finding (split, row, column, place, kind, start, length, by,
    score, action, digest) and no value.
    """

    facts: dict[str, Any]
    splits: dict[str, pa.Table] = field(default_factory=dict)
    audit: pa.Table | None = None

    @property
    def version(self) -> str:
        """NAME@v1 of the data that were kept; "" when none were."""
        return str(self.facts.get("version", ""))

    @property
    def found(self) -> dict[str, int]:
        """How many were found, by kind."""
        return dict(self.facts.get("found", {}))

    @property
    def dataset(self) -> Dataset:
        """The protected rows, to be given as data anywhere."""
        return Dataset(
            self.version.split("@")[0] or "protected", self.splits, origin=self.version, version=self.version
        )

    def sample(self, rows: int = 50) -> list[dict[str, Any]]:
        """Return the first findings of the audit."""
        return self.audit.slice(0, rows).to_pylist() if self.audit is not None else []

    def to_json(self) -> dict[str, Any]:
        return {**self.facts, **({"findings": self.sample()} if self.audit is not None else {})}

    def text(self) -> str:
        from ..views.protect import protected_text

        return protected_text(self.facts, self.sample(10))

    def html(self) -> str:
        from ..views.protect import protected_html

        return protected_html(self.facts, self.sample(50))


@dataclass(repr=False)
class Texts(Shown):
    """Texts in which stand-ins are the values again."""

    texts: list[str]
    restored: int

    def to_json(self) -> dict[str, Any]:
        return {"texts": self.texts, "restored": self.restored}

    def text(self) -> str:
        return "\n".join(self.texts)

    def html(self) -> str:
        from ..views.protect import texts_html

        return texts_html(self.texts, self.restored)


#: What `protect` returns, by what it is asked for.
Result = Protected | Texts | Sealed


def protect(options: ProtectOptions, follower: Follower) -> Result:
    """Protect data, restore data or texts when a key is given, or encrypt and decrypt files."""
    del follower
    if options.encrypt or options.decrypt:
        return sealed(options)
    done = runtime.restore(options) if options.restore else runtime.protect(options)
    if options.text:
        return Texts(done.texts, done.facts["restored"])
    return Protected(done.facts, done.splits, done.findings)

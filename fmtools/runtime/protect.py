"""`protect` from end to end: the source is read, the worker finds, the rows are replaced here, and a version is kept.

Order of writing: key file, audit and vault (under protected/ID), then the version that names the ID. A kill at any moment
leaves either no version or a whole one, and never a value: what lies in between is protected text and an encrypted vault.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.contracts import Dataset
from ..core.errors import DataError, OptionError, StoreError, from_os_error
from ..core.options.protect import ProtectOptions
from ..kit.privacy import audit, detector, vault
from ..kit.privacy.spans import Span
from ..kit.reading.cache import without_copies
from ..stages import protect as stage
from ..store import lease, versions
from ..store.files import discard, fault_in, new_id, private_folder, publish, seal, write_json
from ..store.runs import home
from . import launch

if TYPE_CHECKING:
    import pyarrow as pa

#: Texts, and characters of texts, in one question to the worker.
ASKED, CHARACTERS = 256, 1 << 20


@dataclass
class Protection:
    """What was done. `facts` is plain JSON; `splits` are the rows; `findings` the audit table (None after a restore)."""

    facts: dict[str, Any]
    splits: dict[str, pa.Table] = field(default_factory=dict)
    findings: pa.Table | None = None
    texts: list[str] = field(default_factory=list)


def protect(options: ProtectOptions) -> Protection:
    """Protect data and keep them under a name. Raises FmError, and leaves nothing behind, when something is amiss."""
    detector.require(frozenset(options.kinds), options.mode, options.keep_key is not None)
    root = launch.private_folder_checked(home())
    place = private_folder(root / "protected")
    _sweep(place)
    with without_copies():
        data = launch.load(options.data, options)
        with _key(options.keep_key, root) as key:
            return _protected(data, options, place, key)


def _protected(data: Dataset, options: ProtectOptions, place: Path, key: bytes | None) -> Protection:
    ident = new_id()
    folder = private_folder(place / f".tmp-{os.getpid()}-{ident}")
    try:
        for inner in ("rows", "audit"):
            private_folder(folder / inner)
        outcome = stage.protect(
            data, options, lambda texts, hint: list(_ask(texts, options.kinds, hint)), folder, ident, key
        )
        if not any(table.num_rows for table in outcome.splits.values()):
            raise DataError("Every row holds personal data: none would be left.", "Use --mode mask or --mode stand-in.")
        facts = _facts(data, options, outcome, ident)
        write_json(folder / "audit" / "protect.json", facts)
        seal(folder / "audit", {"name": ident})
        publish(folder / "audit", place / ident)
        try:
            version = _save(data, options, outcome, facts)
        except BaseException:
            discard(place / ident)
            raise
    except OSError as error:
        raise from_os_error(error, "keep the protected data") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    kept = versions.load(version)
    return Protection({**facts, "version": version.label}, kept.splits, audit.read_audit(place / ident / "audit.arrow"))


def _ask(texts: list[str], kinds: list[str], hint: str) -> Iterator[list[Span]]:
    """Yield the worker's findings, text by text; questions are of bounded size."""
    start = 0
    while start < len(texts):
        end, size = start, 0
        while end < len(texts) and end - start < ASKED and (end == start or size + len(texts[end]) <= CHARACTERS):
            size, end = size + len(texts[end]), end + 1
        answer = launch.ask("find_personal", texts=texts[start:end], kinds=kinds, hint=hint)
        for spans in answer["spans"]:
            yield [Span(*span) for span in spans]
        start = end


def _facts(data: Dataset, options: ProtectOptions, outcome: stage.Outcome, ident: str) -> dict[str, Any]:
    return {
        "audit": ident,
        "data": data.name,
        "mode": options.mode,
        "kinds": options.kinds,
        "found": outcome.kinds,
        "columns": outcome.columns,
        "values": outcome.values,
        "rows": {split: table.num_rows for split, table in outcome.splits.items()},
        "dropped": outcome.dropped,
        "numbers": outcome.numbers,
        "reversible": options.keep_key is not None,
        "notices": [*data.notices, *outcome.notices, *_limits(options)],
    }


def _limits(options: ProtectOptions) -> list[str]:
    left = [kind for kind in ("name", "address") if kind in options.kinds]
    return ["No finder sees everything, names least of all: read some rows before you pass them on."] if left else []


def _save(data: Dataset, options: ProtectOptions, outcome: stage.Outcome, facts: dict[str, Any]) -> versions.Version:
    """Keep the rows as a version; its recipe names the audit, so each protection is a version of its own."""
    name = options.name or f"{data.name}-protected"
    before = versions.resolve(data.version, home()).recipe if data.version else []
    step = {"step": "protect", **{key: facts[key] for key in ("mode", "kinds", "audit", "reversible", "numbers")}}
    dropped = dict(data.dropped) | ({"holds personal data": outcome.dropped} if outcome.dropped else {})
    read = data.read or sum(table.num_rows for table in outcome.splits.values()) + outcome.dropped
    kept = replace(
        data,
        name=name,
        splits=outcome.splits,
        notices=facts["notices"],
        drops=[],
        dropped=dropped,
        read=read,
        version="",
    )
    account = [{"step": "protect", "found": facts["found"], "columns": facts["columns"]}]
    return versions.save(kept, home(), name, recipe=[*before, step], parent=data.version, account=account)


@contextlib.contextmanager
def _key(word: str | None, root: Path) -> Iterator[bytes | None]:
    """Give the key of a file, a new one where there is none yet; a new one goes again when nothing came of it."""
    if word is None:
        yield None
        return
    path = Path(word).expanduser().absolute()
    if path.resolve().is_relative_to(root.resolve()):
        raise OptionError(
            "The key must not lie in the run store, beside what it opens.", f"Name a file outside {root}."
        )
    if path.exists():
        yield vault.read_key(path)
        return
    key = vault.new_key(path)
    try:
        yield key
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def restore(options: ProtectOptions) -> Protection:
    """Bring the values of a protected version, or of texts made from it, back. Kept only when a name is given."""
    key = vault.read_key(Path(options.restore or "").expanduser())
    if not isinstance(options.data, str):
        raise DataError(
            "Only data kept by %fm_protect can be restored.", "Give their name, such as shop-clean or shop-clean@v2."
        )
    version = versions.resolve(options.data, home())
    step = next((step for step in reversed(version.recipe) if step.get("step") == "protect"), None)
    if step is None:
        raise DataError(
            f"{version.label} was not made by %fm_protect.", "%fm_data lists what is kept, and how it was made."
        )
    if not step.get("reversible"):
        raise DataError(
            f"{version.label} was protected without a key: nothing can bring its values back.",
            "Use --keep-key next time.",
        )
    if version.recipe[-1] is not step and not options.text:
        raise DataError(
            f"{version.label} was changed after it was protected.",
            f"Restore the version it was made from ({version.facts.get('parent')}).",
        )
    folder = home() / "protected" / step["audit"]
    if fault := fault_in(folder):
        raise StoreError(f"The vault of {version.label} is damaged: {fault}.", "Restore the store from a backup.")
    records = vault.read_vault(folder / "vault.bin", key, step["audit"])
    return _texts(options, step, records) if options.text else _rows(options, version, step, records)


def _texts(options: ProtectOptions, step: dict[str, Any], records: Iterator[Any]) -> Protection:
    if step["mode"] != "stand-in":
        raise DataError(
            "A mask does not tell whose it is: texts cannot be restored from [NAME].",
            "Restore the rows, or protect with --mode stand-in.",
        )
    texts, count = stage.texts_restored(options.text, records)
    return Protection({"restored": count, "texts": texts}, texts=texts)


def _rows(
    options: ProtectOptions, version: versions.Version, step: dict[str, Any], records: Iterator[Any]
) -> Protection:
    data = versions.load(version)
    tables = stage.restored(dict(data.splits), records, step.get("numbers", {}))
    facts: dict[str, Any] = {
        "restored": version.label,
        "rows": {split: table.num_rows for split, table in tables.items()},
        "version": "",
        "notices": [],
    }
    if options.name:
        whole = replace(data, name=options.name, splits=tables, notices=[], version="")
        facts["version"] = versions.save(whole, home(), options.name, parent=version.reference).label
        facts["notices"] = ["The store now holds the values in the clear, under this name."]
    return Protection(facts, tables)


def _sweep(place: Path) -> None:
    """Remove what a process that is gone left half-made."""
    for path in place.glob(".tmp-*"):
        owner = path.name.split("-")[1]
        if owner.isdigit() and not lease.process_start(int(owner)):
            shutil.rmtree(path, ignore_errors=True)

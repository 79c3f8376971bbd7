"""Encrypting what a user names (an artefact, kept data, a folder, a file) to one file, and opening such files.

Opened files are mappings of names to bytes, in memory. Only `decrypt` writes them, because somebody asked for it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import DataError, OptionError, StoreError, from_os_error
from ..core.options.protect import ProtectOptions
from ..kit.sealing import box as sealed_box
from ..kit.sealing import keys as sealed_keys
from ..kit.sealing.box import ENDING, Box, Label, Opened
from ..store import sealed_ledger, versions
from ..store.exported import ABOUT, about, exports
from ..store.files import MANIFEST, discard, fault_in, new_id, private_folder, publish, seal, write_json
from ..store.runs import find_run, home

#: The encrypted file in the folder of an artefact that was encrypted in its place.
SEALED = "sealed.age"
#: What an encrypted artefact says of itself in the clear.
_CLEAR = ("schema", "format", "task", "name", "run")


@dataclass(frozen=True)
class Source:
    """What is to be encrypted: its files, how the result is called, and where they lie in the clear (in words)."""

    files: Path | dict[str, bytes]
    kind: sealed_box.Kind
    name: str
    run: str
    place: str


def encrypt(options: ProtectOptions) -> dict[str, Any]:
    """Encrypt to NAME.age (or --to FILE); return what was done. Raises FmError, and leaves no new file, when it fails."""
    sealed_box.check()
    source = _source(options.data)
    target = _target(options.to or f"{source.name}{ENDING}")
    with _key(options.key_file, source.place) as key:
        box, label = _seal(source, target, key, target.name.removesuffix(ENDING))
    notices = [f"The original is still there in the clear: {source.place}."]
    if key.made:
        notices.append(f"The new key is in {key.origin}. Keep a copy apart from the file: without it nothing opens.")
    return {
        "encrypted": str(target),
        "kind": label.kind,
        "name": label.name,
        "version": label.version,
        "files": box.files,
        "size_bytes": box.size,
        "key": key.origin,
        "notices": notices,
    }


@contextlib.contextmanager
def key_if(wanted: bool, key_file: str | None) -> Iterator[sealed_keys.Key | None]:
    """Give the key for what is about to be written, None when it is not to be encrypted: asked for before the work begins."""
    if not wanted:
        yield None
        return
    sealed_box.check()
    with _key(key_file, str(home())) as key:
        yield key


def seal_artifact(folder: Path, key: sealed_keys.Key) -> Box:
    """Replace an artefact in a run's folder by its encrypted form, under the same name: `sealed.age`, and what it is.

    The files in the clear are removed, also when this fails: they were not to stay. Raises FmError then.
    """
    stage = private_folder(folder.with_name(f".tmp-{folder.name}-{new_id()}"))
    facts = about(folder)
    run = folder.parent.parent.name
    try:
        source = Source(folder, "artifact", folder.name, run, str(folder))
        box, label = _seal(source, stage / SEALED, key, folder.name)
        clear = {name: facts[name] for name in _CLEAR if name in facts}
        write_json(stage / ABOUT, {**clear, "encrypted": True, "version": label.version})
        seal(stage, {"run": run, "format": facts.get("format", ""), "encrypted": True})
        publish(stage, folder)
    except BaseException as error:
        discard(folder)
        if isinstance(error, OSError):
            raise from_os_error(error, "encrypt the artefact") from None
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return box


def is_sealed(path: Path) -> bool:
    """Say whether a path is an encrypted file, or the folder of an encrypted artefact."""
    return sealed_box.is_box(path / SEALED if path.is_dir() else path)


def opened(path: Path, key_file: str | None) -> Opened:
    """Open an encrypted file, or the folder of an encrypted artefact, into memory.

    Raises DataError for another key, a changed or cut file, a file in another's place, and an older version.
    """
    sealed_box.check()
    path = path.expanduser().absolute()
    key = sealed_keys.find(key_file, encrypting=False)
    try:
        found = sealed_box.open_box(path / SEALED if path.is_dir() else path, key)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(f"{path} cannot be read: {why}.", "Check its name.") from None
    if path.is_dir():
        sealed_box.check_label(found.label, path.name, path.parent.parent.name)
    else:
        sealed_box.check_label(found.label, path.name.removesuffix(ENDING))
    sealed_ledger.check(home(), found.label.key, found.label.version, found.sha256)
    return found


def decrypt(options: ProtectOptions) -> dict[str, Any]:
    """Write an encrypted file in the clear: data come back into the store (--name), all else into a folder (--to)."""
    if not isinstance(options.data, str | Path):
        raise DataError("Only an encrypted file can be decrypted.", "Give its name, such as shop.age.")
    found = opened(Path(options.data), options.key_file)
    facts: dict[str, Any] = {"decrypted": str(options.data), "kind": found.label.kind, "files": len(found.files)}
    if found.label.kind == "dataset" and options.to is None:
        version = _kept(found, options.name or found.label.name)
        return {**facts, "version": version, "notices": [f"{version} lies in the store, in the clear."]}
    folder = _written(found, Path(options.to or found.label.name).expanduser().absolute())
    return {**facts, "path": str(folder), "notices": [f"{folder} holds the files in the clear."]}


def _kept(found: Opened, name: str) -> str:
    """Keep rows that were encrypted under a name again, and return NAME@v1."""
    import json

    import pyarrow as pa

    from ..core.contracts import Dataset

    try:
        splits = {
            file.removesuffix(".arrow"): pa.ipc.open_file(pa.BufferReader(data)).read_all()
            for file, data in found.files.items()
            if file.endswith(".arrow")
        }
        facts = json.loads(found.files["dataset.json"])
    except (KeyError, ValueError, pa.ArrowException):
        raise DataError("The file opens, but holds no kept data.", "Write it to a folder: --to FOLDER.") from None
    plain = {key: facts[key] for key in ("origin", "licence", "notices", "read", "dropped", "task") if key in facts}
    data = Dataset(name, splits, **plain)
    return versions.save(data, home(), name, recipe=facts.get("recipe", []), account=facts.get("account", [])).label


def _written(found: Opened, folder: Path) -> Path:
    """Write files to a new folder that only its owner can read, all or none."""
    if folder.exists():
        raise OptionError(f"There is something at {folder} already.", "Name another folder: --to FOLDER.")
    stage = folder.with_name(f".tmp-{os.getpid()}-{new_id()}")
    try:
        private_folder(stage)
        for name, data in found.files.items():
            private_folder((stage / name).parent)
            with open(os.open(stage / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
        os.rename(stage, folder)
    except OSError as error:
        raise from_os_error(error, f"write {folder}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return folder


def _seal(source: Source, target: Path, key: sealed_keys.Key, name: str) -> tuple[Box, Label]:
    label = Label(source.kind, name, source.run)
    try:
        with sealed_ledger.next_version(home(), label.key) as version:
            label = Label(source.kind, name, source.run, version[0])
            box = sealed_box.seal(source.files, target, key, label)
            version.append(box.sha256)
    except OSError as error:
        raise from_os_error(error, f"write {target.name}") from None
    return box, label


def _target(word: str) -> Path:
    path = Path(word if word.endswith(ENDING) else word + ENDING).expanduser().absolute()
    if path.exists() and not sealed_box.is_box(path):
        raise OptionError(f"{path} is there, and is no encrypted file.", "Name another file: --to FILE.age.")
    if not path.parent.is_dir():
        raise OptionError(f"There is no folder {path.parent}.", "Make it, or name another file: --to FILE.age.")
    return path


@contextlib.contextmanager
def _key(word: str | None, place: str) -> Iterator[sealed_keys.Key]:
    """Give the key; a new one goes again when nothing came of it. It must not lie beside what it opens."""
    path = Path(word).expanduser().absolute().resolve() if word else None
    if path is not None and any(path.is_relative_to(Path(root).resolve()) for root in (home(), place)):
        raise OptionError(
            "The key must not lie in the run store, or in what is encrypted.", f"Name a file outside {home()}."
        )
    key = sealed_keys.find(word, encrypting=True)
    try:
        yield key
    except BaseException:
        if key.made:
            Path(key.origin).unlink(missing_ok=True)
        raise


def _source(word: Any) -> Source:
    """Return what a word means: a folder or file, kept data (NAME, NAME@v1), a run's artefact (RUN, RUN/NAME)."""
    if not isinstance(word, str | Path):
        raise DataError(
            "Only what lies on the disk can be encrypted.", "Keep the data first (%fm_data), then name them."
        )
    path = Path(word).expanduser()
    if path.is_dir():
        return _folder(path.absolute())
    if path.is_file():
        return Source({path.name: path.read_bytes()}, "files", path.stem, "", str(path.absolute()))
    with contextlib.suppress(StoreError):
        version = versions.resolve(str(word), home())
        if fault := version.fault or fault_in(version.folder):
            raise DataError(f"The kept data {version.label} are damaged: {fault}.", "Keep them again.")
        return Source(version.folder, "dataset", version.name, "", f"{version.label} in the store")
    return _artifact(str(word))


def _folder(path: Path) -> Source:
    facts = about(path)
    if (path / MANIFEST).is_file() and (fault := fault_in(path)):
        raise DataError(f"{path} is damaged: {fault}.", "Encrypt a copy that is whole.")
    kind: sealed_box.Kind = "artifact" if facts or (path / "config.json").is_file() else "files"
    return Source(path, kind, path.name, str(facts.get("run") or ""), str(path))


def _artifact(word: str) -> Source:
    name, _, part = word.partition("/")
    try:
        run = find_run(name, home())
    except StoreError:
        raise DataError(
            f"There is no folder, file, kept data or run called {word!r}.",
            "`%fm_data` and `%fm_runs` list what there is.",
        ) from None
    known = exports(run)
    folder = run.path / "artifacts" / part if part else (known[0] if known else run.model)
    if fault := fault_in(folder):
        raise DataError(f"Run {run.record.name} has no whole artefact {folder.name!r}: {fault}.", "Export it again.")
    if is_sealed(folder):
        raise DataError(f"{folder.name} of run {run.record.name} is encrypted already.", "Copy its folder.")
    return Source(folder, "artifact", f"{run.record.name}-{folder.name}", run.id, str(folder))

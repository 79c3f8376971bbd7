"""serve: models behind HTTP - start, list, stop, restart, ask."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ..core.errors import FmError, OptionError, StoreError
from ..core.options import ExportOptions, ServeOptions
from ..runtime import sample_keeper, sealing
from ..runtime import serve as serving
from ..runtime.vetted import in_memory, vetted
from ..runtime.wait import Follower, Silent
from ..store.exported import about, find_exported
from ..store.files import new_id
from ..store.runs import find_run, home
from ..store.samples import SAMPLE
from ..store.services import ServiceFolder, ServiceRecord, find_service, services
from .exporting import export
from .served import Served as Served
from .served import ServedTable as ServedTable

#: Options that a server's settings take as they are.
_PLAIN = ("port", "host", "workers", "threads", "queue", "deadline", "batching", "keep_sample", "on")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(options: ServeOptions, follower: Follower) -> Served | ServedTable:
    """Start a server and return when its model has computed once; or list, stop, restart, replace."""
    foreground = not options.background and getattr(follower, "stays", False)
    asked = [name for name in ("list_", "stop", "restart", "replace") if getattr(options, name)]
    if len(asked) > 1:
        raise OptionError("--list, --stop, --restart and --replace are asked for one at a time.", "")
    if options.list_:
        return ServedTable([Served(one) for one in services()])
    if options.keep_sample:
        _check_sample(options)
    if options.stop:
        return Served(find_service(options.stop)).stop()
    if options.replace:
        return _replace(find_service(options.replace), options)
    serving.check(options.on)
    if options.restart:
        return _restart(find_service(options.restart), options.key_file)
    return _begin(options, foreground)


def _check_sample(options: ServeOptions) -> None:
    """Raise FmError when a sample cannot be kept, before anything is started."""
    if options.stop or options.restart or options.replace:
        raise OptionError(
            "--keep-sample is said when a server is made: one that is there keeps to what it was told.",
            "Stop it, then serve the model anew with --keep-sample.",
        )
    sample_keeper.check()


def _begin(options: ServeOptions, foreground: bool) -> Served:
    said: list[str] = []
    if options.on and options.keep_sample:
        raise OptionError("On Ray no texts are kept.", "Serve it without --keep-sample, or without --on.")
    folder = _exported(options.artifact, said)
    if options.on and sealing.is_sealed(folder):
        raise OptionError(
            "An encrypted model is served from the memory of one machine alone.", "Leave --on out: --workers works."
        )
    files = in_memory(folder, options.key_file)
    if files is not None and options.keep_sample:
        raise OptionError(
            "The model is encrypted: of what it is asked nothing is kept.", "Serve it without --keep-sample."
        )
    folder = vetted(folder) if files is None else folder
    if options.host not in LOOPBACK:
        said.append(f"The server listens at {options.host}: whoever reaches it and has the token can ask it.")
    record = _record(options, folder)
    service = ServiceFolder.create(record, {**_settings(options, record), "sealed": files is not None})
    if options.keep_sample:
        said.append(
            f"Up to {options.keep_sample:,} texts a day are kept, the personal data that is found in them masked: {service.path / SAMPLE}"
        )
    if foreground:
        service.replace(record, {"parent": os.getpid()})
    serving.start(service, files)
    return Served(service, foreground, said)


def _record(options: ServeOptions, folder: Path) -> ServiceRecord:
    facts, service_id = about(folder), new_id()
    return ServiceRecord(
        id=service_id,
        name=_free_name(options.name or str(facts.get("name") or folder.name)),
        artifact=options.artifact,
        folder=str(folder),
        task=str(facts.get("task") or ""),
        method=str(facts.get("method") or ""),
        created=time.time(),
        command=options.command,
        options=options.model_dump(mode="json", include=set(_PLAIN)),
    )


def _settings(options: ServeOptions, record: ServiceRecord) -> dict[str, Any]:
    plain = {name: getattr(options, name) for name in _PLAIN}
    return {**plain, "folder": record.folder, "name": record.name, "body_limit": int(options.body * 1_000_000)}


def _free_name(wanted: str) -> str:
    """Return a name that no running server has: the one wanted, or with a number behind it."""
    taken = {one.record.name for one in services() if one.alive()}
    return next(name for name in [wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))] if name not in taken)


def _exported(word: str, said: list[str]) -> Path:
    """Return an exported model's folder; a run that was never exported is exported now. Raises FmError."""
    try:
        return find_exported(word, home())
    except StoreError:
        if "/" in word:
            raise
        run = find_run(word)
    done = export(ExportOptions.parse({"run": run.id}), Silent())
    said.append(
        f"{run.record.name} was written as ONNX first: largest difference of an output {done.max_abs_diff:.2g}."
    )
    return done.path


def _in_the_clear(word: str, said: list[str]) -> Path:
    """Return the folder that a server at work is to take in; one that was not written here is checked before anything reads
    it. Raises FmError, for an encrypted one too: its files are handed over when a server starts."""
    folder = _exported(word, said)
    if sealing.is_sealed(folder):
        raise FmError(
            "A server at work cannot take an encrypted model in.",
            "Stop it (%fm_serve --stop), then serve the model anew.",
        )
    return vetted(folder)


def _restart(service: ServiceFolder, key_file: str | None) -> Served:
    """Start one that has ended; let one at work take its model in anew, as its files may have changed."""
    folder = Path(service.record.folder)
    if service.alive():
        service.replace(service.record, {"folder": str(_in_the_clear(service.record.folder, [])), "sealed": False})
        serving.taken_in(service)
    else:
        serving.check(str(service.settings.get("on") or ""))
        files = in_memory(folder, key_file)
        if files is None:
            vetted(folder)  # its files may be others than those that were served before
        service.replace(service.record, {"parent": 0, "sealed": files is not None})
        serving.start(service, files)
    return Served(service)


def _replace(service: ServiceFolder, options: ServeOptions) -> Served:
    if not service.alive():
        raise FmError(f"The server {service.record.name} does not run.", f"`%fm_serve --restart {service.record.name}`")
    said: list[str] = []
    folder, old = _in_the_clear(options.artifact, said), service.record
    sealed = bool(service.settings.get("sealed"))
    facts = about(folder)
    new = old.model_copy(
        update={
            "artifact": options.artifact,
            "folder": str(folder),
            "task": str(facts.get("task") or ""),
            "method": str(facts.get("method") or ""),
        }
    )
    service.replace(new, {"folder": new.folder, "sealed": False})
    try:
        serving.taken_in(service)
    except FmError:
        service.replace(
            old, {"folder": old.folder, "sealed": sealed}
        )  # a worker that is started anew must find a model that works
        raise
    return Served(service, notices=said)

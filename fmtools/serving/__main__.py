"""`python -m fmtools.serving FOLDER`: serve an exported model; in a bundle `python -m serving FOLDER`.

Prints one line of JSON when it is ready: {"url", "token", "pid"}. SIGTERM and SIGINT end it when all accepted requests are answered.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from .settings import LOOPBACK, TOKEN_VARIABLE, Settings
from .supervisor import Supervisor


def main(words: list[str] | None = None, **usual: Any) -> int:
    """Serve until told to end; return 0 then, 1 when the model cannot be served. usual: defaults of options."""
    parser = _parser()
    parser.set_defaults(**usual)
    asked = parser.parse_args(words)
    if asked.settings:
        return _serve(asked.settings, show_token=False)
    if fault := _fault(asked):
        print(fault, file=sys.stderr)
        return 1
    place = Path(tempfile.mkdtemp(prefix="fmtools-serving-"))
    try:
        _settings(asked, place).write(place / "settings.json")
        return _serve(place / "settings.json", show_token=not asked.token_file and TOKEN_VARIABLE not in os.environ)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _serve(source: Path, show_token: bool) -> int:
    def tell(state: dict[str, Any]) -> None:
        token = {"token": Settings.read(source).token()} if show_token else {}
        print(json.dumps({"url": state["url"], **token, "pid": state["pid"]}), flush=True)

    try:
        supervisor = Supervisor(source, tell)
    except OSError as error:
        print(f"The server cannot listen there: {error.strerror}.", file=sys.stderr)
        return 1
    code = supervisor.run()
    if code:
        print(f"The model cannot be served. {supervisor.state['message']}", file=sys.stderr)
    return code


def _fault(asked: argparse.Namespace) -> str:
    """Return why the server must not start: nobody who reaches it may be let in because a token was forgotten."""
    if asked.no_token:
        return ""
    known = bool(asked.token_file) or TOKEN_VARIABLE in os.environ
    if not known and (asked.host or LOOPBACK[0]) not in LOOPBACK:
        return f"Others reach {asked.host}: give a token (${TOKEN_VARIABLE} or --token-file), or say --no-token."
    try:
        empty = known and not Settings("", token_file=asked.token_file).token()
    except (OSError, ValueError) as error:
        return f"The token's file cannot be read ({type(error).__name__})."
    return f"The token is empty: set ${TOKEN_VARIABLE} or --token-file to a long secret." if empty else ""


def _settings(asked: argparse.Namespace, place: Path) -> Settings:
    token_file = asked.token_file
    if not token_file and TOKEN_VARIABLE not in os.environ and not asked.no_token:
        token_file = str(place / "token")
        Path(token_file).touch(0o600)
        Path(token_file).write_text(secrets.token_urlsafe(32), encoding="utf-8")
    names = ("name", "host", "port", "workers", "threads", "queue", "deadline", "batching")
    given = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    return Settings(str(asked.folder.resolve()), token_file=token_file, hosts=tuple(asked.allow_host), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("model"), help="the exported model")
    parser.add_argument("--settings", type=Path, help="a JSON file with all settings, instead of the options below")
    parser.add_argument("--name", help="the model's name in /v2/models/NAME")
    parser.add_argument("--host", help="address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen at (0 = a free one)")
    parser.add_argument(
        "--token-file", default="", help=f"file with the bearer token (else ${TOKEN_VARIABLE}, else a new one)"
    )
    parser.add_argument("--no-token", action="store_true", help="answer anybody: only behind something that asks")
    parser.add_argument("--allow-host", action="append", default=[], help="a name the Host header may have; * = any")
    parser.add_argument("--workers", type=int, help="processes (1)")
    parser.add_argument("--threads", type=int, help="cores that one inference uses (1)")
    parser.add_argument("--queue", type=int, help="texts that may wait in a worker (128)")
    parser.add_argument("--deadline", type=float, help="seconds a request may take (10)")
    parser.add_argument("--batching", choices=("auto", "off"), help="group waiting texts where it pays (auto)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

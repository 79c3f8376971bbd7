"""`fmtools VERB ...`: the verbs in a terminal, derived from the same options as the magics.

Results go to stdout, progress and mistakes to stderr; with `--json` the last line of stdout is one JSON object.
Exit status: 0 when all went well (a training run: only when it is done), 1 when the run failed or was stopped, 2 for a
mistake that the user can mend.
"""

from __future__ import annotations

import json
import math
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtools.core.errors import FmError, OptionError, WorkerError

if TYPE_CHECKING:
    from fmtools.core.options import Options
    from fmtools.core.wire import Head, Increment

OK, FAILED, MISTAKE = 0, 1, 2
#: Seconds between two progress lines: on a terminal, where one line is written over, and in a log.
TERMINAL_EVERY, LOG_EVERY = 0.5, 10.0


class Progress:
    """Follows a run on stderr: one line that renews itself on a terminal, a line now and then in a log."""

    #: A server that is started here ends with this process, which waits for it.
    stays = True

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._next, self._open, self._phase = 0.0, False, ""
        self._seq, self._generation = 0, 0
        self._scores: dict[str, float] = {}
        self._said: set[str] = set()
        self._log_at = 0.0
        self._search: Any = None

    def start(self, run_folder: Path) -> None:
        """Say which run it is."""
        from fmtools.store.searches import is_search
        from fmtools.views.opened import opened

        self._view, _ = opened(run_folder)
        if is_search(run_folder):
            self._search = self._view
            self._say(f"search {self._view.record.name}  {run_folder}")
            return
        self._say(f"run {self._view.run.record.name}  {run_folder}")

    def tick(self) -> None:
        """Say what is new, when it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TERMINAL_EVERY
            self._look_at_search() if self._search else self._look(due=self._terminal)

    def leaving(self) -> bool:
        """A terminal's interrupt is always for the run."""
        return False

    def end(self) -> None:
        """Say how it ended."""
        if self._search:
            self._look_at_search()
            return
        head = self._look(due=False).head
        self._say("  ".join(part for part in (progress_line(head), head.error or head.message) if part))

    def _look(self, due: bool) -> Increment:
        self._view.update()
        news = self._view.increment(self._seq, self._generation, max_points=2)
        self._seq, self._generation = news.last_seq, news.generation
        for text in dict.fromkeys(notice.text for notice in news.notices if notice.text not in self._said):
            self._said.add(text)
            self._say(text)
        self._news(news.head, due)
        return news

    def _look_at_search(self) -> None:
        from fmtools.views.search import progress

        before = self._search.state.standing
        if self._search.update() and (self._terminal or before != self._search.state.standing):
            self._show(progress(self._search.record, self._search.state))

    def _news(self, head: Head, due: bool) -> None:
        if head.metrics and head.metrics != self._scores:
            self._scores = head.metrics
            self._say(
                f"{head.metrics_split}: " + ", ".join(f"{name} {value:.4g}" for name, value in head.metrics.items())
            )
        if due or head.phase != self._phase or time.monotonic() >= self._log_at:
            self._phase, self._log_at = head.phase, time.monotonic() + LOG_EVERY
            self._show(progress_line(head))

    def _show(self, line: str) -> None:
        if not line:
            return None
        if not self._terminal:
            return self._say(line)
        self._open = True
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
        return None

    def _say(self, line: str) -> None:
        print(("\n" if self._open else "") + line, file=sys.stderr, flush=True)
        self._open = False


def progress_line(head: Head) -> str:
    """Return a run's state in one line of at most a terminal's width; empty before there is anything to say."""
    if not head.step:
        return head.phase or head.status
    left = f"{head.eta_seconds:.0f} s left" if head.eta_seconds is not None else ""
    parts = [
        head.phase or head.status,
        f"step {head.step}/{head.total_steps}",
        f"epoch {head.epoch:.2f}/{head.epochs:g}",
        f"loss {head.loss:.4g}" if head.loss is not None else "",
        f"rate {head.learning_rate:.3g}" if head.learning_rate is not None else "",
        f"{head.samples_per_second:.0f} rows/s" if head.samples_per_second else "",
        left,
    ]
    return "  ".join(part for part in parts if part)


def main(argv: list[str] | None = None) -> int:
    """Run one verb with the arguments of the command line; return the exit status."""
    args = sys.argv[1:] if argv is None else argv
    if not args or args[0] in ("--help", "-h", "help"):
        return _help(args)
    if args[0] in ("--version", "-V"):
        from fmtools import __version__

        print(f"fmtools {__version__}")
        return OK
    as_json = "--json" in _before_dashes(args)
    try:
        return _verb(args, as_json)
    except FmError as error:
        _complain(error, as_json)
        return FAILED if isinstance(error, WorkerError) else MISTAKE
    except BrokenPipeError:
        return _closed()


def jsonable(value: Any) -> Any:
    """Return a value that any JSON reader takes: NaN and infinities as strings, unknown things as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def status_of(options: Options, answer: Any) -> int:
    """Return the exit status: for a verb that trains, 0 only for a run that is done or goes on in the background."""
    facts = answer if isinstance(answer, Mapping) else {}
    if facts.get("ok") is False:
        return FAILED
    status = facts.get("status")
    if "background" not in type(options).model_fields or status in (None, "done"):
        return OK
    return OK if status in ("queued", "running", "paused") and _leaves(options) else FAILED


def _leaves(options: Options) -> bool:
    # `resume` of a paused run lets it go on and returns at once, so it too may leave a run at work.
    return options.verb == "resume" or bool(getattr(options, "background", False))


def _help(args: list[str]) -> int:
    from fmtools.derive.help import overview

    print(overview(), end="", file=sys.stdout if args else sys.stderr)
    return OK if args else MISTAKE


def _verb(args: list[str], as_json: bool) -> int:
    import shlex

    from fmtools.derive.parser import parse_args

    cls = _options_class(args[0])
    rest = [word for word in _before_dashes(args[1:]) if word != "--json"] + _from_dashes(args[1:])
    if "--help" in rest or "-h" in rest:
        from fmtools.derive.help import help_text

        print(help_text(cls), end="")
        return OK
    options = parse_args(cls, rest)
    options.asked_as(shlex.join(["fmtools", *args]))
    return _execute(options, as_json)


def _options_class(verb: str) -> type[Options]:
    from fmtools.core.options import VERBS, nearest

    if verb in VERBS:
        return VERBS[verb]
    guess = nearest(verb, list(VERBS))
    raise OptionError(
        f"{verb!r} is not a verb of fmtools.", f"Did you mean {guess}?" if guess else "See fmtools --help."
    )


def _execute(options: Options, as_json: bool) -> int:
    from fmtools import api

    result = api.execute(options, Progress())
    answer = jsonable(result.to_json() if result is not None else {})
    print(json.dumps(answer, allow_nan=False) if as_json else _plain(result), flush=True)
    if getattr(result, "foreground", False):
        return int(result.stay())
    return status_of(options, answer)


def _plain(result: Any) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return str("" if result is None else result).encode(encoding, "replace").decode(encoding)


def _complain(error: FmError, as_json: bool) -> None:
    error = type(error)(_for_terminal(error.cause), _for_terminal(error.cure))
    print("\n".join(error._render_traceback_()), file=sys.stderr)
    if as_json:
        print(json.dumps({"error": error.cause, "cure": error.cure}), flush=True)


def _for_terminal(text: str) -> str:
    """Name the verbs as they are typed here: errors are worded for notebooks, `%fm_runs` is `fmtools runs`."""
    from fmtools.core.options import VERBS

    for verb, cls in VERBS.items():
        text = re.sub(rf"%{cls.magic_name()}\b\??", f"fmtools {verb}", text)
    return text


def _closed() -> int:
    # `fmtools runs | head` closes our stdout: nobody reads on, which is no failure, and Python must not flush into it.
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return OK


def _before_dashes(args: list[str]) -> list[str]:
    return args[: args.index("--")] if "--" in args else args


def _from_dashes(args: list[str]) -> list[str]:
    return args[args.index("--") :] if "--" in args else []

"""The magics themselves: a line is parsed, variables are put in, the api does the rest.

Everything heavy is imported when a magic runs. A line is taken as it stands, IPython's `$x` and `{x}` are switched off:
nothing a user types is executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from . import chat_widget, tune_widget
from .completion import add_matcher, remove_matcher
from .label import show as label_show
from .panel import show as panel_show
from .table import CELL_MAGICS, MAGICS, options_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from fmtools.core.options import Options

#: What this extension shows as widgets.
WIDGETS = (label_show.WIDGET, tune_widget.WIDGET, panel_show.WIDGET, chat_widget.WIDGET)


class _Magic:
    # No docstring: `__doc__` below is what `%fm_train?` shows, the help derived from the options, made when asked for.
    # IPython reads this attribute: do not evaluate `$x` and `{x}` in the line.
    _ipython_magic_no_var_expand = True

    def __init__(self, shell: InteractiveShell, name: str, shown: _Shown) -> None:
        self._shell = shell
        self._shown = shown
        self.__name__ = name

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        from fmtools.derive.help import help_text

        return help_text(options_of(self.__name__))

    @property
    def __wrapped__(self) -> type[Options]:
        # `%fm_train??` shows the source of this: the options, not the machinery here.
        return options_of(self.__name__)

    def __call__(self, line: str, cell: str | None = None) -> Any:
        from fmtools.derive.parser import wants_help
        from fmtools.derive.words import split

        if wants_help(split(line)):
            print(self.__doc__)
            return None
        return _run(self._shell, self._options(line, cell), self._shown)

    def _options(self, line: str, cell: str | None) -> Options:
        from fmtools.derive.parser import parse_line, parse_yaml

        cls = options_of(self.__name__)
        return parse_line(cls, line) if cell is None else parse_yaml(cls, line, cell)


class _Shown:
    """Remembers which results a cell has already shown as a live card, so that returning them shows nothing twice."""

    def __init__(self, shell: InteractiveShell) -> None:
        assert shell.display_formatter is not None
        self._formatter = shell.display_formatter.ipython_display_formatter
        self._ids: set[int] = set()
        #: How a type was shown before it came here, where it has a way of its own.
        self._usual: dict[type, Callable[[Any], Any]] = {}

    def add(self, result: Any) -> None:
        """Show nothing for this very object until the next cell starts."""
        self._ids.add(id(result))
        usual = self._formatter.for_type(type(result), self._display)
        if usual is not None and usual != self._display:
            self._usual[type(result)] = usual

    def clear(self, *_: Any) -> None:
        """Begin a new cell: everything may be shown again."""
        self._ids.clear()

    def _display(self, result: Any) -> None:
        if id(result) not in self._ids:
            usual = self._usual.get(type(result))
            if usual is None:
                # IPython then shows the object in the usual way.
                raise NotImplementedError
            usual(result)


def _run(shell: InteractiveShell, options: Options, shown: _Shown) -> Any:
    from fmtools import api
    from fmtools.derive.line import line

    from .live import follower_for
    from .variables import resolve

    resolved = resolve(options, shell.user_ns)
    for notice in resolved.notices:
        print(notice)
    options.asked_as(line(options, resolved.names), resolved.names)
    if _leads_to_work(options):
        # Imports take the worker seconds: let it begin while the data are being read.
        api.warm_up()
    follower = follower_for(options)
    result = api.execute(options, follower)
    if getattr(result, "opens", False):  # shown at once, also where the cell only gives it a name
        from IPython.display import display

        display(result)
        shown.add(result)
    if follower is not None and result is not None:
        shown.add(result)
    return result


def _leads_to_work(options: Options) -> bool:
    fields = type(options).model_fields
    here = getattr(options, "inline", False) or options.verb == "tune"  # a search's driver has workers of its own
    return ("data" in fields or "text" in fields) and not here


def load(shell: InteractiveShell) -> None:
    """Register the magics and their completion; loading again replaces them. `%load_ext fmtools` ends here."""
    unload(shell)
    shown = _Shown(shell)
    shell.events.register("pre_run_cell", shown.clear)
    for name in MAGICS:
        kind = "line_cell" if name in CELL_MAGICS else "line"
        # IPython declares this for plain functions; it takes any callable.
        shell.magics_manager.register_function(cast(Any, _Magic(shell, name, shown)), kind, name)
    add_matcher(shell)
    for widget in WIDGETS:
        widget.register(shell)


def unload(shell: InteractiveShell) -> None:
    """Take the magics, their completion and the event handler away again."""
    for kinds in shell.magics_manager.magics.values():
        for name in MAGICS:
            magic = kinds.pop(name, None)
            if isinstance(magic, _Magic) and magic._shown.clear in shell.events.callbacks["pre_run_cell"]:
                shell.events.unregister("pre_run_cell", magic._shown.clear)
    remove_matcher(shell)
    for widget in WIDGETS:
        widget.unregister(shell)

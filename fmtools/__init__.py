"""fmtools: a foundation model's whole life inside the notebook.

`%load_ext fmtools` gives the magics (`%fm_train`, `%fm_runs` ...); `fmtools.train(...)` does the same from Python and
`fmtools VERB` from a command line. Importing this module imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

#: Public names, found in fmtools.api on first use.
_PUBLIC = (
    "Run", "load_data", "label", "models", "train", "tune", "evaluate", "predict", "protect", "attention", "runs", "serve", "attach", "baseline", "resume", "steer", "pause", "stop",
    "answer", "code", "compare", "doctor", "export", "index", "find_learning_rate", "follow", "forecast", "monitor", "optimize", "panel", "prune", "quantize", "distill",
)  # fmt: skip

if TYPE_CHECKING:
    __version__: str
    from .api import (
        Run as Run,
    )
    from .api import (
        answer as answer,
    )
    from .api import (
        attach as attach,
    )
    from .api import (
        attention as attention,
    )
    from .api import (
        baseline as baseline,
    )
    from .api import (
        code as code,
    )
    from .api import (
        compare as compare,
    )
    from .api import (
        distill as distill,
    )
    from .api import (
        doctor as doctor,
    )
    from .api import (
        evaluate as evaluate,
    )
    from .api import (
        export as export,
    )
    from .api import (
        find_learning_rate as find_learning_rate,
    )
    from .api import (
        follow as follow,
    )
    from .api import (
        forecast as forecast,
    )
    from .api import (
        index as index,
    )
    from .api import (
        label as label,
    )
    from .api import (
        load_data as load_data,
    )
    from .api import (
        models as models,
    )
    from .api import (
        monitor as monitor,
    )
    from .api import (
        optimize as optimize,
    )
    from .api import (
        panel as panel,
    )
    from .api import (
        pause as pause,
    )
    from .api import (
        predict as predict,
    )
    from .api import (
        protect as protect,
    )
    from .api import (
        prune as prune,
    )
    from .api import (
        quantize as quantize,
    )
    from .api import (
        resume as resume,
    )
    from .api import (
        runs as runs,
    )
    from .api import (
        serve as serve,
    )
    from .api import (
        steer as steer,
    )
    from .api import (
        stop as stop,
    )
    from .api import (
        train as train,
    )
    from .api import (
        tune as tune,
    )


def __getattr__(name: str) -> Any:
    if name == "__version__":  # said once, in package.json, and carried here by the installation
        from importlib.metadata import version

        return version("fmtools")
    if name in _PUBLIC:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module 'fmtools' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics and their completion; called by `%load_ext fmtools`."""
    from .notebook import magics

    magics.load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics away again; called by `%unload_ext fmtools`."""
    from .notebook import magics

    magics.unload(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "fmtools"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "fmtools.server"}]

"""The Jupyter server's part: REST to read and to steer runs, and an event when one grows. It imports no torch, ever."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

#: Key of the run book in the web application's settings.
BOOK = "fmtools_run_book"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "fmtools.server"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Add the routes, name the store for the kernels to inherit, and start to follow its runs."""
    from jupyter_server.utils import url_path_join

    from .follow import RunBook
    from .routes import routes
    from .watch import SCHEMA_FILE, Watch

    home = os.environ.setdefault("FMTOOLS_HOME", str(Path(serverapp.root_dir).absolute() / "fmtools-runs"))
    book = RunBook(Path(home).expanduser().absolute())
    app = serverapp.web_app
    app.settings[BOOK] = book
    app.add_handlers(".*$", [(url_path_join(app.settings["base_url"], path), cls) for path, cls in routes()])
    if serverapp.event_logger is not None:
        serverapp.event_logger.register_event_schema(SCHEMA_FILE)
        serverapp.io_loop.add_callback(Watch(book, serverapp.event_logger, serverapp.io_loop).start)
    serverapp.log.info("fmtools follows the runs in %s", home)

"""Add the routes to a server."""

from __future__ import annotations

import atexit
import re
from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

from taskcell.server import addresses, handlers, streams
from taskcell.server.offices import EVENTS, ROOT, Office

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def load(app: ServerApp) -> None:
    """Add our routes below the server's base address."""
    office = Office()
    atexit.register(office.close)
    root = url_path_join(app.web_app.settings["base_url"], ROOT)
    given = {"office": office, "root": root}
    app.web_app.add_handlers(
        ".*$",
        [
            (re.escape(root + EVENTS), streams.EventsHandler, given),
            (re.escape(root) + "/.*", handlers.OperationHandler, given),
        ],
    )
    office.warm()
    addresses.note(app)
    app.log.info("Taskcell answers at %s", root)

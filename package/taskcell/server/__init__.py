"""The jupyter_server extension: REST and events under ``/taskcell/api``, made from ``taskcell.api.feeds``.

The only home of jupyter_server and tornado. What is answered is decided elsewhere: here is who may ask, in what form,
and how many at once. ``loading`` adds the routes, ``handlers`` holds the one base class, ``streams`` the events,
``openapi`` writes down what is offered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell jupyter_server which module to load."""
    return [{"module": "taskcell.server"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Add our routes to a running server; nothing is opened before somebody asks."""
    from taskcell.server import loading

    loading.load(app)

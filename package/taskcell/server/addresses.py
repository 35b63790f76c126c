"""Where a browser finds the JupyterLab of this server, as far as that is truly known.

Kernels and terminals that the server starts are told by a variable, so that ``run.link`` leads there. A server behind a proxy,
in a container or of a hub does not know by itself: JupyterLab tells it with its first request.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

from taskcell.model import addresses

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

_WILDCARDS = ("", "*", "0.0.0.0", "::")


def own(app: ServerApp, environ: Mapping[str, str]) -> str:
    """Return the address that the server knows by itself; empty when it can't know."""
    public = environ.get("JUPYTERHUB_PUBLIC_URL", "")
    if public:
        return addresses.lab_address(public)
    if environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        return ""  # the hub's proxy has another address than the server behind it
    if app.custom_display_url:
        return addresses.lab_address(url_path_join(app.custom_display_url.split("?")[0], app.base_url))
    if app.sock or app.ip in _WILDCARDS:
        return ""
    return addresses.lab_address(app.connection_url)


def told(text: str, base_url: str, environ: MutableMapping[str, str]) -> None:
    """Take what a signed-in JupyterLab says of its own address, if it can be one of this server."""
    address = addresses.lab_address(text)
    if address and address != environ.get(addresses.HERE) and url_path_join(base_url, "lab") in address:
        environ[addresses.HERE] = address


def note(app: ServerApp) -> None:
    """Tell kernels and terminals what is known now, and nothing that another server has told this one."""
    address = own(app, os.environ)
    if address:
        os.environ[addresses.HERE] = address
    else:
        os.environ.pop(addresses.HERE, None)

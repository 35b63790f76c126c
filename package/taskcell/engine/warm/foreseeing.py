"""Start a server, and what it imports, before they are needed: while a worker opens its store and imports papermill.

For the first task of a process, which in a pod may be its only one. This module imports none of what it gains time for.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from taskcell.engine.warm import choosing, imports, servers


def server() -> None:
    """Start the server that task runs will be forked from, and don't wait for it."""
    if not choosing.obstacle():
        with contextlib.suppress(servers.ServerError):  # whoever needs it hears of it
            servers.SERVERS.begin("")


def task(notebook: Mapping[str, Any], folders: Iterable[Path]) -> None:
    """Let the server import what a notebook will, if this is the first one here."""
    if "papermill" in sys.modules or choosing.obstacle():
        return
    sources = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    with contextlib.suppress(servers.ServerError):
        servers.SERVERS.begin("").foresee(imports.of_cells(sources, folders))

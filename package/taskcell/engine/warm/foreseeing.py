"""Start a server, and what it imports, before they are needed: while a driver starts, or a worker imports papermill.

For the first task of a launch. This module imports none of what it gains time for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from taskcell.backends.local import servers
from taskcell.engine.warm import imports, task_servers


def server(names: Iterable[str], folders: Sequence[Path]) -> None:
    """Start the server that task runs will be forked from, if there is none, and don't wait for it.

    Parameters
    ----------
    names
        Modules that the tasks of the workflow import.
    folders
        Where local modules lie, as for ``imports.of_cells``.
    """
    if not servers.obstacle():
        with contextlib.suppress(servers.ServerError):  # whoever needs it hears of it
            task_servers.begin("", imports.installed((imports.OURS, *names), folders))

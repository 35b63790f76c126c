"""The servers that this process has task processes forked from."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from taskcell.backends.local import servers
from taskcell.backends.local.processes import MARK
from taskcell.kernel import marks

SERVERS = servers.Servers("taskcell.kernel.task_server", room=marks.room_for(MARK))


def begin(ipython_dir: str, preload: Sequence[str] = ()) -> servers.Server:
    """Return a server, which may not be ready yet; raise servers.ServerError.

    Parameters
    ----------
    ipython_dir
        Folder of the user's IPython profiles; empty for tasks, which have none.
    preload
        Modules that all tasks of the workflow import together.
    """
    return SERVERS.begin(_facts(ipython_dir), preload)


def get(ipython_dir: str, preload: Sequence[str] = ()) -> servers.Server:
    """Return a server that is ready; raise servers.ServerError."""
    return SERVERS.get(_facts(ipython_dir), preload)


def _facts(ipython_dir: str) -> dict[str, object]:
    return {"ipython_dir": ipython_dir, "mark": MARK, "argv": [_launcher(), "-f", os.devnull]}


@lru_cache(maxsize=1)
def _launcher() -> str:
    """Return what a kernel finds as its program's name."""
    return str(Path(sysconfig.get_path("purelib"), "ipykernel_launcher.py"))

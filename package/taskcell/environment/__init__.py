"""The environment of a version: interpreter, platform, distributions; captured, locked, compared, rebuilt.

``distributions`` reads what is installed, ``capturing`` makes an ``Environment`` of it, ``locks`` (with
``origins`` and ``tables``) writes and reads ``pylock.toml``, ``rebuilding`` makes the environment again with
uv (``installing``), ``repositories`` looks at git, ``differences`` compares. Which distributions a task needs
is not known here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskcell.environment.capturing import capture, installed_version
    from taskcell.environment.differences import Change, difference
    from taskcell.environment.locks import Lock, LockedPackage, lock_toml, read_lock
    from taskcell.environment.rebuilding import default_folder, rebuild
    from taskcell.environment.repositories import git_state

_HOMES = {
    "Change": "differences",
    "Lock": "locks",
    "LockedPackage": "locks",
    "capture": "capturing",
    "default_folder": "rebuilding",
    "difference": "differences",
    "git_state": "repositories",
    "installed_version": "capturing",
    "lock_toml": "locks",
    "read_lock": "locks",
    "rebuild": "rebuilding",
}

__all__ = [
    "Change",
    "Lock",
    "LockedPackage",
    "capture",
    "default_folder",
    "difference",
    "git_state",
    "installed_version",
    "lock_toml",
    "read_lock",
    "rebuild",
]


def __getattr__(name: str) -> Any:
    """Import a name's home when it is first used: a cached call needs only ``capturing``."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value

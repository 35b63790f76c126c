"""The environment of a version: interpreter, platform, distributions; captured, locked, compared, rebuilt.

``distributions`` reads what is installed, ``capturing`` makes an ``Environment`` of it, ``locks`` (with
``origins`` and ``tables``) writes and reads ``pylock.toml``, ``rebuilding`` makes the environment again with
uv (``installing``), ``repositories`` looks at git, ``differences`` compares. Which distributions a task needs
is not known here.
"""

from __future__ import annotations

from taskcell.environment.capturing import capture, installed_version
from taskcell.environment.differences import Change, difference
from taskcell.environment.locks import Lock, LockedPackage, lock_toml, read_lock
from taskcell.environment.rebuilding import default_folder, rebuild
from taskcell.environment.repositories import git_state

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

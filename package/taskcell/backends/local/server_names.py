"""Which server a process may be forked from: its name says all that a forked process has from its server.

Whoever may share a server comes to the same name: interpreter and environment on disk, variables, limits, namespaces, and the
modules that the workflow's tasks import. A socket in the abstract name space has that name; it leaves no file behind.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from taskcell.kernel import marks

_PASSING = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "PYTEST_CURRENT_TEST"})
_PASSING_BEGINNINGS = ("TASKCELL_", "JPY_")
"""Variables that say nothing to a library when it is imported. Each task has those of its own runner."""
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
_LIMITS = tuple(getattr(resource, name) for name in sorted(dir(resource)) if name.startswith("RLIMIT_"))


@dataclass(frozen=True, slots=True)
class Address:
    """A server's place: ``name`` in the abstract name space, ``environ`` that it is started with."""

    name: str
    environ: Mapping[str, str]


def address(kind: str, facts: object, preload: Sequence[str]) -> Address:
    """Return where the server for processes of this one is, as things are now.

    Parameters
    ----------
    kind
        The module that serves.
    facts
        What it is told when it starts.
    preload
        Modules that all its processes import together.
    """
    environ = _environ()
    wanted = (kind, facts, sorted(preload), sorted(environ.items()))
    whole = (sys.executable, wanted, _environment_stamp(), _own_code(), _inherited())
    digest = hashlib.sha256(repr(whole).encode("utf-8", "surrogateescape")).hexdigest()
    return Address(f"taskcell-{os.getuid()}-{digest[:40]}", environ)


def _environ() -> dict[str, str]:
    found = {
        name: value
        for name, value in os.environ.items()
        if name not in _PASSING and not name.startswith(_PASSING_BEGINNINGS)
    }
    if found.get("PYTHONPATH"):
        entries = found["PYTHONPATH"].split(os.pathsep)
        found["PYTHONPATH"] = os.pathsep.join(str(Path.cwd() / entry) if entry else entry for entry in entries)
    return found


def _environment_stamp() -> tuple[object, ...]:
    """Return what changes when distributions are installed, removed or replaced."""
    stamps: list[object] = []
    for place in _places():
        with contextlib.suppress(OSError):
            stamps.append((place, os.stat(place).st_mtime_ns))  # noqa: PTH116  on the path of every task
    return tuple(stamps)


@lru_cache(maxsize=1)
def _places() -> tuple[str, ...]:
    kinds = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return (*sorted(kinds), f"{sys.prefix}/pyvenv.cfg")


@lru_cache(maxsize=1)
def _own_code() -> int:
    """Return what changes when this package is worked on in place; 0 where it is installed like others."""
    package = Path(marks.__file__).parents[1]
    if any(str(package).startswith(f"{place}/") for place in _places()):
        return 0
    return max(path.stat().st_mtime_ns for path in package.rglob("*.py"))


def _inherited() -> tuple[object, ...]:
    """Return what a process has from the one that forked it, and its server can't give it otherwise."""
    return (
        os.getgid(),
        os.getgroups(),
        os.getpriority(os.PRIO_PROCESS, 0),
        sorted(os.sched_getaffinity(0)),
        [resource.getrlimit(limit) for limit in _LIMITS],
        [_linked(f"/proc/self/ns/{name}") for name in _NAMESPACES],
        [_text(f"/proc/self/{name}") for name in ("cgroup", "attr/current")],
    )


def _linked(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  on the path of every task
    except OSError:
        return ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""

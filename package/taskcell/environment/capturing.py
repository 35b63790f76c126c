"""Make an ``Environment`` of the running interpreter."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from taskcell import hashing
from taskcell.environment import distributions
from taskcell.hashing import Digest
from taskcell.model.versions import Environment

_captured: dict[tuple[tuple[Path, int], ...], Environment] = {}


def capture() -> Environment:
    """Return interpreter, platform and every installed distribution.

    The answer is kept until a folder of installed distributions changes, so that an installation during the
    session is noticed and everything else costs a few system calls.
    """
    folders = distributions.site_folders()
    stamp = tuple((folder, _changed_at(folder)) for folder in folders)
    found = _captured.get(stamp)
    if found is None:
        _captured.clear()
        installed = distributions.installed(folders)
        found = describe((each.name, each.version) for each in installed.values())
        _captured[stamp] = found
    return found


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None when there is none of that name."""
    return dict(capture().distributions).get(distributions.normalised(name))


def describe(
    installed: Iterable[tuple[str, str]],
    *,
    python: str | None = None,
    implementation: str | None = None,
    platform_name: str | None = None,
) -> Environment:
    """Return an environment with its digest. What is not given is this interpreter's."""
    python = python or platform.python_version()
    implementation = implementation or sys.implementation.name
    platform_name = platform_name or this_platform()
    listed = tuple(sorted(installed))
    return Environment(
        python=python,
        implementation=implementation,
        platform=platform_name,
        distributions=listed,
        digest=_digest(python, implementation, platform_name, listed),
    )


def this_platform() -> str:
    """Return operating system and machine: ``linux-x86_64``."""
    return f"{sys.platform}-{platform.machine()}"


def _digest(python: str, implementation: str, platform_name: str, listed: tuple[tuple[str, str], ...]) -> Digest:
    flat = [part for pair in listed for part in pair]
    return hashing.digest_parts("environment/1", [python, implementation, platform_name, *flat])


def _changed_at(folder: Path) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116  on every use of the cache
    except OSError:
        return 0

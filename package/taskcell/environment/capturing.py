"""Make an ``Environment`` of the running interpreter."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from taskcell import hashing
from taskcell.environment import distributions
from taskcell.hashing import Digest, stamps
from taskcell.model.versions import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class _Captured:
    """An environment, with the folders that it was read from as they were then."""

    folders: tuple[Path, ...]
    watch: stamps.Watch
    environment: Environment
    installed: Mapping[str, distributions.Distribution]
    versions: Mapping[str, str]


_last: _Captured | None = None


def capture() -> Environment:
    """Return interpreter, platform and every installed distribution.

    The answer is kept until a folder of installed distributions changes, so that an installation during the
    session is noticed and everything else costs a few system calls.
    """
    return _capture().environment


def installed() -> Mapping[str, distributions.Distribution]:
    """Return the distributions of ``capture()`` by name."""
    return _capture().installed


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None when there is none of that name."""
    return _capture().versions.get(_normalised(name))


_normalised = lru_cache(maxsize=4096)(distributions.normalised)


def _capture() -> _Captured:
    global _last
    folders = _site_folders(tuple(sys.path), os.environ.get("PYTHONPATH", ""))
    if _last is None or _last.folders != folders or not _last.watch.unchanged():
        watch = stamps.Watch()
        for folder in folders:
            watch.see(str(folder))
        found = distributions.installed(folders)
        environment = describe((each.name, each.version) for each in found.values())
        versions = dict(environment.distributions)
        _last = _Captured(folders=folders, watch=watch, environment=environment, installed=found, versions=versions)
    return _last


@lru_cache(maxsize=16)
def _site_folders(path: tuple[str, ...], named: str) -> tuple[Path, ...]:
    return distributions.site_folders(path, {"PYTHONPATH": named})


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

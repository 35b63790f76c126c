"""A lock file as requirements that pip reads: exact versions, origins, and folders that have to be copied along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from taskcell.environment import locks
from taskcell.environment.locks import LockedPackage

FOLDERS = "folders"
"""Where folders lie beside the requirements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What is installed.

    Attributes
    ----------
    lines
        Of a requirements file.
    folders
        Name and source of distributions that were installed from a folder; they are copied to ``folders/NAME``.
    missing
        What can't be had, in words.
    """

    lines: tuple[str, ...]
    folders: tuple[tuple[str, Path], ...]
    missing: tuple[str, ...]


def of_lock(packages: Iterable[LockedPackage], *, leave_out: str = "") -> Requirements:
    """Return the requirements of locked packages, without one of them."""
    lines: list[str] = []
    folders: list[tuple[str, Path]] = []
    missing: list[str] = []
    for package in sorted(packages, key=lambda item: item.name):
        if package.name == leave_out:
            continue
        folder = locks.directory_of(package)
        if folder is not None:
            if folder.is_dir():
                folders.append((package.name, folder))
            else:
                missing.append(f"{package.name} was installed from {folder}, which is not here")
            continue
        lines.append(_line(package))
    return Requirements(lines=tuple(lines), folders=tuple(folders), missing=tuple(missing))


def _line(package: LockedPackage) -> str:
    facts = package.facts
    subdirectory = f"#subdirectory={facts['subdirectory']}" if facts.get("subdirectory") else ""
    if package.source == "vcs":
        return f"{package.name} @ {facts['type']}+{facts['url']}@{facts['commit-id']}{subdirectory}"
    if package.source == "archive" and facts.get("url"):
        return f"{package.name} @ {facts['url']}{subdirectory}"
    return f"{package.name}=={package.version}"

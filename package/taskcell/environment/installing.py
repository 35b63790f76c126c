"""Run uv: make an interpreter's folder, install exact versions into it, and word what goes wrong."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from taskcell import errors
from taskcell.environment.locks import LockedPackage, directory_of

Progress: TypeAlias = Callable[[str], None]
"""Called with one line for people whenever something has happened."""

OPTIONAL = frozenset({"pip", "setuptools", "wheel", "uv", "distribute", "pkg-resources"})
"""Tools of an environment that no task needs: left out where they can't be had."""
_MOST_MISSING = 25
_ABSENT = re.compile(
    r"(?:no versions? of|the requested package|failed to (?:build|download|download and build)) `?([\w.-]+)"
    r"|([\w.-]+) was not found in the"
    r"|([\w.-]+?)(?:==\S+)? has no (?:wheels|usable wheels|source distribution)",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"failed to fetch|error sending request|dns error|connection (?:refused|reset)|timed out"
    r"|network was disabled",
    re.IGNORECASE,
)
# Variables that would point uv at another environment than the one being made.
_FOREIGN = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT")


class UvError(Exception):
    """uv ended with an error; the message is what it wrote."""


def find_uv() -> str:
    """Return the path of uv; raise BackendError when it is not installed."""
    with contextlib.suppress(ImportError, FileNotFoundError):
        return str(importlib.import_module("uv").find_uv_bin())
    found = shutil.which("uv")
    if found is None:
        raise errors.BackendError(
            "A recorded environment is rebuilt with uv, which is not installed.",
            remedy="Install it: pip install taskcell[locked]. Or reproduce in the environment as it is.",
        )
    return found


def make_interpreter(uv: str, folder: Path, *, python: str, implementation: str, progress: Progress) -> None:
    """Make a virtual environment with this interpreter, or with another patch release of it, saying so."""
    minor = ".".join(python.split(".")[:2])
    wanted = [f"{implementation}@{python}", f"{implementation}@{minor}"]
    if python == sys.version.split()[0] and implementation == sys.implementation.name:
        wanted.insert(0, str(Path(sys.base_prefix, "bin", f"python{minor}")))
    said = ""
    for request in wanted:
        try:
            run_uv(
                uv,
                ["venv", "--relocatable", "--no-project", "--python", request, str(folder)],
                cwd=folder.parent,
                progress=lambda line: None,
            )
        except UvError as exc:
            said = str(exc)
            continue
        if request == wanted[-1]:
            progress(f"Python {python} can't be had: another release of Python {minor} stands in for it")
        return
    raise errors.BackendError(
        f"Python {python} ({implementation}) is neither installed nor can uv download it: {last_line(said)}",
        remedy=f"Install it (for example: uv python install {minor}), then try again.",
    )


def install(uv: str, interpreter: Path, packages: Sequence[LockedPackage], *, progress: Progress) -> None:
    """Install exactly these packages, without dependencies.

    Raises
    ------
    BackendError
        Some can't be had (all of them are named), or the index can't be reached.
    """
    left = list(packages)
    missing: dict[str, str] = {}
    while left:
        try:
            _install_once(uv, interpreter, left, dry_run=bool(missing), progress=progress)
        except UvError as exc:
            name = _blamed(str(exc), left)
            if name is None or len(missing) >= _MOST_MISSING:
                raise _unavailable(missing, str(exc)) from exc
            missing[name] = str(exc)
            left = [package for package in left if package.name != name]
            if missing.keys() <= OPTIONAL:
                progress(f"{name} can't be had and no task needs it: left out")
                missing.clear()
            continue
        if missing:
            raise _unavailable(missing, next(iter(missing.values())))
        return


def requirement(package: LockedPackage) -> list[str]:
    """Return the words that ask uv for a package."""
    facts = package.facts
    inside = f"#subdirectory={facts['subdirectory']}" if facts.get("subdirectory") else ""
    folder = directory_of(package)
    if folder is not None:
        if not folder.is_dir():
            raise errors.BackendError(
                f"{package.name} was installed from {folder}, which is not there any more.",
                remedy="Restore that folder, or reproduce in the environment as it is.",
            )
        return [*(["--editable"] if facts.get("editable") else []), str(folder)]
    if package.source == "vcs":
        place = facts.get("url") or f"file://{facts['path']}"
        return [f"{package.name} @ {facts['type']}+{place}@{facts['commit-id']}{inside}"]
    if package.source == "archive":
        return [f"{package.name} @ {facts.get('url') or Path(facts['path']).as_uri()}{inside}"]
    if package.version is None:
        raise errors.FormatError(f"The lock file states no version of {package.name}.")
    return [f"{package.name}=={package.version}"]


def run_uv(uv: str, words: Sequence[str], *, cwd: Path, progress: Progress) -> None:
    """Run uv, passing on what it writes line by line; raise UvError with all of it when it fails."""
    import subprocess

    environ = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    command = [uv, "--color", "never", "--no-progress", *words]
    said: list[str] = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            for line in process.stderr or ():
                said.append(line)
                if line.startswith(("Resolved", "Prepared", "Installed", "Downloading", "Building", "warning")):
                    progress(line.strip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise UvError("".join(said))


def last_line(text: str) -> str:
    """Return what uv said in the end, without its own labels."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("hint")]
    return re.sub(r"^(error|cause):\s*", "", lines[-1])[:300] if lines else "uv said nothing"


def _install_once(
    uv: str, interpreter: Path, packages: Sequence[LockedPackage], *, dry_run: bool, progress: Progress
) -> None:
    words = [word for package in packages for word in requirement(package)]
    options = ["--no-deps", "--python", str(interpreter), *(["--dry-run"] if dry_run else [])]
    run_uv(
        uv,
        ["pip", "install", *options, *words],
        cwd=interpreter.parent,
        progress=(lambda line: None) if dry_run else progress,
    )


def _blamed(said: str, packages: Sequence[LockedPackage]) -> str | None:
    """Return the package that uv could not have, if it was not the network."""
    names = {package.name: package.name for package in packages}
    for found in _ABSENT.finditer(said):
        word = next(group for group in found.groups() if group)
        name = re.sub(r"[-_.]+", "-", word).lower().rstrip("-")
        if name in names and not (_NETWORK.search(said) and not found[2]):
            return name
    return None


def _unavailable(missing: dict[str, str], said: str) -> errors.BackendError:
    if missing:
        listing = ", ".join(sorted(missing))
        return errors.BackendError(
            f"The recorded environment can't be rebuilt: not to be had: {listing}.",
            remedy="Make them available to uv (UV_INDEX, UV_FIND_LINKS), or reproduce in the environment as "
            f"it is. uv said: {last_line(said)}",
        )
    network = _NETWORK.search(said) is not None
    return errors.BackendError(
        f"The recorded environment can't be rebuilt: {last_line(said)}",
        remedy="Check the connection to the package index, then try again."
        if network
        else "Read what uv said, or reproduce in the environment as it is.",
        retry_after_s=30.0 if network else None,
    )

"""Make a recorded environment again, in a folder of its own that is reused.

A folder appears under its final name only when it is whole: it is built under another name and renamed, with
a marker inside. Killed at any moment, a builder leaves at most a folder that the next one removes; two
builders of one environment wait for each other on a lock that ends with its holder.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from taskcell import errors, hashing
from taskcell.environment import capturing, distributions, installing
from taskcell.environment.distributions import Distribution
from taskcell.environment.installing import Progress
from taskcell.environment.locks import Lock, LockedPackage, read_lock
from taskcell.model.versions import Environment

MARKER = "taskcell-environment.json"
OURS = "taskcell"


def default_folder() -> Path:
    """Return where rebuilt environments are kept: in the user's cache folder."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("taskcell", appauthor=False)) / "environments"


def rebuild(lock_text: str, environment: Environment, *, folder: Path, progress: Progress | None = None) -> Path:
    """Return the interpreter of a rebuilt environment, building it when it is not there yet.

    Parameters
    ----------
    lock_text : str
        The recorded ``pylock.toml``.
    environment : Environment
        The recorded environment that it belongs to.
    folder : Path
        Where rebuilt environments are kept, one folder each, named by digest.
    progress : callable, optional
        Called with one line for people whenever something has happened.

    Raises
    ------
    BackendError
        uv is not installed, the platform is another one, or a distribution can't be had: each is named.

    Notes
    -----
    Taskcell itself, when it was installed from a folder and the running one has the recorded version, is the
    running one. A distribution rebuilt with other files than recorded is reported through ``progress``.
    """
    lock = read_lock(lock_text)
    _check(lock, environment)
    say = progress or _silent
    target = folder / _name(lock_text, environment)
    if _is_whole(target):
        return _interpreter(target)
    uv = installing.find_uv()
    folder.mkdir(parents=True, exist_ok=True)
    with _only_builder(folder / f".{target.name}.lock", say):
        if not _is_whole(target):
            _remove_remains(folder, target)
            _build(uv, lock, environment, target, say)
    return _interpreter(target)


def _silent(line: str) -> None:
    """Say nothing."""


def _check(lock: Lock, environment: Environment) -> None:
    if lock.digest and lock.digest != environment.digest:
        raise errors.FormatError(
            "The lock file belongs to another environment than the one recorded beside it.",
            remedy="Take lock and environment of one version.",
        )
    here = capturing.this_platform()
    if environment.platform != here:
        raise errors.BackendError(
            f"The environment was recorded on {environment.platform}; this machine is {here}.",
            remedy="Reproduce on such a machine, or in the environment as it is.",
        )


def _name(lock_text: str, environment: Environment) -> str:
    # The lock knows more than the environment's digest: a commit, a folder, the files of a wheel.
    return f"{environment.digest[:32]}-{hashing.digest_parts('lock', [lock_text])[:8]}"


def _interpreter(folder: Path) -> Path:
    return folder / "bin" / "python"


def _is_whole(folder: Path) -> bool:
    """Whether it was built to the end and its interpreter still exists (it is a link to the base one)."""
    return (folder / MARKER).is_file() and _interpreter(folder).exists()


def _remove_remains(folder: Path, target: Path) -> None:
    for path in [target, *folder.glob(f".building-{target.name}-*")]:
        shutil.rmtree(path, ignore_errors=True)  # a killed builder's uv may still be writing: next time


def _build(uv: str, lock: Lock, environment: Environment, target: Path, say: Progress) -> None:
    building = target.parent / f".building-{target.name}-{os.getpid()}"
    started = time.monotonic()
    try:
        say(f"making an environment with Python {environment.python}")
        installing.make_interpreter(
            uv,
            building,
            python=environment.python,
            implementation=environment.implementation,
            progress=say,
        )
        running = _running_taskcell(lock.packages)
        packages = [package for package in lock.packages if running is None or package.name != OURS]
        say(f"installing {len(packages)} distributions")
        installing.install(uv, _interpreter(building), packages, progress=say)
        site = next(building.glob("lib/*/site-packages"))
        if running is not None:
            _add_taskcell(site, running)
        others = _compare(lock.packages, site, say)
        _finish(building, target, environment, others)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    say(f"environment ready after {time.monotonic() - started:.1f} s")


def _compare(packages: Sequence[LockedPackage], site: Path, say: Progress) -> list[str]:
    """Return the distributions whose installed files are not those recorded; raise when one is not there."""
    rebuilt = distributions.installed([site])
    absent = [
        package.name for package in packages if package.name not in rebuilt and package.name not in installing.OPTIONAL
    ]
    if absent:
        raise errors.BackendError(
            f"uv reported success, but these are not installed: {', '.join(absent)}.",
            remedy="Reproduce in the environment as it is.",
        )
    others = [
        package.name
        for package in packages
        if package.record
        and package.name in rebuilt
        and distributions.record_digest(rebuilt[package.name]) != package.record
    ]
    if others:
        say(f"the same version but other files than recorded: {', '.join(others)}")
    return others


def _finish(building: Path, target: Path, environment: Environment, others: Sequence[str]) -> None:
    facts = {"digest": environment.digest, "python": environment.python, "other_files": list(others)}
    with (building / MARKER).open("w", encoding="utf-8") as stream:
        json.dump(facts, stream)
        stream.flush()
        os.fsync(stream.fileno())
    building.rename(target)


def _running_taskcell(packages: Sequence[LockedPackage]) -> Distribution | None:
    """Return the running Taskcell when it is what the lock means: a folder's, of the same version."""
    locked = next((package for package in packages if package.name == OURS), None)
    running = distributions.installed(distributions.site_folders()).get(OURS)
    if locked is None or running is None or locked.source != "directory" or locked.version != running.version:
        return None
    return running


def _add_taskcell(site: Path, running: Distribution) -> None:
    """Make the running Taskcell importable there, with its metadata (version, entry points).

    Building it with its build backend would need an index, and could give other code than is running.
    """
    package = Path(__file__).resolve().parents[1]
    source = package.parent
    if running.path.parent.resolve() == source:  # not editable: a path to it would show all its neighbours
        shutil.copytree(package, site / OURS, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        (site / f"{OURS}.pth").write_text(f"{source}\n", encoding="utf-8")
    shutil.copytree(running.path, site / running.path.name)


@contextmanager
def _only_builder(path: Path, say: Progress) -> Iterator[None]:
    """Hold the lock on building one environment; the system releases it however the holder ends."""
    if sys.platform == "win32":
        raise errors.BackendError(
            "Recorded environments are rebuilt on POSIX systems only.",
            remedy="Reproduce in the environment as it is.",
        )
    with path.open("a") as stream:
        _wait_for(stream, say)
        yield


def _wait_for(stream: IO[str], say: Progress) -> None:
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another process is building this environment: waiting for it")
        fcntl.flock(stream, fcntl.LOCK_EX)

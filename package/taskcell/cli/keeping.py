"""Verbs that keep things in order: gc, doctor."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

from taskcell import errors
from taskcell.cli import arguments
from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb


def _gc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--budget", metavar="SIZE", help="what the cache may hold: 2GB; the oldest beyond it goes")
    parser.add_argument(
        "--grace", metavar="SECONDS", type=float, default=3600.0, help="spare what was used within this time"
    )
    parser.add_argument("--yes", action="store_true", help="delete it; without, only say what would go")


def _gc(args: argparse.Namespace) -> object:
    from taskcell.api import collecting

    budget = arguments.size_bytes(args.budget) if args.budget is not None else None
    return collecting.gc(dry_run=not args.yes, budget_bytes=budget, grace_s=args.grace, **where(args))


# -- doctor ----------------------------------------------------------------------------------------------------------


class Check(NamedTuple):
    """One thing that was looked at. ``good`` is None for what is only said."""

    name: str
    good: bool | None
    said: str


class Examination:
    """What the doctor found."""

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self.checks = checks

    @property
    def healthy(self) -> bool:
        """Whether nothing that is needed is missing."""
        return all(check.good is not False for check in self.checks)

    def to_text(self, width: int = 100) -> str:
        """Return one line a check."""
        signs = {True: "✓", False: "✗", None: "·"}
        room = max(len(check.name) for check in self.checks)
        lines = [f"{signs[check.good]} {check.name:<{room}}  {check.said}" for check in self.checks]
        return "\n".join([*lines, "All is well." if self.healthy else "Something is missing: see ✗ above."])

    def to_data(self) -> list[dict[str, Any]]:
        """Return the checks in JSON form."""
        return [{"name": check.name, "good": check.good, "said": check.said} for check in self.checks]

    def __repr__(self) -> str:
        return self.to_text()


def _doctor(args: argparse.Namespace) -> object:
    return Examination((*_interpreter(), *_store(args), *_packages(), *_programs()))


def _interpreter() -> Iterator[Check]:
    import platform
    import sys
    from importlib import metadata

    version = platform.python_version()
    yield Check(name="taskcell", good=None, said=metadata.version("taskcell"))
    yield Check(name="interpreter", good=True, said=f"{platform.python_implementation()} {version}, {sys.executable}")


def _store(args: argparse.Namespace) -> Iterator[Check]:
    from taskcell.api import configuration
    from taskcell.store import opening

    try:
        store = configuration.store(**where(args))
        found = store.format()
    except errors.TaskcellError as exc:
        yield Check(name="store", good=False, said=str(exc).replace("\n", " "))
        return
    if found is None:
        yield Check(name="store", good=None, said=f"{store.url}: nothing there yet, the first result makes it")
        return
    project = f"project {store.project}"
    yield Check(
        name="store", good=True, said=f"{store.url}, {project}, format {found.version} of {opening.FORMAT_VERSION}"
    )
    try:
        store.blobs.put(b"taskcell doctor")
    except errors.TaskcellError as exc:
        yield Check(name="writing", good=False, said=str(exc).replace("\n", " "))
    else:
        trusted = configuration.trusted(store)
        said = "pickles from it are loaded" if trusted else "pickles from it are not loaded (setting trusted_stores)"
        yield Check(name="writing", good=True, said=f"it can be written; {said}")


def _packages() -> Iterator[Check]:
    import importlib.metadata

    for name in ("papermill", "ipykernel", "ipython", "nbformat", "pyarrow"):
        try:
            yield Check(name=name, good=True, said=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Check(name=name, good=False, said=f"not installed: pip install {name}")


def _programs() -> Iterator[Check]:
    import shutil
    import sys
    from pathlib import Path

    dot = shutil.which("dot")
    yield Check(name="dot", good=None, said=dot or "not found; graphs are laid out by Taskcell itself")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    said = uv or "not found; reproduce --env locked needs it: pip install uv"
    yield Check(name="uv", good=None, said=said)
    yield Check(name="git", good=None, said=shutil.which("git") or "not found; versions are without a commit")


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Take nothing."""


def _unhealthy(result: object) -> int:
    return int(isinstance(result, Examination) and not result.healthy)


VERBS = (
    Verb(
        name="gc",
        help="say what nothing refers to any more, and free it",
        add_arguments=_gc_arguments,
        run=_gc,
        details="Versions and runs are kept, with everything they refer to. Without --yes nothing is deleted.",
    ),
    Verb(
        name="doctor",
        help="check interpreter, store and programs",
        add_arguments=_no_arguments,
        run=_doctor,
        exit_code=_unhealthy,
    ),
)

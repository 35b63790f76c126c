"""The doctor: whether interpreter, store, service, cluster and programs are as they should be, one line a check."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from taskcell import errors
from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb


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
    return Examination(tuple(check for examiner in EXAMINERS for check in examiner(args)))


def _interpreter(_: argparse.Namespace) -> Iterator[Check]:
    import platform
    import sys
    import sysconfig
    from importlib import metadata, util
    from pathlib import Path

    version = platform.python_version()
    yield Check(name="taskcell", good=None, said=metadata.version("taskcell"))
    yield Check(name="interpreter", good=True, said=f"{platform.python_implementation()} {version}, {sys.executable}")
    found = util.find_spec("papermill")
    if sys.dont_write_bytecode and found is not None and found.cached and not Path(found.cached).exists():
        said = "PYTHONDONTWRITEBYTECODE is set and packages are not compiled: each program compiles them anew, for seconds. "
        once = f"Once and for all: {sys.executable} -m compileall -q {sysconfig.get_path('purelib')}"
        yield Check(name="bytecode", good=None, said=said + once)


def _store(args: argparse.Namespace) -> Iterator[Check]:
    from taskcell.api import configuration
    from taskcell.store import opening

    try:
        store = configuration.store(**where(args))
        found = store.format()
    except errors.TaskcellError as exc:
        yield _failed("store", exc)
        return
    yield from _service(store.url)
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
        yield _failed("writing", exc)
    else:
        trusted = configuration.trusted(store)
        said = "pickles from it are loaded" if trusted else "pickles from it are not loaded (setting trusted_stores)"
        yield Check(name="writing", good=True, said=f"it can be written; {said}")


def _service(url: str) -> Iterator[Check]:
    """Look at the storage service itself: does it keep what a store rests on, and what time does it have?"""
    from taskcell.store import examining

    try:
        for name, is_good, said in examining.examine(url):
            yield Check(name=name, good=is_good, said=said)
    except errors.TaskcellError as exc:
        yield _failed("service", exc)


def _failed(name: str, exc: errors.TaskcellError) -> Check:
    return Check(name=name, good=False, said=str(exc).replace("\n", " "))


def _packages(_: argparse.Namespace) -> Iterator[Check]:
    import importlib.metadata

    for name in ("papermill", "ipykernel", "ipython", "nbformat", "pyarrow"):
        try:
            yield Check(name=name, good=True, said=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Check(name=name, good=False, said=f"not installed: pip install {name}")


def _engine(_: argparse.Namespace) -> Iterator[Check]:
    """Say how task runs are executed here, and why: a process is really forked, since that may fail for many reasons."""
    import time

    from taskcell.backends.local import servers
    from taskcell.engine.warm import processes, task_servers

    reason = servers.obstacle()
    if not reason:
        clock = time.perf_counter()
        try:
            task_servers.get("")
            between = time.perf_counter()
            processes.started(lambda: task_servers.get(""), ()).close()
        except (servers.ServerError, OSError) as exc:
            reason = f"no process can be forked here ({exc})"
        else:
            took_ms, start_s = (time.perf_counter() - between) * 1000, between - clock
            said = f"forked processes: one started and ended in {took_ms:.0f} ms, their server in {start_s:.1f} s"
            yield Check(name="engine", good=None, said=said)
            return
    yield Check(name="engine", good=None, said=f"a kernel for each task run: {reason}")


def _programs(_: argparse.Namespace) -> Iterator[Check]:
    import shutil
    import sys
    from pathlib import Path

    dot = shutil.which("dot")
    yield Check(name="dot", good=None, said=dot or "not found; graphs are laid out by Taskcell itself")
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    said = uv or "not found; reproduce --env locked needs it: pip install uv"
    yield Check(name="uv", good=None, said=said)
    yield Check(name="git", good=None, said=shutil.which("git") or "not found; versions are without a commit")


def _cluster(args: argparse.Namespace) -> Iterator[Check]:
    """Look at the cluster, where one is meant to be used."""
    from taskcell.api import configuration
    from taskcell.model.settings import KubernetesSettings

    try:
        settings = configuration.settings(**where(args))
    except errors.TaskcellError as exc:
        yield _failed("settings", exc)
        return
    asked = args.kubernetes or args.pod
    if not (asked or settings.backend == "kubernetes" or settings.kubernetes != KubernetesSettings()):
        return
    try:
        from taskcell.backends.kubernetes import examining, looking
    except ImportError:
        yield Check(name="cluster", good=False, said="its client is not installed: pip install 'taskcell[kubernetes]'")
        return
    url = settings.store or configuration.default_store_url()
    if not url.startswith("s3://"):
        said = f"{url} is on this machine, where pods can't read it: set TASKCELL_STORE=s3://bucket/prefix"
        yield Check(name="store for pods", good=False, said=said)
    found = [*examining.examine(settings, url)]
    yield from (Check(*finding) for finding in found)
    if args.pod and all(good is not False for _, good, _ in found):
        yield from (Check(*finding) for finding in looking.look(settings, url))


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kubernetes", action="store_true", help="look at the cluster, also where no setting names one"
    )
    parser.add_argument(
        "--pod", action="store_true", help="try a pod too: its image, its Taskcell, the store from there"
    )


def _unhealthy(result: object) -> int:
    return int(isinstance(result, Examination) and not result.healthy)


EXAMINERS: tuple[Callable[[argparse.Namespace], Iterator[Check]], ...] = (
    _interpreter,
    _store,
    _cluster,
    _packages,
    _engine,
    _programs,
)
"""What the doctor looks at, in this order; a backend with things of its own to check adds a function here."""

VERBS = (
    Verb(
        name="doctor",
        help="check interpreter, store, cluster and programs, and say what to do",
        add_arguments=_doctor_arguments,
        run=_doctor,
        exit_code=_unhealthy,
    ),
)

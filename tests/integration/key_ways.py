"""The ways to a cache key: a kernel's cells, a saved notebook, a function that is called."""

from __future__ import annotations

import builtins
import importlib
import itertools
import linecache
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from taskcell import environment
from taskcell.api.calls import tasks
from taskcell.api.definitions import workflows
from taskcell.api.kernels import interactive, outcomes, sessions
from taskcell.cache import keys, results
from taskcell.hashing import Digest, values
from taskcell.model.cells import Cell, CellKind
from taskcell.model.tasks import InputKind
from taskcell.notebook import headers
from taskcell.notebook import parameters as schemas
from taskcell.store.opening import Store, open_store

Parts = dict[str, str]
"""The named parts of a key, by name; the key's own digest under the empty name."""

_counter = itertools.count()


def new_store(folder: Path) -> Store:
    """Return a store of its own; what it writes need not survive a power cut."""
    return open_store(str(folder / "store"), durability="process")


def in_kernel(cells: Sequence[str], where: Store, folder: Path) -> dict[str, Parts]:
    """Run cells one by one as a kernel does; return each task's key. The folder holds the notebook."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    namespace["__builtins__"] = {**vars(builtins), "get_ipython": lambda: _Shell(namespace)}
    session = sessions.Session(namespace=namespace)
    found: dict[str, Parts] = {}
    with _beside(folder, main=namespace):
        for number, source in enumerate(cells, 1):
            cell = Cell(source=source, id=f"c{number}", label=f"cell {number}")
            if workflows.kind_of(source) is CellKind.TASK:
                runner = interactive.CellRunner(session, where)
                prepared = runner.prepare(cell)
                found[prepared.task.name] = _parts(prepared.key)
                _execute(runner, prepared, headers.parse_task_cell(cell).body, number)
            else:
                text = source.partition("\n")[2] if source.startswith("%%params") else source
                _run(text, namespace, number)
                session.record(cell)
    return found


def of_file(cells: Sequence[str], where: Store, folder: Path) -> Parts:
    """Return the key that the last cell's task has in a saved notebook; what others made is taken from the store."""
    listed = [Cell(source=source, label=f"cell {number}") for number, source in enumerate(cells, 1)]
    with _beside(folder):
        draft = workflows.read_workflow(listed, name="pairs", folder=folder)
        workflow = draft.workflow
        last = next(name for name, cell in draft.cells.items() if cell.cell == listed[-1])
        made: dict[str, Digest] = {}
        for task in workflow.tasks:
            digests = {}
            for item in task.inputs:
                if item.kind is InputKind.PARAMETER:
                    declared = next(each for each in workflow.parameters if each.name == item.name)
                    digests[item.name] = values.digest_value(schemas.from_json(declared, declared.default))
                else:
                    digests[item.name] = item.artifact.digest if item.artifact else made[item.name]
            given = {name: keys.InputDigest(digest=digest) for name, digest in digests.items()}
            key = keys.task_key(task, given, installed=environment.installed_version)
            if task.name == last:
                return _parts(key)
            entry = results.Results(where).find(key.digest)
            assert entry is not None, "what the kernel stored is found by the file's key"
            made.update({name: artifact.digest for name, artifact in entry.outputs.items()})
    raise AssertionError(last)


def of_call(module: str, call: str, folder: Path, name: str = "judged") -> Parts:
    """Import a module's text from a folder and evaluate a call of its ``f``; return the call's key."""
    (folder / f"{name}.py").write_text(module, encoding="utf-8")
    with _beside(folder):
        loaded = importlib.import_module(name)
        function = loaded.f
        assert isinstance(function, tasks.CachedFunction)
        eval(call, vars(loaded))
        assert function.last is not None
        return {"": function.last.key or "", **function.last.parts}


def _execute(runner: interactive.CellRunner, prepared: interactive.Prepared, body: str, number: int) -> None:
    started, clock = datetime.now(UTC), time.perf_counter()
    restored = runner.claim(prepared, lambda: None)
    if restored is not None:
        made, dropped = restored.entry.outputs, restored.entry.dropped
        runner.conclude(prepared, restored.values, made, dropped=dropped, cached=True, started=clock)
        return
    namespace: dict[str, Any] = {"__name__": "__main__", **runner.body_namespace(prepared)}
    namespace["__builtins__"] = {**vars(builtins), "get_ipython": lambda: _Shell(namespace)}
    try:
        _run(body, namespace, number)
    except BaseException:
        runner.release()
        raise
    kept, artifacts, dropped = runner.commit(prepared, namespace, [], started, 0.0)
    runner.release()
    runner.conclude(prepared, kept, artifacts, dropped=dropped, cached=False, started=clock)


def _run(source: str, namespace: dict[str, Any], number: int) -> None:
    """Execute a cell; its source can be found, as IPython lets it be."""
    name = f"<cell {number} {next(_counter)}>"
    if source.lstrip().startswith("%") or "!" in source or "\n%" in source:
        source = TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec", dont_inherit=True), namespace)


class _Shell:
    """As much of IPython's shell as the pairs use: magics run their code, shell lines print nothing."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> None:
        if name == "time":
            exec(line, self._namespace)

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        exec(body, self._namespace)

    def system(self, line: str) -> None:
        pass

    def getoutput(self, line: str) -> list[str]:
        return [line]


def _parts(key: Any) -> Parts:
    return {} if key is None else {"": key.digest, **{part.name: part.digest for part in key.parts}}


@contextmanager
def _beside(folder: Path, main: dict[str, Any] | None = None) -> Iterator[None]:
    """Work in a folder whose modules can be imported; forget afterwards what was imported from it."""
    known, here, outer = set(sys.modules), Path.cwd(), outcomes.current()
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        sys.path.remove(str(folder))
        outcomes.begin(outer)  # type: ignore[arg-type]
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(str(folder)) or name == "colorsys":  # which pairs shadow and patch
                del sys.modules[name]

"""``%%task`` and ``%%params``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Protocol

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.kernels import interactive, sessions
from taskcell.magics import bodies, recording, reporting
from taskcell.model.artifacts import Artifact
from taskcell.model.cells import Cell
from taskcell.notebook import headers
from taskcell.notebook import parameters as schemas
from taskcell.worker import seeding


class CurrentCell(Protocol):
    """Knows which cell is running."""

    current: Cell


@magics_class
class CellMagics(Magics):
    """The cell magics of one shell."""

    def __init__(self, shell: InteractiveShell, session: sessions.Session, current: CurrentCell) -> None:
        super().__init__(shell)
        self._session = session
        self._current = current
        self._shell = shell
        shell.__dict__["taskcell_await"] = self._await

    @no_var_expand
    @cell_magic
    def params(self, line: str, cell: str) -> None:
        """Declare the workflow's parameters and bind their values in the notebook.

        ::

            %%params
            month: int = 1            # month of 2013
            learning_rate: float = 0.1

        Each has a type, a default and, as a comment, a description. A launch sets them; in the notebook they have their
        defaults until a plain cell assigns another value.
        """
        written = self._cell("params", line, cell)
        if line.strip():
            raise errors.DefinitionError("%%params takes nothing on its line.", remedy="Write parameters below it.")
        declared = schemas.parse_params(written)
        self._session.check(written)
        for parameter in declared:
            self._shell.user_ns[parameter.name] = schemas.from_json(parameter, parameter.default)
        self._session.record(written)

    @no_var_expand
    @cell_magic
    def task(self, line: str, cell: str) -> None:
        """Run the cell as a task."""
        execution = _Execution(self._shell, self._session, self._cell("task", line, cell))
        while execution.advance():
            try:
                body, shown = execution.begin()
                with shown as recorder:
                    body.run()
                execution.commit(body, recorder)
            finally:
                execution.end()

    async def _await(self, line: str, cell: str) -> None:
        """Run a task's cell whose body awaits."""
        execution = _Execution(self._shell, self._session, self._cell("task", line, cell))
        while execution.advance():
            try:
                body, shown = execution.begin()
                with shown as recorder:
                    await body.run_async()
                execution.commit(body, recorder)
            finally:
                execution.end()

    def _cell(self, kind: str, line: str, body: str) -> Cell:
        """Return the cell that runs, in the magic's form whatever form it has in the notebook."""
        current = self._current.current
        source = current.source
        try:
            known = source.strip() != "" and headers.kind_of(source) == kind
        except errors.DefinitionError:
            known = True  # it is the cell that runs, and malformed: parsing it again says how
        if not known:
            source = f"%%{kind} {line}\n{body}"
        return Cell(source=source, id=current.id, label=current.label)


CellMagics.task.__doc__ = headers.header_help()


class _Execution:
    """One run of a task's cell: once, or once for each element of a map."""

    def __init__(self, shell: InteractiveShell, session: sessions.Session, cell: Cell) -> None:
        self._shell = shell
        self._clock = time.perf_counter()
        self._cell = headers.parse_task_cell(cell)
        self._runner = interactive.CellRunner(session, configuration.store())
        self._whole = self._runner.prepare(cell)
        self._mapped = self._whole.task.options.map_over is not None
        parts = self._runner.elements(self._whole) if self._mapped else [self._whole]
        self._waiting = iter(parts)
        self._now: interactive.Prepared | None = None
        self._artifacts: list[dict[str, Artifact]] = []
        self._dropped: dict[str, str] = {}
        self._within_line = False
        self._values: list[dict[str, Any]] = []
        self._hits: list[interactive.Restored] = []
        self._cached: list[bool] = []

    def advance(self) -> bool:
        """Take hits until something must be executed; at the end bind and report. False: nothing is left."""
        for prepared in self._waiting:
            restored = self._runner.find(prepared) or self._runner.claim(prepared, reporting.waiting)
            if restored is None:
                self._now = prepared
                return True
            self._take(restored)
        self._conclude()
        return False

    def _take(self, restored: interactive.Restored) -> None:
        recording.show(self._shell, restored.displays)
        self._within_line = recording.ends_within_line(restored.displays)
        self._hits.append(restored)
        self._cached.append(True)
        self._values.append(restored.values)
        self._artifacts.append(restored.entry.outputs)
        self._dropped.update(restored.entry.dropped)

    def begin(self) -> tuple[bodies.Body, recording.Recording]:
        """Return the body to execute next, and what records what it shows."""
        prepared = self._now
        assert prepared is not None
        body = bodies.Body(self._shell, self._cell, self._runner.body_namespace(prepared))
        if prepared.seed is not None:
            seeding.seed(prepared.seed)
        self._generators = seeding.states()
        self._started, self._begun = datetime.now(UTC), time.perf_counter()
        return body, recording.Recording(self._shell)

    def commit(self, body: bodies.Body, recorder: recording.Recorder) -> None:
        """Commit what a body left that came to its end."""
        prepared = self._now
        assert prepared is not None
        took = time.perf_counter() - self._begun
        drawn = seeding.drawn(self._generators)
        values, artifacts, dropped = self._runner.commit(
            prepared, body.namespace, recorder.outputs, self._started, took, drawn
        )
        self._within_line = recording.ends_within_line(recorder.outputs)
        if prepared is not self._whole:
            self._whole.notices.extend(prepared.notices)
        self._values.append(values)
        self._artifacts.append(artifacts)
        self._cached.append(False)
        self._dropped.update(dropped)
        self._now = None

    def end(self) -> None:
        """Give free what was claimed, and put back what a body changed that failed."""
        self._runner.release()
        if self._now is not None:
            self._runner.put_back(self._now)

    def _conclude(self) -> None:
        whole = self._whole
        cached = len(self._hits) == len(self._values)
        values, artifacts = self._outputs()
        outcome = self._runner.conclude(
            whole,
            values,
            artifacts,
            dropped=self._dropped,
            cached=cached,
            started=self._clock,
            from_run=self._hits[-1].entry.run_id if cached and self._hits else "",
            elements=tuple(self._cached) if self._mapped else (),
        )
        if not cached or any(hit.displays for hit in self._hits):
            reporting.flush()
        if self._within_line:
            print()
        entry = self._hits[-1].entry if cached and self._hits else None
        reporting.report(outcome, entry, whole, hits=len(self._hits), elements=len(self._values))

    def _outputs(self) -> tuple[dict[str, Any], dict[str, Artifact]]:
        if not self._mapped:
            return self._values[0], dict(self._artifacts[0])
        names = tuple(name for name in self._whole.task.outputs if name not in self._dropped)
        values = {name: [part[name] for part in self._values if name in part] for name in names}
        return values, self._runner.gather(self._artifacts, names)

"""Hook Taskcell into a shell: magics, the transformer, and the record of cells that ran."""

from __future__ import annotations

from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

from taskcell.api.kernels import sessions
from taskcell.magics import assigning, cells, displaying, lines, tracebacks, transforming
from taskcell.model.cells import Cell, CellKind
from taskcell.notebook import headers

_ATTRIBUTE = "_taskcell_hooks"
_SESSION = "_taskcell_session"


def load(shell: InteractiveShell) -> None:
    """Register everything in a shell, once; loading again, also after unloading, keeps the session."""
    if getattr(shell, _ATTRIBUTE, None) is not None:
        return
    session = getattr(shell, _SESSION, None)
    if session is None:
        session = sessions.Session(namespace=shell.user_ns)
        setattr(shell, _SESSION, session)
        _take_earlier_cells(shell, session)
    sessions.begin(session)
    hooks = Hooks(shell, session)
    setattr(shell, _ATTRIBUTE, hooks)
    hooks.register()


def unload(shell: InteractiveShell) -> None:
    """Take everything out of the shell again."""
    hooks = getattr(shell, _ATTRIBUTE, None)
    if hooks is not None:
        hooks.unregister()
        setattr(shell, _ATTRIBUTE, None)


def _take_earlier_cells(shell: InteractiveShell, session: sessions.Session) -> None:
    """Take plain cells into account that ran before the extension was loaded; the newest is the one that loads it."""
    history: Any = shell.history_manager
    for number, source in enumerate(history.input_hist_raw[1:-1], start=1):
        cell = Cell(source=source, label=f"In[{number}]")
        if source.strip() and _kind(cell) is CellKind.PLAIN:
            session.record(cell)


class Hooks:
    """What Taskcell has hung into one shell."""

    def __init__(self, shell: InteractiveShell, session: sessions.Session) -> None:
        self._shell = shell
        self._session = session
        self._trimmed = tracebacks.Trimmed(shell)
        self._displays = displaying.Displaying(shell, self.has_front_end)
        self.current = Cell(source="")

    def register(self) -> None:
        """Hang everything in."""
        shell = self._shell
        shell.input_transformers_cleanup.insert(0, transforming.transform)
        shell.events.register("pre_run_cell", self.before_cell)
        shell.events.register("post_run_cell", self.after_cell)
        shell.register_magics(cells.CellMagics(shell, self._session, self))
        lines.register(shell, self._session, self._displays, self.is_kept)
        self._displays.put_on()
        self._trimmed.put_on()

    def unregister(self) -> None:
        """Take everything out: a magic without its hooks would not know which cell runs."""
        shell = self._shell
        if transforming.transform in shell.input_transformers_cleanup:
            shell.input_transformers_cleanup.remove(transforming.transform)
        shell.events.unregister("pre_run_cell", self.before_cell)
        shell.events.unregister("post_run_cell", self.after_cell)
        self._trimmed.take_off()
        self._displays.take_off()
        for kind, names in (("cell", ("task", "params")), ("line", lines.NAMES)):
            for name in names:
                shell.magics_manager.magics[kind].pop(name, None)

    def has_front_end(self) -> bool:
        """Whether whoever sent the cell shows it, and what it displays is not kept as a task's own output."""
        return bool(self.current.id) and _kind(self.current) is not CellKind.TASK

    def is_kept(self, name: str, line: str) -> bool:
        """Whether the cell that runs keeps the value of a line magic."""
        return assigning.is_kept(self._shell, self.current.source, name, line)

    def before_cell(self, info: ExecutionInfo) -> None:
        """Remember which cell is about to run."""
        self.current = _cell(info, self._shell.execution_count)

    def after_cell(self, result: ExecutionResult) -> None:
        """Note a plain or parameters cell that ran; a task's cell is noted by its magic."""
        info: Any = result.info
        if info is None or info.silent or not info.raw_cell.strip() or result.error_before_exec is not None:
            return
        cell = self.current if self.current.source == info.raw_cell else _cell(info, self._shell.execution_count)
        if _kind(cell) is CellKind.PLAIN:
            self._session.record(cell)


def _cell(info: Any, count: int) -> Cell:
    number = count - 1 if info.store_history else count  # IPython counts up before it tells
    return Cell(source=info.raw_cell or "", id=getattr(info, "cell_id", None) or "", label=f"In[{number}]")


def _kind(cell: Cell) -> CellKind | None:
    from taskcell import errors

    try:
        return headers.kind_of(cell.source)
    except errors.DefinitionError:
        return None

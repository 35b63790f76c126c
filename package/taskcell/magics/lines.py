"""The line magics: the verbs of the command line, plus what only makes sense inside a kernel."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, TypeAlias

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import no_var_expand
from IPython.display import display

from taskcell import cli, errors
from taskcell.api.kernels import sessions
from taskcell.api.runs import rescuing
from taskcell.api.runs.runs import Run
from taskcell.magics import displaying, viewing
from taskcell.model.cells import Cell
from taskcell.notebook import headers

_VERBS = (
    "snapshot",
    "versions",
    "checkout",
    "tag",
    "rollback",
    "runs",
    "logs",
    "cancel",
    "resume",
    "compare",
    "reproduce",
    "why",
    "dag",
)
NAMES = (*_VERBS, "launch", "rescue", "workflow", "forget")


IsKept: TypeAlias = Callable[[str, str], bool]
"""Whether the cell that runs keeps the value of a magic of that name, called with that line."""


def register(
    shell: InteractiveShell, session: sessions.Session, displays: displaying.Displaying, is_kept: IsKept
) -> None:
    """Register all line magics in a shell."""
    for name in _VERBS:
        _register(shell, name, _verb(name, displays, is_kept))
    _register(shell, "launch", _launch(displays, is_kept))
    _register(shell, "rescue", _rescue(session))
    _register(shell, "workflow", _workflow(session))
    _register(shell, "forget", _forget(session))


def _register(shell: InteractiveShell, name: str, function: Callable[[str], Any]) -> None:
    decorated: Any = no_var_expand
    shell.register_magic_function(decorated(function), "line", name)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as exc:
        raise errors.InvalidInputError(f"The line can't be read: {exc}.", remedy="Close the quotation marks.") from exc


def _verb(name: str, displays: displaying.Displaying, is_kept: IsKept) -> Callable[[str], Any]:
    def magic(line: str) -> Any:
        words = _words(line)
        result = cli.call(name, words, notebook=True)
        if isinstance(result, str):
            print(result)
            return None
        if displays.is_live and not is_kept(name, line):
            shown = viewing.of_verb(name, words, result)
            if shown is not None:
                displays.show(shown)
                return None
        return result

    magic.__name__ = name
    magic.__doc__ = cli.help_of(name)
    return magic


def _launch(displays: displaying.Displaying, is_kept: IsKept) -> Callable[[str], Any]:
    """Start a run and show it; the view follows the run while the notebook stays free."""

    def launch(line: str) -> Any:
        words = _words(line)
        if "--form" in words:
            displays.show(viewing.form([word for word in words if word != "--form"]))
            return None
        result = cli.call("launch", words, notebook=True)
        if isinstance(result, str):
            print(result)
            return None
        if isinstance(result, Run):
            displays.follow(result)
        else:
            display(result)  # type: ignore[no-untyped-call]
        return result if is_kept("launch", line) else None  # else it would be shown twice

    launch.__doc__ = f"{cli.help_of('launch')}\n%launch --form: the same as a form, filled in by hand."
    return launch


def _rescue(session: sessions.Session) -> Callable[[str], str]:
    def rescue(line: str) -> str:
        """``%rescue RUN TASK``: load a failed task's exact inputs into the notebook, to look and fix."""
        words = _words(line)
        if len(words) != 2:
            raise errors.InvalidInputError("%rescue takes a run and a task.", remedy="%rescue 01J… train")
        values = rescuing.rescue(words[0], words[1])
        session.namespace.update(values)
        return f"Loaded the inputs of {words[1]}: {', '.join(values) or 'it has none'}."

    return rescue


def _workflow(session: sessions.Session) -> Callable[[str], str | None]:
    def workflow(line: str) -> str | None:
        """``%workflow NAME``: name this notebook's workflow; without a name, show it."""
        if line.strip():
            name = headers.workflow_name([Cell(source=f"%workflow {line}")])
            if name is None:
                raise errors.InvalidInputError(f"{line.strip()!r} can't be a workflow's name.")
            session.name = name
            return None
        from taskcell.api.versions import snapshots

        return snapshots.workflow_name(session)

    return workflow


def _forget(session: sessions.Session) -> Callable[[str], None]:
    def forget(line: str) -> None:
        """``%forget TASK``: drop a task whose cell was deleted or renamed."""
        session.forget(line.strip())

    return forget

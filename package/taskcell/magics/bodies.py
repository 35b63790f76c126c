"""Execute a task's body in the kernel, in a namespace of its own, the way IPython executes a cell.

IPython syntax, top-level ``await``, a last expression that is displayed, tracebacks with the cell's own lines: all of
it as in a plain cell. While the body runs, the shell's user namespace is the body's, so that magics in it agree.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from types import CodeType, ModuleType, TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from taskcell.magics import interrupts
from taskcell.model.cells import TaskCell

_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Body:
    """One execution of a body. ``namespace`` is what it leaves."""

    def __init__(self, shell: InteractiveShell, cell: TaskCell, given: dict[str, Any]) -> None:
        self._shell = shell
        self._module = ModuleType("__main__")
        self.namespace: dict[str, Any] = self._module.__dict__
        self.namespace.update(_hidden(shell))
        self.namespace.update(given)
        self._codes = _compiled(shell, cell)

    def run(self) -> None:
        """Execute; raises what the body raises."""
        with _MainModule(self._shell, self._module):
            for code in self._codes:
                exec(code, self.namespace)
            self._shell.events.trigger("post_execute")

    async def run_async(self) -> None:
        """Execute a body that awaits; an interrupt is one here too, not a cancellation."""
        with _MainModule(self._shell, self._module), interrupts.Waking() as interrupt:
            try:
                for code in self._codes:
                    result = eval(code, self.namespace)
                    if inspect.iscoroutine(result):
                        await result
            except asyncio.CancelledError as exc:
                if interrupt.came:
                    raise KeyboardInterrupt().with_traceback(exc.__traceback__) from None
                raise
            self._shell.events.trigger("post_execute")


class _MainModule:
    """Lets the body's module be the shell's and the interpreter's main module.

    A class, here as in ``recording``: a generator with ``contextmanager`` assigns to an exception that passes, which
    one that is frozen refuses.
    """

    def __init__(self, shell: InteractiveShell, module: ModuleType) -> None:
        self._shell: Any = shell
        self._module = module

    def __enter__(self) -> None:
        self._before = self._shell.user_module, self._shell.user_ns, sys.modules["__main__"]
        self._shell.user_module, self._shell.user_ns = self._module, self._module.__dict__
        sys.modules["__main__"] = self._module

    def __exit__(self, kind: type | None, exc: BaseException | None, frames: TracebackType | None) -> None:
        self._shell.user_module, self._shell.user_ns, sys.modules["__main__"] = self._before


def _hidden(shell: InteractiveShell) -> dict[str, Any]:
    """Return the names that IPython itself needs in a user namespace."""
    return {
        "__name__": "__main__",
        "__builtins__": sys.modules["builtins"],
        "__builtin__": sys.modules["builtins"],
        "get_ipython": shell.get_ipython,
        "_oh": {},
        "_": "",
        "__": "",
        "___": "",
        "_exit_code": 0,
    }


def _compiled(shell: Any, cell: TaskCell) -> list[CodeType]:
    """Compile a body as IPython does: statements, then a last expression that is displayed unless ``;`` ends it.

    The header stands above it as a comment, so that lines are those of the cell.
    """
    lines = cell.cell.source.splitlines()
    start = next(number for number in range(cell.first_line - 1, len(lines)) if lines[number].strip())
    header = lines[:start]  # with blank lines below it, which IPython drops
    above = "".join(f"{'# ' if line.startswith('%') else ''}{line}\n" for line in header)
    source = above + shell.transform_cell(cell.body)
    name = shell.compile.cache(source, shell.execution_count - 1, raw_code=above + cell.body)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    statements, last = tree.body, []
    if statements and isinstance(statements[-1], ast.Expr) and not _silenced(cell.body):
        last = [statements.pop()]
    codes = []
    with shell.compile.extra_flags(_AWAIT):
        if statements:
            codes.append(shell.compile(ast.Module(statements, []), name, "exec"))
        if last:
            codes.append(shell.compile(ast.Interactive(last), name, "single"))
    return codes


def _silenced(body: str) -> bool:
    """Whether the last line ends in ``;``, comments left aside."""
    import io
    import tokenize

    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(body).readline):
            if token.type in (tokenize.OP, tokenize.NAME, tokenize.NUMBER, tokenize.STRING):
                last = token.string
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return body.rstrip().endswith(";")
    return last == ";"

"""Source text to syntax tree, quietly, with refusals in words."""

from __future__ import annotations

import ast
import contextlib
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache

from taskcell import errors

_DEPTH = 100_000


@contextlib.contextmanager
def deep_recursion() -> Iterator[None]:
    """Allow trees of any depth: walking them uses Python frames only, which do not take up the C stack."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def parse_python(source: str, *, first_line: int = 1) -> ast.Module:
    """Return the tree of plain Python, its lines counted from `first_line`.

    Raises
    ------
    SyntaxError
        When it isn't Python; also for text that the parser gives up on.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
        except SyntaxError as exc:
            if exc.lineno is not None:
                exc.lineno += first_line - 1
            raise
        except (MemoryError, RecursionError) as exc:
            raise SyntaxError("it is too deeply nested", ("<cell>", 1, 0, "")) from exc
        except ValueError as exc:
            raise SyntaxError(str(exc), ("<cell>", 1, 0, "")) from exc
    if first_line != 1:
        ast.increment_lineno(tree, first_line - 1)
    return tree


def check_compiles(source: str) -> None:
    """Raise SyntaxError for what only the compiler refuses: ``return`` outside a function and the like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (MemoryError, RecursionError) as exc:
            raise SyntaxError("it is too deeply nested", ("<cell>", 1, 0, "")) from exc
        except ValueError as exc:
            raise SyntaxError(str(exc), ("<cell>", 1, 0, "")) from exc


def refusal(exc: SyntaxError) -> errors.DefinitionError:
    """Turn a syntax error into the refusal that the user reads."""
    where = f" on line {exc.lineno}" if exc.lineno else ""
    return errors.DefinitionError(
        f"the cell is not valid Python{where}: {exc.msg}",
        remedy="Correct the line and run the cell again.",
    )


@lru_cache(maxsize=2048)
def is_expression(text: str) -> bool:
    """Whether some text is one Python expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True

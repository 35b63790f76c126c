"""What a function that is a task says: its text, the text that counts, and whether what it calls is as written."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FunctionType
from typing import Any

from taskcell import errors
from taskcell.hashing import code


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``text`` is the user's, for people; ``meaning`` is what counts: without our decorator and its options."""

    text: str
    meaning: str


def source_of(function: Callable[..., Any], decorator: object) -> Source:
    """Return a function's source; raise DefinitionError when it can't be told for certain.

    Parameters
    ----------
    decorator : object
        Ours: its options say how a call is made, not what comes out.
    """
    original: Any = inspect.unwrap(function)
    try:
        text = inspect.getsource(original)
    except (OSError, TypeError) as exc:
        raise _unknown(function) from exc
    if original.__name__ == "<lambda>":
        node = code.proven_source(original.__code__, original.__qualname__)
        if node is None:
            raise _unknown(function)
        return Source(text=ast.unparse(node), meaning=ast.unparse(node))
    indented = text[:1].isspace()
    tree: Any = ast.parse("if 1:\n" + text if indented else text)
    definition = tree.body[0].body[0] if indented else tree.body[0]
    kept = [each for each in definition.decorator_list if not _is(each, decorator, original.__globals__)]
    if not indented and len(kept) == len(definition.decorator_list):
        return Source(text=text, meaning=text)
    definition.decorator_list = kept
    return Source(text=textwrap.dedent(text), meaning=ast.unparse(definition))


def module_text(names: Mapping[str, Any]) -> str:
    """Return the text of the module that is being loaded; empty where names are those of a notebook.

    It is read when a function is decorated: later the file may say something else than what runs.
    """
    path = names.get("__file__")
    if "In" in names or not isinstance(path, str) or not path.endswith(".py"):
        return ""
    return _read(path, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read(path: str, _mtime_ns: int) -> str:
    return Path(path).read_text(encoding="utf-8")


def _unknown(function: Callable[..., Any]) -> errors.DefinitionError:
    return errors.DefinitionError(
        f"The source of {function.__qualname__} can't be found, so that it can't be cached soundly.",
        remedy="Define it with def, in a file or a notebook cell.",
    )


def _is(node: ast.expr, decorator: object, names: Mapping[str, Any]) -> bool:
    """Whether an expression above a ``def`` is our decorator, by whatever name it is imported."""
    path = ast.unparse(node.func if isinstance(node, ast.Call) else node).split(".")
    found: Any = names.get(path[0])
    for name in path[1:]:
        found = getattr(found, name, None)
    return found is decorator or (path[0] not in names and path[-1] == "task")


def closure_of(function: Callable[..., Any]) -> tuple[frozenset[str], dict[str, Any]]:
    """Return the names that a function has in its closure, and all values there, also of what is wrapped around it."""
    values: dict[str, Any] = {}
    own: frozenset[str] = frozenset()
    for layer in _layers(function):
        own = frozenset(layer.__code__.co_freevars)
        values.update({name: value for name, value in _cells(layer) if value is not layer})
    return own, values


def _layers(function: Any) -> Iterator[FunctionType]:
    while function is not None:
        if isinstance(function, FunctionType):
            yield function
        function = getattr(function, "__wrapped__", None)


def _cells(function: FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue  # not bound yet: a read would fail, whatever the key


def is_as_written(value: object, name: str, source: str, line: int, names: Mapping[str, Any]) -> bool:
    """Whether a global still is the function that its module's source defines, so that the source speaks for it.

    What a decorator made of a function can't be told from what replaced it.
    """
    if source.startswith("@"):
        return True
    if not isinstance(value, FunctionType) or value.__globals__ is not names or vars(value):
        return False
    compiled = value.__code__
    if compiled.co_name not in (name, "<lambda>") or compiled.co_filename == "<string>":
        return False
    file = names.get("__file__")
    if not isinstance(file, str) or "In" in names:
        return True
    return Path(compiled.co_filename).name == Path(file).name and compiled.co_firstlineno == line

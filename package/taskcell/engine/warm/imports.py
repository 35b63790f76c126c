"""Which modules a notebook imports that a server may import for it: those of installed distributions, never local ones."""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

OURS = "taskcell.worker.inside"
"""Ours, and what the cells around a task's body import."""


def of_cells(sources: Iterable[str], folders: Iterable[Path]) -> tuple[str, ...]:
    """Return the modules to import beforehand, in the order of their first import.

    Parameters
    ----------
    sources
        Text of the code cells. What is not Python is passed over line by line.
    folders
        Where local modules lie: one of the same name hides an installed one.
    """
    return installed((name for source in sources for name in _imported(source)), folders)


def named(sources: Iterable[str]) -> tuple[str, ...]:
    """Return all modules that sources import, installed here or not."""
    return tuple(dict.fromkeys(name for source in sources for name in _imported(source)))


def installed(names: Iterable[str], folders: Iterable[Path]) -> tuple[str, ...]:
    """Return which of the modules that were found by ``named`` may be imported beforehand here."""
    places = list(folders)
    found = [name for name in dict.fromkeys(names) if name == OURS or _is_installed(name.partition(".")[0])]
    return tuple(name for name in found if not _is_hidden(name.partition(".")[0], places))


@lru_cache(maxsize=4096)
def _imported(source: str) -> tuple[str, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # IPython's syntax somewhere: the statements that are plain are looked at one by one.
        lines = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
        return tuple(dict.fromkeys(name for line in lines for name in _of_line(line)))
    return tuple(dict.fromkeys(name for node in ast.walk(tree) for name in _of_node(node)))


def _of_line(line: str) -> Iterator[str]:
    try:
        tree = ast.parse(line)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        yield from _of_node(node)


def _of_node(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield f"{module}.{names[0].name}" if module == OURS.rpartition(".")[0] else module


def _is_hidden(top: str, folders: list[Path]) -> bool:
    return any((folder / f"{top}.py").exists() or (folder / top).is_dir() for folder in folders)


@lru_cache(maxsize=1024)
def _is_installed(top: str) -> bool:
    """Whether a top-level module comes from where distributions are installed."""
    if top in sys.stdlib_module_names or top == "taskcell":
        return False
    places = {str(Path(sysconfig.get_path(kind)).resolve()) for kind in ("purelib", "platlib")}
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    origin = spec.origin if spec is not None else None
    return origin is not None and any(str(Path(origin).resolve()).startswith(f"{place}/") for place in places)

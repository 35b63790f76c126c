"""Imports as they are written: what is wanted, and what is taken from it by its dotted name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from taskcell.analysis import ipython_syntax


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One import as it is written: module, relative level, names taken from it."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def imports_of(source: str) -> tuple[Wanted, ...]:
    """Return every import in a cell; raise DefinitionError for what is not valid."""
    if "import" not in source and source.isascii():
        return ()
    return imports_in(ipython_syntax.translate(source).tree.body)


def imports_in(nodes: Iterable[ast.AST]) -> tuple[Wanted, ...]:
    """Return every import in some code, at any depth, also ``import_module("name")``."""
    found: list[Wanted] = []
    for node in nodes:
        for part in ast.walk(node):
            match part:
                case ast.Import(names=aliases):
                    found.extend(Wanted(module=alias.name) for alias in aliases)
                case ast.ImportFrom(module=module, names=aliases, level=level):
                    taken = tuple(alias.name for alias in aliases)
                    found.append(Wanted(module=module or "", level=level, names=taken))
                case ast.Call() if imports_by_name(part):
                    found.append(_by_name(part))
    return tuple(dict.fromkeys(each for each in found if each.module or each.level))


def imports_by_name(call: ast.Call) -> bool:
    """Whether a call is ``import_module("name")``, the name written out."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    first = call.args[0] if call.args else None
    return name in ("import_module", "__import__") and isinstance(first, ast.Constant) and isinstance(first.value, str)


def _by_name(call: ast.Call) -> Wanted:
    """Return what ``import_module("name")`` imports; ``(".name", "package")`` is relative to that package."""
    name = str(ast.literal_eval(call.args[0]))
    level = len(name) - len(name.lstrip("."))
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "package")]
    if level and given and isinstance(given[0], ast.Constant):
        return Wanted(module=absolute(Wanted(module=name[level:], level=level), str(given[0].value)) or "")
    return Wanted(module=name[level:], level=level)


def absolute(wanted: Wanted, package: str) -> str | None:
    """Return the absolute name of an import; None for a relative one outside any package."""
    if not wanted.level:
        return wanted.module
    parts = package.split(".") if package else []
    if wanted.level > len(parts):
        return None
    base = ".".join(parts[: len(parts) - wanted.level + 1])
    return f"{base}.{wanted.module}" if wanted.module else base


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A name that an import binds, and the module that it may be."""

    name: str
    module: str
    level: int = 0


def bound(nodes: Iterable[ast.AST]) -> Iterator[Bound]:
    """Yield the names that imports bind, at any depth."""
    for node in nodes:
        for part in ast.walk(node):
            match part:
                case ast.Import(names=aliases):
                    for alias in aliases:
                        top = alias.name.partition(".")[0]
                        yield Bound(name=alias.asname or top, module=alias.name if alias.asname else top)
                case ast.ImportFrom(module=module, names=aliases, level=level):
                    for alias in aliases:
                        inner = f"{module}.{alias.name}" if module else alias.name
                        yield Bound(name=alias.asname or alias.name, module=inner, level=level)


@lru_cache(maxsize=4096)
def bound_in(source: str) -> tuple[Bound, ...]:
    """Return the names that a cell's imports bind."""
    return tuple(each for each in bound(ipython_syntax.translate(source).tree.body) if not each.level)


def taken(nodes: Iterable[ast.AST], imported: Iterable[Bound] | None = None) -> tuple[Wanted, ...]:
    """Return what is taken from imported modules by a dotted name: ``p.a.f`` may be of the submodule ``p.a``.

    Whoever imports the submodule, its code is reached. ``imported``: what the names are; by default what the nodes import.
    """
    nodes = list(nodes)
    modules = {each.name: each for each in (bound(nodes) if imported is None else imported)}
    if not modules:
        return ()
    found: dict[Wanted, None] = {}
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                top, *attributes = _dotted(part)
                module = modules.get(top)
                name = module.module if module else ""
                for attribute in attributes if module else ():
                    found[Wanted(module=name, level=module.level if module else 0, names=(attribute,))] = None
                    name = f"{name}.{attribute}"
    return tuple(found)


def taken_in(source: str, imported: Iterable[Bound]) -> tuple[Wanted, ...]:
    """Return what a cell's text takes from modules that other cells import."""
    listed = tuple(each for each in imported if f"{each.name}." in source)
    return _taken_in(source, listed) if listed else ()


@lru_cache(maxsize=4096)
def _taken_in(source: str, imported: tuple[Bound, ...]) -> tuple[Wanted, ...]:
    return taken(ipython_syntax.translate(source).tree.body, imported)


def _dotted(node: ast.Attribute) -> list[str]:
    names: list[str] = []
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        names.append(value.attr)
        value = value.value
    return [value.id, *reversed(names)] if isinstance(value, ast.Name) else [""]

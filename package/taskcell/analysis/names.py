"""The names that a cell reads, writes and changes: the answer of the interpreter, put in order.

Rules
-----
- *reads*: names whose value from before the cell may be used, on some path: read before the cell certainly
  bound (or deleted) them. Loops may run zero times, unless over a literal or constant range that is not
  empty.
- Code that runs later (functions, lambdas, methods, generators) is entered where it may be called: a direct
  call, an argument of a call that isn't known to keep functions only, iteration over a generator. Code that
  is not called in the cell, or still has a name at its end, is looked at with the names as they are at the
  end.
- Names in literal text that pandas or numexpr looks up in its caller are read: ``df.query("a > @limit")``.
- Builtins are not read, unless earlier cells bound the name (``known``).
- *writes*: names that may be bound at the end, or where the cell ends by ``raise``. A function's ``global``
  counts where the function may run in the cell.
- *mutates*: outside names of which an object, or a part of it, is changed in place: attribute, subscript
  and ``del`` of one, known mutating methods and functions, ``inplace=True``, ``out=``, augmented assignment
  of a container; also through aliases and through functions of the cell that are called.
- Annotations are read where they stand, on every Python version, unless ``from __future__ import
  annotations``.
- Code after ``if False``, ``while True`` without ``break``, ``raise`` is not looked at.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from weakref import WeakKeyDictionary

from taskcell.analysis import builtin_names, ipython_syntax, magic_effects, parsing
from taskcell.analysis.calls import sorted_values
from taskcell.analysis.statements import Statements
from taskcell.analysis.states import NOTHING, Instance, Klass


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNames:
    """The names of a cell.

    Attributes
    ----------
    reads
        Names that the cell needs from outside.
    writes
        Names that it binds.
    mutates
        Names of outside objects that it changes in place.
    opaque
        None, or why the names can't be known.
    lines
        First line on which a name is read, else written.
    products
        Names that are results of assignments, in order of first binding: what a task may give out. Not
        imports, functions, classes, loop variables, names that start with an underscore.
    maybe_unbound
        Names in ``writes`` that some path leaves unbound.
    optional
        Names in ``reads`` without which the cell may run: bound on another path, tested by ``except
        NameError``, or filled into a shell line.
    deletes
        Names that are certainly gone at the end.
    at_once
        Names in ``reads`` that are read while the cell runs, not only by functions that may run later.
    """

    reads: frozenset[str]
    writes: frozenset[str]
    mutates: frozenset[str]
    opaque: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    products: tuple[str, ...] = ()
    maybe_unbound: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    at_once: frozenset[str] = frozenset()


def analyze(source: str, *, known: Collection[str] = ()) -> CellNames:
    """Return the names that a cell reads, writes and changes in place.

    Parameters
    ----------
    source : str
        Whole text of the cell; IPython syntax and a ``%%task`` or ``%%params`` header are allowed.
    known : collection of str
        Names that earlier cells bound: they win over builtins.

    Returns
    -------
    CellNames

    Raises
    ------
    DefinitionError
        When the cell is not valid, naming the line.

    Examples
    --------
    >>> sorted(analyze("total = sum(prices) * (1 + tax)").reads)
    ['prices', 'tax']
    """
    return _analyze(source, TELLING.intersection(known))


TELLING = builtin_names.BUILTINS | magic_effects.ENVIRONMENT
"""Names of which it makes a difference whether an earlier cell bound them."""


@lru_cache(maxsize=4096)
def _analyze(source: str, known: frozenset[str]) -> CellNames:
    translated = ipython_syntax.translate(source)
    tree = translated.tree
    try:
        parsing.check_compiles(translated.python)
    except SyntaxError as exc:
        raise parsing.refusal(exc) from exc
    return names_of(tree.body, known, lazy_annotations=has_lazy_annotations(tree.body))


def has_lazy_annotations(body: Iterable[ast.stmt]) -> bool:
    """Whether code starts with ``from __future__ import annotations``."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in body
    )


def names_of(body: Iterable[ast.stmt], known: Collection[str] = (), *, lazy_annotations: bool = False) -> CellNames:
    """Return the names of statements."""
    with parsing.deep_recursion():
        interpreter = Statements(known, lazy_annotations=lazy_annotations)
        interpreter.block(body)
        at_once = frozenset(interpreter.reads)
        end = interpreter.finish()
    writes = frozenset(name for name in end.may if isinstance(name, str))
    reads = frozenset(interpreter.reads)
    products = (name for name, good in interpreter.products.items() if good)
    return CellNames(
        reads=reads,
        writes=writes,
        mutates=frozenset(interpreter.mutated),
        opaque=min(interpreter.hidden)[1] if interpreter.hidden else None,
        lines=MappingProxyType({**interpreter.written, **interpreter.reads}),
        products=tuple(name for name in products if name in writes and not name.startswith("_")),
        maybe_unbound=frozenset(name for name in writes if name not in end.sure),
        optional=reads - interpreter.needed,
        deletes=frozenset(name for name in end.killed - end.may if isinstance(name, str)),
        at_once=at_once,
    )


_effects: WeakKeyDictionary[ast.stmt, dict[str, frozenset[str]]] = WeakKeyDictionary()


def effects_of(definition: ast.stmt, name: str) -> frozenset[str]:
    """Return the outside names that a function or class changes or binds when it is used."""
    known = _effects.setdefault(definition, {})
    if name not in known:
        known[name] = _effects_of(definition, name)
    return known[name]


def _effects_of(definition: ast.stmt, name: str) -> frozenset[str]:
    with parsing.deep_recursion():
        interpreter = Statements(())
        interpreter.block([definition])
        if interpreter.state is None:
            return frozenset()
        before = frozenset(interpreter.written)
        for value in sorted_values(interpreter.state.held.get(name, NOTHING)):
            interpreter.escape(frozenset({Instance(value)}) if isinstance(value, Klass) else frozenset({value}))
    return frozenset(interpreter.mutated) | (frozenset(interpreter.written) - before)

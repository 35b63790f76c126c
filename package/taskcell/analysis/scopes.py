"""Which names a function, class or comprehension binds for itself, read off the tree.

Not built on ``symtable``: comprehensions that are inlined since Python 3.12 vanish from it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def mangle(name: str, private: str) -> str:
    """Return the name as the compiler knows it inside class `private` (``__x`` becomes ``_C__x``)."""
    if not private or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    stripped = private.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Names of one scope: bound in it, declared ``global``, declared ``nonlocal``."""

    bound: frozenset[str] = frozenset()
    globals: frozenset[str] = frozenset()
    nonlocals: frozenset[str] = frozenset()
    generator: bool = False


_tables: WeakKeyDictionary[ast.AST, dict[str, Table]] = WeakKeyDictionary()


def table_of(node: ast.AST, private: str) -> Table:
    """Return the scope that a function, class or comprehension makes; of a comprehension its targets only.

    Remembered as long as the tree is: a definition is interpreted once with its cell, alone, and for its effects.
    """
    known = _tables.setdefault(node, {})
    table = known.get(private)
    if table is None:
        table = known[private] = _table_of(node, private)
    return table


def _table_of(node: ast.AST, private: str) -> Table:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return body_table(node.body, private, parameters(node.args))
        case ast.Lambda():
            return body_table([node.body], private, parameters(node.args))
        case ast.ClassDef():
            return body_table(node.body, node.name, ())
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return body_table([generator.target for generator in node.generators], private, ())
        case _:
            return Table()


def body_table(nodes: Iterable[ast.AST], private: str, also_bound: Iterable[str]) -> Table:
    """Return the names that some code binds in its own scope."""
    binder = _Binder()
    binder.walk(nodes)
    names = {mangle(name, private) for name in (*binder.bound, *also_bound)}
    return Table(
        bound=frozenset(names),
        globals=frozenset(mangle(name, private) for name in binder.globals),
        nonlocals=frozenset(mangle(name, private) for name in binder.nonlocals),
        generator=binder.generator,
    )


def parameters(args: ast.arguments) -> tuple[str, ...]:
    """Return all parameter names: positional first, then ``*args``, keyword-only, ``**kwargs``."""
    named = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    if args.vararg is not None:
        named.append(args.vararg.arg)
    named.extend(arg.arg for arg in args.kwonlyargs)
    if args.kwarg is not None:
        named.append(args.kwarg.arg)
    return tuple(named)


def type_parameters(node: ast.AST) -> list[ast.AST]:
    """Return the PEP 695 type parameters of a definition; none before Python 3.12."""
    return list(getattr(node, "type_params", ()))


def argument_annotations(args: ast.arguments) -> list[ast.expr]:
    """Return the annotations of all parameters, in order."""
    every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    return [arg.annotation for arg in every if arg is not None and arg.annotation is not None]


class _Binder:
    """Collects bindings of one scope; nested scopes are entered only where code runs outside them."""

    def __init__(self) -> None:
        self.bound: list[str] = []
        self.globals: list[str] = []
        self.nonlocals: list[str] = []
        self.generator = False

    def walk(self, nodes: Iterable[ast.AST]) -> None:
        stack = list(nodes)
        while stack:
            stack.extend(self._visit(stack.pop()))

    def _visit(self, node: ast.AST) -> Iterable[ast.AST]:
        """Note what one node binds and return the nodes of the same scope below it."""
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                self.bound.append(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.bound.append(name)
                annotations = argument_annotations(node.args)
                returns = [node.returns] if node.returns is not None else []
                return [*node.decorator_list, *_defaults(node.args), *annotations, *returns]
            case ast.ClassDef(name=name):
                self.bound.append(name)
                return [*node.decorator_list, *node.bases, *node.keywords]
            case ast.Lambda(args=args):
                return _defaults(args)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return _comprehension_code(node)
            case ast.Global(names=names):
                self.globals.extend(names)
            case ast.Nonlocal(names=names):
                self.nonlocals.extend(names)
            case ast.alias(name=name, asname=alias):
                self.bound.append(alias or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self.bound.append(name)
                return ast.iter_child_nodes(node)
            case ast.MatchMapping(rest=str(name)):
                self.bound.append(name)
                return ast.iter_child_nodes(node)
            case ast.Yield() | ast.YieldFrom():
                self.generator = True
                return ast.iter_child_nodes(node)
            case _ if type(node).__name__ == "TypeAlias":
                self.bound.append(node.name.id)  # type: ignore[attr-defined]
            case _:
                return ast.iter_child_nodes(node)
        return ()


def _defaults(args: ast.arguments) -> list[ast.AST]:
    return [node for node in (*args.defaults, *args.kw_defaults) if node is not None]


def _comprehension_code(node: Comprehension) -> list[ast.AST]:
    found: list[ast.AST] = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    for generator in node.generators:
        found.extend((generator.iter, *generator.ifs))
    return found

"""Definitions of plain cells: what each top-level statement binds, of which kind, in the user's own text.

A definition is what a task can capture as source: an import, a function, a class, a constant. Whatever else
a plain cell binds is a value, known at run time only.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from taskcell.analysis import (
    ipython_syntax,
    magic_effects,
    meaning,
    names,
    purity,
    scoping,
    settings,
    written_imports,
)
from taskcell.analysis.scoping import Definition
from taskcell.model.tasks import CaptureKind

LAZY = "annotations"
"""Name that ``from __future__ import annotations`` binds: code with annotations needs it."""

STAR = "*"
"""Name under which a star import stands among definitions: it may bind any name."""


def definitions(source: str, *, label: str = "", lazy_annotations: bool = False) -> tuple[Definition, ...]:
    r"""Return what a plain cell binds, one definition a name: its last one.

    A name that the cell changes in place, whether its own or of an earlier cell, is there as a ``VALUE``.

    Raises
    ------
    DefinitionError
        When the cell is not valid, naming the line.

    Examples
    --------
    >>> [(each.name, each.kind.value) for each in definitions("import os\nRATE = 1 / 12\nrows = load()")]
    [('os', 'import'), ('RATE', 'constant'), ('rows', 'value')]
    """
    return tuple(replace(each, label=label) for each in _definitions(source, lazy_annotations))


@lru_cache(maxsize=1024)
def _definitions(source: str, lazy_annotations: bool) -> tuple[Definition, ...]:
    found: dict[str, Definition] = {}
    for definition in _in_order(source, lazy_annotations):
        scoping.supersede(found, definition, whole=False)
    return tuple(found.values())


def _in_order(source: str, lazy_before: bool) -> Iterator[Definition]:
    translated = ipython_syntax.translate(source)
    lazy = lazy_before or names.has_lazy_annotations(translated.tree.body)
    whole = names.analyze(source)
    seen: set[str] = set()
    imported: set[str] = set()
    for node, text in _statements(source, translated):
        alone = translated.tree.body == [node] and not lazy_before
        cell = whole if alone else names.names_of([node], lazy_annotations=lazy)
        found = [
            *_of_statement(node, text, cell, lazy),
            *(_change(name, node, text, cell) for name in sorted(settings.changed_by(node, cell))),
        ]
        seen.update(each.name for each in found)
        imported.update(each.name for each in found if each.kind is CaptureKind.IMPORT)
        yield from (each for each in found if each.name not in whole.deletes)
    changed = (_changed_later(translated.tree.body) | (whole.writes - seen)) & whole.writes - imported
    for name in sorted(changed):
        last = translated.tree.body[-1]
        yield replace(_value(name, last, source, whole), line=whole.lines.get(name, 1))


def _changed_later(body: list[ast.stmt]) -> frozenset[str]:
    """Return names that a statement of the cell changes by using a function or class of the cell."""
    found: frozenset[str] = frozenset()
    for at, node in enumerate(body):
        called = {
            each.id for part in settings.run_at_once(node) for each in ast.walk(part) if isinstance(each, ast.Name)
        }
        for earlier in body[:at]:
            if isinstance(earlier, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and earlier.name in called:
                found |= names.effects_of(earlier, earlier.name)
    return found


def _statements(source: str, translated: ipython_syntax.Translated) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each top-level statement with its text; bodies of ``%%time`` and the like count as top level."""
    body = translated.tree.body
    inner = _unwrapped(body)
    if inner is not None:
        text, first_line = inner
        for node in ipython_syntax.parse_body(text, first_line).body:
            yield node, _text_of(node, source.split("\n"))
        return
    lines = source.split("\n")
    for at, node in enumerate(body):
        if not translated.ipython:
            yield node, _text_of(node, lines)
        else:
            following = body[at + 1].lineno - 1 if at + 1 < len(body) else len(lines)
            last = max(node.end_lineno or node.lineno, min(following, len(lines)))
            text = "\n".join(lines[_first_line(node) - 1 : last]).rstrip()
            yield node, textwrap.dedent(text) if text[:1].isspace() else text


def _unwrapped(body: list[ast.stmt]) -> tuple[str, int] | None:
    if len(body) != 1 or not isinstance(body[0], ast.Expr) or not isinstance(body[0].value, ast.Call):
        return None
    magic = ipython_syntax.magic_of(body[0].value)
    if magic is None or magic.kind is not ipython_syntax.MagicKind.CELL:
        return None
    effect = magic_effects.effect_of(magic)
    return effect.code[0] if effect.code and not effect.discards else None


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min((node.lineno, *(decorator.lineno for decorator in decorators)))


def _text_of(node: ast.stmt, lines: list[str]) -> str:
    """Return the user's text of a statement, decorators included, its first line without indentation."""
    first, last = _first_line(node), node.end_lineno or node.lineno
    decorated = first < node.lineno
    chosen = list(lines[first - 1 : last])
    end = len(chosen[-1].encode()[: node.end_col_offset].decode())
    chosen[-1] = chosen[-1][:end]
    if decorated or node.col_offset == 0:
        return "\n".join(chosen)
    start = len(lines[first - 1].encode()[: node.col_offset].decode())
    if not lines[first - 1][:start].isspace():
        chosen[0] = chosen[0][start:]
        return "\n".join(chosen)
    return textwrap.dedent("\n".join(chosen))


def _of_statement(node: ast.stmt, text: str, cell: names.CellNames, lazy: bool) -> Iterator[Definition]:
    if lazy and _is_annotated(node):
        cell = replace(cell, reads=cell.reads | {LAZY}, at_once=cell.at_once | {LAZY})
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from _imports(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _definition(node.name, CaptureKind.FUNCTION, node, text, cell)
        case ast.ClassDef():
            yield _definition(node.name, CaptureKind.CLASS, node, text, cell)
        case ast.Try() | ast.If() | ast.TryStar():
            yield from _compound(node, text, cell, lazy)
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if _is_parallel(node):
            for target, value in zip(targets, values, strict=True):
                single = ast.Assign(targets=[target], value=value, lineno=node.lineno)
                own = names.names_of([single])
                (name,) = own.writes
                yield _definition(name, _assigned_kind(single), single, ast.unparse(single), own)
        case _:
            kind = _assigned_kind(node)
            for name in _ordered(cell):
                yield _definition(name, kind, node, text, cell)


def _is_annotated(node: ast.stmt) -> bool:
    """Whether a definition keeps annotations: what they are then depends on how they are evaluated."""
    return any(
        getattr(part, "annotation", None) is not None or getattr(part, "returns", None) is not None
        for part in ast.walk(node)
    )


def _is_parallel(node: ast.Assign) -> bool:
    """Whether ``A, B = 1, 2`` can be taken apart: names on the left, of which none is read on the right."""
    target, value = node.targets[0], node.value
    assert isinstance(target, ast.Tuple)
    assert isinstance(value, ast.Tuple)
    if len(target.elts) != len(value.elts) or not all(purity.is_constant(each) for each in value.elts):
        return False
    bound = {each.id for each in target.elts if isinstance(each, ast.Name)}
    read = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}
    return len(bound) == len(target.elts) and not bound & read


def _ordered(cell: names.CellNames) -> list[str]:
    first = dict.fromkeys(cell.products)
    return [*first, *sorted(cell.writes - first.keys())]


def _assigned_kind(node: ast.stmt) -> CaptureKind:
    """Return the kind of what a simple statement binds."""
    value: ast.expr | None = None
    plain = isinstance(node, ast.Assign) and all(_is_plain_target(target) for target in node.targets)
    if plain or (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
        value = getattr(node, "value", None)
    elif type(node).__name__ == "TypeAlias":
        return CaptureKind.CONSTANT
    if value is None:
        return CaptureKind.VALUE
    if isinstance(value, ast.Lambda):
        return CaptureKind.FUNCTION
    if isinstance(value, ast.Call) and written_imports.imports_by_name(value):
        return CaptureKind.IMPORT
    return CaptureKind.CONSTANT if purity.is_constant(value) else CaptureKind.VALUE


def _is_plain_target(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(_is_plain_target(element) for element in target.elts)
    if isinstance(target, ast.Starred):
        return _is_plain_target(target.value)
    return isinstance(target, ast.Name)


def _definition(
    name: str, kind: CaptureKind, node: ast.stmt, text: str, cell: names.CellNames, *, optional: bool = False
) -> Definition:
    lasting = kind in (CaptureKind.FUNCTION, CaptureKind.CLASS)
    return Definition(
        name=name,
        kind=kind,
        source=text,
        digest=meaning.nodes_digest([settings.without_options(node)]),
        reads=cell.reads,
        eager=cell.at_once,
        effects=names.effects_of(node, name) if lasting else frozenset(),
        line=_first_line(node),
        pure=kind is not CaptureKind.VALUE,
        opaque=cell.opaque,
        optional=optional,
    )


def _value(name: str, node: ast.stmt, text: str, cell: names.CellNames) -> Definition:
    return _definition(name, CaptureKind.VALUE, node, text, cell)


def _change(name: str, node: ast.stmt, text: str, cell: names.CellNames) -> Definition:
    """Return what a statement makes of a name that it changes: a value; of an import its code, which can run again."""
    repeatable = settings.is_repeatable(name, node, cell)
    return replace(_value(name, node, text, cell), change=repeatable, mild=name not in cell.mutates)


def _imports(node: ast.Import | ast.ImportFrom, *, optional: bool = False) -> Iterator[Definition]:
    for alias in node.names:
        single: ast.Import | ast.ImportFrom
        if isinstance(node, ast.Import):
            single = ast.Import(names=[alias])
            name = alias.asname or alias.name.partition(".")[0]
        else:
            single = ast.ImportFrom(module=node.module, names=[alias], level=node.level)
            name = alias.asname or alias.name
        opaque = f"{ast.unparse(single)} on line {node.lineno} may bind any name" if name == STAR else None
        yield Definition(
            name=name,
            kind=CaptureKind.IMPORT,
            source=ast.unparse(single),
            digest=meaning.nodes_digest([single]),
            reads=frozenset(),
            line=node.lineno,
            opaque=opaque,
            optional=optional,
        )


def _compound(
    node: ast.If | ast.Try | ast.TryStar, text: str, cell: names.CellNames, lazy: bool
) -> Iterator[Definition]:
    """Yield what an ``if`` or ``try`` binds: the whole statement when it only defines, else part by part."""
    parts = [each for each in _parts(node) if isinstance(each, ast.stmt)]
    if _only_defines(node):
        for name in _ordered(cell):
            yield _definition(name, _kind_in(parts, name), node, text, cell, optional=True)
        return
    for name in _ordered(cell):
        binders = [part for part in parts if name in _bound_by(part)]
        single = binders[0] if len(binders) == 1 else None
        if isinstance(single, (ast.Import, ast.ImportFrom)):
            yield from (each for each in _imports(single, optional=True) if each.name == name)
        elif isinstance(single, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own = names.names_of([single], lazy_annotations=lazy)
            kind = CaptureKind.CLASS if isinstance(single, ast.ClassDef) else CaptureKind.FUNCTION
            yield _definition(name, kind, single, ast.unparse(single), own, optional=True)
        else:
            yield _value(name, node, text, cell)


def _parts(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield the statements inside a compound one, at any depth, definitions not entered."""
    stack: list[ast.AST] = list(ast.iter_child_nodes(node))
    while stack:
        part = stack.pop(0)
        yield part
        if not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            stack.extend(ast.iter_child_nodes(part))


def _bound_by(part: ast.stmt) -> frozenset[str]:
    if isinstance(part, (ast.If, ast.Try, ast.TryStar, ast.For, ast.While, ast.With, ast.Match)):
        return frozenset()
    return names.names_of([part]).writes


def _kind_in(parts: list[ast.stmt], name: str) -> CaptureKind:
    """Return the kind of a name in a compound that only defines: an import anywhere decides."""
    kinds = set()
    for part in parts:
        if isinstance(part, (ast.If, ast.Try, ast.TryStar)) or name not in _bound_by(part):
            continue
        match part:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                kinds.add(CaptureKind.FUNCTION)
            case ast.ClassDef():
                kinds.add(CaptureKind.CLASS)
            case ast.Import() | ast.ImportFrom():
                kinds.add(CaptureKind.IMPORT)
            case _:
                kinds.add(_assigned_kind(part))
    has_import = any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in parts)
    if has_import or CaptureKind.IMPORT in kinds or not kinds:
        return CaptureKind.IMPORT
    order = (CaptureKind.VALUE, CaptureKind.CLASS, CaptureKind.FUNCTION, CaptureKind.CONSTANT)
    return next(kind for kind in order if kind in kinds)


def _only_defines(node: ast.stmt) -> bool:
    """Whether executing a statement again defines the same: imports, definitions, constants, plain tests."""
    match node:
        case ast.If(test=test, body=body, orelse=orelse):
            return purity.is_pure(test) and all(_only_defines(each) for each in (*body, *orelse))
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            bodies = [*node.body, *node.orelse, *node.finalbody]
            bodies += [each for handler in handlers for each in handler.body]
            return all(_only_defines(each) for each in bodies)
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Pass():
            return True
        case ast.Assign() | ast.AnnAssign():
            return _assigned_kind(node) is not CaptureKind.VALUE
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise():
            return True
        case _:
            return False

"""The parameter schema that a ``%%params`` cell declares.

The cell is read, never run: a schema must be known from the saved notebook alone, without a kernel. So
defaults are literals (and ``Path("…")``, ``date(…)``, ``datetime(…)``, ``float("nan")``), not expressions.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.model.cells import Cell, CellKind
from taskcell.model.tasks import Parameter
from taskcell.notebook import headers, names, quoting
from taskcell.notebook.parameters import encoding, types, values

_IMPORTABLE = frozenset({"typing", "datetime", "pathlib", "collections.abc", "__future__"})
_PRAGMA = re.compile(r"#\s*(noqa|type:|fmt:|pragma|%|ruff|pylint)", re.IGNORECASE)
_EXAMPLE = "month: int = 1  # month of 2013"


def parse_params(cell: Cell) -> tuple[Parameter, ...]:
    """Return the parameters that a ``%%params`` cell declares, in order.

    Raises
    ------
    DefinitionError
        Something in the cell is not a parameter; the message names the line and the remedy.
    """
    where = cell.label or "the %%params cell"
    source = _without_header(cell, where)
    tree = _parsed(source, where)
    docs = _comments(source)
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        target = _declared(statement, where)
        if target is None:
            continue
        name, annotation, value = target
        if name in found:
            raise _refused(f"Parameter {name!r} is declared twice", "Keep one.", where, statement)
        _check_name(name, where, statement)
        found[name] = _parameter(name, annotation, value, _doc(docs, statement), where)
    if not found:
        raise errors.DefinitionError(f"{where} declares no parameter.", remedy=f"Write for example: {_EXAMPLE}")
    return tuple(found.values())


def _without_header(cell: Cell, where: str) -> str:
    """Return the cell's text with a blank line for the header: line numbers stay those of the cell."""
    if headers.kind_of(cell.source) is not CellKind.PARAMS:
        raise errors.DefinitionError(f"{where} does not begin with %%params.", remedy="Write %%params first.")
    lines = cell.source.splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if line.strip())
    rest = re.sub(r"\s*(%%params|#\s*%params)", "", lines[first], count=1).strip()
    if rest and not rest.startswith("#"):
        raise errors.DefinitionError(
            f"%%params takes nothing on its line, but {quoting.shown(rest)} is there.",
            remedy=f"Declare parameters on the lines below: {_EXAMPLE}",
        )
    return "\n" * (first + 1) + "".join(lines[first + 1 :])


def _parsed(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        line = f", line {exc.lineno}" if isinstance(exc, SyntaxError) and exc.lineno else ""
        reason = exc.msg if isinstance(exc, SyntaxError) else str(exc) or type(exc).__name__
        raise errors.DefinitionError(
            f"%%params in {where}{line} is not Python: {reason}.",
            remedy=f"Declare one parameter a line: {_EXAMPLE}",
        ) from exc


def _declared(statement: ast.stmt, where: str) -> tuple[str, ast.expr | None, ast.expr] | None:
    """Return (name, annotation, default) of a declaration, None for what is allowed beside it."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            if value is None:
                raise _refused(
                    f"Parameter {quoting.shown(name)} has no default",
                    f"Write for example: {quoting.shortened(ast.unparse(statement))} = …",
                    where,
                    statement,
                )
            return name, annotation, value
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, None, value
        case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
            return None
        case ast.Import(names=aliases) if all(alias.name in _IMPORTABLE for alias in aliases):
            return None
        case ast.ImportFrom(module=module, level=0) if module in _IMPORTABLE:
            return None
    raise _refused(
        f"{quoting.shown(ast.unparse(statement), 60)} is not a parameter",
        f"A %%params cell holds declarations such as {_EXAMPLE}; put other code in a cell of its own",
        where,
        statement,
    )


def _check_name(name: str, where: str, node: ast.stmt) -> None:
    reason = names.fault(name)
    if not reason and hasattr(builtins, name):
        reason = "is a builtin of Python"
    if reason:
        raise _refused(f"The parameter name {quoting.shown(name)} {reason}", "Choose another name", where, node)


def _parameter(name: str, annotation: ast.expr | None, value: ast.expr, doc: str, where: str) -> Parameter:
    try:
        default = _evaluated(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise _refused(
            f"The default of parameter {name!r} is not a literal: {quoting.shown(ast.unparse(value), 60)}",
            'Write the value itself (1, "text", [1, 2], None), or Path("…"), date(2013, 1, 31), float("nan")',
            where,
            value,
        ) from exc
    written = ast.unparse(annotation) if annotation is not None else _inferred(name, default, where, value)
    try:
        kind = types.parse_annotation(written)
        accepted = values.accept(kind, default)
    except errors.DefinitionError as exc:
        raise _refused(f"Parameter {name!r}: {exc.message.rstrip('.')}", exc.remedy.rstrip("."), where, value) from exc
    except values.MismatchError as exc:
        raise _refused(
            f"The default of parameter {name!r} ({written}) can't be {quoting.shown(default)}",
            f"Give {exc}, or change the type",
            where,
            value,
        ) from exc
    return Parameter(name=name, annotation=written, default=encoding.encode(kind, accepted), doc=doc)


def _inferred(name: str, default: Any, where: str, node: ast.expr) -> str:
    try:
        return types.inferred(default)
    except types.UnsupportedError as exc:
        raise _refused(
            f"The type of parameter {name!r} can't be told from its default: {exc}",
            f"State it: {name}: TYPE = … (supported: {types.SUPPORTED})",
            where,
            node,
        ) from exc


def _evaluated(node: ast.expr) -> Any:
    """Return the value of a literal or of one of the few calls that stand for one; raise ValueError."""
    match node:
        case ast.List(elts=parts):
            return [_evaluated(part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_evaluated(part) for part in parts)
        case ast.Set(elts=parts):
            return {_evaluated(part) for part in parts}
        case ast.Dict(keys=keys, values=parts):
            return {_evaluated(_there(key)): _evaluated(part) for key, part in zip(keys, parts, strict=True)}
        case ast.Call(func=ast.Name(id="set"), args=[], keywords=[]):
            return set()
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str() as text)], keywords=[]):
            return float(text)
        case ast.Call(func=func, args=args, keywords=keywords):
            return _constructed(ast.unparse(func), args, keywords)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Call() as operand):
            return -_evaluated(operand)
    value = ast.literal_eval(node)
    if isinstance(value, complex) or value is Ellipsis:
        raise TypeError(type(value).__name__)
    return value


def _there(key: ast.expr | None) -> ast.expr:
    if key is None:
        raise ValueError("** in a dict")
    return key


def _constructed(name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> Any:
    if name in ("Path", "pathlib.Path") and not keywords:
        return Path(*(_checked(ast.literal_eval(arg), str) for arg in args))
    kind = {"date": date, "datetime.date": date, "dt.date": date}.get(name) or {
        "datetime": datetime,
        "datetime.datetime": datetime,
        "dt.datetime": datetime,
    }.get(name)
    if kind is None:
        raise ValueError(name)
    named: dict[str, Any] = {}
    for each in keywords:
        if each.arg == "tzinfo" and ast.unparse(each.value).split(".")[-1] in ("utc", "UTC"):
            named["tzinfo"] = timezone.utc  # noqa: UP017  the class is imported, as users write it
        else:
            named[each.arg or "**"] = _checked(ast.literal_eval(each.value), int)
    return kind(*(_checked(ast.literal_eval(arg), int) for arg in args), **named)


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(type(value).__name__)
    return value


def _comments(source: str) -> dict[int, tuple[str, bool]]:
    """Return for each line with a comment its text, and whether it stands alone on the line."""
    found: dict[int, tuple[str, bool]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not _PRAGMA.match(token.string):
            alone = not token.line[: token.start[1]].strip()
            found[token.start[0]] = (token.string.lstrip("#").strip(), alone)
    return found


def _doc(comments: Mapping[int, tuple[str, bool]], statement: ast.stmt) -> str:
    """Return the comment behind a declaration, or else the comment lines directly above it."""
    last = statement.end_lineno or statement.lineno
    if last in comments and not comments[last][1]:
        return comments[last][0]
    above: list[str] = []
    line = statement.lineno - 1
    while line in comments and comments[line][1]:
        above.insert(0, comments[line][0])
        line -= 1
    return " ".join(part for part in above if part)


def _refused(what: str, remedy: str, where: str, node: ast.stmt | ast.expr) -> errors.DefinitionError:
    return errors.DefinitionError(f"{what} ({where}, line {node.lineno}).", remedy=f"{remedy.rstrip('.')}.")

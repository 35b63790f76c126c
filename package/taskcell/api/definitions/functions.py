"""Tasks that are functions: find the decorator, and the calls that make a node of the workflow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from taskcell.model.cells import Cell, TaskCell, TaskHeader

_DECORATORS = ("task", "taskcell.task")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``a, b = train(x, rate=rate)`` at the top level of a plain cell, with names for arguments."""

    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    line: int

    def as_task_cell(self, cell: Cell, name: str) -> TaskCell:
        """Return the statement as the body of a task with stated inputs and outputs."""
        header = TaskHeader(name=name, inputs=self.inputs, outputs=self.outputs)
        return TaskCell(cell=cell, header=header, body=self.source, first_line=self.line)


@lru_cache(maxsize=1024)
def is_decorated(source: str) -> bool:
    """Whether a function's source has the ``task`` decorator."""
    try:
        node = ast.parse(source).body[0]
    except (SyntaxError, IndexError):
        return False
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(_name(decorator) in _DECORATORS for decorator in node.decorator_list)


def _name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def calls(cell: Cell, functions: set[str]) -> Iterator[Call]:
    """Yield the calls of decorated functions whose arguments and targets are all plain names."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return
    for node in tree.body:
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Name(id=name)) as call) if name in functions:
                outputs, inputs = _targets(target), _arguments(call)
                if outputs and inputs is not None:
                    source = ast.get_source_segment(cell.source, node) or ""
                    yield Call(function=name, inputs=inputs, outputs=outputs, source=source, line=node.lineno)


def _targets(node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Tuple(elts=elements) if all(isinstance(element, ast.Name) for element in elements):
            return tuple(element.id for element in elements if isinstance(element, ast.Name))
    return ()


def _arguments(call: ast.Call) -> tuple[str, ...] | None:
    names = []
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        if not isinstance(argument, ast.Name):
            return None
        names.append(argument.id)
    return tuple(dict.fromkeys(names))

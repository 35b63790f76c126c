"""Whether a cell waits at its top level."""

from __future__ import annotations

import ast

from taskcell.analysis import ipython_syntax


def needs_await(source: str) -> bool:
    """Return whether a cell uses ``await``, ``async for`` or ``async with`` outside any function.

    Raises
    ------
    DefinitionError
        When the cell is not valid, naming the line.
    """
    stack: list[ast.AST] = [ipython_syntax.translate(source).tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if isinstance(node, ast.comprehension) and node.is_async:
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        stack.extend(ast.iter_child_nodes(node))
    return False

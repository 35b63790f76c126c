"""What a line magic's value is for: ``run = %launch`` keeps it, ``%launch`` alone lets it be shown."""

from __future__ import annotations

import ast

from IPython.core.interactiveshell import InteractiveShell


def is_kept(shell: InteractiveShell, source: str, name: str, line: str) -> bool:
    """Whether a cell does something with what a line magic returns, called with that line."""
    try:
        tree = ast.parse(shell.transform_cell(source))  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError):
        return False
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _calls(node, name, line)]
    shown = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return any(id(call) not in shown for call in calls)


def _calls(node: ast.Call, name: str, line: str) -> bool:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "run_line_magic"):
        return False
    return [argument.value for argument in node.args if isinstance(argument, ast.Constant)] == [name, line]

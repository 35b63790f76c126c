"""Statements that are there for what they change: settings of a library, registrations with a decorator.

``plt.rcParams["figure.dpi"] = 100``, ``pd.set_option(…)`` and ``np.random.seed(0)`` change what a module does, so they
count as part of its import, in their order. ``@area.register`` changes what ``area`` does, and nothing can say how.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from taskcell.analysis import names, purity
from taskcell.analysis.builtin_names import words

_SETTERS = words(
    """
    set_option reset_option set_eng_float_format set_printoptions seterr set_config seed manual_seed set_seed
    set_random_seed set_theme set_style set_context set_palette use rc filterwarnings simplefilter basicConfig
    setlocale setrecursionlimit getcontext setcontext set_default_dtype set_float32_matmul_precision
    use_deterministic_algorithms set_num_threads register_matplotlib_converters register chdir
    """
)
"""Functions of modules that are called for their effect on the module."""


def changed_by(node: ast.stmt, cell: names.CellNames) -> frozenset[str]:
    """Return the outside names that a top-level statement changes: in place, by a setting, by a decorator."""
    return (cell.mutates - cell.writes) | {path[0] for path in (*_set_by(node), *_registries(node))}


def is_repeatable(name: str, node: ast.stmt, cell: names.CellNames) -> bool:
    """Whether a statement can stand below the import of a name: it changes that name, and does nothing else."""
    if cell.opaque is not None or cell.mutates - {name} or isinstance(node, ast.AugAssign):
        return False
    registered = [path[-1] for path in _registries(node) if path[0] == name]
    return all(last.startswith("register") for last in registered) if registered else not cell.writes


def _set_by(node: ast.stmt) -> Iterator[tuple[str, ...]]:
    """Yield what is called for its effect alone: ``np.random.seed(0)``."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        path = purity.dotted(node.value.func)
        if len(path) > 1 and path[-1] in _SETTERS:
            yield path


def _registries(node: ast.stmt) -> Iterator[tuple[str, ...]]:
    """Yield methods that decorate a definition: ``@area.register``."""
    for decorator in getattr(node, "decorator_list", []):
        path = purity.dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if len(path) > 1:
            yield path


def run_at_once(node: ast.stmt) -> list[ast.AST]:
    """Return the parts of a top-level statement that run with it: of a definition its decorators and bases."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.decorator_list]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *node.keywords]
        case ast.Import() | ast.ImportFrom():
            return []
    return [node]


def without_options(node: ast.stmt) -> ast.stmt:
    """Return a definition without the options of ``@taskcell.task(…)``: none of them changes a result."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    plain = [
        each.func if isinstance(each, ast.Call) and purity.dotted(each.func) == ("taskcell", "task") else each
        for each in decorators
    ]
    if plain == decorators:
        return node
    changed = copy.copy(node)
    changed.decorator_list = plain  # type: ignore[attr-defined]
    return changed

"""Whether an assignment's right side can be evaluated again anywhere with the same result.

Only then is the assignment a constant that is captured as source; anything else is a value known at run time.
"""

from __future__ import annotations

import ast

from taskcell.analysis.builtin_names import words

_ALONE = words(
    """
    int float str bytes tuple list dict set frozenset range len min max sum sorted round abs zip enumerate
    bool complex slice reversed divmod pow ord chr hex bin oct repr all any map filter Path PurePath
    PurePosixPath date datetime time timedelta timezone ZoneInfo Decimal Fraction UUID namedtuple
    OrderedDict defaultdict Counter deque Enum IntEnum StrEnum Flag TypeVar NewType SimpleNamespace
    MappingProxyType getLogger Timestamp Timedelta DateOffset
    """
)
"""Functions and classes that depend on their arguments alone, when called by their bare name."""

_WITHIN = {
    "compile": {"re"},
    "getLogger": {"logging"},
    "join": {"path"},
    "normpath": {"path"},
    "basename": {"path"},
    "dirname": {"path"},
    "array": {"np", "numpy"},
    "asarray": {"np", "numpy"},
    "arange": {"np", "numpy"},
    "linspace": {"np", "numpy"},
    "logspace": {"np", "numpy"},
    "geomspace": {"np", "numpy"},
    "zeros": {"np", "numpy"},
    "ones": {"np", "numpy"},
    "full": {"np", "numpy"},
    "eye": {"np", "numpy"},
    "dtype": {"np", "numpy"},
    "timedelta64": {"np", "numpy"},
    "datetime64": {"np", "numpy"},
    "sqrt": {"np", "numpy", "math"},
    "log": {"np", "numpy", "math"},
    "log2": {"np", "numpy", "math"},
    "log10": {"np", "numpy", "math"},
    "exp": {"np", "numpy", "math"},
    "sin": {"np", "numpy", "math"},
    "cos": {"np", "numpy", "math"},
    "radians": {"np", "numpy", "math"},
    "floor": {"np", "numpy", "math"},
    "ceil": {"np", "numpy", "math"},
    "Timestamp": {"pd", "pandas"},
    "Timedelta": {"pd", "pandas"},
    "date_range": {"pd", "pandas"},
    "fromkeys": {"dict"},
    "fromisoformat": {"date", "datetime", "time"},
    "dedent": {"textwrap"},
}
"""Attributes that may be called, with the names that they may be taken from."""

_CLASS_HOMES = words("pathlib datetime dt decimal fractions uuid collections enum typing types zoneinfo pd")

_TEXT_METHODS = words(
    """
    split rsplit splitlines upper lower title capitalize strip lstrip rstrip join format replace encode zfill
    """
)

_CHANGING = {
    "os": {"environ", "environb"},
    "sys": {"argv", "path", "modules", "stdin", "stdout", "stderr", "flags"},
    "plt": {"rcParams"},
    "random": {"*"},
}
"""Attributes of modules that are another thing in another process."""

_ONCE = frozenset({"zip", "enumerate", "reversed", "map", "filter"})
"""Calls that give an iterator, which is used up: pure inside another call, no constant on its own."""

_PLAIN = (
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Subscript,
    ast.Slice,
    ast.Starred,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
)


def is_constant(node: ast.expr) -> bool:
    """Whether an assignment of this expression makes a constant."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ONCE:
        return False
    return is_pure(node)


def is_pure(node: ast.expr) -> bool:
    """Whether an expression can be evaluated again anywhere; names count as pure, they are judged apart."""
    match node:
        case ast.Constant() | ast.Name() | ast.Lambda():
            return True
        case ast.Attribute():
            return _is_stable_attribute(node)
        case ast.Call():
            return _is_pure_call(node)
        case ast.GeneratorExp():
            return False
    return isinstance(node, _PLAIN) and all(_is_pure_part(child) for child in ast.iter_child_nodes(node))


def _is_pure_part(node: ast.AST) -> bool:
    if isinstance(node, ast.comprehension):
        if node.is_async or _has_no_order(node.iter):
            return False
        return all(is_pure(each) for each in (node.target, node.iter, *node.ifs))
    return is_pure(node) if isinstance(node, ast.expr) else True


def _is_stable_attribute(node: ast.Attribute) -> bool:
    path = dotted(node)
    if not path:
        return is_pure(node.value) and node.attr in ("name", "stem", "suffix", "parent", "parts")
    first, second = path[0], path[1]
    changing = _CHANGING.get(first, set())
    return second not in changing and "*" not in changing


def _is_pure_call(node: ast.Call) -> bool:
    if not _is_pure_callable(node.func) or _asks_the_clock(node):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _ORDERED and any(_has_no_order(arg) for arg in node.args):
        return False
    called = [keyword.value for keyword in node.keywords if keyword.arg in ("key", "default_factory")]
    if name in ("map", "filter", "defaultdict"):
        called += node.args[:1]
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    return all(_may_be_called(each) for each in called) and all(_is_pure_argument(each) for each in arguments)


def _is_pure_argument(node: ast.expr) -> bool:
    if isinstance(node, ast.GeneratorExp):
        return all(_is_pure_part(child) for child in ast.iter_child_nodes(node))
    return is_pure(node)


def _may_be_called(node: ast.expr) -> bool:
    """Whether a function that is called while the constant is made is evidently pure itself."""
    if isinstance(node, ast.Lambda):
        return is_pure(node.body)
    if isinstance(node, ast.Name):
        return node.id in _ALONE
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Attribute) and dotted(node)[:1] == ("str",))


def _asks_the_clock(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "time" and not node.args and not node.keywords:
        return True
    return any(isinstance(arg, ast.Constant) and arg.value in ("now", "today") for arg in node.args)


_ORDERED = frozenset({"list", "tuple", "enumerate", "join", "zip", "array", "dict", "fromkeys"})


def _has_no_order(node: ast.expr) -> bool:
    """Whether an expression is evidently a set, whose order differs from process to process."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return isinstance(node, (ast.Set, ast.SetComp))


def _is_pure_callable(func: ast.expr) -> bool:
    if isinstance(func, ast.Name):
        return func.id in _ALONE
    if not isinstance(func, ast.Attribute):
        return False
    if isinstance(func.value, (ast.Constant, ast.JoinedStr)):
        return func.attr in _TEXT_METHODS and is_pure(func.value)
    path = dotted(func)
    if len(path) < 2:
        return False
    home = path[-2]
    return home in _WITHIN.get(func.attr, ()) or (func.attr in _ALONE and home in _CLASS_HOMES)


def dotted(node: ast.expr) -> tuple[str, ...]:
    """Return the parts of ``a.b.c``; empty when it does not start with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ()
    return (node.id, *reversed(parts))

"""What a call tells without being followed: objects changed in place, names that a library looks up."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from taskcell.analysis import builtin_names, parsing
from taskcell.analysis.expressions import Expressions
from taskcell.analysis.purity import dotted
from taskcell.analysis.states import NOTHING, Values


@dataclass(slots=True)
class Arguments:
    """What is known of a call's arguments. ``rest`` may land in any parameter."""

    positional: list[Values] = field(default_factory=list)
    keywords: dict[str, Values] = field(default_factory=dict)
    rest: Values = NOTHING

    def every(self) -> Values:
        """Return the values of all arguments together."""
        return self.rest.union(*self.positional, *self.keywords.values())


class Notes(Expressions):
    """Notes what calls change and read."""

    def read_from_text(self, node: ast.Call) -> None:
        """Read names that a library looks up in its caller: ``df.query("a > @b")``, ``pd.eval("x + y")``."""
        name, line = last_name(node.func), node.lineno
        path = dotted(node.func)
        whole = (path[:1] in (("pd",), ("pandas",)) and name == "eval") or (
            path[:1] in (("ne",), ("numexpr",)) and name == "evaluate"
        )
        if not whole and (name not in ("query", "eval") or not isinstance(node.func, ast.Attribute)):
            return
        text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if not isinstance(text, str):
            if whole:
                self.hide(line, f"{name}() on line {line} may read any name")
            return
        names = re.findall(r"@([^\W\d]\w*)", text)
        if whole and parsing.is_expression(text):
            tree = ast.parse(text.strip(), mode="eval")
            names = sorted({each.id for each in ast.walk(tree) if isinstance(each, ast.Name)})
        for each in names:
            self.load(each, line)

    def note_mutations(self, node: ast.Call, receiver: Values, arguments: Arguments, used: bool) -> None:
        """Note objects that a call changes in place."""
        name = last_name(node.func)
        if isinstance(node.func, ast.Attribute):
            if self._changes_receiver(node, node.func, used):
                self.mutate(receiver)
            if _is_type(node.func.value) and _is_mutator(node.func.attr, used) and arguments.positional:
                self.mutate(arguments.positional[0])
        first = arguments.positional[0] if arguments.positional else NOTHING
        if (
            name in builtin_names.FIRST_ARGUMENT_MUTATORS
            or (name == "shuffle" and not used)
            or (isinstance(node.func, ast.Attribute) and name in ("at", "put") and _root(node.func) in ("np", "numpy"))
        ) or (_is_in_place(name) and _root(node.func) in builtin_names.MODULES):
            self.mutate(first)
        self.mutate(arguments.keywords.get("out", NOTHING))

    def _changes_receiver(self, node: ast.Call, func: ast.Attribute, used: bool) -> bool:
        path = dotted(func)
        if path[:1] and path[0] in builtin_names.MODULES and path[-2] not in builtin_names.MODULE_STATE:
            return False
        in_place = any(
            keyword.arg == "inplace" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            for keyword in node.keywords
        )
        return in_place or _is_in_place(func.attr) or _is_mutator(func.attr, used)


def last_name(func: ast.expr) -> str:
    """Return the last part of a called name: ``c`` of ``a.b.c``."""
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in builtin_names.MUTABLE_TYPES


def _is_mutator(method: str, used: bool) -> bool:
    return method in builtin_names.VALUE_MUTATORS or (not used and method in builtin_names.QUIET_MUTATORS)


def _is_in_place(method: str) -> bool:
    """Whether a method changes its object by the custom of tensors: ``add_``."""
    return method.endswith("_") and not method.startswith("_")

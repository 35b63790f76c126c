"""Expressions: what they read, in which order, and on which paths."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeAlias

from taskcell.analysis import scopes
from taskcell.analysis.interpreting import Ground, snake
from taskcell.analysis.states import (
    NOTHING,
    Code,
    FrameKind,
    Instance,
    State,
    Suspended,
    Values,
    join,
    parts_of,
    shell_of,
)

Branches: TypeAlias = tuple[State | None, State | None, Values]


class Expressions(Ground):
    """Interprets expressions; calls are in ``calls``."""

    def value(self, node: ast.expr, used: bool = True) -> Values:
        """Interpret an expression and return what is known of its value."""
        method = getattr(self, f"_x_{snake(type(node).__name__)}", None)
        if method is None:
            return self._x_other(node, used)
        found: Values = method(node, used)
        return found

    def values(self, nodes: Sequence[ast.expr | None]) -> Values:
        """Interpret expressions in order and return what any of them may hold."""
        found = NOTHING
        for node in nodes:
            if node is not None:
                found |= self.value(node)
        return found

    # -- code that is consumed ----------------------------------------------------------------------------

    def perhaps(self, code: Code, arguments: dict[str, Values]) -> Values:
        """Interpret code that may run at this point, or may not."""
        before = self.now.copy()
        found = self.run(code, arguments)
        self.state = join((before, self.state))
        return found

    def consume(self, values: Values) -> Values:
        """Iterate over such values (or await them); return what an element may be."""
        found = NOTHING
        for value in values:
            if isinstance(value, Suspended):
                found |= parts_of(self.perhaps(value.code, dict(value.arguments)))
        self.touch(values)
        return found | parts_of(frozenset(value for value in values if not isinstance(value, Suspended)))

    def touch(self, values: Values) -> None:
        """Use operators on such values: special methods of classes made in the cell may run."""
        for value in values:
            if isinstance(value, Instance):
                for name, members in value.klass.members.items():
                    if name.startswith("__") and name.endswith("__"):
                        self.run_members(members, value)

    def run_members(self, members: Values, owner: Instance) -> None:
        """Run methods, perhaps."""
        for member in members:
            if isinstance(member, Code):
                self.perhaps(member, self.arguments_of(member, owner))

    def arguments_of(self, code: Code, owner: Instance) -> dict[str, Values]:
        """Return the arguments of a method that is called with nothing known but its object."""
        found = dict(code.defaults)
        if isinstance(code.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and code.reach != "static":
            names = scopes.parameters(code.node.args)
            if names:
                found[names[0]] = frozenset({owner})
        return found

    # -- conditions ---------------------------------------------------------------------------------------

    def condition(self, node: ast.expr) -> Branches:
        """Interpret a condition; return the states where it holds, where it does not, and its value."""
        if isinstance(node, ast.BoolOp):
            return self._bool_op(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            true, false, _ = self.condition(node.operand)
            return false, true, NOTHING
        if isinstance(node, ast.Constant):
            return (self.now, None, NOTHING) if node.value else (None, self.now, NOTHING)
        if isinstance(node, ast.Name) and node.id == "__debug__":
            return self.now, None, NOTHING
        found = self.value(node, used=False)
        return self.now.copy(), self.now, found

    def _bool_op(self, node: ast.BoolOp) -> Branches:
        ends: list[State | None] = []
        found = NOTHING
        go_on: State | None = self.now
        for operand in node.values:
            if go_on is None:
                break
            self.state = go_on
            true, false, values = self.condition(operand)
            found |= values
            go_on, end = (true, false) if isinstance(node.op, ast.And) else (false, true)
            ends.append(end)
        ended = join(ends)
        return (go_on, ended, found) if isinstance(node.op, ast.And) else (ended, go_on, found)

    def _x_bool_op(self, node: ast.BoolOp, used: bool) -> Values:
        true, false, found = self._bool_op(node)
        self.state = join((true, false))
        return found

    def _x_if_exp(self, node: ast.IfExp, used: bool) -> Values:
        true, false, _ = self.condition(node.test)
        found = NOTHING
        ends: list[State | None] = []
        for state, branch in ((true, node.body), (false, node.orelse)):
            if state is not None:
                self.state = state
                found |= self.value(branch, used)
                ends.append(self.state)
        self.state = join(ends)
        return found

    def _x_unary_op(self, node: ast.UnaryOp, used: bool) -> Values:
        if isinstance(node.op, ast.Not):
            true, false, _ = self.condition(node.operand)
            self.state = join((true, false))
            return NOTHING
        self.touch(self.value(node.operand))
        self.may_raise()
        return NOTHING

    def _x_compare(self, node: ast.Compare, used: bool) -> Values:
        self._operand(self.value(node.left), node.ops[0])
        self._compared(node.comparators[0], node.ops[0])
        rest = list(zip(node.ops, node.comparators, strict=True))[1:]
        ends: list[State | None] = []
        for op, comparator in rest:
            ends.append(self.now.copy())
            self._compared(comparator, op)
        if ends:
            self.state = join((*ends, self.state))
        return NOTHING

    def _compared(self, node: ast.expr, op: ast.cmpop) -> None:
        values = self.value(node)
        if isinstance(op, (ast.In, ast.NotIn)):
            self.consume(values)
        self._operand(values, op)

    def _operand(self, values: Values, op: ast.cmpop) -> None:
        if not isinstance(op, (ast.Is, ast.IsNot)):
            self.touch(values)
            self.may_raise()

    # -- atoms and containers -----------------------------------------------------------------------------

    def _x_constant(self, node: ast.Constant, used: bool) -> Values:
        return NOTHING

    def _x_name(self, node: ast.Name, used: bool) -> Values:
        return self.load(node.id, node.lineno)

    def _x_named_expr(self, node: ast.NamedExpr, used: bool) -> Values:
        found = self.value(node.value)
        inner = self.frame
        while self.frame.kind is FrameKind.COMPREHENSION and self.frame.parent is not None:
            self.frame = self.frame.parent
        self.bind(node.target.id, found, node.lineno, product=True)
        self.frame = inner
        return found

    def _x_attribute(self, node: ast.Attribute, used: bool) -> Values:
        found = self.value(node.value)
        self.may_raise()
        self.note_attribute(node)
        return self.attribute(found, node.attr)

    def note_attribute(self, node: ast.Attribute) -> None:
        """Note attributes that lead to the namespace itself."""
        raise NotImplementedError

    def attribute(self, values: Values, name: str, *, calling: bool = False) -> Values:
        """Return what an attribute of such values may be."""
        raise NotImplementedError

    def _x_subscript(self, node: ast.Subscript, used: bool) -> Values:
        found = self.value(node.value)
        self.value(node.slice)
        if isinstance(node.slice, ast.Constant) and node.slice.value == "__main__":
            self.hide(node.lineno, f"the module __main__ on line {node.lineno} hands out all names")
        self.may_raise()
        self.touch(found)
        return shell_of(found) if _makes_copy(node.slice) else parts_of(found)

    def _x_list(self, node: ast.List, used: bool) -> Values:
        return shell_of(self.values(node.elts))

    def _x_tuple(self, node: ast.Tuple, used: bool) -> Values:
        return shell_of(self.values(node.elts))

    def _x_set(self, node: ast.Set, used: bool) -> Values:
        return shell_of(self.values(node.elts))

    def _x_dict(self, node: ast.Dict, used: bool) -> Values:
        found = NOTHING
        for key, value in zip(node.keys, node.values, strict=True):
            found |= self.values((key, value))
        return shell_of(found)

    def _x_starred(self, node: ast.Starred, used: bool) -> Values:
        found = self.consume(self.value(node.value))
        self.may_raise()
        return found

    def _x_await(self, node: ast.Await, used: bool) -> Values:
        awaited = self.value(node.value)
        found = self.consume(frozenset(value for value in awaited if isinstance(value, Suspended)))
        self.may_raise()
        return found

    def _x_yield(self, node: ast.Yield, used: bool) -> Values:
        if node.value is not None:
            self.yielded |= shell_of(self.value(node.value))
        self.may_raise()
        return NOTHING

    def _x_yield_from(self, node: ast.YieldFrom, used: bool) -> Values:
        self.yielded |= shell_of(self.consume(self.value(node.value)))
        self.may_raise()
        return NOTHING

    def _x_bin_op(self, node: ast.BinOp, used: bool) -> Values:
        self.touch(self.value(node.left))
        self.touch(self.value(node.right))
        self.may_raise()
        return NOTHING

    def _x_other(self, node: ast.AST, used: bool) -> Values:
        """Interpret what is below a node, in source order (f-strings, slices)."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.touch(self.value(child))
        self.may_raise()
        return NOTHING

    # -- code that runs later -----------------------------------------------------------------------------

    def defaults(self, args: ast.arguments) -> dict[str, Values]:
        """Interpret the defaults of a function's parameters."""
        positional = [arg.arg for arg in (*args.posonlyargs, *args.args)]
        named = list(zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True))
        found = {}
        for name, node in named:
            found[name] = self.value(node)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if default is not None:
                found[arg.arg] = self.value(default)
        return found

    def _x_lambda(self, node: ast.Lambda, used: bool) -> Values:
        defaults = self.defaults(node.args)
        code = self.code(node)
        code.defaults = defaults
        return frozenset({code})

    def _x_generator_exp(self, node: ast.GeneratorExp, used: bool) -> Values:
        first = self.value(node.generators[0].iter)
        elements = self.consume(first)
        code = self.code(node)
        code.defaults = {".0": elements}
        return frozenset({Suspended(code)})

    def _x_list_comp(self, node: ast.ListComp, used: bool) -> Values:
        return self._comprehension(node)

    def _x_set_comp(self, node: ast.SetComp, used: bool) -> Values:
        return self._comprehension(node)

    def _x_dict_comp(self, node: ast.DictComp, used: bool) -> Values:
        return self._comprehension(node)

    def _comprehension(self, node: scopes.Comprehension) -> Values:
        elements = self.consume(self.value(node.generators[0].iter))
        self.may_raise()
        return self.generators(node, elements)

    def generators(self, node: scopes.Comprehension, elements: Values) -> Values:
        """Interpret a comprehension whose first iterable has been evaluated."""
        outer = self.frame
        self.frame = self.frame_of(node, FrameKind.COMPREHENSION, outer, outer.private)
        found = self._level(node, 0, elements)
        self.frame = outer
        return shell_of(found)

    def _level(self, node: scopes.Comprehension, depth: int, elements: Values) -> Values:
        """Interpret one ``for`` of a comprehension and all that is inside it."""
        generator = node.generators[depth]
        skipped: list[State | None] = [] if runs_once(generator.iter) else [self.now.copy()]
        self.assign(generator.target, elements)
        for test in generator.ifs:
            true, false, _ = self.condition(test)
            skipped.append(false)
            self.state = true
            if self.state is None:
                self.state = join(skipped)
                return NOTHING
        found = self._inside(node, depth)
        self.state = join((*skipped, self.state))
        return found

    def _inside(self, node: scopes.Comprehension, depth: int) -> Values:
        if depth + 1 < len(node.generators):
            elements = self.consume(self.value(node.generators[depth + 1].iter))
            self.may_raise()
            return self._level(node, depth + 1, elements)
        if isinstance(node, ast.DictComp):
            return self.value(node.key) | self.value(node.value, used=False)
        return self.value(node.elt, used=False)

    def assign(self, target: ast.expr, values: Values, *, product: bool = False) -> None:
        """Store into a target."""
        raise NotImplementedError


def _makes_copy(node: ast.expr) -> bool:
    """Whether a subscript of this form gives a new container: a slice, a mask, a list of columns."""
    if isinstance(node, (ast.Slice, ast.List, ast.Compare, ast.BinOp, ast.ListComp)):
        return isinstance(node, (ast.Slice, ast.List, ast.ListComp, ast.Compare)) or isinstance(
            node.op, (ast.BitAnd, ast.BitOr)
        )
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)


def runs_once(iterable: ast.expr) -> bool:
    """Whether a loop over this expression certainly runs at least once."""
    match iterable:
        case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
            return any(not isinstance(element, ast.Starred) for element in elts)
        case ast.Dict(keys=keys):
            return any(key is not None for key in keys)
        case ast.Constant(value=str(text)) | ast.Constant(value=bytes(text)):
            return bool(text)
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
            return _range_runs(args)
        case ast.Call(func=ast.Name(id="enumerate" | "reversed" | "sorted" | "list" | "tuple"), args=[inner, *_]):
            return runs_once(inner)
        case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as inner):
            return all(runs_once(argument) for argument in inner)
        case _:
            return False


def _range_runs(args: list[ast.expr]) -> bool:
    try:
        numbers = [ast.literal_eval(arg) for arg in args]
        return len(range(*numbers)) > 0
    except (ValueError, TypeError):
        return False

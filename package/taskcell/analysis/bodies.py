"""Functions and classes: what defining them evaluates, and what running their body reads."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from taskcell.analysis import scopes
from taskcell.analysis.calls import Calls, sorted_values
from taskcell.analysis.interpreting import Seen
from taskcell.analysis.noting import Arguments
from taskcell.analysis.states import (
    NOTHING,
    Code,
    Frame,
    FrameKind,
    Klass,
    Method,
    Values,
    deferred_of,
    join,
)

_REACH = {
    "property": "property",
    "cached_property": "property",
    "staticmethod": "static",
    "classmethod": "class",
}


class Bodies(Calls):
    """Interprets definitions and the bodies that they make."""

    # -- running ------------------------------------------------------------------------------------------

    def run(self, code: Code, arguments: dict[str, Values]) -> Values:
        """Interpret the body of a function with the names as they are now."""
        if code in self.active:
            return NOTHING
        here = self.now
        extra = here.extra.get(code)
        if extra is None:
            return self._run_here(code, arguments)
        self.state = here.copy()
        self.state.bind_all(extra)
        version = self.state.version
        found = self._run_here(code, arguments)
        if self.now.version == version:
            self.state = here
        else:
            self.now.killed -= extra
        return found

    def _run_here(self, code: Code, arguments: dict[str, Values]) -> Values:
        arguments = {**code.defaults, **arguments}
        soft = any(catcher.soft for catcher in self.catchers)
        signature = (code, frozenset(arguments.items()), self.later, soft)
        known = self.memo.get(signature)
        if known is not None and known.covers(self.now):
            return known.values
        self.ran.add(code)
        self.runs_left -= 1
        version = self.now.version
        found = self._inside_frame(code, arguments)
        if self.now.version == version:
            self.memo[signature] = Seen(self.snapshot(), found)
        return found

    def _inside_frame(self, code: Code, arguments: dict[str, Values]) -> Values:
        before = self.now
        saved = self.frame, self.loops, self.returned, self.yielded
        self.loops, self.returned, self.yielded = [], [], NOTHING
        self.frame = self._frame_of(code, arguments)
        self.active.add(code)
        try:
            found = self._body(code, arguments)
            ends = [state for state in (*(state for state, _ in self.returned), self.state) if state is not None]
            self.state = ends[0] if len(ends) == 1 else join(ends) or before
            return found.union(self.yielded, *(values for _, values in self.returned))
        finally:
            self.active.discard(code)
            self.frame, self.loops, self.returned, self.yielded = saved

    def _frame_of(self, code: Code, arguments: dict[str, Values]) -> Frame:
        if not isinstance(code.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return code.frame
        frame = self.frame_of(code.node, FrameKind.FUNCTION, code.frame, code.private)
        frame.first = next(iter(scopes.parameters(code.node.args)), "")
        for name, values in arguments.items():
            frame.keep(scopes.mangle(name, code.private), values)
        return frame

    def _body(self, code: Code, arguments: dict[str, Values]) -> Values:
        if self.runs_left < 0:
            self.read_everything(code)
            return NOTHING
        match code.node:
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                self.block(body)
            case ast.Lambda(body=body):
                return self.value(body, used=False)
            case ast.GeneratorExp() as node:
                return self.generators(node, arguments.get(".0", NOTHING))
            case ast.expr() as node:
                self.value(node)
        return NOTHING

    # -- defining -----------------------------------------------------------------------------------------

    def _s_function_def(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = [self.value(decorator) for decorator in node.decorator_list]
        defaults = self.defaults(node.args)
        outer = self._enter_types(node)
        if not self.lazy_annotations:
            self.values(scopes.argument_annotations(node.args))
            self.values([node.returns])
        code = self.code(node)
        self.frame = outer
        code.defaults = defaults
        code.lazy = isinstance(node, ast.AsyncFunctionDef) or scopes.table_of(node, code.private).generator
        code.reach = _reach_of(node.decorator_list)
        self.bind(node.name, self._decorated(frozenset({code}), decorators), node.lineno)

    def _s_async_function_def(self, node: ast.AsyncFunctionDef) -> None:
        self._s_function_def(node)

    def _decorated(self, values: Values, decorators: Sequence[Values]) -> Values:
        """Apply decorators: those made in the cell are followed, others keep the function as it is."""
        for decorator in reversed(decorators):
            found = NOTHING
            for callee in sorted_values(deferred_of(decorator)):
                found |= self.invoke(callee, Arguments([values]))
            values = found or values
        return values

    def _enter_types(self, node: ast.AST) -> Frame:
        """Enter the scope of PEP 695 type parameters, if there are any; return the scope to go back to."""
        outer = self.frame
        params = scopes.type_parameters(node)
        if params:
            names = frozenset(scopes.mangle(str(getattr(param, "name", "")), outer.private) for param in params)
            self.frame = Frame(
                kind=FrameKind.TYPES, table=scopes.Table(bound=names), parent=outer, private=outer.private
            )
            for param in params:
                for lazy in (getattr(param, "bound", None), getattr(param, "default_value", None)):
                    if isinstance(lazy, ast.expr):
                        self.code(lazy)
        return outer

    def _s_type_alias(self, node: ast.stmt) -> None:
        outer = self._enter_types(node)
        value, name = getattr(node, "value", None), getattr(node, "name", None)
        if isinstance(value, ast.expr):
            self.code(value)
        self.frame = outer
        if isinstance(name, ast.Name):
            self.bind(name.id, NOTHING, node.lineno)

    def _s_class_def(self, node: ast.ClassDef) -> None:
        decorators = [self.value(decorator) for decorator in node.decorator_list]
        outer = self._enter_types(node)
        bases = [self.value(base) for base in node.bases]
        keywords = {keyword.arg: self.value(keyword.value) for keyword in node.keywords}
        self.may_raise()
        klass = self.klasses.setdefault((id(node), self.frame.number), Klass(members={}))
        for base, values in zip(node.bases, bases, strict=True):
            self._inherit(klass, base, values)
        klass.members.update(self._class_body(node, klass))
        self._created(klass, keywords.get("metaclass", NOTHING))
        self.frame = outer
        self.bind(node.name, self._decorated(frozenset({klass}), decorators), node.lineno)

    def _inherit(self, klass: Klass, base: ast.expr, values: Values) -> None:
        known = False
        for value in values:
            if isinstance(value, Klass):
                known = True
                klass.members.update(value.members)
                klass.parents.update(value.members)
                klass.unknown_bases = klass.unknown_bases or value.unknown_bases
        if not known and not (isinstance(base, ast.Name) and base.id == "object"):
            klass.unknown_bases = True

    def _created(self, klass: Klass, metaclass: Values) -> None:
        """Run what Python runs when a class has been made: its metaclass, and the hook of its parents."""
        for value in metaclass:
            if isinstance(value, Klass):
                self.instantiate(value, Arguments())
        for hook in klass.parents.get("__init_subclass__", NOTHING):
            self.invoke(Method(hook, klass) if isinstance(hook, Code) else hook, Arguments())

    def _class_body(self, node: ast.ClassDef, klass: Klass) -> dict[str, Values]:
        """Interpret a class body and return what its names hold at its end."""
        outer, before = self.frame, self.now.copy()
        self.frame = frame = self.frame_of(node, FrameKind.CLASS, outer, node.name)
        frame.klass = klass
        self.block(node.body)
        self.frame = outer
        if self.state is None:
            return {}
        keys = {key for key in self.state.killed | self.state.may if isinstance(key, tuple)}
        mine = {key for key in keys if key[0] == frame.number}
        members = {key[1]: self.state.held.pop(key) for key in mine if key in self.state.held}
        self.state.killed -= mine
        self.state.may -= mine
        self.state.sure -= mine
        if self.state.equals(before):
            self.state.version = before.version
        return members


def _reach_of(decorators: Sequence[ast.expr]) -> str:
    for decorator in decorators:
        name = decorator.id if isinstance(decorator, ast.Name) else getattr(decorator, "attr", "")
        if name in _REACH:
            return _REACH[name]
        if name in ("setter", "getter", "deleter"):
            return "property"
    return ""

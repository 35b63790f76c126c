"""Statements: every path through a cell.

Long, because every statement of the language is here and they share how states are joined.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from taskcell.analysis import builtin_names, scopes
from taskcell.analysis.bodies import Bodies
from taskcell.analysis.expressions import runs_once
from taskcell.analysis.interpreting import Catcher, Loop, snake
from taskcell.analysis.states import (
    NOTHING,
    Code,
    FrameKind,
    Instance,
    Klass,
    Method,
    State,
    Suspended,
    Values,
    deferred_of,
    join,
    parts_of,
    shell_of,
)


class Statements(Bodies):
    """Interprets statements; the whole interpreter."""

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Interpret statements until one that is not passed."""
        for node in body:
            if self.state is None:
                return
            method = getattr(self, f"_s_{snake(type(node).__name__)}", None)
            if method is not None:
                method(node)

    # -- simple statements --------------------------------------------------------------------------------

    def _s_expr(self, node: ast.Expr) -> None:
        self.value(node.value, used=False)

    def _s_assign(self, node: ast.Assign) -> None:
        first = node.targets[0]
        product = not isinstance(node.value, ast.Lambda)
        if len(node.targets) == 1 and _pairs(first, node.value):
            values = [self.value(element) for element in node.value.elts]  # type: ignore[attr-defined]
            for target, held in zip(first.elts, values, strict=True):  # type: ignore[attr-defined]
                self.assign(target, held, product=True)
            return
        held = self.value(node.value, used=not (isinstance(first, ast.Name) and first.id == "_"))
        for target in node.targets:
            self.assign(target, held, product=product)

    def assign(self, target: ast.expr, values: Values, *, product: bool = False) -> None:
        """Store into a target."""
        match target:
            case ast.Name(id=name):
                self.bind(name, values, target.lineno, product=product)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                parts = self.consume(values)
                self.may_raise()
                for element in elements:
                    self.assign(element, parts, product=product)
            case ast.Starred(value=inner):
                self.assign(inner, shell_of(values), product=product)
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                self._store_inside(target, base, values)

    def _store_inside(self, target: ast.Attribute | ast.Subscript, base: ast.expr, values: Values) -> None:
        owner = self.value(base)
        if isinstance(target, ast.Subscript):
            self.value(target.slice)
        self.touch(owner)
        self.may_raise()
        self.mutate(owner)
        if isinstance(target, ast.Attribute):
            for each in owner:
                if isinstance(each, (Instance, Klass)):
                    order = each.order if isinstance(each, Klass) else each.klass.order
                    self.now.keep((-order, target.attr), values - deferred_of(values))
        if deferred_of(values):
            self._hold(base, values)

    def _s_aug_assign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            before = self.load(target.id, target.lineno)
            self.value(node.value)
            self.touch(before)
            self.may_raise()
            if _is_container(node.value):
                self.mutate(before)
            self.bind(target.id, before, node.lineno, product=True)
            return
        owner = self.value(target.value)
        if isinstance(target, ast.Subscript):
            self.value(target.slice)
        self.value(node.value)
        self.touch(owner)
        self.may_raise()
        self.mutate(owner)

    def _s_ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            product = not isinstance(node.value, ast.Lambda)
            self.assign(node.target, self.value(node.value), product=product)
        elif not isinstance(node.target, ast.Name):
            self.value(node.target.value)
            if isinstance(node.target, ast.Subscript):
                self.value(node.target.slice)
        in_function = self.frame.kind is FrameKind.FUNCTION and node.simple
        if not self.lazy_annotations and not in_function:
            self.value(node.annotation)

    def _s_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._delete(target)

    def _delete(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.unbind(name, target.lineno)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self._delete(element)
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                self._store_inside(target, base, NOTHING)

    def _s_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.may_raise()
            if alias.name == "__main__":
                self.hide(node.lineno, f"the module __main__ on line {node.lineno} hands out all names")
            self.bind(alias.asname or alias.name.partition(".")[0], NOTHING, node.lineno)

    def _s_import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.may_raise()
            if alias.name == "*":
                module = "." * node.level + (node.module or "")
                self.hide(node.lineno, f"from {module} import * on line {node.lineno} may bind any name")
            else:
                self.bind(alias.asname or alias.name, NOTHING, node.lineno)

    def _s_assert(self, node: ast.Assert) -> None:
        true, false, _ = self.condition(node.test)
        if false is not None:
            self.state = false
            self.values([node.msg])
            self.may_raise()
            if true is None:
                self._end_here(self.state)
        self.state = true

    def _end_here(self, state: State | None) -> None:
        """Note that the cell can end here and no further on: what is bound by then stays bound."""
        if state is not None and not self.active:
            self.raised.append(state)

    def _s_raise(self, node: ast.Raise) -> None:
        self.values([node.exc, node.cause])
        self.may_raise()
        self._end_here(self.state)
        self.state = None

    def _s_return(self, node: ast.Return) -> None:
        found = self.values([node.value])
        self.returned.append((self.now, found))
        self.state = None

    def _s_break(self, node: ast.Break) -> None:
        if self.loops:
            self.loops[-1].breaks.append(self.now)
        self.state = None

    def _s_continue(self, node: ast.Continue) -> None:
        if self.loops:
            self.loops[-1].continues.append(self.now)
        self.state = None

    # -- branches -----------------------------------------------------------------------------------------

    def _s_if(self, node: ast.If) -> None:
        """Follow both branches; a chain of ``elif`` is a loop here, not a recursion."""
        ends: list[State | None] = []
        while True:
            true, false, _ = self.condition(node.test)
            self.state = true
            self.block(node.body)
            ends.append(self.state)
            self.state = false
            if false is not None and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                node = node.orelse[0]
                continue
            self.block(node.orelse)
            ends.append(self.state)
            break
        self.state = join(ends)

    def _s_match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        ends: list[State | None] = []
        for case in node.cases:
            if self.state is None:
                break
            unmatched: State | None = self.now.copy()
            self._pattern(case.pattern, subject)
            if _irrefutable(case.pattern):
                unmatched = None
            if case.guard is not None:
                true, false, _ = self.condition(case.guard)
                unmatched = join((unmatched, false))
                self.state = true
            self.block(case.body)
            ends.append(self.state)
            self.state = unmatched
        self.state = join((*ends, self.state))

    def _pattern(self, pattern: ast.pattern, subject: Values) -> None:
        """Read what a pattern compares with, then bind what it captures."""
        captured: list[tuple[str, int]] = []
        ends: list[State] = []
        for node in ast.walk(pattern):
            match node:
                case ast.MatchValue(value=value):
                    self.value(value)
                case ast.MatchClass(cls=cls):
                    self.value(cls)
                case ast.MatchMapping(keys=keys, rest=rest):
                    self.values(keys)
                    captured.extend([(rest, node.lineno)] if rest else [])
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    captured.append((name, node.lineno))
        self.may_raise()
        del ends
        for name, line in captured:
            self.bind(name, parts_of(subject), line)

    # -- loops --------------------------------------------------------------------------------------------

    def _s_for(self, node: ast.For | ast.AsyncFor) -> None:
        elements = self.consume(self.value(node.iter))
        self.may_raise()
        entry = self.now.copy()
        loop = Loop()
        self.loops.append(loop)
        back = self._round(node, elements, entry, loop)
        if back is not None and _changed(entry, back):
            back = self._round(node, elements, join((entry, back)), loop)
        self.loops.pop()
        self.state = back if runs_once(node.iter) else join((entry, back))
        self.block(node.orelse)
        self.state = join((self.state, *loop.breaks))

    def _s_async_for(self, node: ast.AsyncFor) -> None:
        self._s_for(node)

    def _round(self, node: ast.For | ast.AsyncFor, elements: Values, start: State | None, loop: Loop) -> State | None:
        """Go through the body once; return the state at its end."""
        self.state = start.copy() if start is not None else None
        loop.continues.clear()
        self.assign(node.target, elements)
        self.block(node.body)
        return join((self.state, *loop.continues))

    def _s_while(self, node: ast.While) -> None:
        loop = Loop()
        entry = self.now.copy()
        true, false, _ = self.condition(node.test)
        exits = [false]
        endless: State | None = None
        for _ in range(2):
            self.state = true
            loop.continues.clear()
            self.loops.append(loop)
            self.block(node.body)
            self.loops.pop()
            back = join((self.state, *loop.continues))
            if back is None:
                break
            changed = _changed(entry, back)
            self.state = endless = back
            true, false, _ = self.condition(node.test)
            exits.append(false)
            if not changed:
                break
        self.state = join(exits)
        if self.state is None and not loop.breaks:
            self._end_here(endless)
        self.block(node.orelse)
        self.state = join((self.state, *loop.breaks))

    # -- exceptions and contexts --------------------------------------------------------------------------

    def _s_with(self, node: ast.With | ast.AsyncWith) -> None:
        entry: State | None = None
        swallowing = False
        catcher = Catcher()
        for item in node.items:
            values = self.value(item.context_expr)
            values = deferred_of(values) | self.consume(values)
            self.may_raise()
            if not swallowing and _swallows(item.context_expr):
                swallowing = True
                entry = self.now.copy()
                self.catchers.append(catcher)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, values)
        self.block(node.body)
        if swallowing:
            self.catchers.pop()
            self.state = join((self.state, catcher.state or entry))

    def _s_async_with(self, node: ast.AsyncWith) -> None:
        self._s_with(node)

    def _s_try(self, node: ast.Try) -> None:
        if node.finalbody:
            self._protected(lambda: self._try_except(node), lambda: self.block(node.finalbody))
        else:
            self._try_except(node)

    def _s_try_star(self, node: ast.Try) -> None:
        self._s_try(node)

    def _protected(self, action: Callable[[], None], cleanup: Callable[[], None]) -> None:
        """Interpret code, and clean up on every way out of it: end, exception, break, continue, return."""
        failed, inner = Catcher(), Loop()
        loops, returned, raised = self.loops, self.returned, self.raised
        self.loops, self.returned, self.raised = [*loops, inner] if loops else [], [], []
        self.catchers.append(failed)
        action()
        self.catchers.pop()
        inner_returned, inner_raised = self.returned, self.raised
        self.loops, self.returned, self.raised = loops, returned, raised
        normal = self.state
        self._leaving([failed.state], cleanup)
        self.may_raise()
        self.raised.extend(self._leaving(inner_raised, cleanup))
        if loops:
            loops[-1].breaks.extend(self._leaving(inner.breaks, cleanup))
            loops[-1].continues.extend(self._leaving(inner.continues, cleanup))
        for state, values in inner_returned:
            self.returned.extend((end, values) for end in self._leaving([state], cleanup))
        self.state = normal
        if normal is not None:
            cleanup()

    def _leaving(self, states: Sequence[State | None], cleanup: Callable[[], None]) -> list[State]:
        """Clean up in each of these states; return those that are left with."""
        found = []
        for state in states:
            self.state = state
            if state is not None:
                cleanup()
            if self.state is not None:
                found.append(self.state)
        return found

    def _try_except(self, node: ast.Try) -> None:
        if not node.handlers:
            self.block(node.body)
            self.block(node.orelse)
            return
        entry = self.now.copy()
        catcher = Catcher(soft=any(_catches(handler, ("NameError",)) for handler in node.handlers))
        raised = len(self.raised)
        self.catchers.append(catcher)
        self.block(node.body)
        self.catchers.pop()
        del self.raised[raised:]
        normal = self.state
        failed = catcher.state or entry
        if not any(_catches(handler, ("Exception", "BaseException")) for handler in node.handlers):
            self.state = failed
            self.may_raise()
        ends = [self._handler(handler, failed.copy()) for handler in node.handlers]
        self.state = normal
        self.block(node.orelse)
        self.state = join((*ends, self.state))

    def _handler(self, handler: ast.ExceptHandler, state: State) -> State | None:
        self.state = state
        self.values([handler.type])
        if handler.name is None:
            self.block(handler.body)
            return self.state
        self.bind(handler.name, NOTHING, handler.lineno)
        name = scopes.mangle(handler.name, self.frame.private)
        self._protected(lambda: self.block(handler.body), lambda: self._forget(name))
        return self.state

    def _forget(self, name: str) -> None:
        home = self.home(name)
        if home is None:
            self.now.unbind(name)
        elif home.kind is FrameKind.CLASS:
            self.now.unbind((home.number, name))

    # -- the end ------------------------------------------------------------------------------------------

    def finish(self) -> State:
        """Look at code that may run after the cell, with the names as they are then; return that state."""
        end = join((self.state, *([] if self.state is not None else self.raised))) or State()
        kept = _codes_in(values for values in end.held.values())
        every_end = join((end, *self.raised)) or end
        self.later = True
        self.state = end.copy()
        at = 0
        while at < len(self.created):
            code = self.created[at]
            if code not in self.ran or code in kept:
                if self.state is None or self.state.version != end.version:
                    self.state = end.copy()
                self.run(code, {})
            at += 1
        self.state = end
        end.may |= every_end.may
        end.sure &= every_end.sure
        return end


def _changed(entry: State, back: State) -> bool:
    """Whether a loop's body is entered with more possibly bound, or held, the second time."""
    return not back.may <= entry.may or back.held != entry.held


def _pairs(target: ast.expr, value: ast.expr) -> bool:
    """Whether ``a, b = x, y``: each target takes one element."""
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, (ast.Tuple, ast.List)):
        return False
    starred = any(isinstance(element, ast.Starred) for element in (*target.elts, *value.elts))
    return len(target.elts) == len(value.elts) and not starred


def _is_container(node: ast.expr) -> bool:
    """Whether an expression is evidently a list, set or dict: ``x += it`` then changes ``x`` in place."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("list", "set", "dict", "deque", "Counter", "sorted")
    return isinstance(node, (ast.List, ast.ListComp, ast.Set, ast.SetComp, ast.Dict, ast.DictComp))


def _irrefutable(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=inner):
            return inner is not None and _irrefutable(inner)
        case ast.MatchOr(patterns=patterns):
            return any(_irrefutable(each) for each in patterns)
        case _:
            return False


def _swallows(node: ast.expr) -> bool:
    func = node.func if isinstance(node, ast.Call) else node
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in builtin_names.SWALLOWING


def _catches(handler: ast.ExceptHandler, names: tuple[str, ...]) -> bool:
    """Whether a handler names one of these exceptions (or, for ``Exception``, has no type at all)."""
    if handler.type is None:
        return "Exception" in names
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(each, ast.Name) and each.id in names for each in types)


def _codes_in(several: Iterable[Values]) -> set[Code]:
    """Return all code that such values hold, through classes and instances."""
    found: set[Code] = set()
    seen: set[int] = set()
    stack = [value for values in several for value in values]
    while stack:
        value = stack.pop()
        match value:
            case Code():
                found.add(value)
            case Method(code=code) | Suspended(code=code):
                found.add(code)
            case Instance(klass=klass):
                stack.append(klass)
            case Klass(members=members) if id(value) not in seen:
                seen.add(id(value))
                stack.extend(member for values in members.values() for member in values)
    return found

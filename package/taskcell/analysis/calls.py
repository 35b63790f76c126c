"""Calls: code that runs now, objects that are changed in place, names that can't be known, magics."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from taskcell.analysis import builtin_names, ipython_syntax, magic_effects, scopes
from taskcell.analysis.builtin_names import words
from taskcell.analysis.noting import Arguments, Notes, last_name
from taskcell.analysis.purity import dotted
from taskcell.analysis.states import (
    NOTHING,
    Changer,
    Code,
    Frame,
    FrameKind,
    Instance,
    Klass,
    Method,
    Outside,
    Super,
    Suspended,
    Value,
    Values,
    deferred_of,
    parts_of,
    shell_of,
)

_SUSPENDING = frozenset({"map", "filter", "starmap", "takewhile", "dropwhile", "groupby", "accumulate"})
_CONTAINER_METHODS = words(
    """
    append add insert extend setdefault update put appendleft items values keys get copy pop popitem index
    count clear remove discard sort reverse
    """
)
_NAMESPACE_ATTRIBUTES = frozenset({"f_globals", "f_locals", "__globals__", "user_ns", "user_global_ns"})
_HIDING_BUILTINS = frozenset({"exec", "eval", "globals", "locals", "vars"})
_SHELL_ATTRIBUTES = words(
    """
    run_cell run_cell_async run_code ex ev push safe_execfile safe_execfile_ipy drop_by_id
    del_var reset run_line_magic run_cell_magic magic user_module
    """
)
_TAKEN = builtin_names.QUIET_MUTATORS
_MODULES = builtin_names.MODULES
_EAGER_METHODS = frozenset({"map", "filter", "groupby", "accumulate"})
_CONSTRUCTORS = ("__new__", "__init__", "__post_init__", "__attrs_post_init__", "__set_name__")


class Calls(Notes):
    """Interprets calls."""

    def _x_call(self, node: ast.Call, used: bool) -> Values:
        magic = ipython_syntax.magic_of(node)
        if magic is not None:
            return self.magic(magic)
        builtin = self._builtin_called(node.func)
        if builtin in ("locals", "vars", "dir") and not node.args and not node.keywords:
            self._note_listing(builtin, node.lineno)
        receiver = NOTHING
        if isinstance(node.func, ast.Attribute):
            receiver = self.value(node.func.value)
            self.may_raise()
            self.note_attribute(node.func)
            callees = self.attribute(receiver, node.func.attr, calling=True)
        else:
            callees = self.value(node.func)
        arguments = self._arguments(node)
        self.may_raise()
        if builtin == "super":
            return self._super()
        self.read_from_text(node)
        self.note_mutations(node, receiver, arguments, used)
        return self._apply(node, builtin, receiver, callees, arguments)

    def _builtin_called(self, func: ast.expr) -> str:
        if isinstance(func, ast.Name) and self.home(func.id) is None and self.is_builtin(func.id):
            return func.id
        return ""

    def _super(self) -> Values:
        """Return what ``super()`` gives here; its arguments, if any, say the same."""
        frame: Frame | None = self.frame
        owners = NOTHING
        while frame is not None and frame.klass is None:
            owners = frame.held.get(frame.first, owners)
            frame = frame.parent
        if frame is None or frame.klass is None:
            return NOTHING
        klass = frame.klass
        return frozenset(Super(klass, owner) for owner in owners if isinstance(owner, (Instance, Klass)))

    def _note_listing(self, name: str, line: int) -> None:
        frame: Frame | None = self.frame
        while frame is not None and frame.kind in (FrameKind.COMPREHENSION, FrameKind.TYPES):
            frame = frame.parent
        if frame is None or frame.kind is FrameKind.CELL:
            self.hide(line, f"{name}() on line {line} hands out all names")

    def note_attribute(self, node: ast.Attribute) -> None:
        """Note attributes that lead to the namespace itself."""
        if node.attr in _HIDING_BUILTINS and dotted(node)[:1] in (("builtins",), ("__builtins__",)):
            self.hide(node.lineno, f"{node.attr}() on line {node.lineno} may read and bind any name")
        elif node.attr in _NAMESPACE_ATTRIBUTES:
            self.hide(node.lineno, f"{node.attr} on line {node.lineno} hands out all names")
        elif node.attr in _SHELL_ATTRIBUTES and ipython_syntax.is_shell_object(node.value):
            self.hide(node.lineno, f"get_ipython().{node.attr} on line {node.lineno} may read and bind any name")

    def _arguments(self, node: ast.Call) -> Arguments:
        found = Arguments()
        for arg in node.args:
            values = self.value(arg)
            if isinstance(arg, ast.Starred) or found.rest:
                found.rest |= values
            else:
                found.positional.append(values)
        for keyword in node.keywords:
            values = self.value(keyword.value)
            if keyword.arg is None:
                found.rest |= parts_of(values)
            else:
                found.keywords[keyword.arg] = values
        return found

    # -- what a call does ---------------------------------------------------------------------------------

    def _apply(self, node: ast.Call, builtin: str, receiver: Values, callees: Values, arguments: Arguments) -> Values:
        name = last_name(node.func)
        codes = deferred_of(callees)
        found = NOTHING
        for callee in sorted_values(codes):
            found |= self.invoke(callee, arguments)
        if codes and codes == callees:
            return found
        return found | self._unknown(node, name, builtin, receiver, arguments)

    def _unknown(self, node: ast.Call, name: str, builtin: str, receiver: Values, arguments: Arguments) -> Values:
        """Call something that was not made in the cell: it may call whatever it is given."""
        every = arguments.every()
        kept = deferred_of(every)
        holds = name in builtin_names.HOLDERS and not _has_outside(receiver)
        if holds and kept and isinstance(node.func, ast.Attribute):
            self._hold(node.func.value, every)
            return NOTHING
        if name == "wraps":
            return NOTHING  # a decorator that keeps what it is put on, and is not the function that it copies from
        if name in _EAGER_METHODS and isinstance(node.func, ast.Attribute) and dotted(node.func)[:-1] != ("itertools",):
            name = ""  # ``series.map``, ``executor.map``: no iterator, unlike the builtin
        if name in _SUSPENDING:
            self._iterate(arguments.positional[1:])
            return frozenset(_suspended(value) for value in kept) | shell_of(every)
        if name not in builtin_names.LAZY_CALLERS:
            self.escape(every)
            kept = frozenset(value for value in kept if not isinstance(value, Suspended))
        return kept | self._handed_out(node, name, builtin, receiver, arguments)

    def _iterate(self, several: Iterable[Values]) -> None:
        for values in several:
            self.touch(values)

    def _handed_out(self, node: ast.Call, name: str, builtin: str, receiver: Values, arguments: Arguments) -> Values:
        """Return the outside objects that a known accessor hands out."""
        every = arguments.every()
        if builtin in builtin_names.ELEMENT_CALLS:
            return shell_of(every)
        if builtin in ("next", "getattr", "min", "max", "vars") and arguments.positional:
            return parts_of(arguments.positional[0])
        if isinstance(node.func, ast.Attribute) and name in builtin_names.ELEMENT_METHODS:
            return shell_of(receiver) if name in ("items", "values", "copy") else parts_of(receiver)
        return NOTHING

    def _hold(self, container: ast.expr, values: Values) -> None:
        """Add to what a container made in the cell holds."""
        root = container
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if not isinstance(root, ast.Name):
            self.escape(values)
            return
        name = scopes.mangle(root.id, self.frame.private)
        home = self.home(name)
        if home is None:
            self.now.keep(name, shell_of(values))
        elif home.kind is FrameKind.CLASS:
            self.now.keep((home.number, name), shell_of(values))
        else:
            home.keep(name, shell_of(values))

    def escape(self, values: Values) -> None:
        """Hand values to code that is not known: functions may be called, generators consumed."""
        for value in sorted_values(values):
            match value:
                case Code():
                    self.perhaps(value, dict(value.defaults))
                case Method(code=code, owner=owner):
                    first = {names[0]: frozenset({owner})} if (names := _parameter_names(code)) else {}
                    self.perhaps(code, {**code.defaults, **first})
                case Suspended(code=code, arguments=arguments):
                    self.perhaps(code, {**code.defaults, **dict(arguments)})
                case Klass():
                    self.instantiate(value, Arguments())
                case Instance(klass=klass):
                    for members in list(klass.members.values()):
                        self.run_members(members, value)
                case Changer(name=name):
                    self.mutate(frozenset({Outside(name)}))
                case Outside():
                    pass

    def invoke(self, callee: Value, arguments: Arguments) -> Values:
        """Call something made in the cell."""
        match callee:
            case Code():
                return self._enter(callee, arguments, ())
            case Method(code=code, owner=owner):
                return self._enter(code, arguments, (frozenset({owner}),))
            case Klass():
                return self.instantiate(callee, arguments)
            case Instance(klass=klass):
                found = NOTHING
                for member in klass.members.get("__call__", NOTHING):
                    if isinstance(member, Code):
                        found |= self._enter(member, arguments, (frozenset({callee}),))
                return found
            case Suspended(code=code, arguments=bound):
                return self.perhaps(code, {**code.defaults, **dict(bound)})
            case Changer(name=name):
                self.mutate(frozenset({Outside(name)}))
                return NOTHING
            case _:
                return NOTHING

    def _enter(self, code: Code, arguments: Arguments, first: tuple[Values, ...]) -> Values:
        bound = bind_arguments(code, arguments, first)
        if code.lazy:
            return frozenset({Suspended(code, tuple(sorted(bound.items())))})
        return self.run(code, bound)

    def instantiate(self, klass: Klass, arguments: Arguments) -> Values:
        """Make an object of a class made in the cell."""
        instance = Instance(klass)
        known = False
        for name in _CONSTRUCTORS:
            for member in klass.members.get(name, NOTHING):
                if isinstance(member, Code):
                    known = True
                    self._enter(member, arguments, (frozenset({instance}),))
        if not known and klass.unknown_bases:
            self.escape(deferred_of(arguments.every()))
        return frozenset({instance}) | (NOTHING if known else deferred_of(arguments.every()))

    def attribute(self, values: Values, name: str, *, calling: bool = False) -> Values:
        """Return what an attribute of such values may be; properties run, and methods that can't be seen."""
        if not values:
            return values
        found: set[Value] = set()
        for value in sorted_values(values):
            match value:
                case Outside():
                    found.update(parts_of(frozenset({value})))
                    if not calling and not value.depth and name in _TAKEN and value.name not in _MODULES:
                        found.add(Changer(value.name))
                case Klass():
                    found.update(self._from_class(value, name))
                    found.update(self.now.held.get((-value.order, name), NOTHING))
                case Instance():
                    found.update(self._from_instance(value, name, calling))
                    found.update(self.now.held.get((-value.klass.order, name), NOTHING))
                case Super(klass=klass, owner=owner):
                    found.update(self._members(klass.parents.get(name, NOTHING), owner))
                case _:
                    if not (calling and name in _CONTAINER_METHODS):
                        found.add(value)
        return frozenset(found)

    def _from_class(self, klass: Klass, name: str) -> Iterable[Value]:
        for member in klass.members.get(name, NOTHING):
            if isinstance(member, Code) and member.reach == "class":
                yield Method(member, klass)
            else:
                yield member

    def _from_instance(self, instance: Instance, name: str, calling: bool) -> Values:
        members = instance.klass.members.get(name)
        if members is None:
            if calling and instance.klass.unknown_bases:
                for others in list(instance.klass.members.values()):
                    self.run_members(others, instance)
            return NOTHING
        return self._members(members, instance)

    def _members(self, members: Values, owner: Instance | Klass) -> Values:
        """Return what attributes of an object are: functions become methods, properties run."""
        found: set[Value] = set()
        for member in members:
            if not isinstance(member, Code) or member.reach == "static":
                found.add(member)
            elif member.reach == "property" and isinstance(owner, Instance):
                found.update(self.perhaps(member, self.arguments_of(member, owner)))
            else:
                found.add(
                    Method(member, owner.klass if member.reach == "class" and isinstance(owner, Instance) else owner)
                )
        return frozenset(found)

    # -- magics -------------------------------------------------------------------------------------------

    def magic(self, magic: ipython_syntax.Magic) -> Values:
        """Interpret a magic or a shell line."""
        effect = magic_effects.effect_of(magic)
        line = magic.line_number
        if effect.opaque is not None:
            self.hide(line, effect.opaque)
        for name in effect.reads:
            self.load(name, line)
        for expression, bare in effect.expressions:
            self._fill_in(expression, line, bare=bare)
        before = self.now.copy()
        for text, first_line in effect.code:
            self.block(self.nested(text, first_line))
        if self.state is None or effect.discards:
            self.state = before
        for name in effect.binds:
            self.bind(name, NOTHING, line, product=effect.results)
        self.may_raise()
        return NOTHING

    def _fill_in(self, expression: str, line: int, *, bare: bool) -> None:
        """Read what IPython fills into a line; a missing name leaves the text as it is."""
        root = expression.partition(".")[0]
        if bare and root in magic_effects.ENVIRONMENT and root not in self.known and root not in self.now.may:
            return
        needed = set(self.needed)
        tree = ast.parse(expression.strip(), mode="eval")
        for node in ast.walk(tree):
            if hasattr(node, "lineno"):
                node.lineno = line
        self.value(tree.body)
        self.needed = needed


def bind_arguments(code: Code, arguments: Arguments, first: tuple[Values, ...]) -> dict[str, Values]:
    """Return what each parameter may hold in a call."""
    found = dict(code.defaults)
    if not isinstance(code.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return found
    args = code.node.args
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    if code.reach == "static":
        first = ()
    given = [*first, *arguments.positional]
    found.update(zip(names, given, strict=False))
    extra = NOTHING.union(*given[len(names) :])
    if args.vararg is not None:
        found[args.vararg.arg] = shell_of(extra | arguments.rest)
    others = NOTHING
    for name, values in arguments.keywords.items():
        if name in names or any(arg.arg == name for arg in args.kwonlyargs):
            found[name] = values
        else:
            others |= values
    if args.kwarg is not None:
        found[args.kwarg.arg] = shell_of(others | arguments.rest)
    if arguments.rest:
        for name in (*names[len(given) :], *(arg.arg for arg in args.kwonlyargs)):
            if name not in arguments.keywords:
                found[name] = found.get(name, NOTHING) | arguments.rest
    return {name: values for name, values in found.items() if values}


def sorted_values(values: Values) -> list[Value]:
    """Return values in an order that is the same in every process."""
    return sorted(values, key=_order) if len(values) > 1 else list(values)


def _order(value: Value) -> tuple[int, str, int]:
    match value:
        case Outside(name=name, depth=depth):
            return (0, name, depth)
        case Changer(name=name):
            return (5, name, 0)
        case Code(order=order):
            return (1, "", order)
        case Method(code=code) | Suspended(code=code):
            return (2, "", code.order)
        case Klass(order=order):
            return (3, "", order)
        case Instance(klass=klass) | Super(klass=klass):
            return (4, "", klass.order)


def _suspended(value: Value) -> Value:
    match value:
        case Code():
            return Suspended(value)
        case Method(code=code, owner=owner):
            names = _parameter_names(code)
            return Suspended(code, ((names[0], frozenset({owner})),) if names else ())
        case _:
            return value


def _parameter_names(code: Code) -> tuple[str, ...]:
    node = code.node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return scopes.parameters(node.args)
    return ()


def _has_outside(values: Values) -> bool:
    return any(isinstance(value, Outside) for value in values)

"""The ground of the cell interpreter: names, scopes, and what is noted while a cell is walked.

A cell is interpreted without values: each path is followed, and for every name it is known whether the cell
has bound it by then. Functions made in the cell are entered where they may be called, with the names as
they are at that point; code that is never called is looked at with the names as they are at the end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from taskcell.analysis import builtin_names, ipython_syntax, parsing, scopes
from taskcell.analysis.states import NOTHING, Code, Frame, FrameKind, Klass, Outside, State, Values, join

_RUNS = 20_000


@lru_cache(maxsize=256)
def snake(name: str) -> str:
    """Return the name of a node's class as methods are named: ``ListComp`` becomes ``list_comp``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Catcher:
    """Collects the states in which a ``try`` (or ``with``) body may be left by an exception."""

    __slots__ = ("soft", "state")

    def __init__(self, *, soft: bool = False) -> None:
        self.state: State | None = None
        self.soft = soft

    def note(self, state: State) -> None:
        """Add a state."""
        if self.state is None:
            self.state = state.copy()
        elif self.state.version != state.version:
            self.state = join((self.state, state))


class Loop:
    """Collects the states at ``break`` and ``continue``."""

    __slots__ = ("breaks", "continues")

    def __init__(self) -> None:
        self.breaks: list[State] = []
        self.continues: list[State] = []


class Seen:
    """A finished run of a function that bound nothing: what state it had, and what it returned."""

    __slots__ = ("_state", "values")

    def __init__(self, state: State, values: Values) -> None:
        self._state = state
        self.values = values

    def covers(self, state: State) -> bool:
        """Whether running it in such a state can show nothing new: more is bound, the same is held."""
        return state.version == self._state.version or (
            state.killed >= self._state.killed and state.held == self._state.held
        )


class Ground:
    """Names and notes; the parts of the language are added by the classes below it."""

    def __init__(self, known: Collection[str], *, lazy_annotations: bool = False) -> None:
        self.known = frozenset(known)
        self.lazy_annotations = lazy_annotations
        self.state: State | None = State()
        self.cell = Frame(kind=FrameKind.CELL, table=scopes.Table(), parent=None)
        self.frame = self.cell
        self.loops: list[Loop] = []
        self.catchers: list[Catcher] = []
        self.returned: list[tuple[State, Values]] = []
        self.raised: list[State] = []
        self.yielded: Values = NOTHING
        self.active: set[Code] = set()
        self.codes: dict[tuple[int, int], Code] = {}
        self.frames: dict[tuple[int, int], Frame] = {}
        self.klasses: dict[tuple[int, int], Klass] = {}
        self.created: list[Code] = []
        self.ran: set[Code] = set()
        self._snapshot = State()
        self.memo: dict[object, Seen] = {}
        self.runs_left = _RUNS
        self.nested_trees: dict[tuple[str, int], ast.Module] = {}
        self.later = False
        self.reads: dict[str, int] = {}
        self.needed: set[str] = set()
        self.written: dict[str, int] = {}
        self.mutated: set[str] = set()
        self.products: dict[str, bool] = {}
        self.hidden: list[tuple[int, str]] = []

    # -- what the parts below provide ---------------------------------------------------------------------

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Interpret statements."""
        raise NotImplementedError

    def value(self, node: ast.expr, used: bool = True) -> Values:
        """Interpret an expression; ``used``: whether anything is done with its value."""
        raise NotImplementedError

    def run(self, code: Code, arguments: dict[str, Values]) -> Values:
        """Interpret the body of a function."""
        raise NotImplementedError

    # -- notes --------------------------------------------------------------------------------------------

    @property
    def now(self) -> State:
        """The state at a point that is reached."""
        assert self.state is not None
        return self.state

    def hide(self, line: int, reason: str) -> None:
        """Note that names can't be known, and why."""
        self.hidden.append((line, reason))

    def snapshot(self) -> State:
        """Return a copy of the state as it is now; the same one for equal states that follow each other."""
        if self._snapshot.version != self.now.version:
            self._snapshot = self.now.copy()
        return self._snapshot

    def may_raise(self) -> None:
        """Note that the code may stop here with an exception."""
        if self.catchers and self.state is not None:
            self.catchers[-1].note(self.state)

    def mutate(self, values: Values) -> None:
        """Note that such objects are changed in place."""
        if not self.later:
            self.mutated |= {value.name for value in values if isinstance(value, Outside) and not value.depth}

    # -- scopes --------------------------------------------------------------------------------------------

    def frame_of(self, node: ast.AST, kind: FrameKind, outer: Frame, private: str) -> Frame:
        """Return the scope that a node makes inside `outer`: always the same, so that all runs share it."""
        key = (id(node), outer.number)
        frame = self.frames.get(key)
        if frame is None:
            frame = Frame(kind=kind, table=scopes.table_of(node, private), parent=outer, private=private)
            self.frames[key] = frame
        return frame

    # -- names ---------------------------------------------------------------------------------------------

    def home(self, name: str) -> Frame | None:
        """Return the scope that a name belongs to, seen from the current one; None for the cell's own."""
        frame: Frame | None = self.frame
        inside_class = True
        while frame is not None and frame.kind is not FrameKind.CELL:
            table = frame.table
            if frame.kind is not FrameKind.CLASS or inside_class:
                if name in table.globals:
                    return None
                if name in table.bound and name not in table.nonlocals:
                    return frame
            if frame.kind is not FrameKind.TYPES:
                inside_class = False
            frame = frame.parent
        return None

    def load(self, written_name: str, line: int) -> Values:
        """Read a name and return what it may hold."""
        name = scopes.mangle(written_name, self.frame.private)
        home = self.home(name)
        if home is None:
            if self._is_implicit(name):
                return NOTHING
            return self.read(name, line)
        if home.kind is not FrameKind.CLASS:
            return home.held.get(name, NOTHING)
        key = (home.number, name)
        held = self.now.held.get(key, NOTHING)
        if key in self.now.sure or self._is_implicit(name):
            return held
        return held | self.read(name, line)

    def _is_implicit(self, name: str) -> bool:
        """Whether a class provides the name: ``__class__`` in its methods, ``__qualname__`` … in its body."""
        if name == "__class__":
            return self._in_class()
        return name in builtin_names.CLASS_NAMES and self.frame.kind is FrameKind.CLASS

    def _in_class(self) -> bool:
        frame: Frame | None = self.frame
        while frame is not None:
            if frame.kind is FrameKind.CLASS:
                return True
            frame = frame.parent
        return False

    def is_builtin(self, name: str) -> bool:
        """Whether a name of the cell's scope means the builtin at this point."""
        return name in builtin_names.BUILTINS and name not in self.known and name not in self.now.may

    def read(self, name: str, line: int, *, soft: bool = False) -> Values:
        """Read a name of the cell's scope.

        ``soft``: the code goes on when there is no such name.
        """
        state = self.now
        held = state.held.get(name, NOTHING)
        if name not in state.sure:
            self.may_raise()
        if name in builtin_names.BUILTINS and name not in self.known:
            if name not in state.may:
                self._note_builtin(name, line)
            return held
        if name in state.killed:
            return held
        self.reads[name] = min(line, self.reads.get(name, line))
        if not (soft or name in state.may or any(catcher.soft for catcher in self.catchers)):
            self.needed.add(name)
        return held | {Outside(name)}

    def _note_builtin(self, name: str, line: int) -> None:
        reason = _HIDING.get(name)
        if reason is not None:
            self.hide(line, f"{name}() on line {line} {reason}")

    def bind(self, written_name: str, values: Values, line: int, *, product: bool = False) -> None:
        """Bind a name in the current scope."""
        frame = self.frame
        name = scopes.mangle(written_name, frame.private)
        if frame.kind in (FrameKind.FUNCTION, FrameKind.COMPREHENSION, FrameKind.TYPES):
            home = self._owner(frame, name)
            if home is not None:
                home.keep(name, values)
                return
            product = False
        elif frame.kind is FrameKind.CLASS and name not in frame.table.globals:
            if name in frame.table.nonlocals:
                home = self._owner(frame, name)
                if home is not None:
                    home.keep(name, values)
                return
            self.now.bind((frame.number, name), values)
            return
        self.now.bind(name, values)
        if not self.later:
            self.written[name] = min(line, self.written.get(name, line))
            self.products.setdefault(name, product)

    def _owner(self, frame: Frame, name: str) -> Frame | None:
        """Return the function scope in which an assignment from `frame` lands; None for the cell's."""
        if name in frame.table.globals:
            return None
        if name in frame.table.nonlocals:
            outer = frame.parent
            while outer is not None and outer.kind is not FrameKind.CELL:
                if outer.kind is not FrameKind.CLASS and name in outer.table.bound - outer.table.nonlocals:
                    return outer
                outer = outer.parent
            return None
        return frame

    def unbind(self, written_name: str, line: int) -> None:
        """Delete a name of the current scope: it must be there, so it is read."""
        frame = self.frame
        name = scopes.mangle(written_name, frame.private)
        home = self.home(name)
        if home is None:
            if name not in self.now.sure:
                self.read(name, line)
            self.now.unbind(name)
        elif home.kind is FrameKind.CLASS:
            self.now.unbind((home.number, name))

    def code(self, node: ast.AST, *, lazy: bool = False) -> Code:
        """Return the code object of a node in the current scope: one for each time its scope runs."""
        key = (id(node), self.frame.number)
        code = self.codes.get(key)
        if code is None:
            code = Code(node=node, frame=self.frame, private=self.frame.private, lazy=lazy, order=len(self.codes))
            self.codes[key] = code
            self.created.append(code)
        self.now.create(code)
        return code

    def read_everything(self, code: Code) -> None:
        """Read every name that some code mentions: the answer when following it would take too long."""
        for node in ast.walk(code.node):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.load(node.id, node.lineno)

    def nested(self, text: str, line: int) -> list[ast.stmt]:
        """Return the statements of code inside a magic."""
        tree = self.nested_trees.get((text, line))
        if tree is None:
            try:
                tree = ipython_syntax.parse_body(text, line)
            except SyntaxError as exc:
                if exc.lineno:
                    exc.lineno += line - 1
                raise parsing.refusal(exc) from exc
            self.nested_trees[text, line] = tree
        return tree.body


_HIDING = {
    "exec": "may bind any name",
    "eval": "may read any name",
    "globals": "hands out all names",
}

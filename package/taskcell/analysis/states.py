"""What is known at one point of a cell: which names the cell has bound so far, and what they may hold.

Names of the cell are text; names of a running class body are ``(frame, name)`` pairs. Of values only two
things are followed: code that may run later, and objects that came from outside the cell.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from taskcell.analysis import scopes

Key: TypeAlias = str | tuple[int, str]
_clock = itertools.count(1)
_DEPTH = 3
"""Containers inside each other that are counted; a limit, so that a loop around ``x = [x]`` comes to an end."""


class FrameKind(StrEnum):
    """Kinds of scopes."""

    CELL = "cell"
    FUNCTION = "function"
    CLASS = "class"
    COMPREHENSION = "comprehension"
    TYPES = "types"


@dataclass(slots=True, eq=False, kw_only=True)
class Frame:
    """One running scope. ``held`` is what its local names may hold, whatever the order of its statements."""

    kind: FrameKind
    table: scopes.Table
    parent: Frame | None
    private: str = ""
    held: dict[str, Values] = field(default_factory=dict)
    klass: Klass | None = None
    """The class whose body this is."""
    first: str = ""
    """Name of a function's first parameter: in a method, its object."""
    number: int = field(default_factory=lambda: next(_clock))

    def keep(self, name: str, values: Values) -> None:
        """Add to what a local name may hold."""
        if values:
            self.held[name] = self.held.get(name, NOTHING) | values


@dataclass(frozen=True, slots=True)
class Outside:
    """An object that came from outside under `name`, or a part of it.

    ``depth``: how many containers made in the cell are around it, up to a limit beyond which they aren't counted.
    """

    name: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Changer:
    """A method that was taken from an outside object, and changes it when it is called: ``push = xs.append``."""

    name: str


@dataclass(slots=True, eq=False, kw_only=True)
class Code:
    """Code that may run later: a function, a lambda, a generator expression or a lazily evaluated expression.

    ``reach`` says how it takes part in a class: ``""``, ``property``, ``static`` or ``class``.
    """

    node: ast.AST
    frame: Frame
    private: str
    defaults: dict[str, Values] = field(default_factory=dict)
    lazy: bool = False
    """Whether calling it only makes an object that runs when it is consumed."""
    reach: str = ""
    order: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class Klass:
    """A class made in the cell. ``unknown_bases``: it may inherit methods that we can't see."""

    members: dict[str, Values]
    parents: dict[str, Values] = field(default_factory=dict)
    """What it inherits, as ``super()`` sees it."""
    unknown_bases: bool = False
    order: int = field(default_factory=lambda: next(_clock))


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class made in the cell."""

    klass: Klass


@dataclass(frozen=True, slots=True)
class Super:
    """What ``super()`` gives in a method of ``klass`` that was called on ``owner``."""

    klass: Klass
    owner: Instance | Klass


@dataclass(frozen=True, slots=True)
class Suspended:
    """A generator or coroutine: code with its arguments, run when it is consumed."""

    code: Code
    arguments: tuple[tuple[str, Values], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A function taken from an instance or a class: its first argument is set."""

    code: Code
    owner: Value


Value: TypeAlias = "Outside | Changer | Code | Klass | Instance | Super | Suspended | Method"
Values: TypeAlias = frozenset[Value]
NOTHING: Values = frozenset()


@dataclass(slots=True, eq=False)
class State:
    """Names at one point.

    Attributes
    ----------
    killed
        Bound or deleted by the cell on every path to here: the value from outside is gone.
    may
        Possibly bound by the cell at this point.
    sure
        Certainly bound by the cell at this point.
    held
        What names may hold, as far as it is followed.
    codes
        Code that may exist at this point.
    extra
        For code that exists on some paths only: names that are killed on all of these, though not on all to
        here.
    version
        Equal versions are equal states.
    """

    killed: set[Key] = field(default_factory=set)
    may: set[Key] = field(default_factory=set)
    sure: set[Key] = field(default_factory=set)
    held: dict[Key, Values] = field(default_factory=dict)
    codes: set[Code] = field(default_factory=set)
    extra: dict[Code, frozenset[Key]] = field(default_factory=dict)
    version: int = field(default_factory=lambda: next(_clock))

    def copy(self) -> State:
        """Return an equal state that changes on its own."""
        return State(
            set(self.killed),
            set(self.may),
            set(self.sure),
            dict(self.held),
            set(self.codes),
            dict(self.extra),
            self.version,
        )

    def create(self, code: Code) -> None:
        """Note that code exists from here on."""
        if code not in self.codes or code in self.extra:
            self.codes.add(code)
            self.extra.pop(code, None)
            self.version = next(_clock)

    def killed_for(self, code: Code) -> set[Key]:
        """Return the names that are killed on all paths on which some code exists."""
        return self.killed | self.extra.get(code, frozenset())

    def equals(self, other: State) -> bool:
        """Whether the same is known in both states."""
        return (
            self.may == other.may
            and self.sure == other.sure
            and self.killed == other.killed
            and self.held == other.held
            and self.codes == other.codes
            and self.extra == other.extra
        )

    def bind(self, key: Key, values: Values) -> None:
        """Note that a name is bound here; binding it again to the same is no change."""
        if key in self.sure and self.held.get(key, NOTHING) == values:
            return
        self.killed.add(key)
        self.may.add(key)
        self.sure.add(key)
        if values:
            self.held[key] = values
        else:
            self.held.pop(key, None)
        self.version = next(_clock)

    def bind_all(self, keys: Iterable[Key]) -> None:
        """Note that the value from outside of these names is gone."""
        self.killed.update(keys)
        self.version = next(_clock)

    def unbind(self, key: Key) -> None:
        """Note that a name is deleted here."""
        self.killed.add(key)
        self.may.discard(key)
        self.sure.discard(key)
        self.held.pop(key, None)
        self.version = next(_clock)

    def keep(self, key: Key, values: Values) -> None:
        """Add to what a name may hold, without binding it."""
        if not values <= self.held.get(key, NOTHING):
            self.held[key] = self.held.get(key, NOTHING) | values
            self.version = next(_clock)


def join(states: Iterable[State | None]) -> State | None:
    """Return what holds whichever of the states one comes from; None when there is no way here."""
    alive = [state for state in states if state is not None]
    if not alive:
        return None
    first, *others = alive
    if all(other.version == first.version for other in others):
        return first.copy()
    held: dict[Key, Values] = {}
    for state in alive:
        for key, values in state.held.items():
            held[key] = held[key] | values if key in held else values
    found = State(
        set.intersection(*(state.killed for state in alive)),
        set.union(*(state.may for state in alive)),
        set.intersection(*(state.sure for state in alive)),
        held,
        set.union(*(state.codes for state in alive)),
    )
    found.extra = _extra(found, alive)
    found.version = next((state.version for state in alive if state.equals(found)), found.version)
    return found


def _extra(found: State, alive: list[State]) -> dict[Code, frozenset[Key]]:
    """Return what is killed for code on the paths that have it, beyond what is killed on all."""
    everywhere = set.intersection(*(state.codes for state in alive))
    partly = (found.codes - everywhere).union(*(state.extra for state in alive))
    extra = {}
    for code in partly:
        several = [state.killed_for(code) for state in alive if code in state.codes]
        more = frozenset(set.intersection(*several) - found.killed)
        if more:
            extra[code] = more
    return extra


def parts_of(values: Values) -> Values:
    """Return what an element or attribute of such a value may be."""
    if not values:
        return values
    return frozenset(
        Outside(value.name, max(value.depth - 1, 0)) if isinstance(value, Outside) else value for value in values
    )


def shell_of(values: Values) -> Values:
    """Return what a new container of such values holds: the container itself is not from outside."""
    if not values:
        return values
    return frozenset(
        Outside(value.name, min(value.depth + 1, _DEPTH)) if isinstance(value, Outside) else value for value in values
    )


def deferred_of(values: Values) -> Values:
    """Return the values that hold code."""
    if not values:
        return values
    return frozenset(value for value in values if not isinstance(value, Outside))

"""Executes generated cells in a namespace that records which outside values are used, on every short path.

Paths are chosen by ``flip()`` (a branch), ``items()`` (how often a loop runs) and ``risky()`` (may raise):
each takes the next of a row of bits, and a cell is executed for every row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

BITS = 6


class Boom(Exception):
    """What ``risky()`` raises."""


class Thing:
    """An outside object: it can be called, iterated, changed and added to, and notes when it is changed."""

    def __init__(self) -> None:
        self.changed = False

    def append(self, _: object) -> None:
        self.changed = True

    def __setitem__(self, _key: object, _value: object) -> None:
        self.changed = True

    def __add__(self, _: object) -> Thing:
        return Thing()

    def __radd__(self, _: object) -> Thing:
        return Thing()

    def __call__(self, *_: object) -> Thing:
        return Thing()


class Tracking(dict[str, object]):
    """A namespace that notes when an outside value is taken under its own name."""

    def __init__(self, outside: dict[str, object]) -> None:
        super().__init__(outside)
        self.outside = outside
        self.used: set[str] = set()
        self.stored: set[str] = set()

    def __setitem__(self, name: str, value: object) -> None:
        self.stored.add(name)
        super().__setitem__(name, value)

    def __getitem__(self, name: str) -> object:
        value = super().__getitem__(name)
        if name in self.outside and self.outside[name] is value:
            self.used.add(name)
        return value

    def __delitem__(self, name: str) -> None:
        if name in self.outside and self.get(name) is self.outside[name]:
            self.used.add(name)
        super().__delitem__(name)


@dataclass(slots=True)
class Seen:
    """What executions did, all together."""

    used: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    short: bool = False
    """Whether some path needed more bits than there are, or ended by an accident, so that it was cut."""


def execute(source: str, names: tuple[str, ...]) -> Seen:
    """Execute a cell on every path and return what was seen."""
    code = compile(source, "<generated>", "exec")
    seen = Seen()
    for bits in itertools.product((False, True), repeat=BITS):
        _execute_once(code, names, iter(bits), seen)
    return seen


def _execute_once(code: object, names: tuple[str, ...], bits: Iterator[bool], seen: Seen) -> None:
    def flip() -> bool:
        bit = next(bits, None)
        if bit is None:
            seen.short = True
        return bool(bit)

    def items() -> list[Thing]:
        return [Thing() for _ in range(flip() + flip())]

    def risky() -> Thing:
        if flip():
            raise Boom
        return Thing()

    given = {"flip": flip, "items": items, "risky": risky, "Boom": Boom, "Thing": Thing}
    things: dict[str, object] = {name: Thing() for name in names}
    space = Tracking({**given, **things})
    try:
        exec(code, space)  # type: ignore[arg-type]
    except Boom:
        pass
    except (NameError, TypeError, AttributeError, LookupError, RecursionError):
        seen.short = True
    seen.used |= space.used & things.keys()
    for name, thing in things.items():
        if name in space and (name in space.stored or dict.get(space, name) is not thing):
            seen.bound.add(name)
        if isinstance(thing, Thing) and thing.changed:
            seen.changed.add(name)
    seen.bound |= space.keys() - {*names, *given, "__builtins__", "__annotations__"}

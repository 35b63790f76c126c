"""What differs between two environments."""

from __future__ import annotations

from typing import NamedTuple

from taskcell.model.versions import Environment


class Change(NamedTuple):
    """One difference: what it is about, what it was (None: absent), what it is (None: absent).

    ``name`` is a distribution, or ``python``, ``implementation``, ``platform`` with a colon in front.
    """

    name: str
    old: str | None
    new: str | None


def difference(a: Environment, b: Environment) -> tuple[Change, ...]:
    """Return what changed from ``a`` to ``b``: interpreter and platform first, then distributions by name."""
    facts = [
        Change(f":{name}", getattr(a, name), getattr(b, name)) for name in ("python", "implementation", "platform")
    ]
    old, new = dict(a.distributions), dict(b.distributions)
    packages = [Change(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]
    return tuple(change for change in [*facts, *packages] if change.old != change.new)

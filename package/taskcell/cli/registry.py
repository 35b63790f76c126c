"""The verbs there are. They are imported when they are asked for, so that help comes at once."""

from __future__ import annotations

from taskcell.cli.verbs import Verb


def all_verbs() -> tuple[Verb, ...]:
    """Return all verbs in the order of a working day."""
    from taskcell.cli import examining, keeping, looking, operating, running, versioning

    return (
        *versioning.VERBS,
        *running.VERBS,
        *looking.VERBS,
        *operating.VERBS,
        *keeping.VERBS,
        *examining.VERBS,
    )


def by_name() -> dict[str, Verb]:
    """Return the verbs by name and alias."""
    return {name: verb for verb in all_verbs() for name in (verb.name, *verb.aliases)}

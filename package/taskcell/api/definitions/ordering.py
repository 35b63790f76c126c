"""Put tasks into an order in which they can run, or name the cycle that prevents it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from taskcell import errors
from taskcell.model.tasks import InputKind, Task


def in_order(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Return tasks so that each comes after those it needs, otherwise sorted by name; raise DefinitionError.

    The order does not depend on the order of cells: it is part of a version's identity.
    """
    by_name = {task.name: task for task in tasks}
    sorter = check_acyclic({task.name: set(needs(task)) for task in tasks})
    ordered: list[Task] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered.extend(by_name[name] for name in ready)
        sorter.done(*ready)
    return tuple(ordered)


def needs(task: Task) -> tuple[str, ...]:
    """Return the names of tasks whose outputs a task reads."""
    return tuple(dict.fromkeys(item.task for item in task.inputs if item.kind is InputKind.OUTPUT))


def check_acyclic(needs_of: Mapping[str, Collection[str]]) -> TopologicalSorter[str]:
    """Return a prepared sorter of names by what each needs; raise DefinitionError naming the cycle."""
    sorter = TopologicalSorter(needs_of)
    try:
        sorter.prepare()
    except CycleError as exc:
        names = exc.args[1]
        cycle = " → ".join(names if len(names) <= 12 else [*names[:6], f"… {len(names) - 12} more …", *names[-6:]])
        raise errors.DefinitionError(
            f"Tasks need each other in a cycle: {cycle}.", remedy="Rename an output or an input of one of them."
        ) from exc
    return sorter

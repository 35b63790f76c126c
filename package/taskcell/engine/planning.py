"""Decide once, at launch, what a run consists of: tasks, branches of a sweep, where every input comes from."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from taskcell import errors
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import Binding, PlannedTask
from taskcell.model.tasks import InputKind, Task, Workflow


def plan_tasks(
    workflow: Workflow,
    addresses: Mapping[str, Digest],
    parameters: Mapping[str, Artifact],
    sweep: Mapping[str, Sequence[tuple[Any, Artifact]]],
) -> tuple[PlannedTask, ...]:
    """Return the planned tasks of a run in an order in which they can run.

    Parameters
    ----------
    workflow
        What to run; its tasks are in dependency order.
    addresses
        Address of each task's blob, by task name.
    parameters
        Stored value of every parameter that is not swept.
    sweep
        For each swept parameter its values, in JSON form and stored.

    Notes
    -----
    A task is planned once for each combination of the swept parameters that it depends on, directly or through
    others, and of no others: what branches have in common runs once.
    """
    planned: list[PlannedTask] = []
    depends: dict[str, tuple[str, ...]] = {}
    for task in workflow.tasks:
        depends[task.name] = _swept_by(task, depends, tuple(sweep))
        planned.extend(_branches(task, addresses[task.name], depends, parameters, sweep))
    return tuple(planned)


def _swept_by(task: Task, depends: Mapping[str, tuple[str, ...]], swept: tuple[str, ...]) -> tuple[str, ...]:
    needed: set[str] = set()
    for wanted in task.inputs:
        if wanted.kind is InputKind.OUTPUT:
            needed.update(depends[wanted.task])
        elif wanted.kind is InputKind.PARAMETER and wanted.name in swept:
            needed.add(wanted.name)
    return tuple(name for name in swept if name in needed)


def _branches(
    task: Task,
    address: Digest,
    depends: Mapping[str, tuple[str, ...]],
    parameters: Mapping[str, Artifact],
    sweep: Mapping[str, Sequence[tuple[Any, Artifact]]],
) -> Iterator[PlannedTask]:
    mine = depends[task.name]
    for choice in itertools.product(*(range(len(sweep[name])) for name in mine)):
        position = dict(zip(mine, choice, strict=True))
        bindings = tuple(_bindings(task, position, depends, parameters, sweep))
        branch = {name: sweep[name][index][0] for name, index in position.items()}
        yield PlannedTask(
            id=branch_id(task.name, mine, position, sweep),
            task_name=task.name,
            task=address,
            bindings=bindings,
            label=branch_label(task.name, branch),
            branch=branch,
        )


def branch_id(
    name: str, mine: Sequence[str], position: Mapping[str, int], sweep: Mapping[str, Sequence[object]]
) -> str:
    """Return ``train~3``: the task's name and the number of its combination of swept values."""
    if not mine:
        return name
    number = 0
    for parameter in mine:
        number = number * len(sweep[parameter]) + position[parameter]
    return f"{name}~{number}"


def branch_label(name: str, branch: Mapping[str, Any]) -> str:
    """Return ``train[learning_rate=0.1]``."""
    if not branch:
        return name
    return f"{name}[{', '.join(f'{key}={json.dumps(value, default=str)}' for key, value in branch.items())}]"


def _bindings(
    task: Task,
    position: Mapping[str, int],
    depends: Mapping[str, tuple[str, ...]],
    parameters: Mapping[str, Artifact],
    sweep: Mapping[str, Sequence[tuple[Any, Artifact]]],
) -> Iterator[Binding]:
    for wanted in task.inputs:
        match wanted.kind:
            case InputKind.OUTPUT:
                source = branch_id(wanted.task, depends[wanted.task], position, sweep)
                yield Binding(input=wanted.name, source=source, output=wanted.name)
            case InputKind.PARAMETER if wanted.name in sweep:
                _, artifact = sweep[wanted.name][position[wanted.name]]
                yield Binding(input=wanted.name, artifact=artifact, parameter=True)
            case InputKind.PARAMETER:
                yield Binding(input=wanted.name, artifact=parameters[wanted.name], parameter=True)
            case InputKind.VALUE:
                if wanted.artifact is None:
                    raise errors.InternalError(f"Input {wanted.name!r} of task {task.name!r} has no stored value.")
                yield Binding(input=wanted.name, artifact=wanted.artifact)

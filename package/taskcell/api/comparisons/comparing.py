"""Put two or more runs side by side: parameters, results, durations, code, environment, outputs; differences first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from taskcell import errors
from taskcell.api import evidence, showing
from taskcell.api.runs.runs import Run
from taskcell.engine import states
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.runs import TaskState
from taskcell.model.tasks import CaptureKind, Task
from taskcell.store.opening import Store
from taskcell.views import bundles, comparing, diffs
from taskcell.views.comparing import CodeDiff, OutputRow, Row
from taskcell.views.previews import Preview
from taskcell.views.states import State

DURATION_TOLERANCE = 0.25
"""Relative difference up to which two durations count as the same."""
_MAX_RUNS = 50
_MAX_OUTPUTS = 200
_PICTURES_EACH = 3
_TEXT_KINDS = (
    CaptureKind.FUNCTION,
    CaptureKind.CLASS,
    CaptureKind.CONSTANT,
    CaptureKind.MODULE,
    CaptureKind.IMPORT,
)


class Comparison(showing.Viewed):
    """Runs side by side; shows itself, and has what it shows as data.

    Every mapping goes from a name to one value for each run, in the order of ``runs``; None where a run has no such
    thing.
    """

    def __init__(self, runs: Sequence[Run], view: comparing.Comparison) -> None:
        self.runs = tuple(runs)
        self.view = view

    @property
    def views(self) -> tuple[bundles.View, ...]:
        """What is shown."""
        return (self.view,)

    @property
    def parameters(self) -> dict[str, tuple[Any, ...]]:
        """Values of each parameter, in JSON form; a swept one has the list of its values."""
        return _cells(self.view.parameters)

    @property
    def results(self) -> dict[str, tuple[Any, ...]]:
        """Outputs that are numbers, texts or truth values; states of tasks that did not succeed."""
        return _cells(self.view.metrics)

    @property
    def durations(self) -> dict[str, tuple[Any, ...]]:
        """Seconds that each task took, and the whole run."""
        return _cells(self.view.durations)

    @property
    def cached(self) -> dict[str, tuple[Any, ...]]:
        """Whether each task's result came from the cache."""
        return _cells(self.view.cached)

    @property
    def environment(self) -> dict[str, tuple[Any, ...]]:
        """Interpreter, platform, and the distributions that differ."""
        return _cells(self.view.environment)

    @property
    def code(self) -> dict[str, str]:
        """Unified difference of each task and helper whose code differs from the first run's."""
        texts: dict[str, list[str]] = {}
        for diff in self.view.code:
            texts.setdefault(diff.task, []).append("\n".join(f"{line.side}{line.text}" for line in diff.lines))
        return {name: "\n".join(parts) for name, parts in texts.items()}

    @property
    def outputs(self) -> dict[str, bool]:
        """Whether each output differs, by ``task.output``."""
        return {f"{row.task}.{row.name}": row.differs for row in self.view.outputs}

    @property
    def differs(self) -> bool:
        """Whether parameters, results, code, environment or outputs differ."""
        view = self.view
        rows = (*view.parameters, *view.metrics, *view.environment)
        return bool(view.code) or any(row.differs for row in rows) or any(row.differs for row in view.outputs)

    def __repr__(self) -> str:
        return f"Comparison of {len(self.runs)} runs: {comparing.summary(self.view)}"


def _cells(rows: Sequence[Row]) -> dict[str, tuple[Any, ...]]:
    return {row.name: row.cells for row in rows}


def compare(*sources: str | Run, store: str | None = None, project: str | None = None) -> Comparison:
    """Compare two or more runs, of any workflows and versions, failed and unfinished ones too.

    Parameters
    ----------
    *sources : Run or str
        Runs, their ids (or first characters), or links; each may be in another store.
    store, project : str, optional
        Where ids are looked up, instead of the settings'.

    Raises
    ------
    InvalidInputError
        For fewer than two runs.
    NotFoundError
        When there is no such run.
    """
    if not 2 <= len(sources) <= _MAX_RUNS:
        raise errors.InvalidInputError(
            f"{len(sources)} run{'s' if len(sources) != 1 else ''} can't be compared.",
            remedy=f"Name 2 to {_MAX_RUNS} of them; taskcell runs lists their ids.",
        )
    found = [evidence.run_of(source, store=store, project=project) for source in sources]
    sides = [_Side(run=run, status=run.status()) for run in found]
    view = comparing.Comparison(
        runs=tuple(_column(side) for side in sides),
        shown_at=datetime.now(UTC),
        parameters=tuple(_parameters(sides)),
        metrics=tuple(_results(sides)),
        durations=tuple(_durations(sides)),
        cached=tuple(_cached(sides)),
        environment=tuple(_environment(sides)),
        code=tuple(_code(sides)),
        outputs=tuple(_outputs(sides)),
        timeline=tuple(_timeline(sides)),
    )
    return Comparison(found, view)


@dataclass(kw_only=True)
class _Side:
    """One of the runs, read once."""

    run: Run
    status: states.RunStatus
    _scalars: dict[Digest, Any] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.run.store

    @cached_property
    def tasks(self) -> dict[str, states.TaskStatus]:
        """Task runs by label, without elements of maps."""
        return {task.label: task for task in evidence.whole_tasks(self.status).values()}

    @cached_property
    def definitions(self) -> dict[str, Task]:
        """Tasks as they were defined, by name."""
        found: dict[str, Task] = {}
        for task in self.tasks.values():
            if task.task_name not in found:
                made = evidence.definition(self.store, self.status.plan, task)
                if made is not None:
                    found[task.task_name] = made
        return found

    @cached_property
    def outputs(self) -> dict[tuple[str, str], Artifact]:
        """Stored outputs by label of the task and name."""
        return {
            (label, name): artifact
            for label, task in self.tasks.items()
            for name, artifact in (task.end.outputs if task.end else {}).items()
        }

    def scalar(self, artifact: Artifact) -> Any | None:
        if artifact.digest not in self._scalars:
            self._scalars[artifact.digest] = evidence.scalar(self.store, artifact)
        return self._scalars[artifact.digest]


def _column(side: _Side) -> comparing.RunColumn:
    plan = side.status.plan
    name = f"{plan.workflow}@{plan.version_number}" if plan.version_number else plan.workflow
    return comparing.RunColumn(
        id=side.run.id,
        workflow=name,
        state=State(side.status.state),
        created_at=plan.created_at,
        author=plan.author,
    )


def _together(tables: Sequence[Mapping[str, Any]], *, tolerance: float = 0.0) -> Iterator[Row]:
    """Yield a row for every name that occurs, in order of appearance."""
    for name in dict.fromkeys(name for table in tables for name in table):
        yield comparing.row(name, [table.get(name) for table in tables], tolerance=tolerance)


def _parameters(sides: Sequence[_Side]) -> Iterator[Row]:
    return _together([{**side.status.plan.parameters, **side.status.plan.sweep} for side in sides])


def _results(sides: Sequence[_Side]) -> Iterator[Row]:
    yield from _together([_scalars(side) for side in sides])
    labels = dict.fromkeys(label for side in sides for label in side.tasks)
    for label in labels:
        said = [_said(side.tasks.get(label)) for side in sides]
        if any(text not in (None, "succeeded") for text in said):
            yield comparing.row(f"state of {label}", said)


def _scalars(side: _Side) -> dict[str, Any]:
    found = {}
    for (label, name), artifact in side.outputs.items():
        value = side.scalar(artifact)
        if value is not None:
            found[f"{name}{label[len(side.tasks[label].task_name) :]}"] = value
    return found


def _said(task: states.TaskStatus | None) -> str | None:
    if task is None:
        return None
    error = task.end.error if task.end else None
    return f"{task.state}: {error.sentence}" if error and task.state is TaskState.FAILED else str(task.state)


def _durations(sides: Sequence[_Side]) -> Iterator[Row]:
    tables = []
    for side in sides:
        table = {label: task.end.duration_s for label, task in side.tasks.items() if task.end}
        if side.status.ended_at is not None:
            table["whole run"] = (side.status.ended_at - side.status.plan.created_at).total_seconds()
        tables.append(table)
    return _together(tables, tolerance=DURATION_TOLERANCE)


def _timeline(sides: Sequence[_Side]) -> Iterator[comparing.TimelineRow]:
    for label in dict.fromkeys(label for side in sides for label in side.tasks):
        yield comparing.TimelineRow(name=label, cells=tuple(_span(side, side.tasks.get(label)) for side in sides))


def _span(side: _Side, task: states.TaskStatus | None) -> comparing.Span | None:
    if task is None or task.end is None:
        return None
    since = side.status.plan.created_at
    return comparing.Span(
        start_s=(task.end.started_at - since).total_seconds(),
        end_s=(task.end.ended_at - since).total_seconds(),
        state=showing.shown_state(task),
    )


def _cached(sides: Sequence[_Side]) -> Iterator[Row]:
    return _together(
        [{label: task.end.cached for label, task in side.tasks.items() if task.end is not None} for side in sides]
    )


# -- environment -----------------------------------------------------------------------------------------------------


def _environment(sides: Sequence[_Side]) -> Iterator[Row]:
    """Yield interpreter and platform, and the distributions that differ; those of one run only are said once."""
    facts = [_environment_facts(side) for side in sides]
    complete = [":platform" in table for table in facts]
    if not all(complete):  # a notebook's session knows no more of its interpreter than the minor version
        for table in facts:
            table[":python"] = ".".join(table.get(":python", "").split(".")[:2])
    for name in ("python", "platform"):
        cells = [table.get(f":{name}") for table in facts]
        if all(cells):
            yield comparing.row(name, cells)
    known = [table for table in facts if any(not name.startswith(":") for name in table)]
    if len(known) < len(facts):
        return
    for name in sorted({name for table in facts for name in table if not name.startswith(":")}):
        cells = [table.get(name) for table in facts]
        unknown = any(cell is None and not whole for cell, whole in zip(cells, complete, strict=True))
        if len(set(cells)) > 1 and not unknown:
            yield comparing.row(name, cells)


def _environment_facts(side: _Side) -> dict[str, str]:
    """Return what a run met: what its version recorded, corrected by what its task runs really saw."""
    facts: dict[str, str] = {}
    recorded = evidence.environment_of(side.store, side.status.plan)
    if recorded is not None:
        facts.update(recorded.distributions)
        facts[":python"] = f"{recorded.implementation} {recorded.python}"
        facts[":platform"] = recorded.platform
    for name, version in evidence.packages_met(side.status).items():
        if name == ":interpreter":
            if not facts.get(":python", "").startswith(version):
                facts[":python"] = version
        elif version == "not installed":
            facts.pop(name, None)
        else:
            facts[name] = version
    return facts


# -- code ------------------------------------------------------------------------------------------------------------


def _code(sides: Sequence[_Side]) -> Iterator[CodeDiff]:
    """Yield differences of each run to the first one; runs with the same code give one difference."""
    first, *others = sides
    seen: set[tuple[str, tuple[Any, ...]]] = set()
    for other in others:
        for diff in (*_task_diffs(first, other), *_helper_diffs(first, other)):
            mark = (diff.task, tuple((line.side, line.text) for line in diff.lines))
            if diff.lines and mark not in seen:
                seen.add(mark)
                yield diff


def _task_diffs(old: _Side, new: _Side) -> Iterator[CodeDiff]:
    for name in dict.fromkeys([*old.definitions, *new.definitions]):
        left, right = old.definitions.get(name), new.definitions.get(name)
        if left is not None and right is not None and _same_code(left, right):
            continue
        if (left is None and name in _undefined(old)) or (right is None and name in _undefined(new)):
            continue  # it ran, but its code is not known any more
        before, after = (evidence.source_of(task) if task else "" for task in (left, right))
        yield CodeDiff(task=name, old=old.run.id, new=new.run.id, lines=diffs.diff_lines(before, after))


def _undefined(side: _Side) -> set[str]:
    return {task.task_name for task in side.tasks.values()} - side.definitions.keys()


def _same_code(left: Task, right: Task) -> bool:
    inputs = [tuple(item.name for item in task.inputs) for task in (left, right)]
    return left.code == right.code and left.outputs == right.outputs and inputs[0] == inputs[1]


def _helper_diffs(old: _Side, new: _Side) -> Iterator[CodeDiff]:
    """Yield what tasks of both runs reach and what differs in it, once however many tasks reach it."""
    left, right = _helpers(old), _helpers(new)
    for key in dict.fromkeys([*left, *right]):
        one, other = left.get(key), right.get(key)
        if one and other and one[0] == other[0]:
            continue
        users = sorted({*(one[2] if one else ()), *(other[2] if other else ())})
        title = f"{key[0]} {key[1]} (in {', '.join(users)})"
        lines = diffs.diff_lines(one[1] if one else "", other[1] if other else "")
        yield CodeDiff(task=title, old=old.run.id, new=new.run.id, lines=lines)


def _helpers(side: _Side) -> dict[tuple[str, str], tuple[Digest, str, set[str]]]:
    found: dict[tuple[str, str], tuple[Digest, str, set[str]]] = {}
    for task in side.definitions.values():
        for item in task.captures:
            if item.kind in _TEXT_KINDS:
                kept = found.setdefault((str(item.kind), item.name), (item.digest, item.source, set()))
                kept[2].add(task.name)
    return found


# -- outputs ---------------------------------------------------------------------------------------------------------


def _outputs(sides: Sequence[_Side]) -> Iterator[OutputRow]:
    """Yield stored values that are no scalars, and displayed pictures, what differs first."""
    names = dict.fromkeys(name for side in sides for name in side.outputs)
    kept = [name for name in names if not _is_scalar(sides, name)][:_MAX_OUTPUTS]
    yield from sorted((_output(sides, *name) for name in kept), key=lambda row: not row.differs)
    for label in dict.fromkeys(label for side in sides for label in side.tasks):
        yield from _pictures(sides, label)


def _is_scalar(sides: Sequence[_Side], name: tuple[str, str]) -> bool:
    stored = [(side, side.outputs[name]) for side in sides if name in side.outputs]
    return all(side.scalar(artifact) is not None for side, artifact in stored)


def _output(sides: Sequence[_Side], label: str, name: str) -> OutputRow:
    artifacts = [side.outputs.get((label, name)) for side in sides]
    differs = len({artifact.digest if artifact else None for artifact in artifacts}) > 1
    cells = tuple(
        evidence.preview(side.store, artifact, whole=differs) if artifact else None
        for side, artifact in zip(sides, artifacts, strict=True)
    )
    return OutputRow(task=label, name=name, cells=cells, differs=differs)


def _pictures(sides: Sequence[_Side], label: str) -> Iterator[OutputRow]:
    """Yield the pictures that a task displayed, by their position, where they differ."""
    tasks = [side.tasks.get(label) for side in sides]
    ends = [task.end if task else None for task in tasks]
    if len({end.displays if end else None for end in ends}) == 1:
        return
    shown = [list(evidence.pictures(side.store, end)) for side, end in zip(sides, ends, strict=True)]
    for index in range(min(_PICTURES_EACH, max(map(len, shown)))):
        images = [found[index] if index < len(found) else "" for found in shown]
        cells = tuple(Preview(type="displayed picture", image_png=image) if image else None for image in images)
        yield OutputRow(task=label, name=f"picture {index + 1}", cells=cells, differs=len(set(images)) > 1)

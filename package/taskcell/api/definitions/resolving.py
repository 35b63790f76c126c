"""Resolve what one task reads: each name is an input, a parameter, a capture, or refused with a remedy.

This is where "no hidden state" is enforced. The same code serves a live kernel and a notebook file; they differ only
in whether run-time values can be had (``Values``).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from taskcell import analysis, errors
from taskcell.api.definitions import constants
from taskcell.hashing import Digest
from taskcell.model.artifacts import Artifact
from taskcell.model.cells import TaskCell
from taskcell.model.tasks import Capture, CaptureKind, InputKind, Parameter, Task, TaskInput, TaskOptions
from taskcell.store.contracts import BlobSink


class Values(Protocol):
    """Run-time values of a notebook's plain cells; only a live kernel has them."""

    def artifact(self, name: str) -> Artifact | None:
        """Return the value's artifact (stored or only digested), or None when there is no such value."""

    def changed(self, name: str, digest: Digest) -> bool:
        """Whether the notebook holds a value of that name that differs from the digest."""

    def as_written(self, name: str, source: str) -> bool:
        """Whether the function or class of that name still is what its source says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """A plain cell changed a name that a task made: ``how`` it did, for people."""

    where: str
    how: str


@dataclass(slots=True, kw_only=True)
class Scope:
    """What names mean at one point of a notebook."""

    definitions: dict[str, analysis.Definition] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    tainted: dict[str, Taint] = field(default_factory=dict)
    opaque: dict[str, str] = field(default_factory=dict)
    """Cells (by label) that may bind any name, and why."""

    def known(self, outputs: Mapping[str, str]) -> set[str]:
        """Return all names that mean something here."""
        return {*self.definitions, *self.parameters, *outputs}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Resolves one task cell within a scope.

    ``outputs`` maps the output names of all tasks (of earlier and later cells) to the task that makes them.
    ``finder`` looks for local modules, for all tasks of a notebook.
    """

    scope: Scope
    outputs: Mapping[str, str]
    values: Values | None
    finder: analysis.Finder
    sink: BlobSink | None = None
    later: Mapping[str, str] = field(default_factory=dict)
    """Names that plain cells below assign anew, and where: the kernel's value is no longer what the task means."""

    def task(self, name: str, cell: TaskCell, names: analysis.CellNames, outputs: tuple[str, ...]) -> Task:
        """Return the task; raise DefinitionError for the first thing that is wrong with it."""
        context = _Context(self, name, cell, names)
        inputs, roots = context.split_reads()
        reached = context.reach(roots, {item.name for item in inputs})
        every = (*inputs, *reached.inputs)
        return Task(
            name=name,
            body=cell.body,
            code=analysis.code_digest(cell.body),
            inputs=every,
            outputs=outputs,
            captures=reached.captures,
            distributions=reached.distributions,
            options=context.checked_options({item.name for item in every}),
            stated=cell.header.outputs is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    captures: tuple[Capture, ...]
    inputs: tuple[TaskInput, ...]
    distributions: tuple[tuple[str, str], ...]


class _Context:
    """One task being resolved; every refusal names the task, the name, the line and the remedy."""

    def __init__(self, resolver: Resolver, name: str, cell: TaskCell, names: analysis.CellNames) -> None:
        self._resolver = resolver
        self._scope = resolver.scope
        self._name = name
        self._cell = cell
        self._names = names
        self._stated = cell.header.inputs

    # -- refusals ----------------------------------------------------------------------------------------------------

    def refuse(self, what: str, remedy: str) -> errors.DefinitionError:
        return errors.DefinitionError(f"Task {self._name!r}: {what}", remedy=remedy, task=self._name)

    def line(self, name: str) -> str:
        number = self._names.lines.get(name)
        return f"line {number}" if number else "its first line"

    def _signature(self, extra: str) -> str:
        stated = [*(self._stated or ()), extra]
        return f"%%task {self._name}({', '.join(stated)})"

    def _unknown(self, name: str, via: str = "") -> errors.DefinitionError:
        where = f"{name!r} ({via or self.line(name)}) is neither an input nor anything that an earlier cell defines."
        if analysis.is_session_name(name):
            return self.refuse(
                f"{name!r} ({self.line(name)}) is a result of this session, which nobody can have again.",
                "Assign the value to a name in the cell that makes it.",
            )
        close = difflib.get_close_matches(name, self._scope.known(self._resolver.outputs), n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        if self._scope.opaque:
            label, reason = next(iter(self._scope.opaque.items()))
            return self.refuse(where, f"{hint}{label} may define it, but that can't be known: {reason}.")
        return self.refuse(
            where, f"{hint}Run (or write) the cell that defines it first, or make it a parameter or a task's output."
        )

    def check_taint(self, name: str) -> None:
        taint = self._scope.tainted.get(name)
        if taint is not None and name in self._resolver.outputs:
            maker = self._resolver.outputs[name]
            raise self.refuse(
                f"it reads {name!r} ({self.line(name)}), made by task {maker!r} and changed behind its back by "
                f"{taint.where} ({taint.how}).",
                f"Put the change into a task, under a new name, or undo it and run task {maker!r} again.",
            )

    # -- inputs ------------------------------------------------------------------------------------------------------

    def split_reads(self) -> tuple[list[TaskInput], list[str]]:
        """Return inputs, and names that are reached as code or constants."""
        inputs: list[TaskInput] = []
        roots: list[str] = []
        for name in self._stated or ():
            found = self._stated_input(name)
            if found is None:
                roots.append(name)
            else:
                inputs.append(found)
        mapped = self._cell.header.options.map_over
        known = self._scope.known(self._resolver.outputs)
        wanted = sorted(self._names.reads | ({mapped} if mapped else set()), key=self._order)
        for name in wanted:
            if name in (self._stated or ()):
                continue
            if name in self._names.optional and name not in known:
                continue
            found = self._read(name)
            if found is None:
                roots.append(name)
            else:
                inputs.append(found)
        return inputs, roots

    def _order(self, name: str) -> tuple[int, str]:
        return self._names.lines.get(name, 0), name

    def _source(self, name: str) -> TaskInput | None:
        """Return a parameter or another task's output of that name."""
        scope = self._scope
        maker = self._resolver.outputs.get(name)
        if maker is not None and maker != self._name and name not in scope.definitions:
            self.check_taint(name)
            return TaskInput(name=name, kind=InputKind.OUTPUT, task=maker)
        if name in scope.parameters:
            self.check_taint(name)
            return TaskInput(name=name, kind=InputKind.PARAMETER)
        return None

    def _stated_input(self, name: str) -> TaskInput | None:
        found = self._source(name)
        if found is not None:
            return found
        definition = self._scope.definitions.get(name)
        if definition is None:
            artifact = self._resolver.values.artifact(name) if self._resolver.values else None
            if artifact is None:
                raise self._unknown(name, "a stated input")
            return TaskInput(name=name, kind=InputKind.VALUE, artifact=artifact)
        if definition.kind in (CaptureKind.IMPORT, CaptureKind.FUNCTION, CaptureKind.CLASS):
            return None
        return TaskInput(name=name, kind=InputKind.VALUE, artifact=self._value(name, definition))

    def _read(self, name: str) -> TaskInput | None:
        found = self._source(name)
        if found is not None:
            if self._stated is not None and found.kind is InputKind.OUTPUT:
                raise self.refuse(
                    f"it reads {name!r} ({self.line(name)}), an output of task {found.task!r}, which is not among its "
                    "stated inputs.",
                    f"State it: {self._signature(name)}",
                )
            return found
        definition = self._scope.definitions.get(name)
        if definition is None:
            raise self._unknown(name)
        if definition.kind is not CaptureKind.VALUE and not self._drifted(name, definition):
            return None
        if self._stated is not None:
            raise self.refuse(
                f"it reads {name!r} ({self.line(name)}), a value made by {definition.label or 'a plain cell'}, which is "
                "not among its stated inputs.",
                f"State it: {self._signature(name)}; or make the cell that assigns it a task.",
            )
        return TaskInput(name=name, kind=InputKind.VALUE, artifact=self._value(name, definition))

    def _value(self, name: str, definition: analysis.Definition) -> Artifact:
        values = self._resolver.values
        again = self._resolver.later.get(name)
        if values is not None and again is not None and definition.kind is not CaptureKind.CONSTANT:
            raise self.refuse(
                f"{name!r} ({self.line(name)}) is made by {definition.label or 'a plain cell'} and assigned anew by {again}, "
                "so that the value that it reads is gone.",
                "Give the second one another name.",
            )
        if values is not None and again is None:
            artifact = values.artifact(name)
            if artifact is not None:
                return artifact
        if definition.kind is CaptureKind.CONSTANT:
            return constants.artifact(name, self._scope.definitions, self._resolver.sink)
        where = definition.label or "an ordinary cell"
        raise self.refuse(
            f"the value of {name!r} ({self.line(name)}) is made by {where} and known only in a kernel where it ran.",
            "Make that cell a task (add %%task as its first line), or run the notebook and use %snapshot there.",
        )

    def _drifted(self, name: str, definition: analysis.Definition) -> bool:
        """Whether a constant no longer has the value that its assignment says: then it counts by value."""
        values = self._resolver.values
        if values is None or definition.kind is not CaptureKind.CONSTANT or name in self._resolver.later:
            return False
        digest = constants.digest(name, self._scope.definitions)
        return digest is not None and values.changed(name, digest)

    def _remembers(self, capture: Capture) -> bool:
        """Whether a helper holds something that earlier calls left in it: then it counts by value.

        A version starts afresh in any case, and takes the helper as it is written.
        """
        if capture.kind not in (CaptureKind.FUNCTION, CaptureKind.CLASS) or capture.name in self._resolver.later:
            return False
        values = self._resolver.values
        return (
            values is not None and self._resolver.sink is None and not values.as_written(capture.name, capture.source)
        )

    # -- captures ----------------------------------------------------------------------------------------------------

    def reach(self, roots: Sequence[str], inputs: set[str]) -> _Reached:
        """Return what the roots reach, and inputs that only a helper reads."""
        scope = self._scope.definitions
        finder = self._resolver.finder
        reach = analysis.reach(roots, scope, lines=self._names.lines, finder=finder, body=self._cell.body)
        more = [self._helper_input(item) for item in reach.missing if item.name not in inputs]
        found = [self._value_capture(name, reach.via[name]) for name in reach.values if name not in inputs]
        for capture in reach.captures:
            definition = scope.get(capture.name)
            if definition and self._drifted(capture.name, definition):
                found.append(self._value_capture(capture.name, definition.label))
            elif definition and self._remembers(capture):
                live = self._value_capture(capture.name, definition.label)
                is_class = capture.kind is CaptureKind.CLASS  # its digest is its text's, which says nothing of that
                found.append(msgspec.structs.replace(live, digest=Digest("")) if is_class else live)
            else:
                found.append(capture)
        return _Reached(captures=tuple(found), inputs=tuple(more), distributions=reach.distributions)

    def _value_capture(self, name: str, via: str) -> Capture:
        artifact = self._value(name, self._scope.definitions[name])
        return Capture(name=name, kind=CaptureKind.VALUE, digest=artifact.digest, origin=via, artifact=artifact)

    def _helper_input(self, missing: analysis.Missing) -> TaskInput:
        found = self._source(missing.name)
        if found is None:
            if missing.remedy:
                raise self.refuse(
                    f"it needs the module {missing.name!r} ({missing.via}), which is not found.", missing.remedy
                )
            raise self._unknown(missing.name, "" if missing.via == "the task" else missing.via)
        if self._stated is not None and found.kind is InputKind.OUTPUT:
            raise self.refuse(
                f"{missing.via} reads {missing.name!r}, an output of task {found.task!r}, which is not among the stated "
                "inputs.",
                f"State it: {self._signature(missing.name)}; or pass it to the helper as an argument.",
            )
        return found

    def checked_options(self, inputs: set[str]) -> TaskOptions:
        options = self._cell.header.options
        if options.map_over is not None and options.map_over not in inputs:
            raise self.refuse(
                f"--map names {options.map_over!r}, which is not one of its inputs.",
                f"Its inputs are: {', '.join(sorted(inputs)) or 'none'}.",
            )
        return options

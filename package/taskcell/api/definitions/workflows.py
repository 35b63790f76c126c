"""Read a workflow off the cells of a notebook, in a kernel or in a file: the same cells give the same workflow.

Plain cells are read in order: a task sees the helpers, imports and constants that are defined before it. Tasks are
joined by the names of their outputs, whatever their order. A cell that changes a task's output taints the name for
the tasks that read it.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from taskcell import analysis, errors
from taskcell.api.definitions import beginnings, functions, ordering, resolving
from taskcell.hashing import Digest
from taskcell.model.cells import Cell, CellKind, TaskCell
from taskcell.model.tasks import CaptureKind, InputKind, Parameter, Task, TaskInput, Workflow
from taskcell.notebook import headers
from taskcell.notebook import parameters as parameter_cells
from taskcell.store.contracts import BlobSink

kind_of = lru_cache(maxsize=4096)(headers.kind_of)
_Definitions: TypeAlias = dict[str, analysis.Definition]
_NONE: _Definitions = {}
_parameters = lru_cache(maxsize=256)(parameter_cells.parse_params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A workflow as it stands, with the cell of every task."""

    workflow: Workflow
    cells: dict[str, TaskCell]
    refused: dict[str, str] = field(default_factory=dict)
    """Tasks that can't be resolved, and why: in the workflow they stand as they are declared, and can't run."""


@dataclass(slots=True, kw_only=True)
class _Declared:
    """What task cells declare, before anything is resolved."""

    cell: TaskCell
    name: str
    names: analysis.CellNames
    outputs: tuple[str, ...]
    position: int

    @property
    def reads(self) -> frozenset[str]:
        """All names that it reads, stated or found in its code."""
        return self.names.reads.union(self.cell.header.inputs or ())


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What cells so far mean for those below them."""

    scope: resolving.Scope = field(default_factory=lambda: resolving.Scope(definitions=_NONE))
    taken: frozenset[str] = frozenset()
    """Names that are outputs or parameters, whatever plain cells do."""
    known: frozenset[str] = frozenset()
    """Of all names that mean something, those that make a difference to analysis."""

    def copy(self) -> _Seen:
        """Return another one; definitions are never changed in place."""
        scope = dataclasses.replace(
            self.scope,
            parameters=self.scope.parameters.copy(),
            tainted=self.scope.tainted.copy(),
            opaque=self.scope.opaque.copy(),
        )
        return _Seen(scope=scope, taken=self.taken, known=self.known)


_walks = beginnings.Beginnings(_Seen.copy)


@dataclass(slots=True, kw_only=True)
class _Walk:
    values: resolving.Values | None
    finder: analysis.Finder
    sink: BlobSink | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] | None = None
    """Takes what is refused; None: the first refusal is raised."""
    seen: _Seen = field(default_factory=_Seen)

    def __post_init__(self) -> None:
        self.take(self.outputs)

    @property
    def scope(self) -> resolving.Scope:
        """What names mean here."""
        return self.seen.scope

    def take(self, names: Iterable[str]) -> None:
        """Note names that are outputs or parameters."""
        self.seen.taken = self.seen.taken.union(names)
        self.add(names)

    def add(self, names: Iterable[str]) -> None:
        """Note names that mean something from here on."""
        new = analysis.TELLING.intersection(names)
        if new:
            self.seen.known |= new

    def without(self, name: str) -> None:
        """Drop a definition."""
        if name in self.scope.definitions:
            self.scope.definitions = {key: item for key, item in self.scope.definitions.items() if key != name}


def read_workflow(
    cells: Sequence[Cell],
    *,
    name: str,
    values: resolving.Values | None = None,
    sink: BlobSink | None = None,
    folder: Path | None = None,
    lenient: bool = False,
) -> Draft:
    """Return the workflow that cells define.

    Parameters
    ----------
    cells
        Code cells in order.
    name
        The workflow's name.
    values
        Run-time values of plain cells; None when there is no kernel.
    sink
        Where the values of constants are stored that a task states as inputs; None: only digested.
    folder
        Where local modules are looked for first.
    lenient
        Whether a task that can't be resolved is kept as refused, to be looked at.

    Raises
    ------
    DefinitionError
        For the first thing that is wrong: an unknown name, a cycle, two makers of one output, …
    """
    declared = _declare_all(cells)
    walk = _Walk(values=values, finder=finder(folder), sink=sink, outputs=_makers(declared.values()))
    walk.refused = {} if lenient else None
    tasks = _resolve(cells, declared, walk)
    workflow = Workflow(name=name, tasks=ordering.in_order(tasks), parameters=tuple(walk.scope.parameters.values()))
    cells_of = {item.name: item.cell for item in declared.values()}
    return Draft(workflow=workflow, cells=cells_of, refused=walk.refused or {})


def read_task(
    cells: Sequence[Cell],
    at: int,
    *,
    values: resolving.Values | None = None,
    finder: analysis.Finder,
) -> Task:
    """Return the one task that the cell at position ``at`` defines, checked against all others; raise DefinitionError.

    Other tasks are not resolved, so that running one cell does not pay for a whole notebook.
    """
    reader = _read_all(cells)
    declared = reader.declared
    walk = _Walk(values=values, finder=finder, outputs=_makers(declared.values()))
    if reader.looks_down:
        ordering.check_acyclic({item.name: _declared_needs(item, walk.outputs) for item in declared.values()})
    return _resolve_one(cells, declared, walk, at)


_finders: dict[Path | None, analysis.Finder] = {}


def finder(folder: Path | None) -> analysis.Finder:
    """Return what finds modules from a notebook's folder: the last one, if it would find the same again."""
    found = _finders.get(folder)
    if found is None or not found.is_current():
        found = _finders[folder] = analysis.Finder([folder] if folder else [])
    return found


def places(cells: Sequence[Cell]) -> dict[str, int]:
    """Return the position of each task's cell, by the task's name; raise DefinitionError."""
    return {item.name: item.position for item in _declare_all(cells).values()}


def parameters(cells: Sequence[Cell]) -> dict[str, Parameter]:
    """Return the parameters that cells declare, by name."""
    declaring = (cell for cell in cells if kind_of(cell.source) is CellKind.PARAMS)
    return {parameter.name: parameter for cell in declaring for parameter in _parameters(cell)}


def check(cells: Sequence[Cell]) -> None:
    """Check that what cells declare goes together; raise DefinitionError."""
    walk = _Walk(values=None, finder=finder(None), outputs=_makers(_declare_all(cells).values()))
    for cell in cells:
        if kind_of(cell.source) is CellKind.PARAMS:
            _add_parameters(walk, cell)


def _declared_needs(item: _Declared, makers: Mapping[str, str]) -> set[str]:
    return {makers[name] for name in item.reads if name in makers} - {item.name}


def _declare_all(cells: Sequence[Cell]) -> dict[str, _Declared]:
    return _read_all(cells).declared


def _read_all(cells: Sequence[Cell]) -> _Reader:
    whole = tuple(cells)
    return _readers.walk(whole, _Reader, lambda reader, position: reader.read(whole[position], position))


def _resolve(cells: Sequence[Cell], declared: dict[str, _Declared], walk: _Walk) -> list[Task]:
    by_position = _by_position(declared)
    later = _assigned_later(cells) if walk.values is not None else [{} for _ in cells]
    tasks = []
    for position, cell in enumerate(cells):
        items = by_position.get(position, [])
        _enter(walk, cell, items)
        tasks += [_task(walk, item, later[position]) for item in items]
        _leave(walk, items)
    return tasks


def _resolve_one(cells: Sequence[Cell], declared: dict[str, _Declared], walk: _Walk, at: int) -> Task:
    """Resolve the task of one cell; what the cells above it mean is mostly known from the run before."""
    by_position = _by_position(declared)

    def step(seen: _Seen, position: int) -> None:
        walk.seen = seen
        _enter(walk, cells[position], by_position.get(position, []))
        _leave(walk, by_position.get(position, []))

    under = frozenset(walk.outputs.items())
    walk.seen = _walks.walk(tuple(cells[:at]), lambda: walk.seen, step, under)
    (item,) = by_position[at]
    _enter(walk, cells[at], [item])
    below = cells[at + 1 :]
    later = _assigned_below(cells, at) if walk.values is not None else {}
    task = _task(walk, item, later)
    for cell in below:
        if kind_of(cell.source) is CellKind.PARAMS:
            _add_parameters(walk, cell)
    return task


def _by_position(declared: Mapping[str, _Declared]) -> dict[int, list[_Declared]]:
    found: dict[int, list[_Declared]] = {}
    for item in declared.values():
        found.setdefault(item.position, []).append(item)
    return found


def _task(walk: _Walk, item: _Declared, later: Mapping[str, str]) -> Task:
    resolver = resolving.Resolver(
        scope=walk.scope, outputs=walk.outputs, values=walk.values, sink=walk.sink, finder=walk.finder, later=later
    )
    try:
        return resolver.task(item.name, item.cell, item.names, item.outputs)
    except errors.DefinitionError as exc:
        if walk.refused is None:
            raise
        walk.refused[item.name] = f"{exc.message} {exc.remedy or ''}".strip()
        return _unresolved(item, walk)


def _unresolved(item: _Declared, walk: _Walk) -> Task:
    """Return a refused task as far as it is declared: its place in the workflow, and no key."""
    reads = dict.fromkeys((*(item.cell.header.inputs or ()), *sorted(item.names.reads)))
    makers = {name: walk.outputs[name] for name in reads if name in walk.outputs}
    return Task(
        name=item.name,
        body=item.cell.body,
        code=Digest(""),
        inputs=(
            *(TaskInput(name=name, kind=InputKind.OUTPUT, task=maker) for name, maker in makers.items()),
            *(TaskInput(name=name, kind=InputKind.PARAMETER) for name in reads if name in walk.scope.parameters),
        ),
        outputs=item.outputs,
        options=item.cell.header.options,
    )


def _enter(walk: _Walk, cell: Cell, items: Sequence[_Declared]) -> None:
    match kind_of(cell.source):
        case CellKind.PARAMS:
            _add_parameters(walk, cell)
        case CellKind.PLAIN:
            _add_plain(walk, cell, {output for item in items for output in item.outputs})


def _leave(walk: _Walk, items: Sequence[_Declared]) -> None:
    for item in items:
        for output in item.outputs:
            walk.scope.tainted.pop(output, None)
            walk.without(output)


def _assigned_later(cells: Sequence[Cell]) -> list[dict[str, str]]:
    """Return for each cell the names that other plain cells below it assign, and which."""
    found: list[dict[str, str]] = []
    below: dict[str, str] = {}
    for assigned in _assignments(cells, -1):
        found.append(below)
        if assigned:
            below = {**below, **assigned}
    return found[::-1]


def _assigned_below(cells: Sequence[Cell], at: int) -> dict[str, str]:
    """Return what ``_assigned_later`` has for one cell."""
    below: dict[str, str] = {}
    for assigned in _assignments(cells, at):
        below.update(assigned)
    return below


def _assignments(cells: Sequence[Cell], above: int) -> Iterator[dict[str, str]]:
    """Yield the names that each plain cell assigns, with its label, from the last cell up to the one after ``above``."""
    first = {cell.source: number for number, cell in reversed(list(enumerate(cells)))}
    for number in range(len(cells) - 1, above, -1):
        cell = cells[number]
        names = None
        if kind_of(cell.source) is CellKind.PLAIN and first[cell.source] == number:
            names = _names(cell, frozenset())
        yield {} if names is None else dict.fromkeys(names.writes, cell.label or "a plain cell")


# -- what cells declare ----------------------------------------------------------------------------------------------


class _Reader:
    """Goes through cells in order and notes what tasks each declares.

    Of the names that are known it keeps those that make a difference to analysis: few, so that large notebooks are
    gone through quickly.
    """

    def __init__(self) -> None:
        self.declared: dict[str, _Declared] = {}
        self.looks_down = False
        """Whether a task may read what a task below it makes; if none does, there is no cycle."""
        self._awaited: set[str] = set()
        self._makers: dict[str, _Declared] = {}
        self._known: frozenset[str] = frozenset()
        self._functions: set[str] = set()
        self._names: dict[str, int] = {}

    def copy(self) -> _Reader:
        """Return another one that has read the same."""
        made = _Reader()
        made.declared, made._makers = self.declared.copy(), self._makers.copy()
        made.looks_down, made._awaited = self.looks_down, self._awaited.copy()
        made._known, made._functions, made._names = self._known, self._functions.copy(), self._names.copy()
        return made

    def read(self, cell: Cell, position: int) -> None:
        """Note what the next cell declares; raise DefinitionError when it doesn't go with those above it."""
        for item in self._declarations(cell, position):
            _check_unique(self.declared, self._makers, item)
            self.declared[item.name] = item
            self.looks_down = self.looks_down or not self._awaited.isdisjoint(item.outputs)
            self._awaited |= item.reads - self._makers.keys()
            self._makers.update(dict.fromkeys(item.outputs, item))

    def _declarations(self, cell: Cell, position: int) -> Iterator[_Declared]:
        match kind_of(cell.source):
            case CellKind.TASK:
                item = declare(headers.parse_task_cell(cell), position, self._known)
                self._add(item.outputs)
                yield item
            case CellKind.PARAMS:
                self._add(parameter.name for parameter in _parameters(cell))
            case CellKind.PLAIN:
                names = _names(cell, self._known)
                if names is not None:
                    yield from self._calls(cell, position)
                    self._add(names.writes)

    def _add(self, names: Iterable[str]) -> None:
        new = analysis.TELLING.intersection(names)
        if new:
            self._known |= new

    def _calls(self, cell: Cell, position: int) -> Iterator[_Declared]:
        """Find calls of functions with the ``task`` decorator: each is a task, named after the function."""
        if not self._functions and "task" not in cell.source:
            return
        for definition in analysis.definitions(cell.source):
            if definition.kind is CaptureKind.FUNCTION and functions.is_decorated(definition.source):
                self._functions.add(definition.name)
            else:
                self._functions.discard(definition.name)
        if not self._functions:
            return
        for call in functions.calls(cell, self._functions):
            count = self._names[call.function] = self._names.get(call.function, 0) + 1
            name = call.function if count == 1 else f"{call.function}_{count}"
            yield declare(call.as_task_cell(cell, name), position, self._known)


_readers = beginnings.Beginnings(_Reader.copy)


def declare(cell: TaskCell, position: int, known: Collection[str]) -> _Declared:
    """Return what a task cell declares: name, inputs and outputs, stated or inferred."""
    name, names, outputs = _declared(cell, analysis.TELLING.intersection(known))
    return _Declared(cell=cell, name=name, names=names, outputs=outputs, position=position)


@lru_cache(maxsize=4096)
def _declared(cell: TaskCell, known: frozenset[str]) -> tuple[str, analysis.CellNames, tuple[str, ...]]:
    """Return name, names and outputs of a task cell; ``known`` are the known names that make a difference."""
    header = cell.header
    names = _body_names(cell, known)
    if names.opaque:
        raise _opaque(cell, names.opaque)
    outputs = header.outputs if header.outputs is not None else names.products
    name = header.name or _inferred_name(cell, names, outputs)
    for output in header.outputs or ():
        if output not in names.writes:
            close = [written for written in names.products if written not in outputs]
            hint = f"The cell assigns: {', '.join(close)}." if close else "Assign it in the cell, or don't list it."
            raise errors.DefinitionError(
                f"Task {name!r}: its output {output!r} is never assigned.", remedy=hint, task=name
            )
    mapped = header.options.map_over
    for output in outputs:
        if output in (header.inputs or ()) or output in names.reads or output == mapped:
            raise errors.DefinitionError(
                f"Task {name!r}: it reads {output!r} and makes it anew, so the name would mean two things.",
                remedy=f"Give the result another name, for example new_{output}.",
                task=name,
            )
    return name, names, outputs


def _opaque(cell: TaskCell, reason: str) -> errors.DefinitionError:
    return errors.DefinitionError(
        f"{_title(cell)}: what it reads and writes can't be known: {reason}.",
        remedy="Name things plainly (import names one by one, replace exec and globals() by functions or a dict).",
        task=cell.header.name or "",
    )


def _title(cell: TaskCell) -> str:
    name = cell.header.name
    return f"Task {name!r}" if name else f"The task in {cell.cell.label or 'this cell'}"


def _body_names(cell: TaskCell, known: Collection[str]) -> analysis.CellNames:
    """Return a body's names; lines are those of the whole cell."""
    above = cell.first_line - 1
    try:
        names = analysis.analyze(cell.body, known=known)
        if names.opaque is None:
            return dataclasses.replace(names, lines={name: line + above for name, line in names.lines.items()})
    except errors.DefinitionError:
        pass  # said again with the lines of the whole cell
    try:
        return analysis.analyze("\n" * above + cell.body, known=known)
    except errors.DefinitionError as exc:
        message = f"{_title(cell)}: {exc.message}."
        raise errors.DefinitionError(message, remedy=exc.remedy, task=cell.header.name or "") from exc


def _inferred_name(cell: TaskCell, names: analysis.CellNames, outputs: tuple[str, ...]) -> str:
    if outputs:
        return outputs[0]
    inputs = cell.header.inputs or tuple(sorted(names.reads, key=lambda name: (names.lines.get(name, 0), name)))
    if inputs:
        return f"show_{inputs[0]}"
    raise errors.DefinitionError(
        f"The task in {cell.cell.label or 'this cell'} assigns nothing, so that no name can be inferred.",
        remedy="Name it: %%task NAME",
    )


def _check_unique(declared: dict[str, _Declared], makers: dict[str, _Declared], item: _Declared) -> None:
    other = declared.get(item.name)
    if other is not None:
        raise errors.DefinitionError(
            f"Two cells ({_where(other)} and {_where(item)}) define a task {item.name!r}.",
            remedy="Rename one of them.",
            task=item.name,
        )
    for output in item.outputs:
        earlier = makers.get(output)
        if earlier is not None:
            raise errors.DefinitionError(
                f"Two tasks, {earlier.name!r} ({_where(earlier)}) and {item.name!r} ({_where(item)}), make {output!r}.",
                remedy=f"Rename the output in one of them, or drop the other task with: %forget {earlier.name}",
                task=item.name,
            )


def _where(item: _Declared) -> str:
    return item.cell.cell.label or "a cell"


def _makers(declared: Iterable[_Declared]) -> dict[str, str]:
    return {output: item.name for item in declared for output in item.outputs}


# -- plain cells -----------------------------------------------------------------------------------------------------


def _names(cell: Cell, known: Collection[str]) -> analysis.CellNames | None:
    """Return a plain cell's names; None when it isn't Python and so defines nothing."""
    try:
        return analysis.analyze(cell.source, known=known)
    except errors.DefinitionError:
        return None


def _add_parameters(walk: _Walk, cell: Cell) -> None:
    for parameter in _parameters(cell):
        maker = walk.outputs.get(parameter.name)
        if maker is not None:
            raise errors.DefinitionError(
                f"{parameter.name!r} is a parameter and an output of task {maker!r}.", remedy="Rename one of them."
            )
        walk.scope.parameters[parameter.name] = parameter
        walk.take([parameter.name])
        walk.without(parameter.name)


def _add_plain(walk: _Walk, cell: Cell, called: set[str]) -> None:
    """Take a plain cell into account: what it defines, and what of others it changes."""
    scope = walk.scope
    names = _names(cell, walk.seen.known)
    if names is None:
        return
    walk.add(names.writes)
    where = cell.label or "a plain cell"
    if names.opaque:
        scope.opaque[where] = names.opaque
    for name in names.writes - called:
        if name in walk.outputs:
            scope.tainted[name] = resolving.Taint(where=where, how=f"it assigns {name}")
    for name in names.mutates:
        if name in walk.outputs or name in scope.parameters:
            scope.tainted[name] = resolving.Taint(where=where, how=f"it changes {name} in place")
    scope.definitions = _extended(scope.definitions, cell, names.mutates, walk.seen.taken)


_remembered: OrderedDict[tuple[int, Cell, frozenset[str]], tuple[_Definitions, _Definitions]] = OrderedDict()
_REMEMBERED_MOST = 512


def _extended(before: _Definitions, cell: Cell, mutates: frozenset[str], taken: frozenset[str]) -> _Definitions:
    """Return the definitions in force after a plain cell; ``taken`` are the names of outputs and parameters.

    Remembered, since a notebook's cells are walked again for every cell that runs. The definitions before are kept
    with the answer: so their identity can't come to stand for others.
    """
    key = id(before), cell, taken
    found = _remembered.get(key)
    if found is None:
        start = {
            name: dataclasses.replace(item, kind=CaptureKind.VALUE)
            if name in mutates and item.kind is not CaptureKind.IMPORT
            else item
            for name, item in before.items()
        }
        extended = analysis.extend_scope(start, cell.source, label=cell.label)
        found = before, {name: item for name, item in extended.items() if name not in taken}
        _remembered[key] = found
        while len(_remembered) > _REMEMBERED_MOST:
            _remembered.popitem(last=False)
    else:
        _remembered.move_to_end(key)
    return found[1]

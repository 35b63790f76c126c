"""What code reaches beyond its inputs: imports, helpers, constants, local modules, values, transitively."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from taskcell.analysis import builtin_names, local_modules, written_imports
from taskcell.analysis.scoping import Definition
from taskcell.model.tasks import Capture, CaptureKind

_TASK = "the task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A name or module that is needed and is nowhere.

    ``via`` says who needs it: ``the task``, ``helper clean, cell 3, line 2``. ``line`` counts in that cell.
    """

    name: str
    line: int
    via: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What some names lead to.

    Attributes
    ----------
    captures
        Everything that can be captured as source, what is needed first.
    values
        Names whose value is known at run time only, and must be captured by content.
    missing
        Names that are neither builtin nor defined, and modules that are not installed.
    via
        For each reached name, who reaches it first.
    distributions
        All installed distributions that are imported, as (name, version), also by the body and by local
        modules.
    """

    captures: tuple[Capture, ...]
    values: tuple[str, ...]
    missing: tuple[Missing, ...]
    via: Mapping[str, str] = field(default_factory=dict)
    distributions: tuple[tuple[str, str], ...] = ()


def reach(
    roots: Iterable[str],
    scope: Mapping[str, Definition],
    *,
    lines: Mapping[str, int] | None = None,
    local_roots: Sequence[Path] = (),
    distributions: bool = True,
    body: str = "",
    finder: local_modules.Finder | None = None,
) -> Reach:
    """Return what names lead to.

    Parameters
    ----------
    roots : iterable of str
        Names that the task's code reads, its inputs left out.
    scope : mapping
        Definitions in force before the task's cell.
    lines : mapping, optional
        Line of the task's cell at which each root is read.
    local_roots : sequence of Path
        Folders in which local modules are looked for before ``sys.path``: the notebook's.
    distributions : bool
        Whether to look up installed distributions.
    body : str
        The task's text: modules that it imports itself are reached too.
    finder : Finder, optional
        What finds modules; then `local_roots` and `distributions` are its own. One for many tasks saves time.
    """
    finder = finder or local_modules.Finder(local_roots, with_distributions=distributions)
    search = _Search(scope, lines or {}, finder)
    search.names(roots)
    if body:
        search.imports_of_body(body)
    search.submodules_of(body)
    return search.result()


class _Search:
    """One walk over definitions; an explicit stack, so that a chain of helpers may be of any length."""

    def __init__(self, scope: Mapping[str, Definition], lines: Mapping[str, int], finder: local_modules.Finder) -> None:
        self._scope = scope
        self._lines = lines
        self._finder = finder
        self._via: dict[str, str] = {}
        self._order: list[str] = []
        self._missing: dict[str, Missing] = {}
        self._modules: dict[str, Capture] = {}
        self._imported: dict[str, local_modules.Imported] = {}
        self._distributions: set[tuple[str, str]] = set()

    def names(self, roots: Iterable[str]) -> None:
        """Visit names and all that they need, what is needed first."""
        stack: list[tuple[str, str, int, bool]] = [
            (name, _TASK, self._lines.get(name, 1), False) for name in sorted(roots, reverse=True)
        ]
        entered: set[str] = set()
        while stack:
            name, via, line, done = stack.pop()
            if done:
                self._order.append(name)
                continue
            if name in entered:
                continue
            definition = self._scope.get(name)
            if definition is None:
                if name not in builtin_names.BUILTINS:
                    self._missing.setdefault(name, Missing(name=name, line=line, via=via))
                continue
            entered.add(name)
            self._via[name] = via
            stack.append((name, via, line, True))
            if definition.kind is CaptureKind.VALUE:
                continue
            here = f"{_WORDS[definition.kind]} {name}, {definition.place}"
            needed = sorted(definition.reads - {name}, reverse=True)
            stack.extend((other, here, definition.line, False) for other in needed)

    def imports_of_body(self, body: str) -> None:
        """Follow the imports that stand in the task's own text."""
        self._add(self._finder.follow(written_imports.imports_of(body)))

    def submodules_of(self, body: str) -> None:
        """Follow what task and helpers take from local packages by dotted names: ``p.a.f`` needs ``p.a``, whoever imports it."""
        modules = [
            each
            for name in self._order
            if self._scope[name].kind is CaptureKind.IMPORT
            for each in written_imports.bound_in(self._scope[name].source)
            if self._finder.find(each.module).package
            and self._finder.find(each.module).home is local_modules.Home.LOCAL
        ]
        for text in [body, *(self._scope[name].source for name in self._order)] if modules else ():
            self._add(self._finder.follow_taken(written_imports.taken_in(text, modules)))

    def _add(self, found: local_modules.Imported) -> None:
        self._distributions.update(found.distributions)
        for module in found.modules:
            self._modules.setdefault(module.name, module)
            self._distributions.update(module.distributions)

    def result(self) -> Reach:
        """Return captures in order, values, and what is missing."""
        values = self._values()
        for name in self._order:
            if name not in values:
                self._follow_imports(self._scope[name])
        captures = [*self._modules.values(), *self._captures(values)]
        return Reach(
            captures=tuple(captures),
            values=tuple(sorted(values)),
            missing=tuple(self._missing.values()),
            via=self._via,
            distributions=tuple(sorted(self._distributions)),
        )

    def _values(self) -> set[str]:
        """Return reached names known at run time only: constants made from a value are values too."""
        values = {name for name in self._order if self._scope[name].kind is CaptureKind.VALUE}
        for name in self._order:
            definition = self._scope[name]
            if definition.kind is CaptureKind.CONSTANT and definition.eager & values:
                values.add(name)
        return self._still_needed(values)

    def _still_needed(self, values: set[str]) -> set[str]:
        """Leave out values that only other values were made from."""
        needed: set[str] = set()
        stack = [name for name in self._order if self._via[name] == _TASK]
        seen: set[str] = set()
        while stack:
            name = stack.pop()
            if name in seen or name not in self._via:
                continue
            seen.add(name)
            if name in values:
                needed.add(name)
            else:
                stack.extend(self._scope[name].reads)
        self._order = [name for name in self._order if name in seen]
        return needed

    def _follow_imports(self, definition: Definition) -> None:
        if definition.name in self._imported:
            return
        if definition.kind is not CaptureKind.IMPORT and "import" not in definition.source:
            return
        found = self._finder.follow(written_imports.imports_of(definition.source))
        self._imported[definition.name] = found
        self._add(found)
        if definition.kind is CaptureKind.IMPORT and not definition.optional:
            for module in found.missing:
                self._missing.setdefault(
                    module,
                    Missing(
                        name=module,
                        line=definition.line,
                        via=f"import {definition.name}, {definition.place}",
                        remedy=f"Install the distribution that has {module}, or correct the import.",
                    ),
                )

    def _captures(self, values: set[str]) -> Iterator[Capture]:
        for name in self._order:
            definition = self._scope[name]
            if name in values:
                continue
            imported = self._imported.get(name, local_modules.Imported())
            needed = sorted(other for other in definition.reads - {name} if other in self._via)
            yield Capture(
                name=name,
                kind=definition.kind,
                digest=definition.digest,
                source=definition.source,
                reads=(*needed, *imported.direct),
                origin=definition.place,
                distributions=imported.distributions,
            )


_WORDS = {
    CaptureKind.IMPORT: "import",
    CaptureKind.FUNCTION: "helper",
    CaptureKind.CLASS: "class",
    CaptureKind.CONSTANT: "constant",
    CaptureKind.VALUE: "value",
    CaptureKind.MODULE: "module",
}

"""Modules of the user's own: found without being imported, read as they are on disk.

A module is local when its file lies outside the standard library and outside the folders of installed
distributions; a distribution that is installed for editing lies outside too, so it counts as local.
Taskcell itself never does.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from taskcell import errors, hashing
from taskcell.analysis import distributions, meaning, parsing, written_imports
from taskcell.hashing import stamps
from taskcell.model.tasks import Capture, CaptureKind

_Text = tuple[str, hashing.Digest, tuple[written_imports.Wanted, ...], tuple[written_imports.Wanted, ...]]
"""A module's text, its digest, what it imports, and what it takes from that by dotted names."""


class Home(StrEnum):
    """Where a module comes from."""

    STANDARD = "standard"
    INSTALLED = "installed"
    LOCAL = "local"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A module as it is found. ``file`` is None for a namespace package and for what has no file."""

    name: str
    home: Home
    file: Path | None = None
    top: Path | None = None
    folders: tuple[str, ...] = ()
    package: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What imports lead to: local modules (dependencies first), distributions, modules that are nowhere."""

    modules: tuple[Capture, ...] = ()
    direct: tuple[str, ...] = ()
    distributions: tuple[distributions.Distribution, ...] = ()
    missing: tuple[str, ...] = ()


class Finder:
    """Finds modules from some folders, then from ``sys.path``, and follows what local ones import.

    It remembers what it found and read: use one for all tasks that are looked at together, and next time as
    long as it ``is_current``.
    """

    def __init__(self, local_roots: Sequence[Path] = (), *, with_distributions: bool = True) -> None:
        self._roots = [str(root) for root in local_roots]
        self._with_distributions = with_distributions
        self._places: dict[str, Place] = {}
        self._captures: dict[str, Capture] = {}
        self._watch = stamps.Watch()
        self._surroundings = _surroundings()

    def is_current(self) -> bool:
        """Whether what it found is certainly still what a new one would find."""
        return self._surroundings == _surroundings() and self._watch.unchanged()

    def follow(self, wanted: Iterable[written_imports.Wanted], *, package: str = "") -> Imported:
        """Return what imports lead to; `package` is the package of the code that they stand in."""
        direct, installed, missing = self._resolve(wanted, package)
        order: dict[str, Capture] = {}
        for name in direct:
            self._collect(name, order)
        return Imported(
            modules=tuple(order.values()),
            direct=tuple(direct),
            distributions=tuple(sorted(installed)),
            missing=tuple(missing),
        )

    def follow_taken(self, taken: Iterable[written_imports.Wanted]) -> Imported:
        """Return the local submodules that dotted names lead to, with all that they import."""
        order: dict[str, Capture] = {}
        for name in self._submodules(taken, ""):
            self._collect(name, order)
        return Imported(modules=tuple(order.values()))

    def _submodules(self, taken: Iterable[written_imports.Wanted], package: str) -> list[str]:
        found: dict[str, None] = {}
        for each in taken:
            name = written_imports.absolute(each, package)
            if name is None or self.find(name.partition(".")[0]).home is not Home.LOCAL:
                continue
            if self.find(name).home is Home.LOCAL:
                found.update(dict.fromkeys(self._modules_of(name, each.names)))
        return list(found)

    def _collect(self, start: str, order: dict[str, Capture]) -> None:
        """Add a local module after all that it imports; a circle is entered once."""
        stack = [(start, False)]
        entered: set[str] = set()
        while stack:
            name, done = stack.pop()
            if done:
                order.setdefault(name, self._captures[name])
                continue
            if name in entered or name in order:
                continue
            entered.add(name)
            capture = self._capture(name)
            stack.append((name, True))
            stack.extend((other, False) for other in sorted(capture.reads, reverse=True))

    def _capture(self, name: str) -> Capture:
        known = self._captures.get(name)
        if known is not None:
            return known
        place = self.find(name)
        if place.file is not None:
            self._watch.see(str(place.file))
        text, digest, wanted, taken = _read(place.file)
        package = name if place.package else name.rpartition(".")[0]
        direct, installed, _ = self._resolve(wanted, package)
        direct += self._submodules(taken, package)
        parents = [parent for parent in _parents(name) if self.find(parent).file is not None]
        capture = Capture(
            name=name,
            kind=CaptureKind.MODULE,
            digest=digest,
            source=text,
            reads=tuple(sorted({*direct, *parents} - {name})),
            origin=self._origin(place),
            distributions=tuple(sorted(installed)),
        )
        self._captures[name] = capture
        return capture

    def _origin(self, place: Place) -> str:
        """Return the file's path relative to the folder that it was found from."""
        if place.file is None:
            return place.name
        for root in (*self._roots, *(entry or "." for entry in sys.path)):
            folder = Path(root).resolve()
            if place.file.resolve().is_relative_to(folder):
                return place.file.resolve().relative_to(folder).as_posix()
        return place.file.name

    def _resolve(
        self, wanted: Iterable[written_imports.Wanted], package: str
    ) -> tuple[list[str], set[distributions.Distribution], list[str]]:
        direct: dict[str, None] = {}
        installed: set[distributions.Distribution] = set()
        missing: dict[str, None] = {}
        for each in wanted:
            name = written_imports.absolute(each, package)
            if name is None:
                continue
            place = self.find(name)
            if place.home is Home.LOCAL:
                direct.update(dict.fromkeys(self._modules_of(name, each.names)))
            elif place.home is Home.INSTALLED and self._with_distributions:
                installed.update(self._distributions(place, each.names))
            elif place.home is Home.NOWHERE:
                missing[name] = None
        return list(direct), installed, list(missing)

    def _distributions(self, place: Place, names: Sequence[str]) -> set[distributions.Distribution]:
        if place.top is not None:
            self._watch.see(str(place.top.parent))
        found = distributions.distributions_of(place.name, place.top)
        if place.file is None and names:
            inner = [distributions.distributions_of(f"{place.name}.{name}", place.top) for name in names]
            return {each for several in inner for each in several}
        return set(found)

    def _modules_of(self, name: str, taken: Sequence[str]) -> Iterator[str]:
        """Yield a module, the packages it is in, and the submodules taken from it, where they are files."""
        candidates = [*_parents(name), name]
        place = self.find(name)
        if place.package or place.file is None:
            submodules = [f"{name}.{each}" for each in taken if each != "*"]
            candidates += [each for each in submodules if self.find(each).home is Home.LOCAL]
        yield from (each for each in candidates if self.find(each).file is not None)

    def find(self, name: str) -> Place:
        """Return where a module is, without importing anything."""
        place = self._places.get(name)
        if place is None:
            place = self._find(name)
            self._places[name] = place
        return place

    def _find(self, name: str) -> Place:
        parent, _, _ = name.rpartition(".")
        if parent:
            return self._find_inside(name, self.find(parent))
        if name in sys.builtin_module_names or name == "__main__":
            return Place(name=name, home=Home.STANDARD)
        if name == "taskcell":
            return Place(name=name, home=Home.INSTALLED)
        self._look_into([*self._roots, *sys.path], name)
        spec = self._top_spec(name)
        if spec is None and name not in sys.stdlib_module_names:
            importlib.invalidate_caches()  # a file made a moment ago is not in the listings that Python keeps
            spec = self._top_spec(name)
        if spec is None:
            if _editable_finders():
                self._watch.distrust()  # where else they look is their own affair
            home = Home.STANDARD if name in sys.stdlib_module_names else Home.NOWHERE
            return Place(name=name, home=home)
        return _place(name, spec)

    def _look_into(self, folders: Iterable[str], name: str) -> None:
        """Watch the folders in which a module is looked for, and the folder that it may be in each."""
        for folder in folders:
            self._watch.see(folder or ".")
            inside = f"{folder or '.'}/{name}"
            if os.path.isdir(inside):  # noqa: PTH112  one that is made later shows in the folder around it
                self._watch.see(inside)

    def _top_spec(self, name: str) -> ModuleSpec | None:
        return _spec(name, self._roots) or PathFinder.find_spec(name, None) or _editable_spec(name)

    def _find_inside(self, name: str, parent: Place) -> Place:
        if parent.home is Home.STANDARD or parent.name.partition(".")[0] == "taskcell":
            return Place(name=name, home=parent.home, top=parent.top)
        self._look_into(parent.folders, name.rpartition(".")[2])
        spec = _spec(name, parent.folders) if parent.folders else None
        if spec is None:
            nowhere = parent.home is Home.LOCAL or parent.home is Home.NOWHERE
            home = Home.NOWHERE if nowhere else parent.home
            return Place(name=name, home=home, top=parent.top)
        place = _place(name, spec)
        return Place(
            name=name,
            home=place.home,
            file=place.file,
            top=parent.top,
            folders=place.folders,
            package=place.package,
        )


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _spec(name: str, folders: Sequence[str]) -> ModuleSpec | None:
    """Look for a module in folders: by its last name, as the full one of a namespace wants its parent loaded."""
    return PathFinder.find_spec(name.rpartition(".")[2], list(folders)) if folders else None


def _editable_spec(name: str) -> ModuleSpec | None:
    """Ask the finders of distributions that are installed for editing; they answer without importing."""
    for finder in _editable_finders():
        spec: ModuleSpec | None = finder.find_spec(name, None)
        if spec is not None:
            return spec
    return None


def _editable_finders() -> list[Any]:
    return [
        finder
        for finder in sys.meta_path
        if (getattr(finder, "__module__", "") or type(finder).__module__).startswith("__editable__")
    ]


def _surroundings() -> tuple[object, ...]:
    """Return what, beside files, decides where a module is found."""
    try:
        folder = os.getcwd()  # noqa: PTH109  on the path of every hit
    except FileNotFoundError:
        folder = ""
    return folder, tuple(sys.path), tuple(sys.meta_path)


def _place(name: str, spec: ModuleSpec) -> Place:
    folders = tuple(spec.submodule_search_locations or ())
    file = Path(spec.origin) if spec.origin and spec.has_location else None
    where = file or (Path(folders[0]) if folders else None)
    top = None
    if where is not None:
        top = where.parent if file is not None and folders else where
    return Place(
        name=name,
        home=_home(where),
        file=file,
        top=top,
        folders=folders,
        package=spec.submodule_search_locations is not None,
    )


def _home(where: Path | None) -> Home:
    if where is None:
        return Home.STANDARD
    if any(part in ("site-packages", "dist-packages") for part in where.parts):
        return Home.INSTALLED
    resolved = where.resolve()
    if any(resolved.is_relative_to(folder) for folder in _standard_folders()):
        return Home.STANDARD
    return Home.LOCAL


@cache
def _standard_folders() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    return tuple({Path(paths[key]).resolve() for key in ("stdlib", "platstdlib")})


def _read(file: Path | None) -> _Text:
    """Return a module's text, digest and imports, as it is on disk now."""
    if file is None:
        return "", hashing.digest_bytes(b""), (), ()
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise errors.NotFoundError(
            f"the module file {file.name} can't be read: {exc.strerror}",
            remedy="Restore the file, or remove its import.",
        ) from exc
    return _understand(data, file.suffix)


@lru_cache(maxsize=512)
def _understand(data: bytes, suffix: str) -> _Text:
    if suffix not in (".py", ".pyw"):
        return "", hashing.digest_bytes(data), (), ()
    try:
        text = _decoded(data)
        tree = parsing.parse_python(text)
    except SyntaxError:
        return data.decode("utf-8", "replace"), hashing.digest_bytes(data), (), ()
    return (
        text,
        meaning.nodes_digest(tree.body),
        written_imports.imports_in(tree.body),
        written_imports.taken(tree.body),
    )


def _decoded(data: bytes) -> str:
    """Return a source file's text in the encoding that it declares."""
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        return io.TextIOWrapper(io.BytesIO(data), encoding).read()
    except UnicodeDecodeError as exc:
        raise SyntaxError(str(exc)) from exc

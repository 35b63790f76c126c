"""Which installed distribution an imported module belongs to.

``importlib.metadata.packages_distributions`` reads the file lists of everything installed, which takes
longer than a whole notebook's analysis; here a distribution of the module's own name is looked at first,
and the rest only when that does not answer.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path

Distribution = tuple[str, str]
"""(normalised name, version)."""


def normalise(name: str) -> str:
    """Return a distribution's name in its normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions_of(module: str, location: Path | None) -> tuple[Distribution, ...]:
    """Return the distributions that provide a module.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    location : Path or None
        File or folder of its top-level package, in a folder that holds installed distributions. None: not
        known.
    """
    top = module.partition(".")[0]
    folders = [location.parent] if location is not None else [Path(entry) for entry in sys.path if entry]
    for folder in folders:
        found = _providers(folder, top)
        if len(found) > 1:
            found = tuple(each for each in found if _lists(each, module)) or found
        if found:
            return tuple(sorted((name, version) for name, version, _ in found))
    return ()


_Provider = tuple[str, str, Path]


def _providers(folder: Path, top: str) -> tuple[_Provider, ...]:
    stamp = _stamp(folder)
    return _providers_at(folder, stamp, top) if stamp is not None else ()


@lru_cache(maxsize=4096)
def _providers_at(folder: Path, stamp: int, top: str) -> tuple[_Provider, ...]:
    installed = _installed(folder, stamp)
    own = [each for each in installed if each[0] == normalise(top) and top in _tops(each[2])]
    if own and not _is_namespace(folder / top):
        return tuple(own)
    return tuple(each for each in installed if top in _tops(each[2]))


def _is_namespace(package: Path) -> bool:
    return package.is_dir() and not (package / "__init__.py").exists()


def _stamp(folder: Path) -> int | None:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=64)
def _installed(folder: Path, stamp: int) -> tuple[_Provider, ...]:
    """Return every distribution whose metadata is in a folder; `stamp` is the folder's time of change."""
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.suffix in (".dist-info", ".egg-info"):
            name, _, rest = entry.stem.partition("-")
            version = rest.partition("-py")[0] if entry.suffix == ".egg-info" else rest
            found.append((normalise(name), version or _version(entry), entry))
    return tuple(found)


def _version(info: Path) -> str:
    return next((line[9:].strip() for line in _lines(info / "PKG-INFO") if line.startswith("Version: ")), "")


@lru_cache(maxsize=4096)
def _tops(info: Path) -> frozenset[str]:
    """Return the top-level modules of a distribution: by its own list, else by its files."""
    named = [line.strip() for line in _lines(info / "top_level.txt") if line.strip()]
    if named:
        return frozenset(name.partition("/")[0] for name in named)
    found = set()
    for path in _files(info):
        first, slash, _ = path.partition("/")
        if first.endswith((".dist-info", ".data", ".egg-info", ".pth")) or first in ("..", "__pycache__"):
            continue
        found.add(first if slash else first.partition(".")[0])
    return frozenset(found)


@lru_cache(maxsize=256)
def _files(info: Path) -> tuple[str, ...]:
    record = _lines(info / "RECORD")
    return tuple(line.split(",", 1)[0].strip('"') for line in record if line)


def _lists(provider: _Provider, module: str) -> bool:
    path = module.replace(".", "/")
    ends = (f"{path}.py", f"{path}/__init__.py")
    return any(file in ends or file.startswith((f"{path}.", f"{path}/")) for file in _files(provider[2]))


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()

"""Where a class, function or module comes from: the standard library, an installed distribution, or the user.

What is installed counts by its name and its distribution's version; what the user wrote counts by its code.
"""

from __future__ import annotations

import functools
import sys
import sysconfig
from pathlib import Path

_OURS = __name__.partition(".")[0]


@functools.cache
def _stdlib() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({str(Path(paths[key]).resolve()) for key in ("stdlib", "platstdlib")})


@functools.cache
def _site_folders() -> tuple[str, ...]:
    import site

    paths = sysconfig.get_paths()
    folders = [paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()]
    return tuple({str(Path(folder).resolve()) for folder in folders})


def stands_for(module: object, qualname: str, value: object) -> bool:
    """Whether something installed is found under its name, so that the name and a version say what it is.

    What ``functools.wraps``, ``make_dataclass`` and the like make has the name of something else, or nobody's.
    """
    return isinstance(module, str) and not is_local(module) and _finds(module, qualname, value)


def _finds(module: str, qualname: str, value: object) -> bool:
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found is value or getattr(found, "__func__", None) is value


def home_of(value: object, name: str) -> str | None:
    """Return the installed module with the shortest name that holds an object which names itself only in part."""
    homes = [
        module
        for module, loaded in list(sys.modules.items())
        if isinstance(module, str) and vars(loaded).get(name) is value and not is_local(module)
    ]
    return min(homes, key=lambda module: (module.count("."), module), default=None)


def is_local(module: str | None) -> bool:
    """Whether a module is the user's own: ``__main__``, a notebook, or a file outside the installed ones."""
    if module is None or module in ("__main__", "__mp_main__"):
        return True
    root = module.partition(".")[0]
    if root == _OURS or root in sys.builtin_module_names:
        return False
    loaded = sys.modules.get(module)
    if loaded is None:
        return not _known_root(root)
    file = getattr(getattr(loaded, "__spec__", None), "origin", None) or getattr(loaded, "__file__", None)
    if not isinstance(file, str) or file in ("built-in", "frozen"):
        return not _known_root(root)
    return _file_is_local(file)


@functools.cache
def _file_is_local(file: str) -> bool:
    path = Path(file).resolve()
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return False
    return not any(path.is_relative_to(folder) for folder in (*_site_folders(), *_stdlib()))


@functools.cache
def _known_root(root: str) -> bool:
    """Whether a module without a file belongs to something installed (a compiled or generated submodule)."""
    if root in sys.stdlib_module_names:
        return True
    loaded = sys.modules.get(root)
    file = getattr(loaded, "__file__", None)
    return isinstance(file, str) and not _file_is_local(file)


@functools.cache
def version_of(module: str) -> str:
    """Return name and version of the distribution that a module belongs to; empty for the library."""
    root = module.partition(".")[0]
    if root == _OURS or root in sys.stdlib_module_names:
        return ""
    version = getattr(sys.modules.get(root), "__version__", None)
    if isinstance(version, str):
        return f"{root} {version}"
    import importlib.metadata  # 30 ms

    names = importlib.metadata.packages_distributions().get(root, [])
    return ", ".join(sorted(f"{name} {importlib.metadata.version(name)}" for name in names))

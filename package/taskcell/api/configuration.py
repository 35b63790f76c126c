"""Read settings: keyword arguments, then environment, then ``pyproject.toml`` or ``taskcell.toml``."""

from __future__ import annotations

import getpass
import os
import stat
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from taskcell import errors
from taskcell.hashing import stamps
from taskcell.model import addresses
from taskcell.model.settings import KubernetesSettings, Settings
from taskcell.store.opening import Store, open_store

_PREFIX = "TASKCELL_"
_FILES = ("taskcell.toml", "pyproject.toml")
_NOT_SETTINGS = {"TASKCELL_TASK", "TASKCELL_READ_CACHE", "TASKCELL_WEBHOOK_URL", addresses.HERE}
"""Variables of ours that a worker or a server sets for the kernel, and a backend for a driver."""
_VARIABLES = {name: f"{_PREFIX}{name.upper()}" for name in Settings.__struct_fields__ if name != "kubernetes"}
_KUBERNETES = {name: f"{_PREFIX}KUBERNETES_{name.upper()}" for name in KubernetesSettings.__struct_fields__}
_ALL_VARIABLES = (*_VARIABLES.values(), *_KUBERNETES.values())
_KNOWN = frozenset(_ALL_VARIABLES)


def settings(**given: Any) -> Settings:
    """Return the settings in force; raise InvalidInputError for an unknown or malformed one.

    Parameters
    ----------
    **given
        Settings of this call; None means not given.
    """
    _check_environment()
    file = _nearest_file(os.getcwd())  # noqa: PTH109  on the path of every hit
    # One walk over all variables: to ask for each of ours takes longer than the rest of a hit.
    said = tuple((name, os.environ.get(name, "")) for name in sorted(_KNOWN.intersection(os.environ)))
    chosen = {name: value for name, value in given.items() if value is not None}
    return _converted(_values(file, said) | chosen) if chosen else _without_more(file, said)


@lru_cache(maxsize=32)
def _without_more(file: tuple[str, stamps.Stamp] | None, said: tuple[tuple[str, str], ...]) -> Settings:
    """Return what holds where a call gives nothing itself, as nearly all do; a changed file has another stamp."""
    return _converted(_values(file, said))


def _converted(values: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert(values, type=Settings, strict=False)
    except msgspec.ValidationError as exc:
        raise errors.InvalidInputError(
            f"A setting is wrong: {exc}.", remedy=f"Settings are: {', '.join(Settings.__struct_fields__)}."
        ) from exc


def _values(file: tuple[str, stamps.Stamp] | None, said: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return what a file and variables say; a table's entries in variables replace those of the file one by one."""
    found = dict(_table(*file) or {}) if file is not None else {}
    environ = {name: text for name, text in said if text}
    inner: dict[str, Any] = {name: environ[variable] for name, variable in _KUBERNETES.items() if variable in environ}
    if "pod" in inner:
        inner["pod"] = _json(_KUBERNETES["pod"], inner["pod"])
    outer = found.get("kubernetes")
    if inner and isinstance(outer, dict | None):
        found["kubernetes"] = {**(outer or {}), **inner}
    for name, variable in _VARIABLES.items():
        if variable in environ:
            found[name] = tuple(environ[variable].split(",")) if name == "trusted_stores" else environ[variable]
    return found


def _json(variable: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as exc:
        raise errors.InvalidInputError(
            f"{variable} is not JSON: {exc}.", remedy='Write for example: {"nodeSelector": {"disk": "ssd"}}'
        ) from exc


def variables(chosen: Settings) -> dict[str, str]:
    """Return settings as variables by which another process has the same ones; defaults are left out."""
    found: dict[str, str] = {}
    kinds = ((_VARIABLES, chosen, Settings()), (_KUBERNETES, chosen.kubernetes, KubernetesSettings()))
    for names, part, usual in kinds:
        for name, variable in names.items():
            value = getattr(part, name)
            if value != getattr(usual, name):
                found[variable] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return ",".join(value) if isinstance(value, tuple) else str(value)


@lru_cache(maxsize=1)
def _check_environment() -> None:
    """Refuse a misspelt variable of ours, once a process; raise InvalidInputError."""
    for variable in os.environ:
        if variable.startswith(_PREFIX) and variable not in _KNOWN | _NOT_SETTINGS:
            raise errors.InvalidInputError(
                f"There is no setting {variable}.", remedy=f"There are: {', '.join(_ALL_VARIABLES)}."
            )


def _nearest_file(folder: str) -> tuple[str, stamps.Stamp] | None:
    """Return the nearest file that has settings, looked for in a folder and its parents, and its stamp."""
    for path in _candidates(folder):
        stamp = stamps.at(path) if os.access(path, os.F_OK) else None  # without the price of an exception
        if stamp is not None and _table(path, stamp) is not None:
            return path, stamp
    return None


@lru_cache(maxsize=32)
def _candidates(folder: str) -> tuple[str, ...]:
    place = Path(folder)
    return tuple(f"{parent}/{name}" for parent in (place, *place.parents) for name in _FILES)


@lru_cache(maxsize=32)
def _table(path: str, _stamp: stamps.Stamp) -> Mapping[str, Any] | None:
    """Return a file's settings, or None when it is about other things."""
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise errors.InvalidInputError(f"{path} can't be read: {exc}.", remedy="Correct or remove it.") from exc
    if path.endswith("taskcell.toml"):
        return data
    table = data.get("tool", {}).get("taskcell")
    return table if isinstance(table, dict) else None


def cache_folder() -> Path:
    """Return where copies may lie that can be made again."""
    import platformdirs

    return Path(platformdirs.user_cache_path("taskcell"))


def default_store_url() -> str:
    """Return the store in the user's data directory."""
    return _default_store_url(os.environ.get("XDG_DATA_HOME"), os.environ.get("HOME"))


@lru_cache(maxsize=16)
def _default_store_url(_data_home: str | None, _home: str | None) -> str:
    import platformdirs

    return Path(platformdirs.user_data_path("taskcell")).as_uri()


def store(**given: Any) -> Store:
    """Return the store in force."""
    return store_of(settings(**given))


def store_of(chosen: Settings) -> Store:
    """Return the store that settings name."""
    return _opened(chosen.store or default_store_url(), chosen.project)


@lru_cache(maxsize=16)
def _opened(url: str, project: str) -> Store:
    return open_store(url, project)


def jupyterlab() -> str:
    """Return the address of the JupyterLab to which links lead; empty when none is known.

    Raises
    ------
    InvalidInputError
        When the setting is no address.
    """
    said = settings().jupyterlab
    if said is None:
        return addresses.lab_address(os.environ.get(addresses.HERE, ""))
    address = addresses.lab_address(said)
    if not address:
        raise errors.InvalidInputError(
            f"The setting jupyterlab is not the address of a JupyterLab: {said[:200]}",
            remedy="It looks like https://hub.example/user/ana, without a token.",
        )
    return address


def user(**given: Any) -> str:
    """Return the name that is written on versions and runs."""
    try:
        return settings(**given).user or getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def trusted(where: Store, **given: Any) -> bool:
    """Whether pickles of a store may be loaded.

    True for a store that the settings name, and for a local folder that belongs to this user and that nobody else may
    write to: only this user's own code can have put anything there.
    """
    return trusts(settings(**given), where)


def trusts(chosen: Settings, where: Store) -> bool:
    """Whether pickles of a store may be loaded under these settings."""
    named = chosen.trusted_stores
    if any(where.url == url.rstrip("/") or where.url.startswith(url.rstrip("/") + "/") for url in named):
        return True
    return where.url.startswith("file://") and _is_mine(_folder_of(where.url))


@lru_cache(maxsize=16)
def _folder_of(url: str) -> str:
    return unquote(urlsplit(url).path)


def _is_mine(folder: str) -> bool:
    try:
        found = os.stat(folder)  # noqa: PTH116  on the path of every hit
    except OSError:
        return True  # nothing is there yet: what comes will be mine
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)

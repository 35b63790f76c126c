"""The recorded environment as a standard lock file, ``pylock.toml`` (PEP 751).

Every distribution stands in ``[[packages]]`` with what the installation itself knows:

- installed from a repository, an archive or a folder (PEP 610): ``vcs``, ``archive`` or ``directory``;
- installed from an index: name, version and ``wheels`` with the exact name of the wheel.

An installation does not know the address or the hash of the wheel it came from, and asking an index at every
snapshot would make snapshots slow, and impossible off-line. So the wheel's ``path`` is its name beside the
lock file, and its hash is ``taskcell-record``: the digest of the wheel's ``RECORD`` as installed, by which a
rebuilt environment is compared file by file. No index is named: whoever rebuilds asks their own. Taskcell
rebuilds by ``name==version`` and compares; a standard installer, which can't check that hash, refuses the
file rather than installing something else. Passwords, queries and fragments of URLs are never written.

A version that is not one (PEP 440) cannot stand in ``[[packages]]``; it is listed in ``[tool.taskcell]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taskcell import errors
from taskcell.environment import capturing, distributions, origins
from taskcell.environment.distributions import Distribution
from taskcell.environment.tables import table
from taskcell.hashing import stamps
from taskcell.model.versions import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One package of a lock file.

    Attributes
    ----------
    version
        None when the lock file states none (a source tree locked by another tool).
    source
        ``index``, ``vcs``, ``directory`` or ``archive``.
    facts
        The table of that source in the lock file; for ``index`` its first wheel.
    record
        Digest of the installed files, by which a rebuilt one is compared. Empty: unknown.
    """

    name: str
    version: str | None
    source: str
    facts: Mapping[str, Any]
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file as it was read. Fields that another tool's lock does not have are empty."""

    python: str
    implementation: str
    platform: str
    digest: str
    packages: tuple[LockedPackage, ...]


def lock_toml(environment: Environment, *, installed: Mapping[str, Distribution] | None = None) -> str:
    """Return the ``pylock.toml`` of an environment.

    Parameters
    ----------
    environment : Environment
        What to lock: all that is installed, or a part of it.
    installed : mapping, optional
        Name to distribution, where the facts are read. None: what this interpreter has.

    Raises
    ------
    InvalidInputError
        The environment has a distribution that is not installed here in that version.
    """
    if installed is None:
        installed = capturing.installed()
    entries: list[str] = []
    unlocked: list[dict[str, str]] = []
    for name, version in environment.distributions:
        found = installed.get(name)
        if found is None or found.version != version:
            raise errors.InvalidInputError(
                f"{name} {version} is not installed here, so its origin can't be locked.",
                remedy="Something was installed or removed meanwhile: capture the environment again.",
            )
        if _is_version(version):
            entries.append(_entry(found))
        else:
            unlocked.append({"name": name, "version": version})
    own: dict[str, Any] = {
        "python": environment.python,
        "implementation": environment.implementation,
        "platform": environment.platform,
        "digest": environment.digest,
    }
    if unlocked:
        own["unlocked"] = unlocked
    return "\n".join([table("", _head(environment)), *entries, table("[tool.taskcell]", own)])


def read_lock(text: str) -> Lock:
    """Return a lock file's packages.

    Raises
    ------
    FormatError
        The text is no lock file, or one of a newer format.
    """
    import tomllib

    try:
        data = tomllib.loads(text)
        if not str(data["lock-version"]).startswith("1."):
            raise errors.FormatError(
                f"The lock file has format {data['lock-version']}; this version of Taskcell reads 1.0.",
                remedy="Upgrade Taskcell.",
            )
        own = data.get("tool", {}).get("taskcell", {})
        packages = [_read_package(entry) for entry in data["packages"]]
        packages += [_unlocked(entry) for entry in own.get("unlocked", ())]
        return Lock(
            python=own.get("python", ""),
            implementation=own.get("implementation", ""),
            platform=own.get("platform", ""),
            digest=own.get("digest", ""),
            packages=tuple(packages),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as exc:
        raise errors.FormatError(
            f"The lock file is not a pylock.toml: {exc!r}.", remedy="Take the lock file of another version."
        ) from exc


def _head(environment: Environment) -> dict[str, Any]:
    system, _, machine = environment.platform.partition("-")
    minor = ".".join(environment.python.split(".")[:2])
    marker = (
        f"sys_platform == '{system}' and platform_machine == '{machine}'"
        f" and implementation_name == '{environment.implementation}' and python_version == '{minor}'"
    )
    return {
        "lock-version": "1.0",
        "environments": [marker],
        "requires-python": f"=={minor}.*",
        "created-by": "taskcell",
    }


def _entry(found: Distribution) -> str:
    """Return a distribution's table, read again only when one of the files that say it may have changed."""
    kept = _entries.get(found)
    if kept is not None and kept[0].unchanged():
        return kept[1]
    watch = stamps.Watch()
    for name in distributions.METADATA_FILES:
        watch.see(str(found.path / name))
    text = table("[[packages]]", _package(found))
    _entries[found] = watch, text
    return text


_entries: dict[Distribution, tuple[stamps.Watch, str]] = {}
"""Tables of this process's distributions: they are a lock file's whole cost, and the same from snapshot to snapshot."""


def _package(found: Distribution) -> dict[str, Any]:
    origin = distributions.direct_url(found)
    source = origins.source_table(origin) if origin else {}
    own = {"version": found.version}
    if "directory" in source:  # a source tree has no version that could be relied on, says PEP 751
        return {"name": found.name, **source, "tool": {"taskcell": own}}
    record = distributions.record_digest(found)
    if "vcs" in source:
        return {"name": found.name, **source, "tool": {"taskcell": {**own, "record": record}}}
    if "archive" in source:
        source["archive"].setdefault("hashes", {origins.RECORD_HASH: record})
        return {
            "name": found.name,
            "version": found.version,
            **source,
            "tool": {"taskcell": {"record": record}},
        }
    return {"name": found.name, "version": found.version, **origins.index_table(found, record)}


def _is_version(text: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _read_package(table: Mapping[str, Any]) -> LockedPackage:
    own = table.get("tool", {}).get("taskcell", {})
    source = next((name for name in ("vcs", "directory", "archive") if name in table), "index")
    if source == "index":
        facts = next(iter(table.get("wheels", ())), None) or table.get("sdist", {})
    else:
        facts = table[source]
    return LockedPackage(
        name=distributions.normalised(table["name"]),
        version=table.get("version") or own.get("version"),
        source=source,
        facts=facts,
        record=own.get("record", "") or facts.get("hashes", {}).get(origins.RECORD_HASH, ""),
    )


def _unlocked(table: Mapping[str, str]) -> LockedPackage:
    return LockedPackage(name=table["name"], version=table["version"], source="index", facts={})


def directory_of(package: LockedPackage) -> Path | None:
    """Return the folder that a package was installed from, None when it was not."""
    if package.source != "directory":
        return None
    return Path(str(package.facts["path"]), str(package.facts.get("subdirectory", "")))

"""Paths: one to something that exists counts by content and its own name, any other by its text.

A folder counts by the names, bytes and links below it; times, owners and permissions do not count. A link
that stays inside the folder counts by where it points, one that leaves it counts as what it points to.

Large files are remembered by device, inode, size and times, and only if the file was last touched long enough
before it was read that a later change must show in its times, and if nothing in this process maps it for
writing.
"""

from __future__ import annotations

import os
import pathlib
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from taskcell.hashing import stamps, tokens
from taskcell.hashing.digests import ByteHasher, Digest
from taskcell.hashing.tokens import Node, RefusalError, Token
from taskcell.hashing.values import register

_CHUNK_BYTES = 1 << 20
_REMEMBER_BYTES = 1 << 20
"""Files below this size are always read again. Unit: bytes."""
_MAX_ENTRIES = 200_000

_remembered: dict[stamps.Stamp, Digest] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEntry:
    """One name below a folder: a file has ``source``, a link ``target``, a folder neither."""

    path: str
    source: Path | None = None
    target: str | None = None


@dataclass(slots=True)
class _Open:
    """The folder being listed: its resolved root and the folders entered through links."""

    root: Path
    entered: set[tuple[int, int]] = field(default_factory=set)
    count: int = 0


def name_of(path: Path) -> str:
    """Return the name under which a path's content is known."""
    return path.name if path.name not in ("", "..") else path.resolve().name


def file_token(name: str, content: Digest) -> Token:
    """Return the token of a path to a file, from the plain digest of the file's bytes."""
    return tokens.join(Node("path-file", (name, bytes.fromhex(content))), [])


def folder_token(name: str, entries: list[tuple[str, str, str]]) -> Token:
    """Return the token of a path to a folder, from (path, ``file``/``link``/``folder``, digest or target)."""
    parts = [part for entry in sorted(entries) for part in entry]
    return tokens.join(Node("path-folder", (name, *parts)), [])


def digest_file(path: Path) -> Digest:
    """Return the plain digest of a file's bytes (the address of its blob), remembering large files."""
    try:
        with path.open("rb", buffering=0) as file:
            before = stamps.of(os.fstat(file.fileno()))
            if before[2] >= _REMEMBER_BYTES and before in _remembered and not _is_mapped(path):
                return _remembered[before]
            started_s = time.time()
            digest = _digest_stream(file.fileno())
            after = stamps.of(os.fstat(file.fileno()))
    except OSError as exc:
        raise RefusalError(f"the file {path} ({exc.strerror or exc})", "Make it readable, or pass its text.") from exc
    if before != after:
        raise RefusalError(f"the file {path}, which changes while it is read,", "Wait until it is complete.")
    if before[2] >= _REMEMBER_BYTES and stamps.is_settled(before, started_s) and not _is_mapped(path):
        _remembered[before] = digest
    return digest


def _digest_stream(descriptor: int) -> Digest:
    hasher = ByteHasher()
    buffer = bytearray(_CHUNK_BYTES)
    view = memoryview(buffer)
    while size := os.readv(descriptor, [buffer]) if hasattr(os, "readv") else _read_into(descriptor, view):
        hasher.update(view[:size])
    return hasher.digest()


def _read_into(descriptor: int, view: memoryview) -> int:
    data = os.read(descriptor, len(view))
    view[: len(data)] = data
    return len(data)


def _is_mapped(path: Path) -> bool:
    """Whether this process maps the file shared and writable: such a write shows in its times only later."""
    if not sys.platform.startswith("linux"):
        return False
    name = str(path.resolve())
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    return any(line.endswith(name) and line.split(" ", 2)[1][1::2] == "ws" for line in maps.splitlines())


def walk_folder(path: Path) -> list[FolderEntry]:
    """Return everything below a folder, sorted by relative path."""
    state = _Open(path.resolve())
    return sorted(_walk(state.root, "", state), key=lambda entry: entry.path)


def _walk(folder: Path, prefix: str, state: _Open) -> Iterator[FolderEntry]:
    try:
        children = sorted(os.scandir(folder), key=lambda child: child.name)
    except OSError as exc:
        raise RefusalError(f"the folder {folder} ({exc.strerror or exc})", "Make it readable.") from exc
    for child in children:
        state.count += 1
        if state.count > _MAX_ENTRIES:
            raise RefusalError(
                f"the folder {state.root} with more than {_MAX_ENTRIES} entries",
                "Pass a smaller folder, or its path as text (str).",
            )
        yield from _entry(Path(child.path), prefix + child.name, state)


def _entry(path: Path, name: str, state: _Open) -> Iterator[FolderEntry]:
    if path.is_symlink():
        target = path.readlink()
        real = path.resolve()
        if not real.exists() or (not target.is_absolute() and real.is_relative_to(state.root)):
            yield FolderEntry(path=name, target=str(target))
            return
        path = real
        if path.is_dir():
            _enter_once(path, state)
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        yield FolderEntry(path=name)
        yield from _walk(path, name + "/", state)
    elif stat.S_ISREG(mode):
        yield FolderEntry(path=name, source=path)
    else:
        raise RefusalError(f"{path}, which is neither a file nor a folder,", "Leave it out of the folder.")


def _enter_once(path: Path, state: _Open) -> None:
    found = path.stat()
    identity = (found.st_dev, found.st_ino)
    if identity in state.entered or state.root.is_relative_to(path):
        raise RefusalError(f"the folder {state.root}, whose links run in a circle at {path},", "Remove the link.")
    state.entered.add(identity)


def _path(value: Path) -> Token:
    try:
        mode = value.stat().st_mode
    except (OSError, ValueError):
        return _text(value)
    if stat.S_ISREG(mode):
        return file_token(name_of(value), digest_file(value))
    if stat.S_ISDIR(mode):
        return folder_token(name_of(value), [_described(entry) for entry in walk_folder(value)])
    raise RefusalError(f"{value}, which is neither a file nor a folder,", "Pass its text, or what you read from it.")


def _described(entry: FolderEntry) -> tuple[str, str, str]:
    if entry.source is not None:
        return entry.path, "file", digest_file(entry.source)
    return (entry.path, "link", entry.target) if entry.target is not None else (entry.path, "folder", "")


def _text(value: pathlib.PurePath) -> Token:
    return tokens.join(Node("path", (value.as_posix(),)), [])


def _pure(value: pathlib.PurePath) -> Token:
    return tokens.join(Node("pure-path", (type(value).__name__, value.as_posix())), [])


register(pathlib.PurePath, _pure, subclasses=True)
register(pathlib.Path, _path, subclasses=True)

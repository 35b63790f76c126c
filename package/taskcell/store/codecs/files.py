"""Files and folders behind a ``Path``: stored by content, laid out again as a read-only copy."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from taskcell import errors
from taskcell.hashing import files as hashing_files
from taskcell.hashing import tokens
from taskcell.hashing.digests import Digest
from taskcell.hashing.tokens import RefusalError
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.store import contracts
from taskcell.store.codecs import previews

_CHUNK_BYTES = 1 << 22
_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileCodec:
    """A path to an existing file or folder."""

    name = "files/1"
    executes_code = False

    def accepts(self, value: Any) -> bool:
        """Whether this is a path to something that exists."""
        return isinstance(value, Path) and value.exists()

    def encode(self, value: Path, sink: contracts.BlobSink, codecs: contracts.Codecs) -> Artifact:
        """Store every file as a blob; names and links stand in ``meta``."""
        try:
            return _encode_folder(value, sink) if value.is_dir() else _encode_file(value, sink)
        except RefusalError as exc:
            raise errors.UnstorableError(f"{exc.what} can't be stored", remedy=exc.remedy, path=str(value)) from exc
        except OSError as exc:
            raise errors.UnstorableError(
                f"{value} can't be read: {exc.strerror or exc}", remedy="Make it readable.", path=str(value)
            ) from exc

    def decode(self, artifact: Artifact, source: contracts.BlobSource, decoder: contracts.Decoder) -> Path:
        """Return the path of a read-only copy, made unless it is there unchanged."""
        root = decoder.folder or _user_folder()
        name = artifact.meta["name"]
        if PurePosixPath(name).name != name or name in ("", ".", "..") or "\0" in name:
            raise _hostile(artifact, name)
        if not _DIGEST.fullmatch(artifact.digest):
            raise _hostile(artifact, artifact.digest)
        target = root / artifact.digest[:32] / name
        try:
            return target if _is_intact(target, artifact) else _lay_out(artifact, source, target)
        except OSError as exc:
            raise errors.StoreError(
                f"The stored files {name!r} can't be laid out at {target}: {exc.strerror or exc}",
                remedy="Free some space there, or make the folder writable.",
            ) from exc


def _user_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("taskcell")) / "files"


def _encode_file(path: Path, sink: contracts.BlobSink) -> Artifact:
    if not path.is_file():
        raise RefusalError(f"{path}, which is neither a file nor a folder,", "Pass what you read from it.")
    blob, size = sink.put(_chunks(path))
    name = hashing_files.name_of(path)
    return Artifact(
        digest=tokens.to_digest(hashing_files.file_token(name, blob)),
        codec=FileCodec.name,
        type="pathlib.Path",
        blobs=(blob,),
        size_bytes=size,
        meta={"name": name, "kind": "file", "executable": os.access(path, os.X_OK)},
        preview=previews.cut(f"file {name}, {previews.of_bytes(size)}"),
    )


def _encode_folder(path: Path, sink: contracts.BlobSink) -> Artifact:
    name = hashing_files.name_of(path)
    described: list[tuple[str, str, str]] = []
    blobs: list[Digest] = []
    executables: list[str] = []
    size_bytes = 0
    for entry in hashing_files.walk_folder(path):
        if entry.source is None:
            described.append((entry.path, "folder" if entry.target is None else "link", entry.target or ""))
            continue
        blob, size = sink.put(_chunks(entry.source))
        blobs.append(blob)
        size_bytes += size
        described.append((entry.path, "file", blob))
        executables += [entry.path] if os.access(entry.source, os.X_OK) else []
    return Artifact(
        digest=tokens.to_digest(hashing_files.folder_token(name, described)),
        codec=FileCodec.name,
        type="pathlib.Path",
        blobs=tuple(blobs),
        size_bytes=size_bytes,
        meta={"name": name, "kind": "folder", "entries": described, "executables": executables},
        preview=previews.cut(f"folder {name}, {len(blobs):,} files, {previews.of_bytes(size_bytes)}"),
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _is_intact(target: Path, artifact: Artifact) -> bool:
    """Whether the copy is there and nobody has changed it."""
    try:
        return target.exists() and digest_value(target) == artifact.digest
    except errors.UnstorableError:
        return False


def _lay_out(artifact: Artifact, source: contracts.BlobSource, target: Path) -> Path:
    """Write the copy beside its place and move it there, so that no reader sees a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        fresh = scratch / "copy"
        if artifact.meta["kind"] == "file":
            _write(fresh, source.get(artifact.blobs[0]), executable=artifact.meta["executable"])
        else:
            _write_folder(fresh, artifact, source)
        if target.exists() or target.is_symlink():
            target.rename(scratch / "old")
        try:
            fresh.rename(target)
        except OSError:
            if not _is_intact(target, artifact):  # another process was first
                raise
    finally:
        _remove(scratch)
    return target


def _write(path: Path, data: memoryview, *, executable: bool) -> None:
    path.write_bytes(data)
    path.chmod(0o555 if executable else 0o444)


def _write_folder(folder: Path, artifact: Artifact, source: contracts.BlobSource) -> None:
    folder.mkdir()
    executables = set(artifact.meta["executables"])
    links = {path for path, kind, _ in artifact.meta["entries"] if kind == "link"}
    for path, kind, content in artifact.meta["entries"]:
        parts = PurePosixPath(path).parts
        above = {"/".join(parts[:count]) for count in range(1, len(parts))}
        if not parts or PurePosixPath(path).is_absolute() or ".." in parts or above & links:
            raise _hostile(artifact, path)
        place = folder.joinpath(*parts)
        if kind == "folder":
            place.mkdir()
        elif kind == "link":
            _link(place, folder, content, artifact)
        else:
            _write(place, source.get(content), executable=path in executables)


def _link(place: Path, folder: Path, target: str, artifact: Artifact) -> None:
    """Make a link again; one that would point out of the folder was never written by us."""
    aimed = os.path.normpath(place.parent / target)
    if Path(target).is_absolute() or not Path(aimed).is_relative_to(folder):
        raise _hostile(artifact, target)
    place.symlink_to(target)


def _remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _hostile(artifact: Artifact, name: str) -> errors.FormatError:
    return errors.FormatError(
        f"The stored files {artifact.digest[:12]} hold a name that leaves their folder: {name!r}",
        remedy="Do not use this store before you know who wrote it.",
    )

"""What lies behind a URL, as a local file that counts by its content.

A strong ETag names exact bytes: while a server confirms it, the copy is used. A weak ETag or a date does not, so such a
copy is fetched again each time; the content decides either way, and the validator saves only the way.
"""

from __future__ import annotations

import http.client
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from taskcell import errors
from taskcell.hashing import Digest, digest_parts
from taskcell.hashing.digests import ByteHasher
from taskcell.hashing.files import digest_file
from taskcell.hashing.tokens import RefusalError

_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 60.0
"""Longest silence of a server. Unit: seconds."""
_NOT_MODIFIED = 304


class _Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A copy with a strong validator. ``place`` is where redirections led: an ETag belongs to that address."""

    place: str
    etag: str
    digest: Digest


def fetch(address: str, *, folder: Path | None = None) -> Path:
    """Return the path of a read-only copy of what a URL gives now.

    Parameters
    ----------
    address : str
        An ``http`` or ``https`` URL.
    folder : Path or None
        Where copies are kept. None: the user's cache folder.

    Raises
    ------
    InvalidInputError
        It is no such URL.
    NotFoundError
        The server says that there is nothing.
    StoreError
        The server can't be reached, or did not give the whole.
    """
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise errors.InvalidInputError(
            f"{address!r} is not an http or https URL.", remedy="For a local file pass its pathlib.Path."
        )
    root = (folder or _user_folder()) / digest_parts("taskcell.url/1", [address])[:32]
    root.mkdir(parents=True, exist_ok=True)
    name = Path(urllib.parse.unquote(parts.path)).name.replace("\0", "") or "index"
    try:
        known = _known(root, name)
        if known is not None and _is_unchanged(address, known):
            return _path(root, known.digest, name)
        return _download(address, root, name)
    except urllib.error.HTTPError as exc:
        exc.close()
        kind = errors.NotFoundError if exc.code in (404, 410) else errors.StoreError
        raise kind(f"{address} can't be read: {exc.code} {exc.reason}.", remedy="Check the address.") from exc
    except (OSError, http.client.HTTPException) as exc:
        raise errors.StoreError(
            f"{address} can't be read: {getattr(exc, 'reason', None) or exc}.",
            remedy="Try again, or download the file and pass its pathlib.Path.",
        ) from exc


def _user_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("taskcell")) / "urls"


def _path(root: Path, digest: Digest, name: str) -> Path:
    return root / digest[:32] / name


def _known(root: Path, name: str) -> _Copy | None:
    """Return the copy that is there, if its bytes are still those that were fetched."""
    try:
        found = msgspec.json.decode((root / "copy.json").read_bytes(), type=_Copy)
        intact = digest_file(_path(root, found.digest, name)) == found.digest
    except (OSError, msgspec.DecodeError, RefusalError):
        return None
    return found if intact else None


def _open(address: str, **headers: str) -> Any:
    request = urllib.request.Request(address, headers={"Accept-Encoding": "identity", **headers})
    return urllib.request.urlopen(request, timeout=_TIMEOUT_S)


def _is_unchanged(address: str, known: _Copy) -> bool:
    """Ask the server whether the copy's ETag still holds, at the place where redirections lead now."""
    try:
        _open(address, **{"If-None-Match": known.etag}).close()
    except urllib.error.HTTPError as exc:
        exc.close()
        if exc.code != _NOT_MODIFIED:
            raise
        return exc.url == known.place
    return False


def _download(address: str, root: Path, name: str) -> Path:
    with _open(address) as answer, tempfile.TemporaryDirectory(prefix=".new-", dir=root) as scratch:
        fresh = Path(scratch) / "copy"
        digest = _receive(answer, fresh)
        target = _path(root, digest, name)
        target.parent.mkdir(exist_ok=True)
        fresh.chmod(0o444)
        fresh.replace(target)
        note = root / "copy.json"
        etag = answer.headers.get("ETag", "")
        if etag.startswith('"') and etag.endswith('"') and len(etag) > 1:
            written = Path(scratch) / "note"
            written.write_bytes(msgspec.json.encode(_Copy(place=answer.url, etag=etag, digest=digest)))
            written.replace(note)
        else:
            note.unlink(missing_ok=True)
        return target


def _receive(answer: Any, target: Path) -> Digest:
    """Write what a server sends; raise OSError when it is cut short, or not what it says."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise OSError("the server sends it compressed though it was asked not to")
    hasher = ByteHasher()
    with target.open("wb") as file:
        while chunk := answer.read(_CHUNK_BYTES):
            hasher.update(chunk)
            file.write(chunk)
        size_bytes = file.tell()
        os.fsync(file.fileno())
    announced = answer.headers.get("Content-Length")
    if announced is not None and int(announced) != size_bytes:
        raise OSError(f"{size_bytes} of {announced} bytes came")
    return hasher.digest()

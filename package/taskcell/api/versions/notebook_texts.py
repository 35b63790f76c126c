"""The notebooks of versions: what didn't change since an earlier version is not stored again.

A notebook is stored as pieces, about one a cell. A list of all pieces, the *base*, is a blob; a version says which runs
of the base's pieces its notebook consists of, and what stands between them. It says so of the base that the version
before it had, until too much has changed: then it stores a new one. So a version never needs more than one base, and
never another version. ``docs/design/006-versions-cost-what-changed.md`` has the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

import msgspec

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.model.versions import NotebookPart, Piece, Version
from taskcell.notebook import pieces
from taskcell.store.opening import Store

FIRST_FORMAT = 2
"""The store's format that has pieces. In an older store a notebook stays one blob, as its readers expect it."""

_INLINE_BYTES = 128
"""Longest piece that stands in the list itself: about as long as a blob's address with what is around it."""
_MOST_OF_BASE = 0.25
"""How large a version's own list may be, compared with its base, before there is a new base."""


def put(where: Store, text: bytes, parent: Version | None) -> tuple[Digest, Digest | None, tuple[Piece, ...]]:
    """Store a notebook's text.

    Returns
    -------
    tuple
        Its digest, the base's address and the pieces: for the version's fields ``notebook``, ``base``, ``cells``. In a
        store of format 1 the digest is the address of the whole text, and there is no base.
    """
    found = where.format()
    if found is not None and found.version < FIRST_FORMAT:
        return where.blobs.put(text)[0], None, ()
    base = () if parent is None or parent.base is None else _read_base(where, parent.base)
    known = {part.blob for part in (*base, *(parent.cells if parent else ())) if isinstance(part, NotebookPart)}
    held = _put_pieces(where, pieces.split(text), known)
    relative = tuple(_relative(held, base))
    if parent is not None and base and _size(relative) <= _MOST_OF_BASE * _size(base):
        return digest_bytes(text), parent.base, relative
    address, _ = where.blobs.put(msgspec.json.encode(held))
    return digest_bytes(text), address, (NotebookPart(start=0, stop=len(held)),)


def read(where: Store, version: Version) -> bytes:
    """Return the text of a version's notebook, verified; raise FormatError or NotFoundError."""
    if version.base is None:
        return bytes(where.blobs.get(version.notebook))
    base = _read_base(where, version.base)
    text = b"".join(_piece(where, part) for part in _whole(version.cells, base))
    if digest_bytes(text) != version.notebook:
        raise errors.FormatError(
            f"The notebook of {version.ref} is not what it was: its text doesn't match its digest.",
            remedy="Restore the store from a backup; the version's tasks are not affected.",
        )
    return text


def _put_pieces(where: Store, split: Iterable[bytes], known: Set[Digest]) -> list[Piece]:
    """Return a text's pieces, their bytes stored; those of the version before are held by its record, for good."""
    held: list[Piece] = []
    new: dict[Digest, bytes] = {}
    for piece in split:
        inline = _inline(piece)
        if inline is not None:
            held.append(inline)
            continue
        digest = digest_bytes(piece)
        held.append(NotebookPart(blob=digest))
        if digest not in known:
            new[digest] = piece
    where.blobs.put_all(list(new.values()))
    return held


def _inline(piece: bytes) -> str | None:
    """Return a short piece as it stands in the list itself."""
    if len(piece) > _INLINE_BYTES:
        return None
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return None


def _piece(where: Store, part: Piece) -> bytes:
    return part.encode() if isinstance(part, str) else bytes(where.blobs.get(part.blob))


def _read_base(where: Store, address: Digest) -> tuple[Piece, ...]:
    return msgspec.json.decode(where.blobs.get(address), type=tuple[Piece, ...])


def _relative(held: Sequence[Piece], base: Sequence[Piece]) -> Iterator[Piece]:
    """Yield a list as runs of the base, as long as possible, and what the base doesn't have."""
    places: dict[Piece, list[int]] = {}
    for place, piece in enumerate(base):
        places.setdefault(piece, []).append(place)
    at = 0
    while at < len(held):
        start, length = _longest_run(held, at, base, places.get(held[at], ()))
        yield NotebookPart(start=start, stop=start + length) if length else held[at]
        at += length or 1


def _longest_run(held: Sequence[Piece], at: int, base: Sequence[Piece], starts: Sequence[int]) -> tuple[int, int]:
    best = (0, 0)
    for start in starts:
        if start + best[1] < len(base) and at + best[1] < len(held) and held[at + best[1]] == base[start + best[1]]:
            length = 0
            while at + length < len(held) and start + length < len(base) and held[at + length] == base[start + length]:
                length += 1
            best = max(best, (start, length), key=lambda run: run[1])
    return best


def _whole(cells: Sequence[Piece], base: Sequence[Piece]) -> Iterator[Piece]:
    for part in cells:
        if isinstance(part, NotebookPart) and not part.blob:
            yield from base[part.start : part.stop]
        else:
            yield part


def _size(parts: Sequence[Piece]) -> int:
    return len(msgspec.json.encode(parts))

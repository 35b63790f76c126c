"""Tokens: what stands for one value inside the digest of the value that holds it.

A token says its own length, so a sequence of tokens can be read in one way only. The token of a small scalar
holds the scalar itself (nothing is hashed for the 3 in ``[1, 2, 3]``); every other token holds 32 bytes of
BLAKE3. A digest of a value is made from its token alone, so the digest of a list follows from the artifacts
of its elements.

``VERSION`` is inside every digest. Changing what goes into a token of any type means a new version and a
design note; the golden digests in the tests say when that has happened.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NewType, TypeAlias

from blake3 import blake3

from taskcell.hashing.digests import Digest, Hasher

Token = NewType("Token", bytes)
Part: TypeAlias = str | bytes
Order: TypeAlias = Literal["sequence", "set", "mapping"]

VERSION = "taskcell.value/1"
INLINE_BYTES = 40
"""Longest payload that a token holds itself. Unit: bytes."""

_PACK_FLOAT = struct.Struct("<d").pack
_HASHED = b"\x21#"


class RefusalError(Exception):
    """A part of a value that can't be digested soundly; the walker adds where it lies."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class Node:
    """A value taken apart: what it is, its own bytes, and the values it holds.

    Parameters
    ----------
    tag : str
        What it is; different families never share a tag.
    parts : Sequence[str or bytes]
        What it says of itself.
    children : Sequence
        Values it holds. Of a mapping: key, value, key, value …
    order : {"sequence", "set", "mapping"}
        Whether the order of the children has a meaning.
    labels : Sequence[str] or None
        How a person writes the way to each child (``.rate``, ``['a']``); None: ``[0]``, ``[1]`` …
    """

    __slots__ = ("children", "labels", "order", "parts", "tag")

    def __init__(
        self,
        tag: str,
        parts: Sequence[Part] = (),
        children: Sequence[Any] = (),
        order: Order = "sequence",
        labels: Sequence[str] | None = None,
    ) -> None:
        self.tag = tag
        self.parts = parts
        self.children = children
        self.order = order
        self.labels = labels

    def label(self, index: int) -> str:
        """Return how a person writes the way to a child."""
        if self.labels is not None:
            return self.labels[index]
        if self.order == "mapping":
            return f"[{_brief(self.children[index - 1])}]" if index % 2 else f" key {_brief(self.children[index])}"
        return f"[{index}]" if self.order == "sequence" else " element"


def _brief(key: object) -> str:
    text = repr(key) if type(key) in (str, int, float, bool, bytes, type(None)) else type(key).__name__
    return text if len(text) <= 40 else text[:37] + "…"


def inline(kind: bytes, payload: bytes) -> Token:
    """Return a token that holds a short payload itself; ``kind`` is one byte."""
    return Token(bytes((len(payload) + 1,)) + kind + payload)


def hashed(raw: bytes) -> Token:
    """Return the token of a value that has a digest of its own (32 bytes)."""
    return Token(_HASHED + raw)


def from_digest(digest: Digest) -> Token:
    """Return the token of a value that is too large for an inline token, from its digest."""
    return hashed(bytes.fromhex(digest))


def to_digest(token: Token) -> Digest:
    """Return the digest of a value from its token."""
    if token.startswith(_HASHED):
        return Digest(token[2:].hex())
    return Digest(blake3(_SCALAR + token).hexdigest())


def _framed(*parts: Part) -> bytes:
    """Return parts with their lengths, exactly as a Hasher takes them."""
    encoded = (part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts)
    return b"".join(len(part).to_bytes(8, "little") + part for part in encoded)


_SCALAR = _framed(VERSION, "scalar")
_PREFIXES: dict[str, bytes] = {}


def prefix(tag: str) -> bytes:
    """Return the framed version and tag with which a hashed token begins."""
    found = _PREFIXES.get(tag)
    if found is None:
        found = _PREFIXES[tag] = _framed(VERSION, tag)
    return found


def hasher(tag: str, parts: Iterable[Part] = (), size_bytes: int = 0) -> Hasher:
    """Return a hasher for a value of this family, to which large parts can be added: ``size_bytes`` or so."""
    made = Hasher(VERSION, size_bytes).part(tag)
    for part in parts:
        made.part(part)
    return made


def from_bytes(tag: str, kind: bytes, data: bytes) -> Token:
    """Return the token of something that is its bytes: inline when short."""
    size = len(data)
    if size <= INLINE_BYTES:
        return Token(bytes((size + 1,)) + kind + data)
    state = blake3(prefix(tag) + size.to_bytes(8, "little"))
    state.update(data)
    return hashed(state.digest())


def join(node: Node, tokens: list[Token]) -> Token:
    """Return the token of a node from those of its children."""
    if node.order == "set":
        tokens = sorted(tokens)
    elif node.order == "mapping":
        # A token says its length, so joined pairs stay apart; equal keys (two NaN) fall back on their values.
        tokens = sorted([Token(key + value) for key, value in zip(tokens[::2], tokens[1::2], strict=True)])
    parts = _framed(*node.parts) if node.parts else b""
    head = (_PREFIXES.get(node.tag) or prefix(node.tag)) + parts + b"children" + len(tokens).to_bytes(8, "little")
    return Token(_HASHED + blake3(head + b"".join(tokens)).digest())


def back_reference(levels: int) -> Token:
    """Return the token of a value that holds the reader: that many levels up."""
    return inline(b"^", levels.to_bytes(8, "little"))


# --- scalars that need no import --------------------------------------------------------------------------

NONE = inline(b"0", b"")
TRUE = inline(b"?", b"\x01")
FALSE = inline(b"?", b"\x00")
ELLIPSIS = inline(b".", b"")
NOT_IMPLEMENTED = inline(b"!", b"")
NAN = inline(b"f", b"nan")
_FLOAT = bytes((9,)) + b"f"
_INT_HEADS = [bytes((size + 1,)) + b"i" for size in range(INLINE_BYTES + 1)]
_STR_HEADS = [bytes((size + 1,)) + b"s" for size in range(INLINE_BYTES + 1)]


def of_int(value: int) -> Token:
    """Return the token of an int of any size."""
    size = (value.bit_length() + 8) >> 3
    data = value.to_bytes(size, "little", signed=True)
    return Token(_INT_HEADS[size] + data) if size <= INLINE_BYTES else from_bytes("int", b"i", data)


def of_float(value: float) -> Token:
    """Return the token of a float: all NaN are one, 0.0 and -0.0 are two."""
    return Token(_FLOAT + _PACK_FLOAT(value)) if value == value else NAN


def of_bool(value: bool) -> Token:
    """Return the token of a bool."""
    return TRUE if value else FALSE


def of_str(value: str) -> Token:
    """Return the token of a text, lone surrogates included."""
    data = value.encode("utf-8", "surrogatepass")
    size = len(data)
    return Token(_STR_HEADS[size] + data) if size <= INLINE_BYTES else from_bytes("str", b"s", data)


def of_bytes(value: bytes) -> Token:
    """Return the token of a bytes object."""
    return from_bytes("bytes", b"b", value)


def of_complex(value: complex) -> Token:
    """Return the token of a complex number."""
    return inline(b"c", of_float(value.real) + of_float(value.imag))

"""Does a server keep the conditions that a store rests on? Asked of the server itself, before it is trusted.

Some servers that speak the protocol answer "done" to a write whose condition does not hold. Two writers would
then both believe that they won. Such a server is refused.
"""

from __future__ import annotations

import asyncio
import os

import msgspec

from taskcell.hashing import digest_bytes
from taskcell.store.s3.creating import Objects
from taskcell.store.s3.refusals import RefusedError

RACERS = 8
_UNSUPPORTED = (400, 405, 501)

_found: dict[tuple[str, str], Findings] = {}
"""What this process has found, by address and bucket."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a server did.

    Attributes
    ----------
    creates_once
        Whether a second creation of an object was refused, and the first one's bytes were kept.
    has_one_winner
        Whether exactly one of eight creations at once succeeded, and its bytes are there.
    swaps
        Whether a replacement was refused with a wrong entity tag and done with the right one.
    server
        What the server calls itself.
    """

    creates_once: bool
    has_one_winner: bool
    swaps: bool
    server: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether a store can rest on it."""
        return self.creates_once and self.has_one_winner and self.swaps

    @property
    def fault(self) -> str:
        """What it does wrong, in words; empty when nothing."""
        if not self.creates_once:
            return "a second creation of an object succeeds (If-None-Match is ignored)"
        if not self.has_one_winner:
            return "of several creations at once not exactly one succeeds"
        return "" if self.swaps else "an object can't be replaced by its entity tag (If-Match)"


async def fault(objects: Objects, prefix: str, endpoint: str) -> str:
    """Return what is wrong with a service, in words; empty when it was found sound at this address.

    That is recorded below the prefix, so that a store is probed once for each address, and anew where it was
    copied to another service.
    """
    key = f"{prefix}/{digest_bytes(endpoint.encode())[:16]}.json"
    if await objects.stat(key) is not None:
        return ""
    findings = _found.get((endpoint, objects.bucket)) or await probe(objects, prefix)
    if findings.is_sound:
        _found[endpoint, objects.bucket] = findings
        await objects.create(key, msgspec.json.encode(findings))
    return findings.fault


async def probe(objects: Objects, prefix: str) -> Findings:
    """Try the conditions on objects of a new name below a prefix, and delete them; raise RefusedError."""
    name = f"{prefix}/{os.urandom(8).hex()}"
    key, raced = f"{name}-0", f"{name}-1"
    try:
        creates_once = await _creates_once(objects, key)
        has_one_winner = creates_once and await _has_one_winner(objects, raced)
        swaps = has_one_winner and await _swaps(objects, key)
        found = await objects.head(key)
    finally:
        await asyncio.gather(*(objects.call("delete_object", each) for each in (key, raced)), return_exceptions=True)
    headers = found["ResponseMetadata"]["HTTPHeaders"] if found else {}
    return Findings(
        creates_once=creates_once, has_one_winner=has_one_winner, swaps=swaps, server=headers.get("server", "")
    )


async def _creates_once(objects: Objects, key: str) -> bool:
    return (
        await _does(objects, key, b"first", IfNoneMatch="*")
        and not await _does(objects, key, b"second", IfNoneMatch="*")
        and await _content(objects, key) == b"first"
    )


async def _has_one_winner(objects: Objects, key: str) -> bool:
    bodies = [b"racer %d" % number for number in range(RACERS)]
    won = await asyncio.gather(*(_does(objects, key, body, IfNoneMatch="*") for body in bodies))
    winners = [body for body, is_winner in zip(bodies, won, strict=True) if is_winner]
    return winners == [await _content(objects, key)]


async def _swaps(objects: Objects, key: str) -> bool:
    found = await objects.head(key)
    return (
        found is not None
        and not await _does(objects, key, b"third", IfMatch=f'"{"0" * 32}"')
        and await _does(objects, key, b"fourth", IfMatch=found["ETag"])
        and await _content(objects, key) == b"fourth"
    )


async def _does(objects: Objects, key: str, body: bytes, **condition: str) -> bool:
    """Whether a conditional write succeeds; a lost answer is told from a lost race as in every write."""
    try:
        if "IfMatch" in condition:
            return await objects.replace(key, body, condition["IfMatch"]) is not None
        return await objects.create(key, body) is not None
    except RefusedError as exc:
        if exc.status in _UNSUPPORTED:
            return False
        raise


async def _content(objects: Objects, key: str) -> bytes:
    body: bytes = (await objects.call("get_object", key))["Body"]
    return body

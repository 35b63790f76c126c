"""Framed digests: one way of framing, whichever function does it."""

from __future__ import annotations

import pytest

from taskcell.hashing import Hasher, digest_parts


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [""],
        ["ab", "c"],
        ["a" * 255, "b" * 256, "c" * 257],
        [b"raw", bytearray(b"raw"), memoryview(b"raw")],
        [memoryview(bytes(16)).cast("I")],
        ["Größe", "\ud800"],
    ],
    ids=["none", "empty", "two", "around the table of sizes", "buffers", "wide items", "beyond ASCII"],
)
def test_digest_in_one_go_is_that_of_a_hasher(parts: list[str | bytes]) -> None:
    hasher = Hasher("tag")
    for part in parts:
        hasher.part(part)
    assert digest_parts("tag", parts) == hasher.digest()

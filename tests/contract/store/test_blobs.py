from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from taskcell import errors
from taskcell.hashing import Digest, digest_bytes
from taskcell.store import paths
from taskcell.store.opening import Store

LARGE = bytes(range(256)) * 4096  # 1 MiB, so memory-mapped
Flip = Callable[[Store, str, int], None]


@pytest.mark.parametrize("body", [b"", b"x", LARGE], ids=["empty", "small", "large"])
def test_put_bytes_are_got_under_their_digest(store: Store, body: bytes) -> None:
    digest, size_bytes = store.blobs.put(body)
    assert digest == digest_bytes(body)
    assert size_bytes == len(body) == store.blobs.size(digest)
    assert store.blobs.exists(digest)
    got = store.blobs.get(digest)
    assert got == body
    assert [entry.path for entry in store.files.walk("blobs")] == [f"blobs/{digest[:2]}/{digest}"]


def test_writing_into_got_bytes_reaches_nobody_else(local_store: Store) -> None:
    digest, _ = local_store.blobs.put(LARGE)
    mine, theirs = local_store.blobs.get(digest), local_store.blobs.get(digest)
    mine[:5] = b"mine!"
    assert theirs == LARGE
    assert local_store.blobs.get(digest) == LARGE
    place = local_store.files.local_path(paths.blob(digest))
    assert place is not None
    assert place.read_bytes() == LARGE


def test_stream_and_buffers_give_the_same_address(store: Store) -> None:
    whole = store.blobs.put(LARGE)
    assert store.blobs.put(LARGE[at : at + 1000] for at in range(0, len(LARGE), 1000)) == whole
    assert store.blobs.put(bytearray(LARGE)) == whole
    assert store.blobs.put(memoryview(LARGE).cast("I")) == whole
    assert len(list(store.files.walk("blobs"))) == 1


def test_many_pieces_are_put_in_their_order(store: Store) -> None:
    items = [b"%d" % (number % 20) for number in range(50)]
    assert store.blobs.put_all(items) == [digest_bytes(item) for item in items]
    assert store.blobs.put_all([]) == []
    assert {bytes(store.blobs.get(digest_bytes(item))) for item in items} == set(items)


def test_failing_stream_leaves_no_blob(store: Store) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.blobs.put(pieces())
    assert list(store.files.walk("blobs")) == []
    assert store.files.sweep(-60, dry_run=True) == (0, 0)


def test_second_put_does_not_write(local_store: Store) -> None:
    digest, _ = local_store.blobs.put(b"x")
    place = local_store.files.local_path(paths.blob(digest))
    assert place is not None
    inode = place.stat().st_ino
    local_store.blobs.put(b"x")
    local_store.blobs.put(iter([b"x"]))
    assert place.stat().st_ino == inode


def test_put_marks_an_old_blob_as_used_now(local_store: Store) -> None:
    digest, _ = local_store.blobs.put(b"x")
    place = local_store.files.local_path(paths.blob(digest))
    assert place is not None
    for use in (
        lambda: local_store.blobs.put(b"x"),
        lambda: local_store.blobs.put(iter([b"x"])),
        lambda: local_store.blobs.refresh([digest]),
    ):
        os.utime(place, (1, 1))
        use()
        assert place.stat().st_mtime > 1


def test_refresh_names_what_is_missing(store: Store) -> None:
    digest, _ = store.blobs.put(b"x")
    absent = digest_bytes(b"y")
    assert store.blobs.refresh([digest, absent]) == [absent]


def test_absent_blob_is_not_found(store: Store) -> None:
    absent = digest_bytes(b"never")
    for use in (store.blobs.get, store.blobs.size):
        with pytest.raises(errors.NotFoundError, match=absent):
            use(absent)
    assert not store.blobs.exists(absent)


def test_hostile_address_is_refused(store: Store) -> None:
    for digest in ("", "../../etc/passwd", "A" * 64):
        with pytest.raises(errors.InvalidInputError):
            store.blobs.get(Digest(digest))


def test_deleted_blob_is_gone(store: Store) -> None:
    digest, _ = store.blobs.put(b"x")
    store.blobs.delete(digest)
    store.blobs.delete(digest)
    assert not store.blobs.exists(digest)


@pytest.mark.parametrize("body", [b"some small bytes", LARGE], ids=["small", "large"])
def test_any_flipped_bit_is_found_put_aside_and_healed(local_store: Store, flip: Flip, body: bytes) -> None:
    for trial in range(60):
        digest, _ = local_store.blobs.put(body)
        assert local_store.blobs.get(digest) == body
        flip(local_store, paths.blob(digest), trial * 7919 * 13)
        with pytest.raises(errors.FormatError, match=digest) as caught:
            local_store.blobs.get(digest)
        assert "quarantine" in caught.value.remedy
        assert not local_store.blobs.exists(digest)
        assert len(local_store.files.list("quarantine")) == trial + 1
    local_store.blobs.put(body)
    assert local_store.blobs.get(digest) == body


@pytest.mark.parametrize("body", [b"some small bytes", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("as_stream", [False, True])
def test_put_heals_what_is_corrupt(local_store: Store, flip: Flip, body: bytes, as_stream: bool) -> None:
    digest, _ = local_store.blobs.put(body)
    local_store.blobs.get(digest)
    flip(local_store, paths.blob(digest), 77)
    assert local_store.blobs.put(iter([body]) if as_stream else body)[0] == digest
    assert local_store.blobs.get(digest) == body
    assert len(local_store.files.list("quarantine")) == 1


@pytest.mark.parametrize("length", [0, 1, 1000, len(LARGE) - 1])
def test_truncated_blob_is_found_and_healed(local_store: Store, length: int) -> None:
    digest, _ = local_store.blobs.put(LARGE)
    place = local_store.files.local_path(paths.blob(digest))
    assert place is not None
    place.write_bytes(LARGE[:length])
    with pytest.raises(errors.FormatError):
        local_store.blobs.get(digest)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(LARGE[:length])
    local_store.blobs.put(LARGE)
    assert local_store.blobs.get(digest) == LARGE


def test_corrupt_blob_in_memory_is_found_and_healed(store: Store) -> None:
    digest = digest_bytes(b"right")
    store.files.create(paths.blob(digest), b"wrong")
    with pytest.raises(errors.FormatError):
        store.blobs.get(digest)
    store.files.create(paths.blob(digest), b"wrong")
    store.blobs.put(b"right")
    assert bytes(store.blobs.get(digest)) == b"right"
    assert len(store.files.list("quarantine")) == 2


def test_got_bytes_outlive_their_blob(local_store: Store) -> None:
    digest, _ = local_store.blobs.put(LARGE)
    got = local_store.blobs.get(digest)
    local_store.blobs.delete(digest)
    assert got == LARGE

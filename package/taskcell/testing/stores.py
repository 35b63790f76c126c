# ruff: noqa: D102  a test's name says what its docstring would
"""Conformance suite of ``Files``: subclass ``FilesContract`` and give it a ``files`` fixture.

It states what the rest of Taskcell relies on. A service that fails one of these can't hold a store.

Examples
--------
::

    class TestMyFiles(FilesContract):
        @pytest.fixture
        def files(self, tmp_path):
            return MyFiles(...)
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from taskcell import errors
from taskcell.store import paths
from taskcell.store.contracts import Files

RACERS = 16


class FilesContract:
    """What every implementation of ``Files`` does; the fixture ``files`` is an empty root."""

    @pytest.fixture
    def files(self) -> Files:
        """Return empty files; to be overridden."""
        raise NotImplementedError

    def test_what_was_created_is_read(self, files: Files) -> None:
        files.create("a/b/c.json", b"hello")
        assert files.read("a/b/c.json") == b"hello"

    @pytest.mark.parametrize("body", [b"", bytearray(b"xy"), memoryview(b"xyz")[1:]])
    def test_any_buffer_is_written(self, files: Files, body: bytes) -> None:
        files.create("a", body)
        assert files.read("a") == bytes(body)

    def test_empty_stream_is_an_empty_file(self, files: Files) -> None:
        files.create("a", iter(()))
        assert files.read("a") == b""
        assert files.exists("a")

    def test_large_body_is_streamed(self, files: Files) -> None:
        files.create("big", (bytes([number]) * 2**20 for number in range(20)))
        body = files.read("big")
        assert len(body) == 20 * 2**20
        assert [body[number * 2**20] for number in range(20)] == list(range(20))

    def test_buffer_of_numbers_is_written_as_bytes(self, files: Files) -> None:
        files.create("a", memoryview(b"\1\0\0\0\2\0\0\0").cast("I"))
        assert files.read("a") == b"\1\0\0\0\2\0\0\0"

    @pytest.mark.parametrize("name", ["größe", "日本語", "a b", "x=y+z", "🦉", "train~0", "a.b..c"])
    def test_unusual_names_are_told_apart(self, files: Files, name: str) -> None:
        files.create(f"raw/{name}", b"1")
        files.create(f"quoted/{paths.quoted(name)}", b"2")
        assert [entry.path for entry in files.list("raw")] == [f"raw/{name}"]
        assert files.read(f"quoted/{paths.quoted(name)}") == b"2"

    @pytest.mark.parametrize(
        "path", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".hidden", "a/.b", "a\0b", "a\\b"]
    )
    def test_paths_out_of_the_root_are_refused(self, files: Files, path: str) -> None:
        uses: list[Callable[[], object]] = [
            lambda: files.read(path),
            lambda: files.create(path, b""),
            lambda: files.delete(path),
            lambda: files.exists(path),
            lambda: files.local_path(path),
        ]
        for use in uses:
            with pytest.raises(errors.InvalidInputError):
                use()
        assert list(files.walk("")) == []

    def test_second_create_is_refused_and_changes_nothing(self, files: Files) -> None:
        files.create("a/b", b"first")
        with pytest.raises(errors.AlreadyExistsError, match="a/b"):
            files.create("a/b", b"second")
        assert files.read("a/b") == b"first"

    def test_empty_file_is_not_overwritten(self, files: Files) -> None:
        files.create("a", b"")
        with pytest.raises(errors.AlreadyExistsError):
            files.create("a", b"x")
        with pytest.raises(errors.AlreadyExistsError):
            files.create("a", b"")
        assert files.read("a") == b""

    def test_one_of_many_threads_creates(self, files: Files) -> None:
        for number in range(10):
            path = f"race/{number}"
            winners = _race(lambda racer, path=path: _wins(files, path, b"%d" % racer * 1000))  # type: ignore[misc]
            assert winners.count(True) == 1
            assert files.read(path) == b"%d" % winners.index(True) * 1000

    def test_reader_sees_nothing_or_all(self, files: Files) -> None:
        done = threading.Event()
        seen: list[int] = []

        def read() -> None:
            while not done.is_set():
                present = [entry.path for entry in files.list("part")]
                seen.extend(len(files.read(path)) for path in present)

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read) for _ in range(2)]
            for number in range(8):
                files.create(f"part/{number}", (b"x" * 4096 for _ in range(200)))
            while not seen:
                assert not any(reader.done() for reader in readers)
            done.set()
            for reader in readers:
                reader.result()
        assert set(seen) == {4096 * 200}

    def test_failing_stream_leaves_nothing(self, files: Files) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"x" * 1000
            raise RuntimeError("the source failed")

        with pytest.raises(RuntimeError, match="the source failed"):
            files.create("a/b", pieces())
        assert not files.exists("a/b")
        assert list(files.walk("")) == []
        assert files.sweep(-60.0, dry_run=True) == (0, 0)

    def test_absent_file_is_not_found(self, files: Files) -> None:
        with pytest.raises(errors.NotFoundError, match="no/such"):
            files.read("no/such")
        assert not files.exists("no/such")
        assert files.stat("no/such") is None
        assert not files.touch("no/such")

    def test_folder_is_not_a_file(self, files: Files) -> None:
        files.create("a/b", b"x")
        assert not files.exists("a")
        assert files.stat("a") is None
        with pytest.raises(errors.NotFoundError):
            files.read("a")
        with pytest.raises(errors.NotFoundError):
            files.read("a/b/c")
        # A folder's disk refuses a file below a file; a bucket keeps both.
        with contextlib.suppress(errors.TaskcellError):
            files.create("a/b/c", b"y")
            assert files.read("a/b/c") == b"y"
        assert files.read("a/b") == b"x"

    def test_stat_gives_size_and_time(self, files: Files) -> None:
        files.create("a", b"12345")
        entry = files.stat("a")
        assert entry is not None
        assert entry.size_bytes == 5
        assert entry.modified_at is not None
        assert abs(entry.modified_at - datetime.now(UTC)) < timedelta(seconds=60)

    def test_list_gives_direct_children_in_order(self, files: Files) -> None:
        for path in ("f/b", "f/a", "f/sub/x", "f/sub/y", "f/10", "fx/z"):
            files.create(path, b"1")
        listed = files.list("f")
        assert [(entry.path, entry.size_bytes) for entry in listed] == [
            ("f/10", 1),
            ("f/a", 1),
            ("f/b", 1),
            ("f/sub", None),
        ]
        assert [entry.path for entry in files.list("f", after="a")] == ["f/b", "f/sub"]
        assert [entry.path for entry in files.list("f", after="sub")] == []
        assert [entry.path for entry in files.list("", after="f")] == ["fx"]
        assert [entry.path for entry in files.list("")] == ["f", "fx"]
        assert files.list("none") == []

    def test_clock_is_the_one_that_dates_files(self, files: Files) -> None:
        files.create("a", b"1")
        assert abs(files.now() - _time(files, "a")) < timedelta(seconds=10)

    def test_walk_gives_all_files_below(self, files: Files) -> None:
        for path in ("f/b", "f/sub/x", "f/sub/deep/y", "g/z"):
            files.create(path, b"1")
        assert {entry.path for entry in files.walk("f")} == {"f/b", "f/sub/x", "f/sub/deep/y"}
        assert {entry.path for entry in files.walk("")} == {"f/b", "f/sub/x", "f/sub/deep/y", "g/z"}

    def test_deleted_file_is_gone_and_can_be_made_again(self, files: Files) -> None:
        files.create("a/b", b"1")
        assert files.delete("a/b")
        assert files.delete("a/b")
        assert not files.exists("a/b")
        files.create("a/b", b"2")
        assert files.read("a/b") == b"2"

    def test_deletion_spares_what_was_touched_since(self, files: Files) -> None:
        files.create("a", b"1")
        before = _time(files, "a") - timedelta(seconds=1)
        assert not files.delete("a", unmodified_since=before)
        assert files.read("a") == b"1"
        assert files.touch("a")
        assert _time(files, "a") >= before
        assert files.delete("a", unmodified_since=_time(files, "a") + timedelta(hours=1))
        assert not files.exists("a")

    def test_moved_file_has_its_new_name_only(self, files: Files) -> None:
        files.create("a/b", b"1")
        files.move("a/b", "c/d")
        assert not files.exists("a/b")
        assert files.read("c/d") == b"1"
        files.move("none", "c/e")
        assert not files.exists("c/e")

    def test_spooled_bytes_get_their_name_last(self, files: Files) -> None:
        with files.spool() as spool:
            spool.write(b"ab")
            spool.write(memoryview(b"cd"))
            assert list(files.walk("")) == []
            spool.publish("x/y")
            spool.discard()
        assert files.read("x/y") == b"abcd"

    def test_discarded_spool_leaves_nothing(self, files: Files) -> None:
        with files.spool() as spool:
            spool.write(b"ab")
        assert list(files.walk("")) == []
        assert files.sweep(-60.0, dry_run=True) == (0, 0)

    def test_spool_does_not_overwrite(self, files: Files) -> None:
        files.create("a", b"first")
        with files.spool() as spool:
            spool.write(b"second")
            with pytest.raises(errors.AlreadyExistsError):
                spool.publish("a")
        assert files.read("a") == b"first"

    def test_lease_has_one_holder(self, files: Files) -> None:
        first, second = files.lease("run 1/τ"), files.lease("run 1/τ")
        assert first.acquire()
        assert first.acquire()
        assert not second.acquire()
        assert not second.acquire(0.02)
        assert files.lease("another").acquire()
        first.release()
        first.release()
        assert second.acquire()
        assert not first.acquire()
        second.release()

    def test_lease_is_awaited(self, files: Files) -> None:
        first = files.lease("x")
        assert first.acquire()
        threading.Timer(0.05, first.release).start()
        second = files.lease("x")
        assert second.acquire(10.0)
        second.release()

    def test_lease_keeps_threads_apart(self, files: Files) -> None:
        inside: list[int] = []
        crowds: list[int] = []

        def work(racer: int) -> None:
            lease = files.lease("crowd")
            for _ in range(5):
                assert lease.acquire(30.0)
                inside.append(racer)
                crowds.append(len(inside))
                inside.remove(racer)
                lease.release()

        _race(work)
        assert crowds == [1] * (RACERS * 5)

    def test_leases_are_not_listed(self, files: Files) -> None:
        lease = files.lease("x")
        assert lease.acquire()
        assert files.list("") == []
        assert list(files.walk("")) == []
        lease.release()


def _race(work: Callable[[int], object]) -> list[object]:
    """Run some work in 16 threads that begin at once; return their answers in order."""
    barrier = threading.Barrier(RACERS)

    def begin(racer: int) -> object:
        barrier.wait(30)
        return work(racer)

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(begin, range(RACERS)))


def _wins(files: Files, path: str, body: bytes) -> bool:
    try:
        files.create(path, body)
    except errors.AlreadyExistsError:
        return False
    return True


def _time(files: Files, path: str) -> datetime:
    entry = files.stat(path)
    assert entry is not None
    assert entry.modified_at is not None
    return entry.modified_at

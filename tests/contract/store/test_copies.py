from __future__ import annotations

import os
from pathlib import Path

import pytest

from taskcell import errors
from taskcell.hashing import digest_bytes
from taskcell.store import paths
from taskcell.store.copies import Copies


class Service:
    """Blobs that lie elsewhere, and how often each was fetched."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.fetched: list[str] = []

    def add(self, body: bytes) -> str:
        path = paths.blob(digest_bytes(body))
        self.bodies[path] = body
        return path

    def fetch(self, path: str, descriptor: int) -> None:
        self.fetched.append(path)
        if path not in self.bodies:
            raise errors.NotFoundError(f"There is no {path}.")
        os.pwrite(descriptor, self.bodies[path], 0)


@pytest.fixture
def service() -> Service:
    return Service()


def test_copy_is_fetched_once(service: Service, tmp_path: Path) -> None:
    path = service.add(b"body")
    copies = Copies(service.fetch, folder=tmp_path / "copies")
    assert [copies.place(path).read_bytes() for _ in range(3)] == [b"body"] * 3
    assert Copies(service.fetch, folder=tmp_path / "copies").place(path).read_bytes() == b"body"
    assert service.fetched == [path]


def test_dropped_copy_is_fetched_again(service: Service, tmp_path: Path) -> None:
    path = service.add(b"body")
    copies = Copies(service.fetch, folder=tmp_path)
    copies.place(path)
    copies.drop(path)
    copies.drop(path)
    assert copies.place(path).read_bytes() == b"body"
    assert len(service.fetched) == 2


def test_absent_blob_leaves_no_copy(service: Service, tmp_path: Path) -> None:
    copies = Copies(service.fetch, folder=tmp_path)
    with pytest.raises(errors.NotFoundError):
        copies.place(paths.blob(digest_bytes(b"never")))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_longest_unused_copies_go_beyond_the_budget(service: Service, tmp_path: Path) -> None:
    copies = Copies(service.fetch, folder=tmp_path, budget_bytes=2500)
    added = [service.add(b"%d" % number * 1000) for number in range(3)]
    places = [copies.place(path) for path in added]
    for place, age_s in zip(places, (300, 100, 200), strict=True):
        os.utime(place, (place.stat().st_atime - age_s, place.stat().st_mtime))
    newest = Copies(service.fetch, folder=tmp_path, budget_bytes=2500).place(service.add(b"new" * 300))
    assert newest.exists()
    assert [place.exists() for place in places] == [False, True, False]


def test_folder_that_cannot_be_written_is_told_by_name(service: Service, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(errors.StoreError, match="cache folder"):
        Copies(service.fetch, folder=tmp_path / "taken").place(service.add(b"body"))


def test_keeping_is_no_failure_where_there_is_no_room(service: Service, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("not a folder")
    Copies(service.fetch, folder=tmp_path / "taken").keep(paths.blob(digest_bytes(b"x")), memoryview(b"x"))


def test_user_without_a_cache_folder_has_a_temporary_one(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    place = Copies(service.fetch).place(service.add(b"body"))
    assert place.read_bytes() == b"body"
    assert tmp_path not in place.parents


def test_lent_copy_is_there_after_the_copy_itself_is_gone(service: Service, tmp_path: Path) -> None:
    path = service.add(b"body")
    copies = Copies(service.fetch, folder=tmp_path / "copies")
    copies.lend(path, tmp_path / "lent")
    copies.drop(path)
    assert (tmp_path / "lent").read_bytes() == b"body"
    assert service.fetched == [path]

"""Paths: content, names, links, the memory of large files, and the copies that are laid out."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

import pytest

from taskcell import errors
from taskcell.hashing import Digest, digest_value
from taskcell.hashing import files as hashing_files
from taskcell.model.artifacts import Artifact
from taskcell.store.codecs import DEFAULT_CODECS
from taskcell.testing.memory import MemoryBlobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    (made / "sub" / "empty").mkdir(parents=True)
    (made / "a.txt").write_text("a")
    (made / "sub" / "b.txt").write_text("b")
    (made / "link").symlink_to("sub/b.txt")
    return made


def old(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (1e9, 1e9))


def test_file_counts_by_content_and_name(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first, second, renamed = tmp_path / "one" / "a", tmp_path / "two" / "a", tmp_path / "two" / "b"
    for path in (first, second, renamed):
        path.write_text("x")
    assert digest_value(first) == digest_value(second) != digest_value(renamed)
    second.write_text("y")
    assert digest_value(first) != digest_value(second)
    assert digest_value(first) != digest_value(str(first))


def test_relative_and_absolute_paths_are_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert digest_value(Path("a")) == digest_value(tmp_path / "a")


def test_permissions_and_times_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    before = digest_value(path)
    path.chmod(0o700)
    os.utime(path, (1e9, 1e9))
    assert digest_value(path) == before


@pytest.mark.parametrize("change", ["content", "name", "new", "gone", "link", "empty"])
def test_every_change_below_a_folder_counts(folder: Path, change: str) -> None:
    before = digest_value(folder)
    if change == "content":
        (folder / "sub" / "b.txt").write_text("c")
    elif change == "name":
        (folder / "a.txt").rename(folder / "c.txt")
    elif change == "new":
        (folder / "sub" / "c").write_text("")
    elif change == "gone":
        (folder / "a.txt").unlink()
    elif change == "link":
        (folder / "link").unlink()
        (folder / "link").symlink_to("a.txt")
    else:
        (folder / "sub" / "empty").rmdir()
    assert digest_value(folder) != before


def test_link_out_of_the_folder_counts_as_what_it_points_to(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("1")
    (folder / "far").symlink_to(outside)
    before = digest_value(folder)
    outside.write_text("2")
    assert digest_value(folder) != before


def test_links_in_a_circle_are_refused(folder: Path) -> None:
    (folder / "up").symlink_to(folder.parent)
    with pytest.raises(errors.UnstorableError, match="circle"):
        digest_value(folder)


def test_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for value in (tmp_path / "pipe", tmp_path):
        with pytest.raises(errors.UnstorableError, match="neither a file nor a folder"):
            digest_value(value)


BIG = hashing_files._REMEMBER_BYTES


def test_large_settled_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    old(path, b"x" * BIG)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10)  # it was touched ten seconds ago
    reads: list[int] = []
    original = hashing_files._digest_stream
    monkeypatch.setattr(hashing_files, "_digest_stream", lambda fd: reads.append(fd) or original(fd))
    assert digest_value(path) == digest_value(path)
    assert len(reads) == 1


def test_large_file_that_was_just_touched_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    old(path, b"x" * BIG)  # its modification time is old, its change time is now
    reads: list[int] = []
    original = hashing_files._digest_stream
    monkeypatch.setattr(hashing_files, "_digest_stream", lambda fd: reads.append(fd) or original(fd))
    digest_value(path)
    digest_value(path)
    assert len(reads) == 2


def test_edit_that_keeps_size_and_time_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    old(path, b"x" * BIG)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10)
    before = digest_value(path)
    old(path, b"y" * BIG)
    assert digest_value(path) != before


def test_file_mapped_for_writing_is_always_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    old(path, b"x" * BIG)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        before = digest_value(path)
        mapped[0:1] = b"y"
        assert digest_value(path) != before


def test_file_comes_back_read_only_with_its_name_and_digest(tmp_path: Path) -> None:
    blobs, path = MemoryBlobs(), tmp_path / "a.csv"
    path.write_text("x,y\n")
    artifact = DEFAULT_CODECS.encode(path, blobs)
    found = DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    assert (found.name, found.read_text()) == ("a.csv", "x,y\n")
    assert found.stat().st_mode & 0o222 == 0
    assert digest_value(found) == artifact.digest == digest_value(path)
    assert artifact.preview == "file a.csv, 4 bytes"


def test_folder_comes_back_whole(folder: Path, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    artifact = DEFAULT_CODECS.encode(folder, blobs)
    found = DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    assert digest_value(found) == artifact.digest == digest_value(folder)
    assert (found / "link").readlink() == Path("sub/b.txt")
    assert (found / "sub" / "empty").is_dir()


def test_copy_is_made_once_and_again_when_it_was_changed(folder: Path, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    artifact = DEFAULT_CODECS.encode(folder, blobs)
    found = DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    blobs.gets.clear()
    assert DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out") == found
    assert blobs.gets == []
    (found / "a.txt").chmod(0o644)
    (found / "a.txt").write_text("spoilt")
    DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    assert (found / "a.txt").read_text() == "a"
    assert [path.name for path in found.parent.iterdir()] == ["data"]


def test_paths_inside_containers_are_stored_by_content(tmp_path: Path) -> None:
    blobs, path = MemoryBlobs(), tmp_path / "a.csv"
    path.write_text("x")
    artifact = DEFAULT_CODECS.encode({"file": path, "absent": tmp_path / "no"}, blobs)
    path.unlink()
    found = DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    assert found["file"].read_text() == "x"
    assert found["absent"] == tmp_path / "no"


@pytest.mark.parametrize("name", ["../evil", "/evil", "..", ".", "", "a/b"])
def test_hostile_names_are_refused(name: str, tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    blob, size = blobs.put(b"x")
    meta = {"name": name, "kind": "file", "executable": False}
    artifact = Artifact(digest=blob, codec="files/1", type="pathlib.Path", blobs=(blob,), size_bytes=size, meta=meta)
    with pytest.raises(errors.FormatError, match="leaves their folder"):
        DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_hostile_digest_is_refused(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    blob, _ = blobs.put(b"x")
    meta = {"name": "evil", "kind": "file", "executable": False}
    artifact = Artifact(digest=Digest("../.."), codec="files/1", type="pathlib.Path", blobs=(blob,), meta=meta)
    with pytest.raises(errors.FormatError):
        DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "a" / "b" / "out")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "entries",
    [
        [["../evil", "file"]],
        [["/evil", "file"]],
        [["link", "link", "../.."], ["link/evil", "file"]],
        [["link", "link", "/tmp"]],
        [["sub", "folder", ""], ["sub/link", "link", "../../out"]],
        [["link", "link", "x"], ["link/evil", "file"]],
    ],
)
def test_hostile_folders_are_refused(entries: list[list[str]], tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    blob, size = blobs.put(b"x")
    filled = [entry if len(entry) == 3 else [*entry, blob] for entry in entries]
    meta = {"name": "data", "kind": "folder", "entries": filled, "executables": []}
    artifact = Artifact(digest=blob, codec="files/1", type="pathlib.Path", blobs=(blob,), size_bytes=size, meta=meta)
    with pytest.raises(errors.FormatError, match="leaves their folder"):
        DEFAULT_CODECS.decode(artifact, blobs, folder=tmp_path / "out")
    assert not list(tmp_path.rglob("evil"))
    assert list((tmp_path / "out").rglob("*data*")) == []

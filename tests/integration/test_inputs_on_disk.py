"""Files that are changed in ways that sizes and times hardly show: the digest is that of what is there now."""

from __future__ import annotations

import mmap
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcell import errors
from taskcell.hashing import digest_value
from taskcell.hashing import stamps as settling

SIZE = 3 << 20  # above what is always read again
OLD, NEW = b"a" * SIZE, b"a" * (SIZE - 1) + b"b"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a large file that was last touched long ago, as far as a file system can be told so."""
    made = tmp_path / "data.bin"
    made.write_bytes(OLD)
    os.utime(made, (1e9, 1e9))
    return made


def same_size(place: Path) -> None:
    place.write_bytes(NEW)


def times_put_back(place: Path) -> None:
    times = place.stat()
    place.write_bytes(NEW)
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(place: Path) -> None:
    other = place.with_name("other")
    other.write_bytes(NEW)
    os.utime(other, (1e9, 1e9))
    other.replace(place)


def other_name(place: Path) -> None:
    place.with_name("link").hardlink_to(place)
    place.with_name("link").write_bytes(NEW)


def mapped(place: Path) -> None:
    with place.open("r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        memory[SIZE - 1] = ord("b")


def copied_with_times(place: Path) -> None:
    other = place.with_name("other")
    other.write_bytes(NEW)
    shutil.copystat(place, other)
    shutil.copy2(other, place)


def from_the_future(place: Path) -> None:
    os.utime(place, (4e9, 4e9))
    digest_value(place)
    place.write_bytes(NEW)
    os.utime(place, (4e9, 4e9))


def cut_and_grown(place: Path) -> None:
    os.truncate(place, 0)
    place.write_bytes(NEW)
    os.utime(place, (1e9, 1e9))


ATTACKS = [same_size, times_put_back, replaced, other_name, mapped, copied_with_times, from_the_future, cut_and_grown]


def _expected(place: Path, data: bytes) -> str:
    fresh = place.parent / "fresh" / place.name
    fresh.parent.mkdir(exist_ok=True)
    fresh.write_bytes(data)
    return digest_value(fresh)


@pytest.mark.parametrize("settled_s", [2.0, -1e12], ids=["fresh", "remembered"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_changed_file_has_its_new_digest(
    place: Path, attack: Callable[[Path], None], settled_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Remembered at once, whatever its age: then its stamp alone must give the change away.
    monkeypatch.setattr(settling, "_SETTLED_S", settled_s)
    assert digest_value(place) == _expected(place, OLD)
    attack(place)
    assert digest_value(place) == _expected(place, NEW)
    assert digest_value(place) == _expected(place, NEW)


def test_link_that_points_elsewhere_counts_as_what_it_points_to(place: Path) -> None:
    other = place.with_name("other")
    other.write_bytes(NEW)
    link = place.with_name("link")
    link.symlink_to(place)
    before = digest_value(link)
    link.unlink()
    link.symlink_to(other)
    assert before == _expected(link, OLD)
    assert digest_value(link) == _expected(link, NEW)


def digest_often(place: Path) -> None:
    for _ in range(100):
        digest_value(place)


def test_file_that_grows_while_it_is_read_is_refused(place: Path) -> None:
    ended = threading.Event()

    def grow() -> None:
        with place.open("ab", buffering=0) as file:
            while not ended.is_set():
                file.write(b"x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        with pytest.raises(errors.UnstorableError, match="changes while it is read"):
            digest_often(place)
    finally:
        ended.set()
        writer.join()


FOLDER_CHANGES: dict[str, Callable[[Path], object]] = {
    "changed": lambda folder: (folder / "a").write_bytes(b"2"),
    "added": lambda folder: (folder / "b").write_bytes(b""),
    "renamed": lambda folder: (folder / "a").rename(folder / "c"),
    "moved down": lambda folder: (folder / "a").rename(folder / "empty" / "a"),
    "removed": lambda folder: (folder / "a").unlink(),
    "folder removed": lambda folder: (folder / "empty").rmdir(),
    "link put in place": lambda folder: ((folder / "deep").unlink(), (folder / "deep").write_bytes(b"1")),
    "link to another": lambda folder: ((folder / "deep").unlink(), (folder / "deep").symlink_to("empty")),
}


@pytest.mark.parametrize("change", FOLDER_CHANGES.values(), ids=FOLDER_CHANGES.keys())
def test_change_below_a_folder_counts(tmp_path: Path, change: Callable[[Path], object]) -> None:
    folder = tmp_path / "folder"
    (folder / "empty").mkdir(parents=True)
    (folder / "a").write_bytes(b"1")
    (folder / "deep").symlink_to("a")
    before = digest_value(folder)
    assert digest_value(folder) == before
    change(folder)
    assert digest_value(folder) != before


def test_permissions_and_times_do_not_count(place: Path) -> None:
    before = digest_value(place)
    place.chmod(0o755)
    os.utime(place)
    assert digest_value(place) == before

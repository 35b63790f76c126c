from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from taskcell import errors
from taskcell.store import opening, paths
from taskcell.store.opening import StoreFormat, open_files, open_store
from taskcell.store.records import sealed


def test_looking_at_a_new_store_writes_nothing(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "new"))
    assert store.records.list(paths.runs()) == []
    assert store.format() is None
    assert not (tmp_path / "new").exists()


def test_first_write_founds_the_store(url: str) -> None:
    store = open_store(url)
    store.blobs.put(b"x")
    found = store.format()
    assert found is not None
    assert (found.version, found.digests) == (2, "blake3-256")
    assert abs((found.created_at - datetime.now(UTC)).total_seconds()) < 60
    assert open_store(url, create=False).format() == found


def test_format_is_as_specified(tmp_path: Path) -> None:
    open_store(str(tmp_path)).blobs.put(b"x")
    record = json.loads((tmp_path / "format.json").read_bytes())["record"]
    assert record.keys() == {"version", "digests", "store_id", "created_at"}


def test_first_writers_at_once_found_one_store(url: str) -> None:
    barrier = threading.Barrier(16)

    def write(number: int) -> StoreFormat | None:
        store = open_store(url)
        barrier.wait(30)
        store.blobs.put(b"%d" % number)
        return store.format()

    with ThreadPoolExecutor(16) as pool:
        formats = list(pool.map(write, range(16)))
    assert formats[0] is not None
    assert formats == [formats[0]] * 16


def test_url_and_path_name_the_same_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "with space").mkdir()
    forms = ["with space", "./with space/", f"{tmp_path}/with space", f"file://{tmp_path}/with space"]
    assert {open_store(form).url for form in forms} == {f"file://{tmp_path}/with space"}


def test_absent_store_is_not_made_when_not_asked_for(url: str) -> None:
    with pytest.raises(errors.NotFoundError, match="no store"):
        open_store(url, create=False)


def test_newer_format_is_refused_with_both_versions(url: str) -> None:
    class Format7(msgspec.Struct):
        version: int = 7
        novelty: str = "x"

    open_files(url).create(paths.FORMAT, sealed(paths.FORMAT, Format7()))
    with pytest.raises(errors.FormatError, match=r"format 7.*knows 2") as caught:
        open_store(url)
    assert "Upgrade" in caught.value.remedy


def test_other_digests_are_refused(url: str) -> None:
    other = StoreFormat(version=1, digests="sha3-512", store_id="x", created_at=datetime.now(UTC))
    open_files(url).create(paths.FORMAT, sealed(paths.FORMAT, other))
    with pytest.raises(errors.FormatError, match="sha3-512"):
        open_store(url)


@pytest.mark.parametrize("text", [b"", b"{}", b'{"version": 1}'])
def test_damaged_format_is_refused_by_name(url: str, text: bytes) -> None:
    open_files(url).create(paths.FORMAT, text)
    with pytest.raises(errors.FormatError, match=r"format\.json"):
        open_store(url)


def test_format_without_its_fields_is_refused_by_name(url: str) -> None:
    class Empty(msgspec.Struct):
        version: int = 1

    open_files(url).create(paths.FORMAT, sealed(paths.FORMAT, Empty()))
    with pytest.raises(errors.FormatError, match=r"format\.json"):
        open_store(url)


def test_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(errors.InvalidInputError, match=r"thesis\.tex"):
        open_store(str(tmp_path))
    assert os.listdir(tmp_path) == ["thesis.tex"]  # noqa: PTH208


def test_folder_filled_after_opening_is_not_founded(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(errors.InvalidInputError, match=r"thesis\.tex"):
        store.blobs.put(b"x")
    assert os.listdir(tmp_path) == ["thesis.tex"]  # noqa: PTH208


def test_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(errors.InvalidInputError, match="is a file"):
        open_store(str(tmp_path / "x"))


@pytest.mark.parametrize("project", ["", "..", "a/b", "Ä", "x" * 64, "blobs"])
def test_hostile_project_is_refused(url: str, project: str) -> None:
    with pytest.raises(errors.InvalidInputError):
        open_store(url, project)


@pytest.mark.parametrize("url", ["", "file://", "a\0b", "nosuch://x", "x" * 100 + "://y"])
def test_unusable_url_is_bad_input(url: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        open_store(url)
    assert caught.value.remedy


def test_service_without_exclusive_creation_is_refused() -> None:
    with pytest.raises(errors.StoreError, match="only if it is absent"):
        open_store("ftp://example.org/x")


def test_service_without_its_package_says_what_to_install() -> None:
    with pytest.raises(errors.StoreError, match="isn't installed") as caught:
        open_store("oci://bucket@namespace/x")
    assert "Install" in caught.value.remedy


def test_registered_service_is_used(tmp_path: Path) -> None:
    package = tmp_path / "plugin"
    info = package / "plugin-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{opening.ENTRY_POINTS}]\nfolder = plugged:files\n")
    (package / "plugged.py").write_text(
        "from pathlib import Path\nfrom taskcell.store.local_files import LocalFiles\n"
        "def files(url):\n    return LocalFiles(Path(url.removeprefix('folder://')))\n"
    )
    code = (
        "import sys\nfrom taskcell.store.opening import open_store\n"
        "store = open_store('folder://' + sys.argv[1])\n"
        "print(bytes(store.blobs.get(store.blobs.put(b'x')[0])))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(package), *sys.path])}
    command = [sys.executable, "-c", code, str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "b'x'"
    assert (tmp_path / "store" / "format.json").exists()

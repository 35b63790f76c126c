"""A lock as requirements of an image, and Taskcell packed as a wheel again."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path

from taskcell import errors
from taskcell.environment import requirements, wheels
from taskcell.environment.locks import LockedPackage


def package(name: str, source: str = "index", version: str | None = "1.0", **facts: str) -> LockedPackage:
    return LockedPackage(name=name, version=version, source=source, facts=facts)


def test_each_origin_has_its_form() -> None:
    found = requirements.of_lock(
        [
            package("b"),
            package("a", "vcs", type="git", url="https://x/a.git", **{"commit-id": "c0ffee"}),
            package("c", "archive", url="https://x/c.zip", subdirectory="py"),
            package("taskcell", "directory", None, path="/nowhere"),
        ],
        leave_out="taskcell",
    )
    assert found.lines == ("a @ git+https://x/a.git@c0ffee", "b==1.0", "c @ https://x/c.zip#subdirectory=py")
    assert (found.folders, found.missing) == ((), ())


def test_a_folder_that_is_gone_is_told() -> None:
    found = requirements.of_lock([package("mine", "directory", None, path="/no/such/folder")])
    assert found.missing == ("mine was installed from /no/such/folder, which is not here",)


def test_a_folder_that_is_here_is_copied_along() -> None:
    found = requirements.of_lock([package("mine", "directory", None, path="/")])
    assert found.folders == (("mine", Path("/")),)


def test_the_wheel_holds_the_package_with_true_digests_and_is_reproducible() -> None:
    name, data = wheels.pack("taskcell", Path(errors.__file__).parent)
    assert name.startswith("taskcell-")
    assert name.endswith("-py3-none-any.whl")
    assert wheels.pack("taskcell", Path(errors.__file__).parent) == (name, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert {"taskcell/errors.py", "taskcell/__main__.py", "taskcell/py.typed"} <= set(names)
        record = next(each for each in names if each.endswith(".dist-info/RECORD"))
        lines = [line.rsplit(",", 2) for line in archive.read(record).decode().splitlines()]
        assert sorted(path for path, _, _ in lines) == sorted(names)
        for path, digest, size in lines:
            if path != record:
                content = archive.read(path)
                told = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                assert (digest, size) == (f"sha256={told}", str(len(content)))

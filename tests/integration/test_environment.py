from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from taskcell import environment, errors
from taskcell.environment import capturing, distributions


def fake(site: Path, name: str, version: str, **files: str) -> None:
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: 9 is in the text\n"
    for file, text in ({"METADATA": metadata} | files).items():
        (folder / file.replace("_json", ".json")).write_text(text)


WHEEL = "Wheel-Version: 1.0\nTag: cp311-abi3-manylinux_2_17_x86_64\nTag: cp311-abi3-linux_x86_64\n"
RECORD = "pkg/__init__.py,sha256=a,1\npkg/b.py,sha256=b,2\n"


def locked(site: Path) -> str:
    found = distributions.installed([site])
    described = capturing.describe((each.name, each.version) for each in found.values())
    text = environment.lock_toml(described, installed=found)
    Pylock.from_dict(tomllib.loads(text)).validate()
    return text


def test_capture_is_what_importlib_sees() -> None:
    seen = {
        distributions.normalised(each.metadata["Name"]): each.version
        for folder in distributions.site_folders()
        for each in importlib.metadata.distributions(path=[str(folder)])
    }
    assert dict(environment.capture().distributions) == seen
    assert "taskcell" in seen


def test_capture_is_kept() -> None:
    assert environment.capture() is environment.capture()


def test_installation_during_the_session_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    fake(site, "first", "1.0")
    monkeypatch.setattr(sys, "path", [str(site)])
    before = environment.capture()
    fake(site, "second", "2.0")
    after = environment.capture()
    assert environment.difference(before, after) == (("second", None, "2.0"),)


def test_same_environment_from_another_working_folder(tmp_path: Path) -> None:
    (tmp_path / "stray.egg-info").mkdir()
    (tmp_path / "stray.egg-info" / "PKG-INFO").write_text("Name: stray\nVersion: 1\n")
    code = "from taskcell import environment; print(environment.capture().digest)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == environment.capture().digest


def test_first_on_the_path_wins_and_remains_are_passed_over(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "site-packages", tmp_path / "b" / "site-packages"
    fake(first, "Pkg_A", "1.0")
    fake(second, "pkg-a", "2.0")
    (second / "gone-1.0.dist-info").mkdir()
    (second / "old.egg-info").write_text("Name: old\nVersion: 0.1\n")
    found = distributions.installed([first, second, tmp_path / "absent"])
    assert {name: each.version for name, each in found.items()} == {"pkg-a": "1.0", "old": "0.1"}


def test_lock_of_this_environment_is_valid_and_read_again() -> None:
    captured = environment.capture()
    text = environment.lock_toml(captured)
    Pylock.from_dict(tomllib.loads(text)).validate()
    found = environment.read_lock(text)
    assert [(each.name, each.version) for each in found.packages] == list(captured.distributions)
    assert (found.python, found.platform, found.digest) == (
        captured.python,
        captured.platform,
        captured.digest,
    )
    assert environment.lock_toml(captured) == text


def test_lock_follows_an_installation_that_changes_under_the_same_version(tmp_path: Path) -> None:
    fake(tmp_path, "a", "1.0", WHEEL=WHEEL, RECORD=RECORD)
    before = locked(tmp_path)
    assert locked(tmp_path) == before
    record = next(tmp_path.rglob("RECORD"))
    record.write_text(record.read_text() + "a/more.py,sha256=00,1\n")
    assert locked(tmp_path) != before


def test_every_kind_of_installation_is_locked(tmp_path: Path) -> None:
    git = '{"url": "https://u:secret@e.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}'
    archive = '{"url": "https://e.org/d-1.0.zip?key=secret", "archive_info": {}}'
    folder = '{"url": "file:///srv/e", "dir_info": {"editable": true}}'
    fake(tmp_path, "a", "1.0", WHEEL=WHEEL, RECORD=RECORD)
    fake(tmp_path, "b", "1.0+local.1", RECORD=RECORD)
    fake(tmp_path, "c", "1.0", direct_url_json=git)
    fake(tmp_path, "d", "1.0", direct_url_json=archive)
    fake(tmp_path, "e", "1.0", direct_url_json=folder)
    fake(tmp_path, "f", "not-a-version")
    fake(tmp_path, "g", "1.0", direct_url_json="{broken")
    text = locked(tmp_path)
    found = {each.name: each for each in environment.read_lock(text).packages}
    assert {name: each.source for name, each in found.items()} == {
        "a": "index",
        "b": "index",
        "c": "vcs",
        "d": "archive",
        "e": "directory",
        "f": "index",
        "g": "index",
    }
    assert {each.version for name, each in found.items() if name not in "bf"} == {"1.0"}
    assert found["a"].facts["name"] == "a-1.0-cp311-abi3-manylinux_2_17_x86_64.linux_x86_64.whl"
    assert found["b"].facts["name"] == "b-1.0+local.1.tar.gz"
    assert "secret" not in text
    with pytest.raises(errors.InvalidInputError, match=r"idna 0\.0 is not installed"):
        environment.lock_toml(capturing.describe([("idna", "0.0")]))


def test_record_digest_is_of_content_not_of_the_installation(tmp_path: Path) -> None:
    notes = "../../bin/x,sha256=c,3\npkg/__pycache__/b.pyc,,\na-1.0.dist-info/INSTALLER,sha256=d,2\n"
    for folder, record in [("1", RECORD), ("2", notes + RECORD), ("3", RECORD.replace("=b", "=c"))]:
        fake(tmp_path / folder, "a", "1.0", RECORD=record)
    one, two, three = (
        distributions.record_digest(distributions.installed([tmp_path / folder])["a"]) for folder in "123"
    )
    assert one == two
    assert one != three


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, env=environ)


def test_git_state_follows_the_work_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.git_state(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert environment.git_state(tmp_path) is None
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "a")
    clean = environment.git_state(tmp_path)
    assert clean is not None
    assert (len(clean.commit), clean.dirty, clean.branch) == (40, False, "main")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    (tmp_path / "sub").mkdir()
    assert environment.git_state(tmp_path / "sub") == clean
    (tmp_path / "sub" / "new").write_text("1")
    dirty = environment.git_state(tmp_path)
    assert dirty is not None
    assert dirty.dirty
    git(tmp_path, "checkout", "-q", "--detach")
    detached = environment.git_state(tmp_path)
    assert detached is not None
    assert detached.branch == ""


def test_without_git_there_is_no_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.git_state(Path(__file__).parent) is None
    assert environment.git_state("a\x00b") is None


def test_slow_git_counts_as_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "git"
    slow.write_text('#!/bin/sh\ncase "$*" in *status*) exec sleep 5;; *rev-parse*) echo abc;; *) echo main;; esac\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = environment.git_state(tmp_path, timeout_s=0.5)
    assert found is not None
    assert (found.commit, found.dirty, found.branch) == ("abc", True, "main")

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from taskcell import errors
from taskcell.environment import capturing, differences, distributions, installing, locks, origins, tables
from taskcell.model.versions import Environment

BASE = (("numpy", "2.0"), ("pandas", "3.1"))


def described(installed: tuple[tuple[str, str], ...] = BASE, **facts: str) -> Environment:
    given: dict[str, Any] = {"python": "3.11.7", "implementation": "cpython", "platform_name": "linux-x86_64"}
    return capturing.describe(installed, **given | facts)


def test_order_of_installation_does_not_count() -> None:
    assert described(BASE) == described(BASE[::-1])


@pytest.mark.parametrize(
    "other",
    [
        described(BASE[:1]),
        described((("numpy", "2.0"), ("pandas", "3.2"))),
        described((("numpy2", ".0"), ("pandas", "3.1"))),
        described(python="3.11.8"),
        described(implementation="pypy"),
        described(platform_name="linux-aarch64"),
    ],
)
def test_every_fact_counts_in_the_digest(other: Environment) -> None:
    assert other.digest != described().digest


def test_difference_names_what_changed() -> None:
    new = described((("numpy", "2.1"), ("polars", "1.0")), python="3.12.1")
    assert differences.difference(described(), new) == (
        (":python", "3.11.7", "3.12.1"),
        ("numpy", "2.0", "2.1"),
        ("pandas", "3.1", None),
        ("polars", None, "1.0"),
    )
    assert differences.difference(new, new) == ()


@pytest.mark.parametrize("name", ["Foo.Bar", "foo__bar", "FOO-bar", "foo-._bar"])
def test_names_are_normalised_as_indexes_do(name: str) -> None:
    assert distributions.normalised(name) == "foo-bar"


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://ana:secret@example.org/x.git", "https://example.org/x.git"),
        ("https://token@example.org/x.git", "https://example.org/x.git"),
        ("https://${USER}:${PASS}@example.org/x", "https://${USER}:${PASS}@example.org/x"),
        ("https://${USER}:secret@example.org/x", "https://example.org/x"),
        ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git"),
        ("https://example.org/x.whl?signature=secret#sha256=1", "https://example.org/x.whl"),
        ("file:///srv/it%27s%20here", "file:///srv/it%27s%20here"),
        ("http://[", ""),
    ],
)
def test_secrets_of_a_url_are_left_out(url: str, clean: str) -> None:
    assert origins.clean_url(url) == clean


@pytest.mark.parametrize(
    ("origin", "table"),
    [
        (
            {"url": "file:///srv/a%20b", "dir_info": {"editable": True}},
            {"directory": {"path": "/srv/a b", "editable": True}},
        ),
        ({"url": "file:///srv/a", "dir_info": {}}, {"directory": {"path": "/srv/a"}}),
        (
            {
                "url": "https://u:p@example.org/x.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "main"},
                "subdirectory": "sub",
            },
            {
                "vcs": {
                    "type": "git",
                    "url": "https://example.org/x.git",
                    "requested-revision": "main",
                    "commit-id": "abc",
                    "subdirectory": "sub",
                }
            },
        ),
        (
            {"url": "https://example.org/x.whl?t=1", "archive_info": {"hash": "sha256=00"}},
            {"archive": {"url": "https://example.org/x.whl", "hashes": {"sha256": "00"}}},
        ),
        (
            {"url": "file:///srv/x.whl", "archive_info": {"hashes": {"sha256": "00"}}},
            {"archive": {"path": "/srv/x.whl", "hashes": {"sha256": "00"}}},
        ),
        ({"url": "https://example.org/x", "vcs_info": {"vcs": "git"}}, {}),
        ({"url": "https://example.org/x"}, {}),
    ],
)
def test_direct_url_becomes_a_source_table(origin: dict[str, Any], table: dict[str, Any]) -> None:
    assert origins.source_table(origin) == table


@pytest.mark.parametrize("text", ['it\'s "x"\\', "\n\t\r\x00\x1f\x7f", "é€𝔘", "\udcff"])
def test_any_text_stands_in_toml(text: str) -> None:
    read = tomllib.loads(tables.table("[a]", {"b c": text, "d": [{"e": True, text or "f": text}]}))
    expected = text.encode("utf-8", "backslashreplace").decode()
    assert read == {"a": {"b c": expected, "d": [{"e": True, expected: expected}]}}


@pytest.mark.parametrize(
    "text",
    ["", "lock-version = ", "packages = []", 'lock-version = "1.0"\npackages = [1]', "\x00"],
)
def test_what_is_no_lock_file_is_refused(text: str) -> None:
    with pytest.raises(errors.FormatError):
        locks.read_lock(text)


def test_newer_lock_format_is_refused_by_number() -> None:
    with pytest.raises(errors.FormatError, match=r"format 2\.0"):
        locks.read_lock('lock-version = "2.0"\npackages = []')


def test_lock_of_another_tool_is_read() -> None:
    found = locks.read_lock(
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "Idna"\nversion = "3.1"\n'
        'index = "https://example.org"\nwheels = [{url = "https://e.org/i.whl", hashes = {sha256 = "0"}}]'
    )
    assert [(each.name, each.version, each.source) for each in found.packages] == [("idna", "3.1", "index")]
    assert found.digest == ""


@pytest.mark.parametrize(
    ("package", "words"),
    [
        (locks.LockedPackage(name="a", version="1", source="index", facts={}), ["a==1"]),
        (
            locks.LockedPackage(
                name="a",
                version="1",
                source="vcs",
                facts={"type": "git", "url": "https://e.org/a", "commit-id": "c", "subdirectory": "s"},
            ),
            ["a @ git+https://e.org/a@c#subdirectory=s"],
        ),
        (
            locks.LockedPackage(name="a", version=None, source="archive", facts={"path": "/srv/a b.whl"}),
            ["a @ file:///srv/a%20b.whl"],
        ),
    ],
)
def test_locked_package_becomes_words_for_uv(package: locks.LockedPackage, words: list[str]) -> None:
    assert installing.requirement(package) == words


def test_vanished_folder_is_named() -> None:
    package = locks.LockedPackage(name="a", version="1", source="directory", facts={"path": "/nowhere/a"})
    with pytest.raises(errors.BackendError, match="a was installed from /nowhere/a"):
        installing.requirement(package)


def test_only_installed_folders_count() -> None:
    path = [
        "",
        "/home/ana/x",
        "/usr/lib/python3/dist-packages",
        "/v/lib/python3.11/site-packages",
        "/opt/deps",
    ]
    found = distributions.site_folders([*path, "/v/lib/python3.11/site-packages/setuptools/_vendor"], {})
    assert [str(each) for each in found] == path[2:4]
    assert [str(each) for each in distributions.site_folders(path, {"PYTHONPATH": "/opt/deps"})] == path[2:]

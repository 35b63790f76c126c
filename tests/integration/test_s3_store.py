"""A store in a bucket of a real server: what is said when something is wrong, and what goes over the wire."""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_world import package_path
from tests import fault_proxy, seaweed

from taskcell import errors
from taskcell.hashing import digest_bytes
from taskcell.store import paths
from taskcell.store.leases import ThreadLease
from taskcell.store.opening import Store, open_files, open_store
from taskcell.store.s3 import connections, leasing
from taskcell.store.s3.creating import Objects
from taskcell.store.s3.files import S3Files

LARGE = bytes(range(256)) * 4 * 2**10 * 40  # 40 MiB: three parts


@pytest.fixture(scope="module")
def one_proxy(s3_server: seaweed.Seaweed) -> Iterator[fault_proxy.FaultProxy]:
    """Return one proxy for all: a new address would be probed anew."""
    with fault_proxy.running(s3_server.endpoint) as running:
        yield running


@pytest.fixture(params=["small requests by obstore", "s3fs alone"])
def proxy(
    request: pytest.FixtureRequest,
    one_proxy: fault_proxy.FaultProxy,
    s3_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> fault_proxy.FaultProxy:
    monkeypatch.setenv("AWS_ENDPOINT_URL", one_proxy.endpoint)
    if request.param == "s3fs alone":
        monkeypatch.setenv("AWS_RETRY_MODE", "standard")  # something that only s3fs reads
    one_proxy.reset()
    return one_proxy


@pytest.fixture
def store(proxy: fault_proxy.FaultProxy, s3_url: str) -> Store:
    """Return a store that has been written to, seen through the proxy."""
    opened = open_store(s3_url)
    opened.blobs.put(b"the first")
    proxy.requests.clear()
    return opened


# -- what goes over the wire -----------------------------------------------------------------------------------------


def test_small_blob_takes_one_conditional_write(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    store.blobs.put(b"some bytes")
    assert proxy.counts() == {"PUT if": 1}


def test_what_was_stored_here_is_read_without_a_request(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    digest, _ = store.blobs.put(b"some bytes")
    streamed, _ = store.blobs.put(iter([b"more ", b"bytes"]))
    proxy.requests.clear()
    assert (bytes(store.blobs.get(digest)), bytes(store.blobs.get(streamed))) == (b"some bytes", b"more bytes")
    assert not proxy.requests


def test_another_machine_fetches_once(
    store: Store, proxy: fault_proxy.FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, _ = store.blobs.put(b"some bytes")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    other = open_store(store.url)
    proxy.requests.clear()
    assert [bytes(other.blobs.get(digest)) for _ in range(3)] == [b"some bytes"] * 3
    assert proxy.counts() == {"GET": 1}


def test_large_blob_goes_and_comes_in_parts(
    store: Store, proxy: fault_proxy.FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, _ = store.blobs.put(LARGE)
    assert proxy.counts() == {"HEAD": 1, "POST": 2, "PUT": 3}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    other = open_store(store.url)
    proxy.requests.clear()
    got = other.blobs.get(digest)
    assert got == LARGE
    assert proxy.counts() == {"GET": 3}
    assert isinstance(got.obj, mmap.mmap)


def test_large_blob_that_is_there_is_not_sent_again(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    store.blobs.put(LARGE)
    proxy.requests.clear()
    store.blobs.put(LARGE)
    assert proxy.counts() == {"HEAD": 2}


def test_damaged_copy_is_fetched_again(store: Store, tmp_path: Path) -> None:
    digest, _ = store.blobs.put(b"some bytes")
    (copy,) = (tmp_path / "user-cache").rglob(digest)
    copy.write_bytes(b"some BYTES")
    assert bytes(store.blobs.get(digest)) == b"some bytes"
    assert store.files.list("quarantine") == []


def test_record_takes_one_request(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    store.project_files.create("a/record.json", b"1")
    assert proxy.counts() == {"PUT if": 1}


def test_free_lease_takes_two_requests(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    lease = store.files.lease("x")
    assert lease.acquire()
    lease.release()
    assert proxy.counts() == {"PUT if": 1, "DELETE": 1}


def test_a_lease_is_revoked_for_a_holder_on_a_host_that_is_gone_and_for_no_other(
    store: Store, proxy: fault_proxy.FaultProxy
) -> None:
    held, other = store.files.lease("x"), store.files.lease("x")
    assert held.acquire()
    other.revoke(lambda host: host != socket.gethostname())
    assert proxy.counts()["DELETE"] == 0
    other.revoke(lambda host: host == socket.gethostname())
    assert proxy.counts()["DELETE"] == 1
    other.revoke(lambda host: pytest.fail(f"{host} holds it still"))
    held.release()


# -- requests that need no s3fs --------------------------------------------------------------------------------------

EVERYDAY = """
import os, sys
from taskcell.store.opening import open_store
store = open_store(sys.argv[1])
digest, _ = store.blobs.put(b"some more bytes")
store.files.copies.drop("blobs/" + digest)
assert bytes(store.blobs.get(digest)) == b"some more bytes"
store.project_files.create("a/record", b"1")
assert [entry.path for entry in store.project_files.list("a")] == ["a/record"]
assert store.project_files.exists("a/record") and not store.project_files.exists("a/other")
lease = store.files.lease("x")
assert lease.acquire()
lease.release()
store.project_files.delete("a/record")
"""


def in_another_process(code: str, url: str) -> str:
    environment = os.environ | {"PYTHONPATH": package_path()}
    command = [sys.executable, "-c", code, url]
    return subprocess.run(
        command, check=True, timeout=60, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@pytest.fixture
def founded(s3_url: str) -> str:
    open_store(s3_url).blobs.put(b"the first")
    return s3_url


def test_what_a_pod_does_every_day_needs_no_s3fs(founded: str) -> None:
    assert (
        in_another_process(EVERYDAY + "print('s3fs' in sys.modules, 'aiohttp' in sys.modules)", founded)
        == "False False"
    )


def test_a_forked_process_has_a_client_of_its_own(founded: str) -> None:
    code = EVERYDAY.replace('"a/record', '"b/record').replace('list("a")', 'list("b")')
    forked = f"\nif os.fork() == 0:\n    exec({code!r})\n    print('done', flush=True)\n    os._exit(0)\nos.wait()\n"
    assert in_another_process(EVERYDAY + forked, founded) == "done"


def is_light(request: fault_proxy.Request) -> bool:
    return bool(request.headers["User-Agent"].startswith("object_store"))


def test_what_a_client_is_never_asked_for_is_no_failure_of_it(
    s3_url: str, one_proxy: fault_proxy.FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_proxy.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", one_proxy.endpoint)
    store = open_store(s3_url)
    for _ in range(10):
        assert list(store.files.walk("a")) == []
    one_proxy.requests.clear()
    assert store.project_files.exists("a/record") is False
    assert [is_light(request) for request in one_proxy.requests] == [True]


def test_what_one_client_cannot_do_the_other_does_and_is_soon_the_only_one(
    s3_url: str, one_proxy: fault_proxy.FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_proxy.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", one_proxy.endpoint)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")  # a connection of this test's own
    one_proxy.rule = lambda request: "500" if is_light(request) else None
    store = open_store(s3_url)
    for number in range(10):
        store.project_files.create(f"a/{number}", b"1")
        assert store.project_files.read(f"a/{number}") == b"1"
    asked = [is_light(request) for request in one_proxy.requests]
    assert any(asked[:3])
    assert not any(asked[-10:])


# -- faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "503", "reset", "lost", "truncate"])
def test_one_fault_of_each_kind_changes_nothing(store: Store, proxy: fault_proxy.FaultProxy, fault: str) -> None:
    faults = [fault] * 2
    proxy.rule = lambda request: faults.pop() if faults else None
    store.project_files.create("a/record.json", b"written once")
    assert store.project_files.read("a/record.json") == b"written once"
    faults[:] = [fault] * 2
    assert store.project_files.read("a/record.json") == b"written once"
    faults[:] = [fault]
    assert [entry.path for entry in store.project_files.list("a")] == ["a/record.json"]
    assert proxy.faults[fault] >= 4


def test_lost_answer_is_not_taken_for_a_lost_race(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    lost = ["lost"]
    proxy.rule = lambda request: lost.pop() if lost and request.method == "PUT" else None
    store.project_files.create("record", b"mine")
    assert proxy.counts() == {"PUT if": 2, "HEAD": 1}
    proxy.rule = lambda request: None
    with pytest.raises(errors.AlreadyExistsError):
        store.project_files.create("record", b"mine")


def test_lost_answer_to_the_last_part_is_no_failure(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    lost = ["lost"]
    proxy.rule = lambda request: lost.pop() if lost and request.method == "POST" and "uploadId" in request.key else None
    digest, size_bytes = store.blobs.put(LARGE)
    assert not lost
    assert store.blobs.size(digest) == size_bytes


def test_flipped_bit_in_the_bucket_is_found(
    store: Store, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = digest_bytes(b"right")
    open_files(s3_url).create(paths.blob(digest), b"wrong")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    other = open_store(store.url)
    with pytest.raises(errors.FormatError, match="corrupt"):
        other.blobs.get(digest)
    other.blobs.put(b"right")
    assert bytes(other.blobs.get(digest)) == b"right"


@pytest.mark.slow
def test_holder_whose_heartbeats_lose_their_answers_keeps_its_lease(
    store: Store, proxy: fault_proxy.FaultProxy
) -> None:
    lease = leasing.S3Lease(Objects(connections.connect(), "cache"), "x/.leases/1", store.url, beat_s=1.0)
    other = leasing.S3Lease(Objects(connections.connect(), "cache"), "x/.leases/1", store.url, beat_s=1.0)
    other._room = None  # type: ignore[assignment]  # as in another process
    other._mine = ThreadLease(threading.Lock())
    assert lease.acquire()
    proxy.rule = lambda request: "lost"
    time.sleep(2.5)
    proxy.rule = lambda request: None
    assert not other.acquire(4.0)
    assert lease.acquire()
    lease.release()
    assert other.acquire()
    other.release()


# -- a server that can't hold a store --------------------------------------------------------------------------------


@pytest.fixture
def unsound(
    s3_server: seaweed.Seaweed, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[fault_proxy.FaultProxy]:
    """Return a server that nobody has probed, to be made unsound."""
    with fault_proxy.running(s3_server.endpoint) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.endpoint)
        yield running


def test_server_that_ignores_conditions_is_refused_before_anything_is_written(
    unsound: fault_proxy.FaultProxy, s3_url: str
) -> None:
    unsound.rule = lambda request: "agree"
    store = open_store(s3_url)
    for _ in range(2):
        with pytest.raises(errors.StoreError, match="If-None-Match is ignored") as caught:
            store.blobs.put(b"x")
    assert "conditional writes" in caught.value.remedy
    assert store.format() is None
    assert list(store.files.walk("")) == []


@pytest.mark.slow
def test_server_that_ignores_entity_tags_is_refused(unsound: fault_proxy.FaultProxy, s3_url: str) -> None:
    unsound.rule = lambda request: "agree" if "If-Match" in request.headers else None
    with pytest.raises(errors.StoreError, match="If-Match"):
        open_store(s3_url).blobs.put(b"x")


@pytest.mark.slow
def test_sound_server_is_probed_once_an_address(store: Store, proxy: fault_proxy.FaultProxy) -> None:
    code = "import sys; from taskcell.store.opening import open_store; open_store(sys.argv[1]).blobs.put(b'the first')"
    environment = os.environ | {"PYTHONPATH": package_path()}
    subprocess.run([sys.executable, "-c", code, store.url], check=True, timeout=60, env=environment)
    assert proxy.counts()["PUT if"] == 1  # the blob; a probe would be two more
    assert proxy.counts().total() < 10


# -- what is wrong is said in one sentence ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words", "remedy"),
    [
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no credentials", "AWS_PROFILE"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "secret key is wrong", "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "access key is not known", "AWS_ACCESS_KEY_ID"),
        ({"AWS_PROFILE": "nobodys"}, "profile", "AWS_PROFILE"),
    ],
)
def test_wrong_credentials_are_told_in_words(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], words: str, remedy: str
) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    error = refusal(s3_url)
    assert words in error.message
    assert remedy in error.remedy


def test_absent_bucket_is_named(s3_url: str) -> None:
    error = refusal("s3://nosuchbucket/x")
    assert "no such bucket" in error.message
    assert "s3://nosuchbucket/x" in error.message


@pytest.mark.slow
def test_unreachable_endpoint_is_told_within_twelve_seconds(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    began = time.monotonic()
    error = refusal(s3_url)
    assert time.monotonic() - began < 12
    assert "127.0.0.1:9" in error.message
    assert "AWS_ENDPOINT_URL" in error.remedy


def test_credentials_that_may_only_read_are_told_at_the_first_write(
    s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(s3_url)
    digest, _ = store.blobs.put(b"x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.READER[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.READER[1])
    reader = open_store(s3_url)
    assert bytes(reader.blobs.get(digest)) == b"x"
    with pytest.raises(errors.StoreError, match="don't allow it") as caught:
        reader.project_files.create("record", b"y")
    assert "s3:PutObject" in caught.value.remedy
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("RequestTimeTooSkewed", "clock"),
        ("PermanentRedirect", "another region"),
        ("ExpiredToken", "session has expired"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_other_refusals_are_told_in_words(s3_url: str, code: str, words: str) -> None:
    from taskcell.store.s3 import refusals

    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    exc = Exception()
    exc.response = response  # type: ignore[attr-defined]
    error = refusals.explained(refusals.refused(exc), url=s3_url, doing="read", path="format.json")
    assert words in error.message
    assert f"Can't read {s3_url}/format.json" in error.message
    assert error.remedy


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://UPPER/x", "s3://b/../c", "s3://b/x?y=z", "s3://b_c/x"])
def test_bad_url_is_bad_input(url: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="Not a store in a bucket") as caught:
        open_store(url)
    assert "s3://bucket" in caught.value.remedy


def test_clock_of_the_service_is_known(s3_url: str) -> None:
    files = open_files(s3_url)
    assert isinstance(files, S3Files)
    files.now()
    assert abs(files.skew_s()) < 5


def refusal(url: str) -> errors.StoreError:
    """Return the error that the first look at a store gives: one sentence, and what to do."""
    with pytest.raises(errors.StoreError) as caught:
        open_store(url)
    assert caught.value.code == "store"
    assert "\n" not in caught.value.message
    return caught.value

"""A store in a bucket while its server, the network and its users' processes fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from run_world import package_path
from tests import fault_proxy, seaweed

from taskcell import errors
from taskcell.store import paths
from taskcell.store.opening import open_files, open_store

pytestmark = pytest.mark.slow
RACERS = 8


def python(code: str, *words: str, **environ: str) -> subprocess.Popen[str]:
    """Start a process that uses a store."""
    command = [sys.executable, "-c", textwrap.dedent(code), *words]
    environment = os.environ | {"PYTHONPATH": package_path()} | environ
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def said(process: subprocess.Popen[str], timeout_s: float = 100.0) -> str:
    out, _ = process.communicate(timeout=timeout_s)
    assert process.returncode == 0
    return out.strip()


CREATE = """
    import sys, time
    from taskcell import errors
    from taskcell.store.opening import open_files
    files = open_files(sys.argv[1])
    files.exists("warm")
    mine = sys.argv[2].encode()
    for number in range(int(sys.argv[3])):
        time.sleep(max(0.0, float(sys.argv[4]) + 4.0 * number - time.time()))
        try:
            files.create(f"race/{number}", mine)
            print(number)
        except errors.AlreadyExistsError:
            pass
"""


def winners(url: str, rounds: int, **environ: str) -> list[list[str]]:
    """Let processes create the same records at the same moments; return who believes to have won each."""
    begin = str(time.time() + 8.0)
    racers = {f"racer {n}": python(CREATE, url, f"racer {n}", str(rounds), begin, **environ) for n in range(RACERS)}
    won = {name: said(process).split() for name, process in racers.items()}
    return [[name for name, numbers in won.items() if str(number) in numbers] for number in range(rounds)]


@pytest.mark.timeout(180)
def test_one_of_eight_processes_creates_a_record(s3_url: str) -> None:
    open_store(s3_url).blobs.put(b"x")
    for number, believers in enumerate(winners(s3_url, 10)):
        assert [open_files(s3_url).read(f"race/{number}").decode()] == believers


@pytest.mark.timeout(180)
def test_one_of_eight_processes_creates_a_record_though_answers_are_lost(
    s3_server: seaweed.Seaweed, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_proxy.running(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        open_store(s3_url).blobs.put(b"x")
        lose = fault_proxy.sometimes(0.3, "lost", seed=7)
        proxy.rule = lambda request: lose(request) if request.method == "PUT" else None
        believers = winners(s3_url, 10)
        assert proxy.faults["lost"] >= 5
        proxy.reset()
        for number, names in enumerate(believers):
            assert [open_files(s3_url).read(f"race/{number}").decode()] == names


@pytest.mark.parametrize("seed", [1, 2])
def test_every_fifth_request_failing_changes_nothing(
    s3_server: seaweed.Seaweed, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    large = os.urandom(2**20) * 40
    with fault_proxy.running(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        store = open_store(s3_url)
        store.blobs.put(b"x")
        proxy.rule = fault_proxy.sometimes(0.2, *fault_proxy.FAULTS, seed=seed)
        digests = [store.blobs.put(b"blob %d" % number)[0] for number in range(40)]
        digests.append(store.blobs.put(large)[0])
        for number in range(40):
            store.project_files.create(f"records/{number}", b"record %d" % number)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
        other = open_store(s3_url)
        bodies = [bytes(other.blobs.get(digest)) for digest in digests]
        assert bodies == [*(b"blob %d" % number for number in range(40)), large]
        listed = [entry.path for entry in other.project_files.list("records")]
        assert [other.project_files.read(path) for path in listed] == [
            b"record %d" % number for number in sorted(range(40), key=str)
        ]
        assert proxy.faults.total() > 20


def test_server_that_is_away_for_twenty_seconds_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with seaweed.running(tmp_path / "seaweed") as server:
        for name, value in server.environ().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
        store = open_store("s3://cache/x")
        store.project_files.create("before", b"1")
        server.kill()
        with ThreadPoolExecutor(2) as pool:
            created = pool.submit(store.project_files.create, "during", b"2")
            read = pool.submit(store.project_files.read, "before")
            time.sleep(20)
            server.start()
            created.result(60)
            assert read.result(60) == b"1"
        assert store.project_files.read("during") == b"2"


def test_child_of_a_fork_uses_the_store(s3_url: str) -> None:
    code = """
        import os, sys, warnings
        warnings.simplefilter("ignore")
        from taskcell.store.opening import open_store
        store = open_store(sys.argv[1])
        digest, _ = store.blobs.put(b"of the parent")
        lease = store.files.lease("x")
        assert lease.acquire()
        child = os.fork()
        if not child:
            assert store.project_files.list("none") == []
            store.project_files.create("record", b"of the child")
            assert not lease.acquire()
            lease.release()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert lease.acquire() and not store.files.lease("x").acquire()
        lease.release()
        print(store.project_files.read("record").decode())
    """
    assert said(python(code, s3_url)) == "of the child"


def test_server_that_is_gone_for_good_is_told_by_name(
    s3_server: seaweed.Seaweed, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from taskcell.store.s3 import connections

    with fault_proxy.running(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        store = open_store(s3_url)
        store.blobs.put(b"x")
        monkeypatch.setattr(connections, "PATIENCE_S", 5.0)
        proxy.rule = lambda request: "503"
        began = time.monotonic()
        with pytest.raises(errors.StoreError, match=f"Can't write {s3_url}/default/a/b") as caught:
            store.project_files.create("a/b", b"1")
        assert time.monotonic() - began < 15
        assert "SlowDown" in caught.value.message or "503" in caught.value.message
        proxy.reset()
        assert not store.project_files.exists("a/b")


def test_killed_writer_of_parts_leaves_no_blob_and_a_collection_removes_the_parts(
    s3_server: seaweed.Seaweed, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fault_proxy.running(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        store = open_store(s3_url)
        store.blobs.put(b"x")
        code = """
            import sys
            from taskcell.store.opening import open_store
            open_store(sys.argv[1]).blobs.put(bytes(range(256)) * 2**18)
        """
        sent = threading.Event()

        def rule(request: fault_proxy.Request) -> str | None:
            if "partNumber=3" in request.key:
                sent.set()
            return "stall" if "partNumber" in request.key else None

        proxy.rule = rule
        writer = python(code, s3_url)
        assert sent.wait(60)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        proxy.reset()
        assert len(list(store.files.walk("blobs"))) == 1
        assert store.files.sweep(-60.0, dry_run=True)[0] == 1
        assert store.files.sweep(3600.0) == (0, 0)
        assert store.files.sweep(-60.0)[0] == 1
        assert store.files.sweep(-60.0) == (0, 0)
        digest, size_bytes = store.blobs.put(bytes(range(256)) * 2**18)
        assert store.blobs.size(digest) == size_bytes
        assert store.files.stat(paths.blob(digest)) is not None


# -- leases ----------------------------------------------------------------------------------------------------------

HOLD = """
    import sys, time
    from taskcell.store.opening import open_files
    lease = open_files(sys.argv[1]).lease("x")
    assert lease.acquire(float(sys.argv[2]))
    print(time.time(), flush=True)
    time.sleep(float(sys.argv[3]))
    print(lease.acquire(), flush=True)
    lease.release()
"""


@pytest.fixture
def holder(s3_url: str) -> Iterator[subprocess.Popen[str]]:
    open_files(s3_url).lease("warm up").acquire()
    process = python(HOLD, s3_url, "0", "45")
    assert process.stdout is not None
    assert process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_lease_outlives_its_expiry_while_its_holder_beats(s3_url: str, holder: subprocess.Popen[str]) -> None:
    assert not open_files(s3_url).lease("x").acquire(38.0)
    assert holder.poll() is None
    assert open_files(s3_url).lease("x").acquire(20.0)


def test_lease_of_a_killed_holder_is_taken_within_forty_seconds(s3_url: str, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    began = time.monotonic()
    lease = open_files(s3_url).lease("x")
    assert not lease.acquire()
    assert lease.acquire(60.0)
    assert 15 < time.monotonic() - began < 40
    lease.release()


def test_holder_that_was_stopped_learns_that_it_lost(s3_url: str, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGSTOP)
    lease = open_files(s3_url).lease("x")
    assert lease.acquire(60.0)
    holder.send_signal(signal.SIGCONT)
    assert said(holder, 60.0) == "False"
    assert lease.acquire()
    assert not open_files(s3_url).lease("x").acquire()
    lease.release()


def test_clock_of_a_claimant_doesnt_count(s3_url: str, holder: subprocess.Popen[str]) -> None:
    ahead = """
        import sys, time
        real = time.time
        time.time = lambda: real() + 86400.0
        from taskcell.store.opening import open_files
        print(open_files(sys.argv[1]).lease("x").acquire(2.0))
    """
    assert said(python(ahead, s3_url)) == "False"

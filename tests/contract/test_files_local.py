"""What holds for local files beyond the contract: processes, signal 9, full and read-only disks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from taskcell import errors
from taskcell.store import leases
from taskcell.store.local_files import LocalFiles

HEADER = """
    import os, signal, sys
    from pathlib import Path
    from taskcell import errors
    from taskcell.store import local_files
    files = local_files.LocalFiles(Path(sys.argv[1]))
"""


def _run(code: str, root: Path, *, before: tuple[str, ...] = ()) -> str:
    """Run some code in a process of its own, where ``files`` is a store; return what it prints."""
    script = textwrap.dedent(HEADER) + textwrap.dedent(code)
    done = subprocess.run(
        [*before, sys.executable, "-c", script, str(root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_one_of_many_processes_creates(tmp_path: Path) -> None:
    out = _run(
        """
        for number in range(10):
            ready, go = os.pipe()
            children = []
            for racer in range(16):
                if child := os.fork():
                    children.append(child)
                    continue
                os.close(go)
                os.read(ready, 1)
                try:
                    files.create(f"race/{number}", b"%d" % racer * 1000)
                    os._exit(racer + 1)
                except errors.AlreadyExistsError:
                    os._exit(0)
            os.close(go)
            os.close(ready)
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            winners = [code - 1 for code in codes if code]
            assert len(winners) == 1, codes
            assert files.read(f"race/{number}") == b"%d" % winners[0] * 1000
        print("done")
        """,
        tmp_path,
    )
    assert out == "done"


def test_killed_at_any_step_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    out = _run(
        """
        class Killing:
            "The os module, killing its process at the n-th call that touches the disk."
            def __init__(self, at):
                self.left = at
            def __getattr__(self, name):
                value = getattr(os, name)
                if name not in ("open", "write", "fsync", "link", "close", "utime"):
                    return value
                def call(*args, **kwargs):
                    self.left -= 1
                    if not self.left:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return value(*args, **kwargs)
                return call
        body = [b"x" * 5000] * 3
        for at in range(1, 100):
            path = f"step/{at}/record"
            if not (child := os.fork()):
                local_files.os = Killing(at)
                files.create(path, body)
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            present = files.exists(path)
            assert not present or files.read(path) == b"".join(body), at
            listed = [entry.path for entry in files.walk("")]
            assert set(listed) == {f"step/{n}/record" for n in range(1, at + 1)} & set(listed)
            if code == 0:
                break
            if not present:
                files.create(path, body)
        assert files.sweep(-60)[0] >= 5
        print(at, files.sweep(-60, dry_run=True))
        """,
        tmp_path,
    )
    steps, left = out.split(maxsplit=1)
    assert int(steps) > 10
    assert left == "(0, 0)"


def test_order_of_a_create_is_sync_link_sync_folder(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    files.create("a/first", b"")
    calls: list[str] = []
    real = sys.modules["taskcell.store.local_files"].os

    class Recording:
        def __getattr__(self, name: str) -> object:
            if name in ("write", "fsync", "link"):
                calls.append(name)
            return getattr(real, name)

    module = sys.modules["taskcell.store.local_files"]
    module.os = Recording()  # type: ignore[attr-defined]
    try:
        files.create("a/second", b"x")
        assert calls == ["write", "fsync", "link", "fsync"]
        calls.clear()
        LocalFiles(tmp_path, durability="process").create("a/third", b"x")
        assert calls == ["write", "link"]
    finally:
        module.os = real  # type: ignore[attr-defined]


def test_writer_killed_at_random_moments_leaves_whole_files(tmp_path: Path) -> None:
    script = textwrap.dedent(HEADER) + textwrap.dedent(
        """
        print("ready", flush=True)
        number = 0
        while True:
            files.create(f"f/{os.getpid()}-{number}", (b"y" * 50_000 for _ in range(20)))
            number += 1
        """
    )
    for delay_s in (0.0, 0.003, 0.011, 0.02, 0.05):
        child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay_s)
        child.kill()
        child.communicate()
    sizes = {entry.size_bytes for entry in LocalFiles(tmp_path).walk("")}
    assert sizes == {1_000_000}


def test_lease_ends_when_its_holder_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent(HEADER) + textwrap.dedent(
        """
        import time
        lease = files.lease("driver")
        assert lease.acquire()
        print("held", flush=True)
        time.sleep(60)
        """
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    lease = LocalFiles(tmp_path).lease("driver")
    assert not lease.acquire()
    child.kill()
    child.communicate()
    assert lease.acquire(10.0)
    lease.release()


def test_lease_ends_with_its_holder_though_children_live_on(tmp_path: Path) -> None:
    out = _run(
        """
        import subprocess, time
        def hold():
            lease = files.lease("driver")
            assert lease.acquire()
            sleeper = subprocess.Popen(["sleep", "60"])
            if not (forked := os.fork()):
                time.sleep(60)
                os._exit(0)
            os.write(told, f"{sleeper.pid} {forked}".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        ask, told = os.pipe()
        if not (holder := os.fork()):
            hold()
        os.waitpid(holder, 0)
        children = [int(pid) for pid in os.read(ask, 100).split()]
        try:
            for pid in children:
                os.kill(pid, 0)
            print(files.lease("driver").acquire(5.0))
        finally:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
        """,
        tmp_path,
    )
    assert out == "True"


def test_lease_keeps_processes_apart(tmp_path: Path) -> None:
    out = _run(
        """
        counter = Path(sys.argv[1]) / "counter"
        counter.write_text("0")
        children = []
        for _ in range(8):
            if child := os.fork():
                children.append(child)
                continue
            for _ in range(10):
                lease = files.lease("counter")
                assert lease.acquire(30.0)
                counter.write_text(str(int(counter.read_text()) + 1))
                lease.release()
            os._exit(0)
        assert not any(os.waitpid(child, 0)[1] for child in children)
        print(counter.read_text())
        """,
        tmp_path,
    )
    assert out == "80"


def test_lock_on_a_file_that_lost_its_name_does_not_count(tmp_path: Path) -> None:
    place = tmp_path / "x.lock"
    first, second = leases.FileLease(place), leases.FileLease(place)
    assert first.acquire()

    def wait_and_look() -> tuple[bool, bool]:
        with leases.locked(place):
            return place.exists(), second.acquire()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_and_look)
        time.sleep(0.1)
        assert not waiting.done()
        first.release()
        assert waiting.result(10) == (True, False)


def test_released_leases_leave_no_files(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    lease = files.lease("x")
    assert lease.acquire()
    assert len(list((tmp_path / ".leases").iterdir())) == 1
    lease.release()
    assert list((tmp_path / ".leases").iterdir()) == []


def test_sweep_takes_old_leftovers_and_spares_the_living(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    files.create("kept", b"1")
    lease = files.lease("held")
    assert lease.acquire()
    old = tmp_path / ".spool" / "1-dead"
    old.write_bytes(b"12345")
    unheld = tmp_path / ".leases" / "dead.lock"
    unheld.touch()
    for place in (old, unheld, *(tmp_path / ".leases").iterdir()):
        os.utime(place, (1, 1))
    with files.spool() as spool:
        spool.write(b"x")
        assert files.sweep(86_400, dry_run=True) == (3, 5)
        assert files.sweep(86_400) == (2, 5)
        spool.publish("new")
    assert files.read("new") == b"x"
    assert files.read("kept") == b"1"
    assert not files.lease("held").acquire()
    lease.release()


def test_full_disk_names_path_and_need_and_leaves_nothing(tmp_path: Path) -> None:
    out = _run(
        """
        import resource
        files.create("f/small", b"x")
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        for body in (b"y" * 200_000, (b"y" * 60_000 for _ in range(4))):
            try:
                files.create("f/big", body)
            except errors.StoreError as exc:
                assert "f/big" in exc.message and "bytes needed" in exc.message and exc.remedy, exc
                print(exc.message.split("(")[1].split(" bytes")[0])
        assert [entry.path for entry in files.walk("")] == ["f/small"]
        assert files.sweep(-60, dry_run=True) == (0, 0)
        files.create("f/big", b"z")
        """,
        tmp_path,
    )
    assert out.split() == ["200,000", "120,000"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_store_on_a_full_file_system_recovers_when_space_is_freed(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=1m none {tmp_path} && exec "$@"'
    out = _run(
        """
        files.create("first", b"x" * 600_000)
        try:
            files.create("second", b"y" * 600_000)
        except errors.StoreError as exc:
            print("600,000 bytes needed" in exc.message)
        assert [entry.path for entry in files.walk("")] == ["first"]
        files.delete("first")
        files.create("second", b"y" * 600_000)
        """,
        tmp_path,
        before=("unshare", "-m", "sh", "-c", mount, "sh"),
    )
    assert out == "True"


@pytest.fixture
def shared_root() -> Iterator[Path]:
    """Yield a folder that other users can reach, unlike those below pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "store"


def _as_reader(code: str, root: Path) -> str:
    """Run some code as a user who may read but not write: root drops its rights, others take theirs away."""
    if os.geteuid() == 0:
        return _run("os.setgid(65534); os.setuid(65534)\n" + textwrap.dedent(code), root)
    places = [root, *root.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        return _run(code, root)
    finally:
        for place in places:
            place.chmod(0o755)


def test_read_only_store_is_read_and_refuses_writes(shared_root: Path) -> None:
    root = shared_root
    LocalFiles(root).create("f/x", b"1")
    out = _as_reader(
        """
        assert files.read("f/x") == b"1"
        assert [entry.path for entry in files.walk("")] == ["f/x"]
        for use in (
            lambda: files.create("f/y", b"2"),
            lambda: files.create("g/y", b"2"),
            lambda: files.delete("f/x"),
            lambda: files.touch("f/x"),
            lambda: files.lease("a").acquire(),
        ):
            try:
                use()
            except errors.StoreError as exc:
                assert sys.argv[1] in exc.message and exc.remedy, exc
                print("refused")
        """,
        root,
    )
    assert out.split() == ["refused"] * 5
    assert LocalFiles(root).read("f/x") == b"1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as two users")
def test_file_of_another_user_is_touched_by_a_copy(shared_root: Path) -> None:
    root = shared_root
    LocalFiles(root).create("f/x", b"1")
    assert LocalFiles(root).touch("f/x")
    for place in (root, root / "f", root / ".leases", root / ".spool"):
        place.chmod(0o777)
    os.utime(root / "f/x", (1, 1))
    code = "os.setgid(65534); os.setuid(65534); print(files.touch('f/x'))"
    assert _run(code, root) == "True"
    assert (root / "f/x").stat().st_mtime > 1
    assert (root / "f/x").stat().st_uid == 65534
    assert (root / "f/x").read_bytes() == b"1"


def test_names_longer_than_the_disk_allows_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInputError, match="too long"):
        LocalFiles(tmp_path).create("x" * 300, b"")


def test_unknown_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidInputError, match="durability"):
        LocalFiles(tmp_path, durability="some")  # type: ignore[arg-type]

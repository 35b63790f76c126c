"""A store in a bucket against plain clients of the same server, and against the least requests there can be.

The server is SeaweedFS on loopback: its own work, on the same cores, is in every figure.
"""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests import seaweed
from tests.bench.rounds import Result, compare

LARGE_BYTES = 2**28
SMALL_BYTES = 300


def measure(rounds: int) -> Iterator[Result]:
    """Yield the results of this family."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        server = held.enter_context(seaweed.running(folder / "seaweed"))
        os.environ.update(server.environ(), XDG_CACHE_HOME=str(folder / "cache"))
        bench = _Bench(folder)
        yield compare("a record of 300 bytes is created", bench.creations(), rounds=10 * rounds)
        yield compare("a small blob is read by another machine", bench.small_reads(), rounds=10 * rounds)
        yield compare(f"{LARGE_BYTES >> 20} MiB is stored", bench.writes(), rounds=max(3, rounds // 3))
        yield compare(
            f"{LARGE_BYTES >> 20} MiB is fetched, verified and mapped", bench.reads(), rounds=max(3, rounds // 3)
        )
        yield compare(f"{LARGE_BYTES >> 20} MiB is read again", bench.second_reads(), rounds=max(3, rounds // 3))


class _Bench:
    def __init__(self, folder: Path) -> None:
        import boto3
        import s3fs

        from taskcell.store.opening import open_store

        self.folder = folder
        self.body = os.urandom(2**20) * (LARGE_BYTES // 2**20)
        self.store = open_store(f"s3://cache/{uuid.uuid4().hex}")
        self.digest, _ = self.store.blobs.put(self.body)
        self.small, _ = self.store.blobs.put(os.urandom(SMALL_BYTES))
        self.fs = s3fs.S3FileSystem(use_listings_cache=False)
        self.client: Any = boto3.client("s3")
        self.fs.pipe_file("cache/raw/large", self.body)
        self.fs.pipe_file("cache/raw/small", self.body[:SMALL_BYTES])

    def creations(self) -> dict[str, Callable[[], float]]:
        body = self.body[:SMALL_BYTES]
        return {
            "taskcell: files.create": _timed(lambda: self.store.project_files.create(f"r/{uuid.uuid4().hex}", body)),
            "s3fs: pipe_file": _timed(lambda: self.fs.pipe_file(f"cache/raw/{uuid.uuid4().hex}", body)),
            "floor, boto3: put_object": _timed(
                lambda: self.client.put_object(Bucket="cache", Key=f"raw/{uuid.uuid4().hex}", Body=body)
            ),
        }

    def small_reads(self) -> dict[str, Callable[[], float]]:
        def ours() -> float:
            self.forget(self.small)
            return _timed(lambda: self.store.blobs.get(self.small))()

        def plain() -> None:
            self.client.get_object(Bucket="cache", Key="raw/small")["Body"].read()

        return {
            "taskcell: blobs.get": ours,
            "s3fs: cat_file": _timed(lambda: self.fs.cat_file("cache/raw/small")),
            "floor, boto3: get_object": _timed(plain),
        }

    def writes(self) -> dict[str, Callable[[], float]]:
        import io

        def ours() -> float:
            self.store.blobs.delete(self.digest)
            self.forget(self.digest)
            return _timed(lambda: self.store.blobs.put(self.body))()

        return {
            "taskcell: blobs.put (hashed, kept as a copy)": ours,
            "s3fs: pipe_file": _timed(lambda: self.fs.pipe_file("cache/raw/large", self.body)),
            "floor, boto3: upload_fileobj": _timed(
                lambda: self.client.upload_fileobj(io.BytesIO(self.body), "cache", "raw/large")
            ),
        }

    def reads(self) -> dict[str, Callable[[], float]]:
        goal = str(self.folder / "goal")

        def ours() -> float:
            self.forget(self.digest)
            return _timed(lambda: self.store.blobs.get(self.digest))()

        return {
            "taskcell: blobs.get": ours,
            "s3fs: get_file": _timed(lambda: self.fs.get_file("cache/raw/large", goal)),
            "floor, boto3: download_file": _timed(lambda: self.client.download_file("cache", "raw/large", goal)),
        }

    def second_reads(self) -> dict[str, Callable[[], float]]:
        from taskcell.hashing import digest_bytes

        copy = next((self.folder / "cache").rglob(self.digest))
        return {
            "taskcell: blobs.get": _timed(lambda: self.store.blobs.get(self.digest)),
            "floor: read and hash the local copy": _timed(lambda: digest_bytes(copy.read_bytes())),
        }

    def forget(self, digest: str) -> None:
        """Drop this machine's copy."""
        for copy in (self.folder / "cache").rglob(digest):
            copy.unlink()


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return run

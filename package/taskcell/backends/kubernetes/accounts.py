"""The cluster as a pod reaches it, with its service account: address, certificate and token are always at the same place.

A driver need not import the client for this, whose import takes longer than its first task. Everywhere else there is a
kubeconfig, with all its ways to log in: that is the client's affair.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

MOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_IDLE = 8
_PROXIES = frozenset({"https_proxy", "all_proxy"})


class Answer:
    """An answer, with what is used of the client's own: a body is read once, whole or line by line."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self._body: bytes | None = None
        self.status_code = response.status
        self.headers: Mapping[str, str] = response.headers  # type: ignore[assignment]  # case does not count in either
        self.is_success = 200 <= response.status < 300

    def read(self) -> bytes:
        """Return the body."""
        if self._body is None:
            self._body = self._response.read()
        return self._body

    @property
    def text(self) -> str:
        """The body as text."""
        return self.read().decode("utf-8", "replace")

    def json(self) -> Any:
        """Return what the body says; raise ValueError."""
        return json.loads(self.read())

    def iter_lines(self) -> Iterator[str]:
        """Yield the body's lines as they come."""
        while line := self._response.readline():
            yield line.decode("utf-8", "replace").rstrip("\r\n")


class Account:
    """A pod's service account; safe to share among threads.

    Parameters
    ----------
    host, port
        The API server.
    mount
        Folder with ``ca.crt``, ``token`` and ``namespace``.
    timeout_s
        How long the server may be silent. Unit: seconds.
    """

    def __init__(self, host: str, port: int, mount: Path, *, timeout_s: float) -> None:
        self._host = host
        self._port = port
        self._mount = mount
        self._timeout_s = timeout_s
        self._context = ssl.create_default_context(cafile=str(mount / "ca.crt"))
        self._idle: list[http.client.HTTPSConnection] = []
        self._lock = threading.Lock()

    @property
    def server(self) -> str:
        """The server's address."""
        return f"https://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    @property
    def namespace(self) -> str:
        """The pod's own namespace."""
        return (self._mount / "namespace").read_text(encoding="utf-8").strip()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; raise OSError or HTTPException when it is not answered."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            is_used = connection is not None
            connection = connection or self._connection()
            try:
                answer = self._sent(connection, method, path, params, json, headers)
                answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                connection.close()
                if not is_used:
                    raise
                continue  # it was closed while nobody used it; all that is asked for here may be asked for twice
            except BaseException:
                connection.close()
                raise
            with self._lock:
                if len(self._idle) < _IDLE:
                    self._idle.append(connection)
                    return answer
            connection.close()
            return answer

    @contextlib.contextmanager
    def stream(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, timeout_s: float
    ) -> Iterator[Answer]:
        """Send a request whose answer is read as it comes, with at most ``timeout_s`` seconds of silence."""
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(timeout_s)
            yield self._sent(connection, method, path, params, None, None)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, self._port, context=self._context, timeout=self._timeout_s)

    def _sent(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: object,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        # A token is exchanged by the node from time to time.
        token = (self._mount / "token").read_text(encoding="utf-8").strip()
        given = {"Accept": "application/json", **(headers or {}), "Authorization": f"Bearer {token}"}
        data = json.dumps(body).encode() if body is not None else None
        connection.request(method, f"{path}?{urlencode(params)}" if params else path, body=data, headers=given)
        return Answer(connection.getresponse())


def account(timeout_s: float, mount: Path = MOUNT, environ: Mapping[str, str] | None = None) -> Account | None:
    """Return this pod's service account; None outside of a pod, in one without a token, and where a proxy is set."""
    environ = os.environ if environ is None else environ
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host or not port.isdigit() or any(name.lower() in _PROXIES for name, value in environ.items() if value):
        return None
    if not all((mount / name).is_file() for name in ("ca.crt", "token", "namespace")):
        return None
    return Account(host, int(port), mount, timeout_s=timeout_s)

"""The few requests that are made to a cluster, in and out as plain dicts. Connection and login are lightkube's.

Resources stay dicts, so that a server of any version is understood, and what a pod template says is passed on untouched.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2
import lightkube
from lightkube.config import client_adapter

from taskcell import errors, tallies
from taskcell.backends.kubernetes import faults

TIMEOUT_S = 15.0
WATCH_S = 240
"""How long one watch lasts. A connection that has died unnoticed is found out by then."""
SILENCE_S = WATCH_S + 30.0
LOG_SILENCE_S = 600.0

Item = dict[str, Any]


class Cluster:
    """One namespace of a cluster, reached with the user's kubeconfig or, in a pod, with its service account."""

    def __init__(self, context: str | None = None, namespace: str | None = None) -> None:
        self._connection = _connection(os.environ.get("KUBECONFIG"), context)
        self._http = self._connection.http
        self.server = self._connection.server
        self.namespace = namespace or self._connection.namespace

    def now(self) -> datetime:
        """Return the time by the cluster's clock, as its last answer had it; by this machine's before the first."""
        return datetime.now(UTC) + self._connection.ahead

    def create_job(self, manifest: Item, *, dry_run: bool = False) -> Item:
        """Create a Job, or find that it was created before; return it."""
        params = {"dryRun": "All"} if dry_run else {}
        try:
            return self._json("POST", self._jobs(), params=params, body=manifest)
        except faults.ApiFaultError as exc:
            if exc.status != 409 or exc.reason != "AlreadyExists":
                raise
            if dry_run:
                return manifest
        return self._json("GET", self._jobs(manifest["metadata"]["name"]))

    def find_job(self, name: str) -> Item | None:
        """Return a Job, or None when there is none."""
        try:
            return self._json("GET", self._jobs(name))
        except faults.ApiFaultError as exc:
            if exc.status == 404:
                return None
            raise

    def list_jobs(self, selector: str) -> list[Item]:
        """Return Jobs by labels."""
        found: list[Item] = self._json("GET", self._jobs(), params={"labelSelector": selector})["items"]
        return found

    def delete_job(self, name: str) -> None:
        """Delete a Job and, soon, its pods; an absent one is no error."""
        try:
            self._json("DELETE", self._jobs(name), body={"propagationPolicy": "Background"})
        except faults.ApiFaultError as exc:
            if exc.status != 404:
                raise

    def list_pods(self, selector: str) -> tuple[list[Item], str]:
        """Return pods by labels, and the version from which to watch on."""
        found = self._json("GET", self._core("pods"), params={"labelSelector": selector})
        return found["items"], found["metadata"]["resourceVersion"]

    def watch_pods(self, selector: str, version: str) -> Iterator[tuple[str, Item]]:
        """Yield what happens to pods, as (``ADDED`` | ``MODIFIED`` | ``DELETED``, pod), for some minutes.

        Raises
        ------
        ApiFaultError
            With status 410 when that version is too old: list again.
        """
        params = {
            "labelSelector": selector,
            "resourceVersion": version,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_S),
        }
        for line in self._lines(self._core("pods"), params, SILENCE_S):
            event = json.loads(line)
            if event["type"] == "ERROR":
                status = event["object"]
                raise faults.ApiFaultError(
                    f"The watch ended: {status.get('message', '')}",
                    status=int(status.get("code", 500)),
                    retry_after_s=1.0,
                )
            yield event["type"], event["object"]

    def follow_log(self, pod: str, container: str) -> Iterator[str]:
        """Yield the lines of a container's log from its beginning, and new ones until it ends."""
        params = {"container": container, "follow": "true"}
        yield from self._lines(self._core("pods", pod, "log"), params, LOG_SILENCE_S)

    def events_of(self, name: str) -> list[Item]:
        """Return what the cluster noted about an object, oldest first."""
        found = self._json("GET", self._core("events"), params={"fieldSelector": f"involvedObject.name={name}"})
        return sorted(found["items"], key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")

    def has(self, kind: str, name: str) -> bool | None:
        """Whether there is a ``secrets``, ``serviceaccounts`` … of that name; None when one may not look."""
        try:
            self._json("GET", self._core(kind, name))
        except faults.ApiFaultError as exc:
            if exc.status in (403, 404):
                return None if exc.status == 403 else False
            raise
        return True

    def _jobs(self, name: str = "") -> str:
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs"
        return f"{path}/{name}" if name else path

    def _core(self, *parts: str) -> str:
        return "/".join((f"/api/v1/namespaces/{self.namespace}", *parts))

    def request(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Item | None = None,
        content: str = "application/json",
    ) -> httpx2.Response:
        """Send a request that no other method here is for; raise ApiFaultError unless it succeeds."""
        headers = {"Content-Type": content} if body is not None else None
        self._count(method, path)
        with faults.translated(self.server):
            response = self._http.request(method, path, params=params, json=body, headers=headers)
        faults.check(response, self.server)
        return response

    def _count(self, verb: str, path: str) -> None:
        kind, _, rest = path.partition(f"/namespaces/{self.namespace}/")[2].partition("/")
        tallies.count(f"{verb} {kind}{'/log' if rest.endswith('/log') else ''}")

    def _json(self, method: str, path: str, *, params: dict[str, str] | None = None, body: Item | None = None) -> Item:
        answer: Item = self.request(method, path, params=params, body=body).json()
        return answer

    def _lines(self, path: str, params: dict[str, str], silence_s: float) -> Iterator[str]:
        timeout = httpx2.Timeout(TIMEOUT_S, read=silence_s)
        self._count("FOLLOW", path)
        with faults.translated(self.server), self._http.stream("GET", path, params=params, timeout=timeout) as response:
            if not response.is_success:
                response.read()
            faults.check(response, self.server)
            yield from response.iter_lines()


class _Connection:
    """What all namespaces of a cluster share: the login, the open connections, the clock."""

    def __init__(self, context: str | None) -> None:
        with faults.translated(context or "of the kubeconfig"):
            config = _config(context)
            self.server: str = config.cluster.server
            parameters = client_adapter.ConnectionParams(timeout=httpx2.Timeout(TIMEOUT_S)).httpx_params(config)
            unlimited = httpx2.Limits(max_connections=None, max_keepalive_connections=8)
            self.http = httpx2.Client(**parameters, limits=unlimited)
            self.http.event_hooks = {"response": [self._note_time]}
        self.namespace: str = config.namespace or "default"
        self.ahead = timedelta()

    def _note_time(self, response: httpx2.Response) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.ahead = parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)


@cache
def _connection(kubeconfig: str | None, context: str | None) -> _Connection:
    """Return the one connection of this process to that cluster: none is ever dropped with its sockets open."""
    del kubeconfig  # read by the client; named here because another one is another cluster
    return _Connection(context)


def _config(context: str | None) -> Any:
    config = lightkube.KubeConfig.from_env()
    if config.fname is None:
        context = None  # in a pod there is one cluster, and no contexts to choose from
    elif context is not None and context not in config.contexts:
        known = ", ".join(sorted(config.contexts)) or "none"
        raise errors.BackendError(
            f"The kubeconfig has no context {context[:100]!r}.",
            remedy=f"It has: {known}. Correct the setting kubernetes.context (TASKCELL_KUBERNETES_CONTEXT).",
        )
    found = config.get(context_name=context)
    assert found is not None  # only a default that is None is returned as such, after an error for no context at all
    plugin = found.user.exec if found.user else None
    if plugin is not None and plugin.apiVersion == "client.authentication.k8s.io/v1":
        # The client knows the versions before; what is read of the answer, the token, is the same in all.
        plugin.apiVersion = "client.authentication.k8s.io/v1beta1"
    return found

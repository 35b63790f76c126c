"""What can be found out about a cluster before anything runs there, for the doctor: each finding says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from taskcell import errors
from taskcell.backends.kubernetes import checking, clients, faults, naming, rights, servers
from taskcell.model.settings import KubernetesSettings, Settings

Finding = tuple[str, bool | None, str]
"""What was looked at, whether it is good (None: it is only said), and what was found."""

MAX_SKEW_S = 30.0
"""Clocks that differ by more are told of. Unit: seconds."""
_ANY_IMAGE = "localhost/none"
_MANIFEST = "ask an administrator to apply `taskcell kubernetes manifest`"


def examine(settings: Settings, store_url: str) -> Iterator[Finding]:
    """Yield what was looked at, from the connection inwards; what needs something that fails is left out."""
    mine = settings.kubernetes
    try:
        cluster = clients.cluster(mine.context, naming.namespace(mine.namespace, settings.project))
        server = servers.server(cluster)
    except errors.TaskcellError as exc:
        yield _failed("cluster", exc)
        return
    context = f"context {mine.context}" if mine.context else "the current context"
    yield "cluster", True, f"{cluster.server}, {context}"
    yield _version(server)
    yield _clock(cluster)
    yield "image", *_image(mine.image)
    place = _namespace(cluster, mine, store_url)
    yield place
    if place[1] is False:
        return
    yield from _rights(cluster, mine)
    yield _present(cluster, "serviceaccounts", "service account", mine.service_account)
    yield from _secret(cluster, mine, store_url)


def _version(server: servers.Server) -> Finding:
    features = [
        f"schedules by {server.batch}",
        "time zones" if server.has_time_zones else "no time zones (schedules are in UTC)",
        "pod security" if server.enforces_pod_security else "no pod security admission",
    ]
    said = f"{server.text}: {', '.join(features)}"
    if not server.is_known:
        return "server", False, f"{said}; Taskcell needs Kubernetes 1.20 or newer: have it upgraded"
    return "server", True, said


def _clock(cluster: clients.Cluster) -> Finding:
    skew_s = servers.skew_s(cluster)
    if skew_s is None:
        return "cluster clock", None, "the API server doesn't say"
    if abs(skew_s) <= MAX_SKEW_S:
        return "cluster clock", True, "as this machine's"
    direction = "ahead of" if skew_s > 0 else "behind"
    said = f"the API server is {abs(skew_s):,.0f} s {direction} this machine: set the time of whichever is wrong (NTP)"
    return "cluster clock", False, said


def _image(image: str | None) -> tuple[bool | None, str]:
    if not image:
        return False, "none is named: set TASKCELL_KUBERNETES_IMAGE; `taskcell image` writes one for a version"
    unknown = "whether nodes can pull it shows in the first run, or with `taskcell doctor --pod`"
    if re.search(r"@sha256:[0-9a-f]{64}$", image):
        return True, f"{image}; {unknown}"
    return None, f"{image} can be moved to other contents: name it by its digest, …@sha256:…; {unknown}"


def _namespace(cluster: clients.Cluster, settings: KubernetesSettings, store_url: str) -> Finding:
    """Let the server judge the driver's Job: that finds a missing namespace also where nobody may look at namespaces."""
    probe = msgspec.structs.replace(settings, image=settings.image or _ANY_IMAGE)
    try:
        checking.check_jobs(cluster, store_url, probe, set())
    except faults.ApiFaultError as exc:
        if exc.status == 403 and "quota" not in exc.message:
            return (
                "namespace",
                False,
                f"{cluster.namespace}: Jobs can't be created there; {_MANIFEST}, and to bind its Role",
            )
        return _failed("namespace", exc)
    except errors.TaskcellError as exc:
        return _failed("namespace", exc)
    return "namespace", True, f"{cluster.namespace}, it takes a driver's Job (tried without making it)"


def _rights(cluster: clients.Cluster, settings: KubernetesSettings) -> Iterator[Finding]:
    """Ask for each verb of the user's Role, one line for all that is granted."""
    granted: list[str] = []
    for right in rights.of_user(settings.service_account):
        lacking = [verb for verb in right.verbs if not servers.may(cluster, right, verb)]
        if lacking:
            said = f"you may not {', '.join(lacking)} {right.resource} ({right.purpose}): have the Role taskcell-user bound"
            yield f"may {right.resource}", False, said
        else:
            granted.append(f"{right.resource} ({', '.join(right.verbs)})")
    if granted:
        yield "permissions", True, "; ".join(granted)


def _present(cluster: clients.Cluster, kind: str, what: str, name: str) -> Finding:
    found = cluster.has(kind, name)
    if found is None:
        return what, None, f"{name}: you may not look; the first run shows whether it is there"
    if found:
        return what, True, name
    return what, False, f"there is no {what} {name} in namespace {cluster.namespace}: {_MANIFEST}"


def _secret(cluster: clients.Cluster, settings: KubernetesSettings, store_url: str) -> Iterator[Finding]:
    name = settings.store_secret
    if name is None:
        said = f"none is named: pods reach {store_url} only with a role of their nodes; else set store_secret"
        yield "store secret", None, said
        return
    found = cluster.has("secrets", name)
    if found is False:
        said = f"there is no secret {name} in namespace {cluster.namespace}: create it with the bucket's variables"
        yield "store secret", False, said
    elif found is None:
        yield "store secret", None, f"{name}: you may not look, which is right; `taskcell doctor --pod` tries it"
    else:
        yield "store secret", True, name


def _failed(name: str, exc: errors.TaskcellError) -> Finding:
    return name, False, " ".join(str(exc).split())

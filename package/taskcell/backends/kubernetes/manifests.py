"""Jobs of drivers and workers as plain dicts. Pods pass the ``restricted`` profile: see ``docs/design/008-kubernetes.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from taskcell.backends import beating
from taskcell.backends.contracts import WEBHOOK_URL, DriverOrder, LookOrder, ServeOrder
from taskcell.backends.kubernetes import naming, shapes
from taskcell.backends.kubernetes.shapes import Shape
from taskcell.model.runs import Plan
from taskcell.model.settings import KubernetesSettings
from taskcell.model.tasks import TaskOptions

Item = dict[str, Any]

USER_ID = 1000
RESTARTS = 50
"""How often a driver's Job starts it again: with the cluster's own delays, some hours."""
SCRATCH = "/tmp"
PROBE_S = 30
"""How often a driver's node looks whether it hangs: after the third time in a row it is ended. Unit: seconds."""


def driver_job(order: DriverOrder, plan: Plan, settings: KubernetesSettings) -> Item:
    """Return the Job that carries a run; its own restarts make it outlive its pods."""
    shape = shapes.shape_of(TaskOptions(), settings)
    text = _text(msgspec.structs.replace(order, webhook="", ahead=()))
    pod = _pod(shape, settings, [settings.python, "-P", "-m", "taskcell.worker", "drive", text])
    pod["containers"][0]["env"] += webhook_variables(order.webhook)
    # One that leads and hangs is ended by its node, and started again like any that has died.
    pod["containers"][0]["livenessProbe"] = {
        "exec": {"command": [settings.python, "-I", "-S", "-c", beating.PROBE]},
        "initialDelaySeconds": 30,
        "periodSeconds": PROBE_S,
        "timeoutSeconds": 20,
        "failureThreshold": 3,
    }
    pod.update(
        restartPolicy="OnFailure",
        serviceAccountName=settings.service_account,
        automountServiceAccountToken=True,
    )
    name = naming.driver(plan.run_id, order.epoch)
    labels = {**naming.labels(plan, naming.DRIVER), naming.EPOCH: str(order.epoch)}
    return _job(name, plan, labels, pod, settings, backoff_limit=RESTARTS)


def launcher_pod(command: list[str], environ: Mapping[str, str], webhook: str, settings: KubernetesSettings) -> Item:
    """Return the pod of a command that launches a run."""
    pod = _pod(shapes.shape_of(TaskOptions(env=tuple(environ.items())), settings), settings, command)
    pod.update(
        restartPolicy="Never",
        serviceAccountName=settings.service_account,
        automountServiceAccountToken=True,
    )
    pod["containers"][0]["env"] += webhook_variables(webhook)
    return pod


def look_job(name: str, order: LookOrder, settings: KubernetesSettings) -> Item:
    """Return the Job of a process that looks around as a worker would, and leaves its answer as its last words."""
    shape = shapes.shape_of(TaskOptions(), settings)
    pod = _pod(shape, settings, [settings.python, "-P", "-m", "taskcell.worker", "look", _text(order)])
    pod.update(restartPolicy="Never", automountServiceAccountToken=False)
    labels = {**naming.OURS_LABELS, naming.ROLE: naming.LOOKER}
    metadata = {"name": name, "labels": labels}
    spec = {"backoffLimit": 0, "ttlSecondsAfterFinished": settings.ttl_s}
    template = {"metadata": {"labels": labels}, "spec": merged(pod, settings.pod)}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {**spec, "template": template}}


def webhook_variables(webhook: str) -> list[Item]:
    """Return the variable that says who is told of failures, as a reference where the setting is one."""
    if not webhook:
        return []
    if "://" in webhook:
        return [{"name": WEBHOOK_URL, "value": webhook}]
    secret, _, key = webhook.partition("/")
    return [{"name": WEBHOOK_URL, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}]


def worker_job(order: ServeOrder, plan: Plan, settings: KubernetesSettings, shape: Shape, owner: Item | None) -> Item:
    """Return the Job of a worker; it is tried once, because its driver knows which retries a task has."""
    pod = _pod(shape, settings, [settings.python, "-P", "-m", "taskcell.worker", "serve", _text(order)])
    pod.update(restartPolicy="Never", automountServiceAccountToken=False)
    labels = {**naming.labels(plan, naming.WORKER), naming.SHAPE: shape.id}
    if shape.queue:
        labels["kueue.x-k8s.io/queue-name"] = shape.queue
    spec = merged(merged(pod, settings.pod), json.loads(shape.pod) if shape.pod else {})
    job = _job(order.mailbox, plan, labels, spec, settings, backoff_limit=0)
    job["metadata"]["annotations"] = {**naming.notes(plan), naming.SHAPE: msgspec.json.encode(shape).decode()}
    if owner is not None:
        metadata = owner["metadata"]
        job["metadata"]["ownerReferences"] = [
            {"apiVersion": "batch/v1", "kind": "Job", "name": metadata["name"], "uid": metadata["uid"]}
        ]
    return job


def shape_in(job: Item) -> Shape | None:
    """Return the shape that a worker's Job was made for; None for a Job that doesn't say, or not as this version does."""
    note = job["metadata"].get("annotations", {}).get(naming.SHAPE, "")
    try:
        return msgspec.json.decode(note, type=Shape)
    except msgspec.DecodeError:
        return None


def merged(base: Item, more: Mapping[str, Any]) -> Item:
    """Return a pod's spec with a template merged in: mappings by key, named list items by name, others appended."""
    result = dict(base)
    for key, value in more.items():
        mine = result.get(key)
        if isinstance(mine, dict) and isinstance(value, Mapping):
            result[key] = merged(mine, value)
        elif isinstance(mine, list) and isinstance(value, list | tuple):
            result[key] = _joined(mine, value)
        else:
            result[key] = value
    return result


def _joined(mine: list[Any], more: list[Any] | tuple[Any, ...]) -> list[Any]:
    joined = list(mine)
    for item in more:
        name = item.get("name") if isinstance(item, Mapping) else None
        at = next((index for index, old in enumerate(joined) if name and old.get("name") == name), None)
        if at is None:
            joined.append(item)
        else:
            joined[at] = merged(joined[at], item)
    return joined


def _job(
    name: str, plan: Plan, labels: dict[str, str], pod: Item, settings: KubernetesSettings, *, backoff_limit: int
) -> Item:
    notes = naming.notes(plan)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels, "annotations": notes},
        "spec": {
            "backoffLimit": backoff_limit,
            "ttlSecondsAfterFinished": settings.ttl_s,
            "template": {"metadata": {"labels": labels, "annotations": notes}, "spec": pod},
        },
    }


def _pod(shape: Shape, settings: KubernetesSettings, command: list[str]) -> Item:
    pod: Item = {
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(shape, settings, command)],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": str(shape.disk_bytes)}}],
    }
    if shape.node_selector:
        pod["nodeSelector"] = dict(shape.node_selector)
    if shape.tolerations:
        pod["tolerations"] = [shapes.toleration(text) for text in shape.tolerations]
    return pod


def _container(shape: Shape, settings: KubernetesSettings, command: list[str]) -> Item:
    container: Item = {
        "name": naming.CONTAINER,
        "image": shape.image,
        "command": command,
        "workingDir": SCRATCH,
        "env": _environment(shape),
        "resources": _resources(shape),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH}],
    }
    if settings.store_secret:
        container["envFrom"] = [{"secretRef": {"name": settings.store_secret}}]
    return container


def _environment(shape: Shape) -> list[Item]:
    """Return variables: those of the user come last and win."""
    found = {"HOME": SCRATCH, "USER": "taskcell", "TMPDIR": SCRATCH, "PYTHONUNBUFFERED": "1", **dict(shape.env)}
    given: list[Item] = [{"name": name, "value": value} for name, value in found.items()]
    for name, reference in shape.secrets:
        secret, _, key = reference.partition("/")
        given.append({"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}})
    return given


def _resources(shape: Shape) -> Item:
    cpu, memory = f"{round(shape.cpu_cores * 1000)}m", str(shape.memory_bytes)
    requests = {"cpu": cpu, "memory": memory}
    limits = {"memory": memory}
    if shape.cpu_limited:
        limits["cpu"] = cpu
    if shape.gpu_count:
        requests["nvidia.com/gpu"] = limits["nvidia.com/gpu"] = str(shape.gpu_count)
    return {"requests": requests, "limits": limits}


def _text(order: msgspec.Struct) -> str:
    return msgspec.json.encode(order).decode()

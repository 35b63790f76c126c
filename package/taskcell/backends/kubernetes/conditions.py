"""What a pod's status and events mean, in words. Pure functions of the cluster's own dicts, in which anything may be missing.

A pod that does not run yet may *wait* (`waiting`); one that ended, or is gone, has an *end* (`ending`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from taskcell.backends import memory
from taskcell.model.runs import TaskError

Item = Mapping[str, Any]

_NO_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}
)
_BAD_IMAGE = frozenset({"InvalidImageName"})
_NO_CONFIG = frozenset({"CreateContainerConfigError"})
_NO_START = frozenset({"CreateContainerError", "RunContainerError", "ContainerCannotRun", "StartError"})
_INTERRUPTIONS = {
    "Evicted": "its pod was evicted",
    "Preempted": "its pod had to make room for a more urgent one",
    "Preempting": "its pod had to make room for a more urgent one",
    "PreemptionByScheduler": "its pod had to make room for a more urgent one",
    "PreemptionByKueueScheduler": "its pod had to make room for a more urgent one",
    "EvictionByEvictionAPI": "its pod was evicted",
    "DeletionByTaintManager": "its node was taken out of service",
    "DeletionByPodGC": "its node is gone",
    "TerminationByKubelet": "its node needed the room or went down",
    "NodeLost": "its node is lost",
    "NodeShutdown": "its node was shut down",
    "Shutdown": "its node was shut down",
    "Terminated": "its node was shut down",
    "NodeAffinity": "its node no longer takes it",
    "UnexpectedAdmissionError": "its node could not take it",
    "OutOfcpu": "its node had no room for it",
    "OutOfmemory": "its node had no room for it",
    "OutOfpods": "its node had no room for it",
}
_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4} | {
    f"{unit}i": 1024**power for power, unit in enumerate("KMGT", start=1)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Why a pod does not run yet.

    Attributes
    ----------
    kind
        As in ``TaskError``: ``image``, ``unschedulable``, ``quota``, ``configuration``, ``start``.
    sentence
        What is missing and what to do, for people.
    hopeless
        Whether it won't change by itself.
    """

    kind: str
    sentence: str
    hopeless: bool = False

    def error(self, waited_s: float) -> TaskError:
        """Return what a task fails with that has waited in vain."""
        how_long = "" if self.hopeless else f" (waited {waited_s:.0f} s)"
        return TaskError(kind=self.kind, sentence=f"{self.sentence}{how_long}", final=True)


def waiting(pod: Item, events: Sequence[Item] = ()) -> Waiting | None:
    """Return why a pod does not run yet; None when it runs, has ended, or simply starts."""
    status = _dict(pod, "status")
    if status.get("phase") not in (None, "Pending"):
        return None
    for container in _list(status, "containerStatuses"):
        found = _of_container(container, _dict(container, "state", "waiting"))
        if found is not None:
            return found
    for condition in _list(status, "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return _unschedulable(_text(condition, "message"))
    return _of_events(events)


def job_waiting(events: Sequence[Item]) -> Waiting | None:
    """Return why a Job has no pod, from its events."""
    for event in reversed(events):
        if event.get("reason") != "FailedCreate":
            continue
        said = _text(event, "message")
        if "exceeded quota" in said:
            return Waiting(kind="quota", sentence=_quota(said))
        if "serviceaccount" in said and "not found" in said:
            name = _first(r'serviceaccount "([^"]+)" not found', said)
            return Waiting(
                kind="configuration",
                sentence=f"there is no service account {name or 'of that name'}: apply `taskcell kubernetes manifest`",
            )
        return Waiting(kind="forbidden", sentence=f"the cluster refuses its pod: {_clean(said)}")
    return None


def ending(pod: Item, *, deleted: bool = False) -> TaskError:
    """Return what became of a worker whose pod ended, or is gone, before its orders were done."""
    status = _dict(pod, "status")
    reason, said = _interruption(status), _clean(_text(status, "message"))
    if reason == "Evicted" and "exceeds the limit" in said:
        sentence = f"it wrote more than its disk allows: {said}; give it more, such as --disk 20Gi"
        return TaskError(kind="disk", sentence=sentence)
    if reason:
        return _interrupted(f"{_INTERRUPTIONS[reason]}{f': {said}' if said else ''}")
    if status.get("reason") == "DeadlineExceeded":
        return TaskError(kind="timeout", sentence="its pod exceeded its deadline (activeDeadlineSeconds)")
    for container in _list(status, "containerStatuses"):
        ended = _dict(container, "state", "terminated")
        if ended:
            return _of_exit(pod, ended)
    if deleted:
        return _interrupted("its pod was deleted")
    return TaskError(kind="lost", sentence="its pod ended without a word", counts=False)


def last_words(pod: Item) -> str:
    """Return the last line that a container wrote before it failed; empty when there is none."""
    for container in _list(_dict(pod, "status"), "containerStatuses"):
        for state in ("state", "lastState"):
            message = _text(_dict(container, state, "terminated"), "message")
            if message.strip():
                return _clean(message.strip().splitlines()[-1])
    return ""


def is_running(pod: Item) -> bool:
    """Whether the worker's container runs."""
    containers = _list(_dict(pod, "status"), "containerStatuses")
    return any(_dict(container, "state").get("running") is not None for container in containers)


def has_ended(pod: Item) -> bool:
    """Whether nothing of the pod runs any more."""
    return _dict(pod, "status").get("phase") in ("Succeeded", "Failed")


def scheduled_at(pod: Item) -> datetime | None:
    """Return when a pod found its node, by the cluster's clock."""
    for condition in _list(_dict(pod, "status"), "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "True":
            return _time(condition, "lastTransitionTime")
    return None


def created_at(item: Item) -> datetime:
    """Return when something was made, by the cluster's clock; long ago, if it doesn't say."""
    return _time(_dict(item, "metadata"), "creationTimestamp") or datetime.fromtimestamp(0, UTC)


def is_finished(job: Item) -> bool:
    """Whether a Job makes no more pods."""
    conditions = _list(_dict(job, "status"), "conditions")
    return any(item.get("type") in ("Complete", "Failed") and item.get("status") == "True" for item in conditions)


def _of_container(container: Item, state: Item) -> Waiting | None:
    reason, said = _text(state, "reason"), _clean(_text(state, "message"))
    image = _text(container, "image")
    if reason in _NO_IMAGE:
        why = _why_no_image(said)
        return Waiting(
            kind="image",
            sentence=f"the image {image} can't be pulled{why}: check its name, and whether the cluster may read it",
        )
    if reason in _BAD_IMAGE:
        return Waiting(kind="image", sentence=f"{image!r} is not an image's name: correct --image", hopeless=True)
    if reason in _NO_CONFIG:
        return Waiting(kind="configuration", sentence=_no_configuration(said))
    if reason in _NO_START:
        return Waiting(
            kind="start",
            sentence=f"its container can't start from the image {image}: {said or reason}",
            hopeless=True,
        )
    return None


def _why_no_image(said: str) -> str:
    lowered = said.lower()
    if "not found" in lowered or "does not exist" in lowered or "manifest unknown" in lowered:
        return " (there is no such image)"
    if "unauthorized" in lowered or "denied" in lowered or "forbidden" in lowered:
        return " (access is denied)"
    if "no such host" in lowered or "connection refused" in lowered or "i/o timeout" in lowered or "lookup" in lowered:
        return " (its registry can't be reached)"
    return ""


def _no_configuration(said: str) -> str:
    secret = _first(r'secret "([^"]+)" not found', said)
    if secret:
        return f"there is no secret {secret!r} in the namespace: create it, or correct its name"
    key = _first(r"couldn't find key (\S+) in Secret", said)
    if key:
        return f"the secret has no key {key!r}: add it, or correct the reference"
    if "runAsNonRoot" in said or "non-root" in said:
        return "its image wants to run as root, which is not allowed: set a numeric user in the image"
    return f"its container's settings can't be used: {said}"


def _unschedulable(said: str) -> Waiting:
    """Say for want of what no node takes a pod, from ``0/3 nodes are available: 3 Insufficient cpu.``."""
    wants = re.findall(r"Insufficient ([\w./-]*\w)", said)
    more = []
    if "node selector" in said or "node affinity" in said:
        more.append("a node with the labels that it selects")
    if "taint" in said:
        more.append("a node whose taints it tolerates")
    if "persistentvolumeclaim" in said:
        more.append("its volume claim")
    missing = [f"enough {want}" for want in dict.fromkeys(wants)] + more
    what = " and ".join(missing) if missing else _clean(said)
    remedy = "ask for less, or wait until others end" if wants else "correct what it asks for"
    return Waiting(kind="unschedulable", sentence=f"no node takes it, for want of {what}: {remedy}")


def _of_events(events: Sequence[Item]) -> Waiting | None:
    for event in reversed(events):
        reason, said = event.get("reason"), _text(event, "message")
        if reason == "FailedScheduling":
            return _unschedulable(said)
        if reason == "FailedMount":
            return Waiting(kind="configuration", sentence=f"a volume can't be mounted: {_clean(said)}")
        if reason == "FailedCreatePodSandBox":
            return Waiting(kind="node", sentence=f"its node can't start pods: {_clean(said)}")
    return None


def _quota(said: str) -> str:
    """Say which quota is used up, from ``exceeded quota: q, requested: x, used: y, limited: z``."""
    name = _first(r"exceeded quota: ([^,]+)", said) or "of the namespace"
    asked, used = _first(r"requested: (.+?), used:", said), _first(r"used: (.+?), limited:", said)
    limit = _first(r"limited: (.+?)$", said)
    figures = f" (asked for {asked}, used {used} of {limit})" if asked and used and limit else ""
    return f"the quota {name} is used up{figures}: wait for others to end, ask for less, or have it raised"


def _interruption(status: Item) -> str:
    reasons = [_text(status, "reason")]
    reasons += [
        _text(condition, "reason")
        for condition in _list(status, "conditions")
        if condition.get("type") == "DisruptionTarget" and condition.get("status") == "True"
    ]
    return next((reason for reason in reasons if reason in _INTERRUPTIONS), "")


def _interrupted(sentence: str) -> TaskError:
    return TaskError(kind="interrupted", sentence=sentence, counts=False)


def _of_exit(pod: Item, ended: Item) -> TaskError:
    code = ended.get("exitCode")
    if ended.get("reason") == "OOMKilled":
        return memory.out_of_memory(memory_limit(pod))
    said = last_words(pod)
    if code in (126, 127) or _text(ended, "reason") in _NO_START:
        sentence = f"its image has no Python to start: {said or _text(ended, 'reason')}"
        return TaskError(kind="image", sentence=sentence, final=True)
    if re.search(r"No module named '?taskcell", said):
        sentence = "its image does not hold Taskcell: `taskcell image` writes one that does"
        return TaskError(kind="image", sentence=sentence, final=True)
    words = f": {said}" if said else ""
    if code in (137, 143):
        return TaskError(kind="lost", sentence=f"its container was killed (exit code {code}){words}", counts=False)
    return TaskError(kind="lost", sentence=f"its worker ended with exit code {code}{words}", counts=False)


def memory_limit(pod: Item) -> int | None:
    """Return the memory that a pod's worker may use, or None."""
    for container in _list(_dict(pod, "spec"), "containers"):
        found = re.fullmatch(r"(\d+)([kMGT]?i?)", str(_dict(container, "resources", "limits").get("memory", "")))
        if found and found[2] in _UNITS:
            return int(found[1]) * int(_UNITS[found[2]])
    return None


def _dict(item: Item, *path: str) -> Item:
    for key in path:
        found = item.get(key)
        item = found if isinstance(found, Mapping) else {}
    return item


def _list(item: Item, key: str) -> list[Item]:
    found = item.get(key)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _text(item: Item, key: str) -> str:
    found = item.get(key)
    return found if isinstance(found, str) else ""


def _time(item: Item, key: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(item, key)).astimezone(UTC)
    except ValueError:
        return None


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else ""


def _clean(text: str) -> str:
    """Return a text of the cluster's in one line of bearable length, without a full stop."""
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= 300 else f"{line[:299]}…"

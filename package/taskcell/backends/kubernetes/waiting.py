"""Pods that don't run yet: what they wait for, looked up rarely, and for how long they may."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from taskcell import errors
from taskcell.backends.kubernetes import clients, conditions
from taskcell.backends.kubernetes.dealing import Pod
from taskcell.model.settings import KubernetesSettings

LOOK_S = 2.0
"""How often pods that don't run yet are looked at. Unit: seconds."""
UNSEEN_S = 3.0
"""How long a Job may be without a pod before its events are read. Unit: seconds."""


def is_over(wait: conditions.Waiting, waited_s: float, settings: KubernetesSettings) -> bool:
    """Whether a pod has waited long enough."""
    limit_s = settings.image_limit_s if wait.kind == "image" else settings.pending_limit_s
    return wait.hopeless or waited_s >= limit_s


class Waits:
    """What is known of pods that don't run yet. Of those of one shape only the oldest is looked into."""

    def __init__(self, cluster: clients.Cluster, settings: KubernetesSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._pods: dict[str, clients.Item] = {}
        self._since: dict[tuple[str, str], float] = {}
        self._told: dict[str, str] = {}
        self._reasons: dict[str, conditions.Waiting] = {}
        self._next_look = 0.0

    def learn(self, job: str, pod: clients.Item) -> None:
        """Note a pod that does not run yet."""
        self._pods[job] = pod

    def forget(self, job: str) -> None:
        """Forget one that runs, or is gone."""
        self._pods.pop(job, None)
        self._reasons.pop(job, None)
        for key in [key for key in self._since if key[0] == job]:
            del self._since[key]

    def look(self, pending: Iterable[Pod], now: float) -> Iterator[tuple[Pod, conditions.Waiting, float]]:
        """Yield, every few seconds, what the oldest pod of each shape waits for, and since how many seconds."""
        if now < self._next_look:
            return
        self._next_look = now + LOOK_S
        oldest: dict[str, Pod] = {}
        for pod in pending:
            oldest.setdefault(pod.shape.id, pod)
        for pod in oldest.values():
            wait = None
            with contextlib.suppress(errors.BackendError):  # then the next look tells
                wait = self._wait(pod, now)
            if wait is not None:
                yield pod, wait, now - self._since.setdefault((pod.job, wait.kind), now)

    def _wait(self, pod: Pod, now: float) -> conditions.Waiting | None:
        seen = self._pods.get(pod.job)
        if seen is None:
            return conditions.job_waiting(self._cluster.events_of(pod.job)) if now > pod.created + UNSEEN_S else None
        wait = conditions.waiting(seen)
        if wait is not None and wait.kind == "image":
            # Between two attempts at a pull the status no longer says why the last one failed.
            known = self._reasons.setdefault(pod.job, wait)
            wait = self._reasons[pod.job] = max(wait, known, key=lambda each: len(each.sentence))
        if wait is None and now > pod.created + UNSEEN_S:
            wait = conditions.waiting(seen, self._cluster.events_of(seen["metadata"]["name"]))
        return wait

    def is_news(self, shape_id: str, sentence: str) -> bool:
        """Whether a sentence differs from what was last said of a shape; it then counts as said."""
        if self._told.get(shape_id, "") == sentence:
            return False
        self._told[shape_id] = sentence
        return True

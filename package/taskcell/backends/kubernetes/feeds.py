"""What the cluster says by itself: a watch on a run's pods, and the logs of those that run. Each is a thread; facts come out of
one queue. A connection that breaks is made again, as long as it takes: what was missed shows in the next listing.
"""

from __future__ import annotations

import contextlib
import queue
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from taskcell import errors
from taskcell.backends.kubernetes import clients, faults, naming

LONGEST_DELAY_S = 5.0
MOST_REFUSALS = 5
"""How often the cluster may refuse to tell of pods, some ten seconds altogether: a Role may just be being applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFact:
    """A pod as it is now, or as it last was."""

    job: str
    pod: clients.Item
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFact:
    """The Jobs of all pods that there are: those of others are gone."""

    jobs: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFact:
    """A line that a worker wrote."""

    job: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleFact:
    """Why the cluster is not heard at the moment; empty when it is again."""

    sentence: str
    lasting: bool = False
    """Whether it was refused again and again, for a reason that doesn't pass by itself."""


Fact = PodFact | ListedFact | LineFact | TroubleFact


class Feed:
    """Facts of one run."""

    def __init__(self, cluster: clients.Cluster, run_id: str) -> None:
        self._cluster = cluster
        self._selector = naming.of_run(run_id, naming.WORKER)
        self._facts: queue.SimpleQueue[Fact] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._followed: set[str] = set()
        self._is_watching = False

    def start(self) -> None:
        """Begin to watch; harmless when it was done."""
        if not self._is_watching:
            self._is_watching = True
            threading.Thread(target=self._watch, name="taskcell-pods", daemon=True).start()

    def follow(self, job: str, pod: str) -> None:
        """Begin to read a pod's log; harmless when it was done."""
        if pod not in self._followed:
            self._followed.add(pod)
            threading.Thread(target=self._follow, args=(job, pod), name=f"taskcell-log-{pod}", daemon=True).start()

    def ended(self, pod: str) -> None:
        """Hear that a pod has ended, so that its log need not be looked for again."""
        self._followed.discard(pod)

    def stop(self) -> None:
        """Let the threads go; they don't outlive the process in any case."""
        self._stopped.set()

    def facts(self, timeout_s: float) -> Iterator[Fact]:
        """Yield what there is, after waiting up to ``timeout_s`` seconds for the first."""
        with contextlib.suppress(queue.Empty):
            yield self._facts.get(timeout=timeout_s) if timeout_s > 0 else self._facts.get_nowait()
            while True:
                yield self._facts.get_nowait()

    def _watch(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                pods, version = self._cluster.list_pods(self._selector)
                self._listed(pods)
                failures = self._recovered(failures)
                while not self._stopped.is_set():
                    version = self._watched(version)
            except faults.ApiFaultError as exc:
                if exc.status != 410:
                    failures = self._troubled(failures, exc)
            except errors.BackendError as exc:
                failures = self._troubled(failures, exc)

    def _watched(self, version: str) -> str:
        for kind, pod in self._cluster.watch_pods(self._selector, version):
            version = pod["metadata"]["resourceVersion"]
            job = _job_of(pod)
            if kind != "BOOKMARK" and job:
                self._facts.put(PodFact(job=job, pod=pod, deleted=kind == "DELETED"))
        return version

    def _listed(self, pods: list[clients.Item]) -> None:
        for pod in pods:
            self._facts.put(PodFact(job=_job_of(pod), pod=pod))
        self._facts.put(ListedFact(jobs=frozenset(map(_job_of, pods))))

    def _recovered(self, failures: int) -> int:
        if failures:
            self._facts.put(TroubleFact(sentence=""))
        return 0

    def _troubled(self, failures: int, exc: errors.BackendError) -> int:
        lasting = failures >= MOST_REFUSALS and not faults.is_temporary(exc)
        if failures == 1 or lasting:
            self._facts.put(TroubleFact(sentence=f"{exc.message} {exc.remedy}".strip(), lasting=lasting))
        time.sleep(_delay(failures))
        return failures + 1

    def _follow(self, job: str, pod: str) -> None:
        seen, failures = 0, 0
        while not self._stopped.is_set():
            try:
                for number, line in enumerate(self._cluster.follow_log(pod, naming.CONTAINER)):
                    if number >= seen:
                        seen = number + 1
                        self._facts.put(LineFact(job=job, line=line))
            except errors.BackendError:
                failures += 1
            else:
                return
            if pod not in self._followed:
                return
            time.sleep(_delay(failures))


def _job_of(pod: clients.Item) -> str:
    labels = pod.get("metadata", {}).get("labels", {})
    return str(labels.get("job-name") or labels.get("batch.kubernetes.io/job-name") or "")


def _delay(failures: int) -> float:
    """Return a growing wait with jitter, so that a cluster that comes back is not run over."""
    return float(min(0.2 * 2.0 ** min(failures, 10), LONGEST_DELAY_S) * random.uniform(0.5, 1.0))

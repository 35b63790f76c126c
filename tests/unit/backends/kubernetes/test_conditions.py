"""What a cluster says becomes one sentence with what to do. ``recorded.json`` holds what Kubernetes 1.20 really said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskcell.backends.kubernetes import conditions

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("image-absent", "image", "the image localhost/absent:1 can't be pulled (its registry can't be reached)"),
        ("image-bad-name", "image", "'Not An Image' is not an image's name: correct --image"),
        ("unschedulable-cpu", "unschedulable", "for want of enough cpu and enough nvidia.com/gpu: ask for less"),
        ("unschedulable-label", "unschedulable", "for want of a node with the labels that it selects: correct"),
        ("no-secret", "configuration", "there is no secret 'absent' in the namespace: create it"),
        ("no-key", "configuration", "the secret has no key 'zzz': add it"),
        ("root", "configuration", "its image wants to run as root, which is not allowed: set a numeric user"),
    ],
)
def test_a_pod_that_waits_says_for_what(name: str, kind: str, words: str) -> None:
    wait = conditions.waiting(RECORDED["pods"][name])
    assert wait is not None
    assert wait.kind == kind
    assert words in wait.sentence


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("quota", "quota", "the quota q is used up (asked for requests.memory=4Gi, used requests.memory=0 of"),
        ("no-account", "configuration", "there is no service account nobody: apply `taskcell kubernetes manifest`"),
    ],
)
def test_a_job_without_a_pod_says_why(name: str, kind: str, words: str) -> None:
    wait = conditions.job_waiting(RECORDED["events"][name])
    assert wait is not None
    assert wait.kind == kind
    assert words in wait.sentence


@pytest.mark.parametrize(
    ("name", "kind", "counts", "final", "words"),
    [
        ("oom", "memory", True, False, "beyond its limit of 64Mi: give it more, such as --memory 128Mi"),
        ("evicted", "disk", True, False, "it wrote more than its disk allows"),
        ("deadline", "timeout", True, False, "exceeded its deadline"),
        ("no-program", "image", True, True, "its image has no Python to start"),
        ("no-taskcell", "image", True, True, "its image does not hold Taskcell"),
        ("exit-3", "lost", False, False, "exit code 3: The store refuses the credentials"),
    ],
)
def test_a_pod_that_ended_says_how(name: str, kind: str, counts: bool, final: bool, words: str) -> None:
    pod = RECORDED["pods"][name]
    assert conditions.has_ended(pod)
    error = conditions.ending(pod)
    assert (error.kind, error.counts, error.final) == (kind, counts, final)
    assert words in error.sentence


@pytest.mark.parametrize("reason", ["Preempted", "NodeLost", "Shutdown", "Evicted"])
def test_what_the_platform_takes_away_is_not_the_tasks_error(reason: str) -> None:
    error = conditions.ending(
        {"status": {"phase": "Failed", "reason": reason, "message": "The node was low on memory."}}
    )
    assert error.kind == "interrupted"
    assert not error.counts
    assert error.sentence.endswith("The node was low on memory")


def test_a_disruption_condition_counts_as_an_interruption_though_the_container_was_killed() -> None:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    killed = {"state": {"terminated": {"exitCode": 137, "reason": "Error"}}}
    pod = {"status": {"phase": "Failed", "conditions": [condition], "containerStatuses": [killed]}}
    assert conditions.ending(pod).kind == "interrupted"


def test_a_pod_that_was_deleted_is_an_interruption() -> None:
    assert conditions.ending({"status": {"phase": "Running"}}, deleted=True).kind == "interrupted"


def test_a_pod_that_runs_waits_for_nothing() -> None:
    pod = {"status": {"phase": "Running", "containerStatuses": [{"state": {"running": {"startedAt": "now"}}}]}}
    assert conditions.waiting(pod) is None
    assert conditions.is_running(pod)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
KEYS = [
    "status",
    "spec",
    "metadata",
    "phase",
    "reason",
    "message",
    "conditions",
    "containerStatuses",
    "state",
    "waiting",
]
ODD = st.recursive(
    JSON | st.sampled_from(["Pending", "Failed", "Evicted", "OOMKilled"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "terminated"]), inner, max_size=5)
    ),
    max_leaves=25,
)


@pytest.mark.slow
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), ODD, max_size=6), st.lists(st.dictionaries(st.sampled_from(KEYS), ODD)))
def test_no_object_of_the_cluster_however_odd_brings_the_driver_down(pod: dict[str, Any], events: list[Any]) -> None:
    conditions.waiting(pod, events)
    conditions.job_waiting(events)
    conditions.is_running(pod)
    conditions.last_words(pod)
    assert conditions.ending(pod).sentence

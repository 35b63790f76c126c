"""What goes wrong in a cluster is told in words, and a run ends as if it had not where it can."""

from __future__ import annotations

import time

import pytest
from tests.e2e.kube_world import PATIENCE_S, KubeWorld, until

from taskcell.api.runs import runs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

SLOW = (
    "%load_ext taskcell",
    "%%task\nimport time\ntime.sleep(6)\nfirst = 1",
    "%%task second(first) -> second\nimport time\ntime.sleep(6)\nsecond = first + 1",
)


def test_an_image_that_does_not_exist_is_told_within_seconds_and_fails_the_run(
    kube: KubeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKCELL_KUBERNETES_IMAGE_LIMIT_S", "15")
    run = kube.launch("%load_ext taskcell", "%%task --image localhost/absent:1\nx = 1")
    until(lambda: kube.pods(run) and run.head().epoch)  # nobody tells anything before there is a driver
    seen = time.monotonic()
    until(lambda: "localhost/absent:1 can't be pulled" in run.sentence, 30)
    assert time.monotonic() - seen < 15
    run.wait(PATIENCE_S)
    assert run.state == "failed"
    assert "the image localhost/absent:1 can't be pulled" in run.sentence
    until(lambda: not kube.pods(run), 180)


def test_a_request_larger_than_the_node_says_for_want_of_what(kube: KubeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_KUBERNETES_PENDING_LIMIT_S", "15")
    run = kube.launch("%load_ext taskcell", "%%task --cpu 1000\nx = 1")
    until(lambda: "for want of enough cpu" in run.sentence, 60)
    run.wait(PATIENCE_S)
    assert run.state == "failed"
    assert "Task x failed: no node takes it, for want of enough cpu" in run.sentence
    until(lambda: not kube.pods(run), 180)


def test_a_task_that_needs_more_memory_than_its_limit_says_so(kube: KubeWorld) -> None:
    run = kube.launch("%load_ext taskcell", "%%task --memory 300Mi\nx = len(bytearray(1 << 30))").wait(PATIENCE_S)
    assert run.state == "failed"
    assert "out of memory, beyond its limit of 300Mi" in run.sentence
    assert "--memory 600Mi" in run.sentence


def test_a_worker_that_is_killed_costs_no_retry(kube: KubeWorld) -> None:
    run = kube.launch(*SLOW)
    until(lambda: run.tasks["first"].state == "running")
    time.sleep(3)
    kube.namespace.kill(kube.running_pod(run))
    run.wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("second") == 2
    assert run.tasks["first"].attempt == 2


def test_a_worker_whose_pod_is_deleted_costs_no_retry(kube: KubeWorld) -> None:
    run = kube.launch(*SLOW)
    until(lambda: run.tasks["first"].state == "running")
    kube.namespace.remove("pod", kube.running_pod(run))
    run.wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("second") == 2


@pytest.mark.parametrize("how", ["container", "pod"])
def test_a_driver_that_is_killed_is_followed_by_another(kube: KubeWorld, how: str) -> None:
    run = kube.launch(*SLOW)
    until(lambda: run.tasks["first"].state == "running")
    driver = kube.running_pod(run, "driver")
    kube.namespace.kill(driver) if how == "container" else kube.namespace.remove("pod", driver)
    run.wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("second") == 2
    assert run.head().epoch == 2
    assert run.tasks["first"].attempt == 1


def test_cancel_leaves_nothing_running_and_keeps_what_was_committed(kube: KubeWorld) -> None:
    run = kube.launch(*SLOW)
    until(lambda: run.tasks["second"].state == "running")
    run.cancel().wait(30)
    assert run.state == "cancelled"
    until(lambda: not [pod for pod in kube.pods(run) if pod["status"]["phase"] in ("Pending", "Running")], 30)
    resumed = runs.run(run.id).resume()
    until(lambda: resumed.head().epoch == 2)
    resumed.wait(PATIENCE_S)
    assert resumed.state == "succeeded", resumed.sentence
    assert resumed.tasks["first"].attempt == 1


def test_a_map_over_many_elements_makes_few_pods(kube: KubeWorld) -> None:
    cells = (
        "%load_ext taskcell",
        "%%task\nitems = list(range(40))",
        "%%task square(items) -> out --map items\nout = items**2",
    )
    run = kube.launch(*cells).wait(250)
    assert run.state == "succeeded", run.sentence
    assert run.result("out") == [n * n for n in range(40)]
    assert len(kube.jobs(run)) <= 8

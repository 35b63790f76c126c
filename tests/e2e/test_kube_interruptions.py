"""What happens to a run from outside leaves no trace in its end: one result for each task, and nothing left behind."""

from __future__ import annotations

import contextlib
import copy
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests import fault_proxy, seaweed
from tests.e2e import clusters
from tests.e2e.kube_world import PATIENCE_S, KubeWorld, committed_once, until

from taskcell.api.runs import runs
from taskcell.store import paths

pytestmark = [pytest.mark.e2e, pytest.mark.e2e_long, pytest.mark.timeout(400)]

CHAIN = (
    "%load_ext taskcell",
    "%%task\nimport time\ntime.sleep(4)\nfirst = 1",
    "%%task second(first) -> second\nimport time\ntime.sleep(4)\nsecond = first + 1",
    "%%task third(second) -> third\nimport time\ntime.sleep(4)\nthird = second + 1",
)


def succeeded(run: runs.Run, **values: object) -> None:
    run.wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    for name, value in values.items():
        assert run.result(name) == value
    committed_once(run)


def test_a_driver_whose_pod_goes_at_every_step_costs_no_attempt_and_no_second_worker(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN)
    for name in ("first", "second", "third"):
        until(lambda name=name: run.tasks[name].state == "running")  # type: ignore[misc]
        kube.namespace.remove("pod", kube.running_pod(run, "driver"))
    succeeded(run, third=3)
    assert [run.tasks[name].attempt for name in ("first", "second", "third")] == [1, 1, 1]
    # The Job itself may be gone by now: finished ones are deleted after a while.
    assert len(run._store.project_files.list(paths.mailboxes(run.id))) == 1


def test_a_driver_whose_pod_goes_before_it_began_is_followed_by_another(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN[:2])
    pod = until(lambda: kube.pods(run, "driver"))[0]["metadata"]["name"]
    kube.namespace.remove("pod", pod)
    succeeded(run, first=1)


def test_a_dead_workers_task_begins_again_within_ten_seconds(kube: KubeWorld) -> None:
    slow = ("%load_ext taskcell", "%%task\nimport time\ntime.sleep(8)\nfirst = 1")
    run = kube.launch(*slow)
    until(lambda: run.tasks["first"].state == "running")
    time.sleep(3)
    pod = kube.running_pod(run)
    killed = time.monotonic()
    kube.namespace.kill(pod)
    until(lambda: run.tasks["first"].attempt == 2 and run.logs("first") is not None, 60)
    assert time.monotonic() - killed < 15
    succeeded(run, first=1)
    assert time.monotonic() - killed < 40


@pytest.mark.parametrize("when", ["reset", "lost"])
def test_a_worker_that_is_killed_while_it_commits(kube: KubeWorld, bucket_server: seaweed.Seaweed, when: str) -> None:
    """Its last write has not reached the store, or has and it never heard so."""
    with fault_proxy.running(bucket_server.endpoint, clusters.NODE_ADDRESS) as proxy:
        kube.namespace.use_store(bucket_server.environ(proxy.endpoint))
        at_it, killed = threading.Event(), threading.Event()

        def rule(request: fault_proxy.Request) -> str | None:
            if request.method == "PUT" and "/tasks/first/" in request.key and "end" in request.key:
                if at_it.is_set():
                    return None if killed.is_set() else when
                at_it.set()
                return when
            return None

        proxy.rule = rule
        run = kube.launch(*CHAIN[:3])
        assert at_it.wait(PATIENCE_S)
        with contextlib.suppress(subprocess.CalledProcessError):
            kube.namespace.kill(kube.running_pod(run))
        killed.set()
        succeeded(run, second=2)


def test_pods_and_jobs_that_are_deleted_behind_its_back(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN)
    until(lambda: run.tasks["first"].state == "running")
    kube.namespace.remove("job", kube.jobs(run)[0]["metadata"]["name"])
    until(lambda: run.tasks["second"].state == "running")
    kube.namespace.remove("pod", kube.running_pod(run))
    succeeded(run, third=3)


def test_a_drivers_job_that_is_deleted_is_told_and_the_run_resumes(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN)
    until(lambda: run.tasks["second"].state == "running")
    kube.namespace.remove("job", kube.jobs(run, "driver")[0]["metadata"]["name"])
    until(lambda: run.state == "interrupted", 15)
    assert f"taskcell resume {run.id}" in run.sentence
    resumed = run.resume()
    until(lambda: resumed.head().epoch == 2)
    succeeded(resumed, third=3)
    assert resumed.tasks["first"].attempt == 1


def test_an_evicted_worker_costs_no_retry(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN[:3])
    until(lambda: run.tasks["first"].state == "running")
    evicted = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
    kube.namespace.patch_status(kube.running_pod(run), evicted)
    succeeded(run, second=2)
    assert run.tasks["first"].attempt == 2


def test_a_pod_that_is_started_twice_makes_one_result(kube: KubeWorld) -> None:
    """Beside it are pods with our labels that nobody of ours made."""
    run = kube.launch(*CHAIN)
    until(lambda: run.tasks["first"].state == "running")
    name = kube.running_pod(run)
    pod = next(pod for pod in kube.pods(run) if pod["metadata"]["name"] == name)
    twin = copy.deepcopy({key: pod[key] for key in ("apiVersion", "kind", "metadata", "spec")})
    labels = {key: value for key, value in pod["metadata"]["labels"].items() if key != "controller-uid"}
    twin["metadata"] = {"name": "twin", "namespace": kube.namespace.name, "labels": labels}
    del twin["spec"]["nodeName"]
    odd = copy.deepcopy(twin)
    odd["metadata"].update(name="odd", labels={**labels, "job-name": "nobody"}, annotations={"x": "y" * 100_000})
    odd["spec"]["containers"][0]["command"] = ["python3", "-c", "print('taskcell: done third/1')"]
    kube.namespace.apply(twin)
    kube.namespace.apply(odd)
    succeeded(run, third=3)
    for stranger in ("twin", "odd"):
        kube.namespace.remove("pod", stranger)


def test_a_quota_that_is_used_up_is_told_and_waited_for(kube: KubeWorld) -> None:
    kube.namespace.limit("few", pods="1")
    run = kube.launch(*CHAIN[:2])
    until(lambda: "the quota few is used up" in run.sentence, 60)
    kube.namespace.limit("few", pods="5")
    succeeded(run, first=1)


def test_two_users_who_launch_the_same_version_at_once_compute_it_once(kube: KubeWorld) -> None:
    path = kube.write(*CHAIN)
    from taskcell.api.launches import launching

    launched = [launching.launch(path, backend="kubernetes") for _ in range(2)]
    for run in launched:
        succeeded(run, third=3)
    for name in ("first", "second", "third"):
        assert sorted(run.tasks[name].cached for run in launched) == [False, True]


def test_two_drivers_of_one_run_take_turns(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN)
    until(lambda: run.tasks["first"].state == "running")
    run.drive(2)
    succeeded(run, third=3)
    assert all(task.attempt == 1 for task in run.tasks.values())
    until(
        lambda: not kube.pods(run, "driver") or all(p["status"]["phase"] != "Running" for p in kube.pods(run, "driver"))
    )


def test_a_leading_driver_that_hangs_is_followed_by_another_and_leaves_when_it_wakes(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN)
    until(lambda: run.tasks["first"].state == "running")
    leader = kube.running_pod(run, "driver")
    with kube.namespace.frozen(leader):
        run.drive(2)
        succeeded(run, third=3)
        assert run.head().epoch == 2
    until(lambda: all(pod["status"]["phase"] != "Running" for pod in kube.pods(run, "driver")))
    assert run.state == "succeeded", run.sentence
    committed_once(run)
    assert [run.tasks[name].attempt for name in ("first", "second", "third")] == [1, 1, 1]


def test_a_leader_that_hangs_is_ended_and_followed_by_another(kube: KubeWorld) -> None:
    run = kube.launch(*CHAIN)
    until(lambda: run.tasks["first"].state in ("running", "succeeded"))
    with kube.namespace.frozen(kube.running_pod(run, "driver")):
        until(lambda: run.head().epoch > 1 or run.state != "running", 240)
        succeeded(run, third=3)
    committed_once(run)


def test_a_store_that_fails_one_request_in_five_changes_nothing(
    kube: KubeWorld, bucket_server: seaweed.Seaweed
) -> None:
    with fault_proxy.running(bucket_server.endpoint, clusters.NODE_ADDRESS) as proxy:
        proxy.rule = fault_proxy.sometimes(0.2, "500", "503", seed=7)
        kube.namespace.use_store(bucket_server.environ(proxy.endpoint))
        succeeded(kube.launch(*CHAIN), third=3)
        assert proxy.faults.total() > 10


def test_a_notebooks_kernel_that_is_killed_while_it_watches_changes_nothing(kube: KubeWorld, tmp_path: Path) -> None:
    path = kube.write(*CHAIN[:3])
    code = f"""
from taskcell.api.launches import launching
run = launching.launch({str(path)!r}, backend="kubernetes")
print(run.id, flush=True)
run.wait()
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    watcher = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environ)
    assert watcher.stdout is not None
    run = runs.run(watcher.stdout.readline().strip())
    until(lambda: run.tasks["first"].state == "running")
    watcher.send_signal(signal.SIGKILL)
    watcher.communicate()
    succeeded(run, second=2)

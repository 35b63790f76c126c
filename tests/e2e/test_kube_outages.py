"""The cluster's API, its node or the store away for a minute: the run goes on afterwards, as if nothing had been."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from tests import fault_proxy, seaweed
from tests.e2e import clusters
from tests.e2e.kube_world import PATIENCE_S, KubeWorld, committed_once, until

from taskcell.api.runs import runs

pytestmark = [pytest.mark.e2e, pytest.mark.e2e_long, pytest.mark.timeout(900)]

OUTAGE_S = 60.0
LONG = (
    "%load_ext taskcell",
    "%%task\nimport time\ntime.sleep(20)\nfirst = 1",
    "%%task second(first) -> second\nimport time\ntime.sleep(20)\nsecond = first + 1",
)


def survives(kube: KubeWorld, outage: Callable[[], AbstractContextManager[None]]) -> runs.Run:
    run = kube.launch(*LONG)
    until(lambda: run.tasks["first"].state == "running")
    with outage():
        time.sleep(OUTAGE_S)
    back = time.monotonic()
    run.wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("second") == 2
    committed_once(run)
    print(f"{time.monotonic() - back:.1f} s after it was back")
    return run


def test_an_api_server_that_is_away_for_a_minute(kube: KubeWorld) -> None:
    run = survives(kube, lambda: clusters.stopped("apiserver"))
    assert run.tasks["first"].attempt == 1


def test_a_kubelet_that_is_away_for_a_minute(kube: KubeWorld) -> None:
    survives(kube, lambda: clusters.stopped("kubelet"))


def test_a_store_that_is_away_for_a_minute(kube: KubeWorld, bucket_server: seaweed.Seaweed) -> None:
    @contextmanager
    def away() -> Iterator[None]:
        bucket_server.kill()
        try:
            yield
        finally:
            bucket_server.start()

    run = survives(kube, away)
    assert run.tasks["first"].attempt == 1


def test_a_store_that_is_gone_for_longer_than_anybody_waits_is_told_and_the_run_goes_on_when_it_is_back(
    kube: KubeWorld, bucket_server: seaweed.Seaweed
) -> None:
    """The pods' way to it is cut; whoever watches still has one."""
    with fault_proxy.running(bucket_server.endpoint, clusters.NODE_ADDRESS) as proxy:
        kube.namespace.use_store(bucket_server.environ(proxy.endpoint))
        run = kube.launch(*LONG)
        until(lambda: run.tasks["first"].state == "running")
        proxy.rule = lambda _: "reset"
        until(lambda: "s3://" in run.sentence, 330)
        assert run.state == "running", run.sentence
        proxy.rule = lambda _: None
        run.wait(400)
        assert run.state == "succeeded", run.sentence
        assert run.result("second") == 2
        committed_once(run)

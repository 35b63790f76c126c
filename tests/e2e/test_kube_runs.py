"""Runs on a real cluster end as they do on the laptop, and share what they made."""

from __future__ import annotations

import pytest
from tests.e2e.kube_world import PATIENCE_S, KubeWorld

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FLOW = (
    "%load_ext taskcell",
    "%%params\nsize: int = 4",
    "%%task\nimport numpy as np\nnumbers = np.arange(size) * 2.5",
    "%%task doubled(numbers) -> doubled\nprint('doubling', len(numbers))\ndoubled = numbers * 2",
    "%%task total(doubled) -> total\ntotal = float(doubled.sum())",
)


def test_a_run_succeeds_with_the_laptops_result_and_its_log_is_kept(kube: KubeWorld) -> None:
    run = kube.launch(*FLOW).wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.result("total") == 30.0
    assert run.logs("doubled") == "doubling 4\n"
    assert not any(task.cached for task in run.tasks.values())


def test_what_ran_on_one_side_is_a_hit_on_the_other(kube: KubeWorld) -> None:
    here = kube.launch(*FLOW, backend="local").wait(PATIENCE_S)
    assert here.state == "succeeded", here.sentence
    there = kube.launch(*FLOW).wait(PATIENCE_S)
    assert all(task.cached for task in there.tasks.values()), there.sentence
    assert kube.jobs(there) == []
    there = kube.launch(*FLOW, parameters={"size": 5}).wait(PATIENCE_S)
    assert there.state == "succeeded", there.sentence
    assert not any(task.cached for task in there.tasks.values())
    here = kube.launch(*FLOW, parameters={"size": 5}, backend="local").wait(PATIENCE_S)
    assert all(task.cached for task in here.tasks.values()), here.sentence

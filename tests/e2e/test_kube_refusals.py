"""What can't work is refused in a sentence, before anything is made where that can be known, else within seconds."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from tests import seaweed
from tests.e2e import clusters
from tests.e2e.kube_world import PATIENCE_S, KubeWorld, until

from taskcell import errors
from taskcell.api.runs import runs

pytestmark = [pytest.mark.e2e, pytest.mark.e2e_long, pytest.mark.timeout(300)]

ONE = ("%load_ext taskcell", "%%task\nx = 1")
JOBS = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get", "list", "delete"]}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}
LOGS = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
EVENTS = {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]}


def authority() -> str:
    return base64.b64encode((clusters.HOME / "pki" / "ca.crt").read_bytes()).decode()


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("CONTEXT", "nowhere", "no context 'nowhere'"),
        ("NAMESPACE", "absent-namespace", "no namespace 'absent-namespace'"),
        ("NAMESPACE", "Not_A_Name", "Not a namespace: 'Not_A_Name'"),
        ("STORE_SECRET", "absent", "no secret 'absent'"),
        ("SERVICE_ACCOUNT", "absent", "no service account 'absent'"),
        ("IMAGE", "", "No image is known"),
    ],
)
def test_a_setting_that_the_cluster_does_not_have_is_refused_at_once(
    kube: KubeWorld, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"TASKCELL_KUBERNETES_{setting}", value)
    refused(kube, said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--node 'bad key!=x'", "bad key!"),
        ("--memory 12Quux", "12Quux"),
        ("--env '1-X=y'", "1-X"),
    ],
)
def test_nonsense_in_a_tasks_options_is_refused_by_name(kube: KubeWorld, options: str, said: str) -> None:
    refused(kube, said, "%load_ext taskcell", f"%%task {options}\nx = 1")


def refused(kube: KubeWorld, said: str, *cells: str) -> None:
    began = time.monotonic()
    with pytest.raises(errors.TaskcellError, match=re.escape(said)):
        kube.launch(*(cells or ONE))
    assert time.monotonic() - began < 10
    assert kube.namespace.leftovers() == []
    assert runs.runs() == []


def test_credentials_that_have_expired_are_told(
    kube: KubeWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(json.dumps(clusters.kubeconfig("expired", authority(), kube.namespace.name)), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(config))
    refused(kube, "does not accept the credentials: they are wrong or have expired")


def test_a_launcher_needs_its_role_and_no_more(
    kube: KubeWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kube.namespace.allow("ana", [{**JOBS, "verbs": ["get", "list"]}])
    monkeypatch.setenv("KUBECONFIG", str(kube.namespace.user_config("ana", tmp_path / "config", "ana")))
    refused(kube, "The cluster forbids it: jobs.batch is forbidden")
    kube.namespace.allow("ana", [JOBS, {**PODS, "verbs": ["list"]}, EVENTS])
    run = until(lambda: launched(kube), 20).wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    assert run.cancel().state == "succeeded"


def launched(kube: KubeWorld) -> runs.Run | None:
    try:
        return kube.launch(*ONE)
    except errors.BackendError:
        return None  # a Role takes a moment to be known everywhere


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{**JOBS, "verbs": ["get", "list", "delete"]}, PODS, LOGS, EVENTS], "jobs.batch is forbidden"),
        ([JOBS, LOGS, EVENTS], "pods is forbidden"),
    ],
    ids=["jobs", "pods"],
)
def test_a_verb_that_the_drivers_role_lacks_is_told(kube: KubeWorld, rules: list[dict[str, Any]], said: str) -> None:
    kube.namespace.allow("taskcell", rules)
    # The first worker is the launcher's; of another shape the driver must make one itself.
    run = kube.launch(*ONE, "%%task y(x) -> y --memory 300Mi\ny = x").wait(PATIENCE_S)
    assert run.state == "failed"
    assert said in run.sentence
    assert "taskcell kubernetes manifest" in run.sentence


def test_without_watch_and_logs_a_run_succeeds_all_the_same(kube: KubeWorld) -> None:
    kube.namespace.allow("taskcell", [JOBS, {**PODS, "verbs": ["list"]}, EVENTS])
    run = kube.launch(*ONE).wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence


def test_a_driver_whose_image_is_missing_fails_with_words(kube: KubeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_KUBERNETES_IMAGE", "localhost/absent:1")
    monkeypatch.setenv("TASKCELL_KUBERNETES_IMAGE_LIMIT_S", "15")
    run = kube.launch(*ONE)
    until(lambda: "localhost/absent:1 can't be pulled" in run.sentence, 15)
    until(lambda: run.state == "failed", 30)
    assert "Its driver could not start: the image localhost/absent:1 can't be pulled" in run.sentence
    until(lambda: not kube.namespace.leftovers(), 90)
    assert run.state == "failed"


def test_a_driver_without_room_fails_with_words(kube: KubeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_KUBERNETES_CPU_CORES", "1000")
    monkeypatch.setenv("TASKCELL_KUBERNETES_PENDING_LIMIT_S", "15")
    run = kube.launch(*ONE)
    until(lambda: "for want of enough cpu" in run.sentence, 12)
    until(lambda: run.state == "failed", 30)
    assert "Its driver could not start: no node takes it" in run.sentence


def test_a_tasks_secret_that_is_missing_is_told(kube: KubeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKCELL_KUBERNETES_PENDING_LIMIT_S", "15")
    run = kube.launch("%load_ext taskcell", "%%task --secret TOKEN=absent/key\nx = 1")
    until(lambda: "there is no secret 'absent' in the namespace" in run.sentence, 60)
    run.wait(PATIENCE_S)
    assert run.state == "failed"
    assert "there is no secret 'absent' in the namespace" in run.sentence


def test_a_store_that_refuses_the_secrets_credentials_is_told(
    kube: KubeWorld, bucket_server: seaweed.Seaweed, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the bridge of a plain network is deaf for a neighbour: it takes another address when a pod's end leaves it.
    monkeypatch.setenv("TASKCELL_KUBERNETES_PENDING_LIMIT_S", "75")
    kube.namespace.use_store({**bucket_server.environ(), "AWS_SECRET_ACCESS_KEY": "wrong"})
    run = kube.launch(*ONE)
    until(lambda: "the secret key is wrong" in run.sentence, 40)
    until(lambda: run.state == "failed", 120)
    assert "the secret key is wrong" in run.sentence
    until(lambda: not kube.namespace.leftovers(), 90)

"""Jobs are valid for current servers, pass the restricted profile, and hold what a task asks for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskcell import errors
from taskcell.backends.contracts import DriverOrder, ServeOrder
from taskcell.backends.kubernetes import manifests, naming, shapes
from taskcell.hashing import Digest
from taskcell.model.runs import Plan
from taskcell.model.settings import KubernetesSettings
from taskcell.model.tasks import TaskOptions

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OWNER = {"metadata": {"name": "driver", "uid": "u-1"}}
SETTINGS = KubernetesSettings(image="team/image:1", store_secret="bucket")


def plan(workflow: str = "churn", author: str = "ana") -> Plan:
    return Plan(
        run_id=RUN,
        project="default",
        workflow=workflow,
        version_number=7,
        version=Digest("0" * 64),
        parameters={},
        tasks=(),
        backend="kubernetes",
        author=author,
        host="laptop",
        created_at=datetime.now(UTC),
    )


def driver_job(given_plan: Plan | None = None) -> dict[str, Any]:
    order = DriverOrder(store="s3://b", project="default", run_id=RUN, epoch=1, restarts=True)
    return manifests.driver_job(order, given_plan or plan(), SETTINGS)


def worker_job(given_settings: KubernetesSettings = SETTINGS, **options: Any) -> dict[str, Any]:
    name = naming.worker(RUN, 1, 1)
    order = ServeOrder(store="s3://b", project="default", run_id=RUN, mailbox=name, linger_s=20.0)
    shape = shapes.shape_of(TaskOptions(**options), given_settings)
    return manifests.worker_job(order, plan(), given_settings, shape, OWNER)


def pod(job: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = job["spec"]["template"]["spec"]
    return spec


JOBS = {
    "driver": driver_job(),
    "worker": worker_job(),
    "demanding": worker_job(
        cpu_cores=2.5,
        memory_bytes=2 << 30,
        disk_bytes=10 << 30,
        gpu_count=1,
        image="other:2",
        node_selector=(("disk", "ssd"),),
        tolerations=("gpu", "spot=yes:NoSchedule"),
        env=(("MODE", "fast"),),
        secrets=(("TOKEN", "api/token"),),
        queue="team-a",
        pod='{"priorityClassName":"low","nodeSelector":{"zone":"a"}}',
    ),
}


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("version", ["1.25", "1.29", "1.37"])
def test_jobs_are_valid_by_published_schemas(name: str, version: str) -> None:
    kubernetes_validate.validate(JOBS[name], version, strict=True)


@pytest.mark.parametrize("name", JOBS)
def test_pods_pass_the_restricted_profile(name: str) -> None:
    spec = pod(JOBS[name])
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert all("emptyDir" in volume for volume in spec["volumes"])
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]


def test_only_the_driver_has_a_token() -> None:
    assert pod(JOBS["driver"])["automountServiceAccountToken"] is True
    assert pod(JOBS["driver"])["serviceAccountName"] == "taskcell"
    assert pod(JOBS["worker"])["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in pod(JOBS["worker"])


def test_a_worker_belongs_to_its_driver_and_is_tried_once() -> None:
    job = JOBS["worker"]
    assert job["metadata"]["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "Job", "name": "driver", "uid": "u-1"}
    ]
    assert (job["spec"]["backoffLimit"], pod(job)["restartPolicy"]) == (0, "Never")
    assert pod(JOBS["driver"])["restartPolicy"] == "OnFailure"
    assert all(each["spec"]["ttlSecondsAfterFinished"] == 3600 for each in JOBS.values())


def test_a_task_gets_what_it_asks_for() -> None:
    job = JOBS["demanding"]
    (container,) = pod(job)["containers"]
    assert container["image"] == "other:2"
    assert container["resources"]["requests"] == {"cpu": "2500m", "memory": str(2 << 30), "nvidia.com/gpu": "1"}
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert pod(job)["nodeSelector"] == {"disk": "ssd", "zone": "a"}
    assert pod(job)["priorityClassName"] == "low"
    assert pod(job)["tolerations"] == [
        {"key": "gpu", "operator": "Exists"},
        {"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
    ]
    assert pod(job)["volumes"][0]["emptyDir"]["sizeLimit"] == str(10 << 30)
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team-a"


def test_secrets_are_references_alone() -> None:
    (container,) = pod(JOBS["demanding"])["containers"]
    reference = {"secretKeyRef": {"name": "api", "key": "token"}}
    assert {"name": "TOKEN", "valueFrom": reference} in container["env"]
    assert container["envFrom"] == [{"secretRef": {"name": "bucket"}}]


def test_a_pod_template_is_merged_by_name() -> None:
    template = {
        "priorityClassName": "low",
        "containers": [{"name": "taskcell", "imagePullPolicy": "Always"}, {"name": "proxy", "image": "p"}],
        "nodeSelector": {"zone": "a"},
    }
    spec = pod(worker_job(KubernetesSettings(image="i", pod=template), node_selector=(("disk", "ssd"),)))
    assert spec["priorityClassName"] == "low"
    assert spec["nodeSelector"] == {"disk": "ssd", "zone": "a"}
    mine, proxy = spec["containers"]
    assert (mine["image"], mine["imagePullPolicy"], proxy["name"]) == ("i", "Always", "proxy")


def test_without_an_image_nothing_is_made() -> None:
    with pytest.raises(errors.InvalidInputError, match="No image is known") as caught:
        shapes.shape_of(TaskOptions(), KubernetesSettings())
    assert "TASKCELL_KUBERNETES_IMAGE" in caught.value.remedy


def test_tasks_that_ask_for_the_same_have_one_shape() -> None:
    one = shapes.shape_of(TaskOptions(retries=3, timeout_s=5.0, env=(("A", "1"), ("B", "2"))), SETTINGS)
    other = shapes.shape_of(TaskOptions(env=(("B", "2"), ("A", "1"))), SETTINGS)
    assert one.id == other.id
    assert shapes.shape_of(TaskOptions(env=(("A", "1"),)), SETTINGS).id != one.id


@pytest.mark.parametrize("text", ["", "a b", "key=value:Sometimes", "=x"])
def test_nonsense_is_not_a_toleration(text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="Not a toleration"):
        shapes.toleration(text)


LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", re.ASCII)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_every_text_gives_a_valid_label(text: str) -> None:
    assert LABEL.fullmatch(naming.label_value(text))


@settings(deadline=None)
@given(st.lists(st.text(max_size=70), unique=True, max_size=20))
def test_labels_of_different_texts_differ(texts: list[str]) -> None:
    made = [*texts, *map(naming.label_value, texts)]
    assert len({naming.label_value(text) for text in texts}) == len(texts)
    assert all(LABEL.fullmatch(naming.label_value(text)) for text in made)


@settings(deadline=None, max_examples=25)
@given(st.text(max_size=100), st.text(max_size=100))
def test_whatever_users_are_called_the_job_is_valid(workflow: str, author: str) -> None:
    job = driver_job(plan(workflow, author))
    assert all(LABEL.fullmatch(value) for value in job["metadata"]["labels"].values())
    assert job["metadata"]["annotations"]["taskcell/author"] == author


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_names_of_jobs_are_valid_and_short_enough(epoch: int, number: int) -> None:
    for name in (naming.driver(RUN, epoch), naming.worker(RUN, epoch, number)):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
        assert len(name) <= 63

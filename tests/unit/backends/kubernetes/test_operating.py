"""What administrators apply, what may remain, and schedules as CronJobs: valid by published schemas, exact in what they grant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from taskcell import errors
from taskcell.backends.kubernetes import (
    cronjobs,
    crons,
    image_uses,
    namespaces,
    naming,
    quantities,
    remains,
    rights,
    servers,
)
from taskcell.model.runs import RunState
from taskcell.model.schedules import Overlap, Schedule
from taskcell.model.settings import KubernetesSettings

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SETTINGS = KubernetesSettings(image="team/image:1", store_secret="bucket")
OLD, NEW = servers.parsed("1", "20", "v1.20.2"), servers.parsed("1", "31+", "v1.31.0-eks")


def request(**more: Any) -> namespaces.Request:
    return namespaces.Request(namespace="churn", project="churn", **more)


WHOLE = request(
    quota=quantities.quota("cpu=20,memory=64Gi,gpu=1,pods=5"), limits=True, users=("ana",), groups=("team",)
)


# -- what is applied -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.25", "1.29", "1.37"])
def test_everything_that_is_applied_is_valid_by_published_schemas(version: str) -> None:
    for item in namespaces.objects(WHOLE, SETTINGS):
        kubernetes_validate.validate(item, version, strict=True)


def test_the_printed_text_is_what_is_applied() -> None:
    text = namespaces.text(WHOLE, SETTINGS)
    assert list(yaml.safe_load_all(text)) == namespaces.objects(WHOLE, SETTINGS)


def test_the_namespace_enforces_the_restricted_profile() -> None:
    labels = namespaces.objects(request(), SETTINGS)[0]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_secret_is_made_and_none_may_be_read() -> None:
    items = namespaces.objects(WHOLE, SETTINGS)
    assert not [item for item in items if item["kind"] == "Secret"]
    granted = [resource for item in items for rule in item.get("rules", ()) for resource in rule["resources"]]
    assert not {"secrets", "*", "pods/exec"} & set(granted)
    assert "--from-literal=AWS_SECRET_ACCESS_KEY=…" in namespaces.text(WHOLE, SETTINGS)


def test_a_driver_has_exactly_these_verbs() -> None:
    rules = namespaces.objects(request(), SETTINGS)[2]["rules"]
    assert {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]} == {
        *(("jobs", verb) for verb in ("create", "delete", "get", "list")),
        ("pods", "list"),
        ("pods", "watch"),
        ("pods/log", "get"),
        ("events", "list"),
    }


def test_quota_and_limits_are_there_when_asked_for() -> None:
    kinds = [item["kind"] for item in namespaces.objects(request(), SETTINGS)]
    assert not {"ResourceQuota", "LimitRange"} & set(kinds)
    quota = next(item for item in namespaces.objects(WHOLE, SETTINGS) if item["kind"] == "ResourceQuota")
    assert quota["spec"]["hard"] == {
        "requests.cpu": "20",
        "requests.memory": "64Gi",
        "limits.memory": "64Gi",
        "requests.nvidia.com/gpu": "1",
        "pods": "5",
    }


@pytest.mark.parametrize("text", ["", "cpu", "cpu=", "cpu=many", "cpus=2", "pods=1.5", "cpu=1,cpu=2", "memory=-1Gi"])
def test_a_quota_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidInputError):
        quantities.quota(text)


def test_a_review_asks_for_one_verb_on_one_resource() -> None:
    right = rights.Right(group="", resource="pods/log", verbs=("get",), purpose="")
    asked = rights.review(right, "get", "churn")["spec"]["resourceAttributes"]
    assert asked == {"namespace": "churn", "group": "", "resource": "pods", "subresource": "log", "verb": "get"}


@pytest.mark.parametrize(("template", "name"), [("churn", "churn"), ("tc-{project}", "tc-alpha"), (None, None)])
def test_a_project_has_its_namespace(template: str | None, name: str | None) -> None:
    assert naming.namespace(template, "alpha") == name


def test_a_project_whose_name_is_no_namespace_is_refused() -> None:
    with pytest.raises(errors.InvalidInputError, match="Not a namespace"):
        naming.namespace("tc-{project}", "a.b")


# -- schedules -------------------------------------------------------------------------------------------------------


def schedule(**more: Any) -> Schedule:
    facts: dict[str, Any] = {
        "name": "nightly",
        "project": "default",
        "target": "churn:prod",
        "workflow": "churn",
        "cron": "0 6 * * *",
        "author": "Ana María",
        "store": "s3://b/p",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Schedule(**{**facts, **more})


def cron_job(
    server: servers.Server, *, webhook: str = "", command: tuple[str, ...] = ("x",), **more: Any
) -> dict[str, Any]:
    return cronjobs.cron_job(schedule(**more), list(command), {"TASKCELL_STORE": "s3://b/p"}, webhook, SETTINGS, server)


@pytest.mark.parametrize("version", ["1.25", "1.29", "1.37"])
@pytest.mark.parametrize("overlap", list(Overlap))
def test_cron_jobs_are_valid_by_published_schemas(version: str, overlap: Overlap) -> None:
    kubernetes_validate.validate(cron_job(NEW, overlap=overlap), version, strict=True)


def test_old_servers_get_the_older_form_without_a_time_zone() -> None:
    assert (cron_job(OLD)["apiVersion"], cron_job(NEW)["apiVersion"]) == ("batch/v1beta1", "batch/v1")
    assert "timeZone" not in cron_job(OLD)["spec"]
    assert cron_job(NEW, time_zone="Europe/Berlin")["spec"]["timeZone"] == "Europe/Berlin"


def test_a_schedule_is_read_back_as_it_was_made() -> None:
    item = json.loads(json.dumps(cron_job(NEW, parameters={"x": [1, "é"]}, overlap=Overlap.REPLACE)))
    item["status"] = {"lastScheduleTime": "2026-02-01T06:00:00Z"}
    state = cronjobs.state_of(item)
    assert state is not None
    assert state.schedule == schedule(parameters={"x": [1, "é"]}, overlap=Overlap.REPLACE)
    assert state.last_at == datetime(2026, 2, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize("notes", [None, {}, {cronjobs.RECORD: "{"}, {cronjobs.RECORD: '{"name": 3}'}])
def test_a_cron_job_of_somebody_else_is_no_schedule(notes: Any) -> None:
    assert cronjobs.state_of({"metadata": {"annotations": notes}}) is None


def test_what_the_cluster_would_replace_stays_as_it_is() -> None:
    job = cron_job(NEW, command=("launch", "-p", "x=$(HOME)"))
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["launch", "-p", "x=$$(HOME)"]


def test_a_webhook_in_a_secret_is_a_reference_alone() -> None:
    text = json.dumps(cron_job(NEW, webhook="hooks/team"))
    assert '"valueFrom": {"secretKeyRef": {"name": "hooks", "key": "team"}}' in text


@given(st.text(min_size=1, max_size=100), st.text(min_size=1, max_size=20))
def test_names_of_cron_jobs_are_short_and_valid(name: str, project: str) -> None:
    made = naming.cron_job(project, name)
    assert naming.is_namespace(made)
    assert len(made) <= 52


@pytest.mark.parametrize(
    "text",
    ["0 6 * * *", "*/5 0-12/2 1,15 jan-mar MON-fri", "@daily", "0 0 29 2 *", "0 0 30 2 1", "? * ? * ?", "5/15 * * * *"],
)
def test_times_that_a_cluster_takes_are_taken(text: str) -> None:
    assert crons.checked(f"  {text} ").lower() == text.lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has 0 fields"),
        ("* * * *", "it has 4 fields"),
        ("0 0 6 * * *", "it has 6 fields"),
        ("60 * * * *", "'60' is not a minute (0 to 59)"),
        ("0 24 * * *", "not a hour"),
        ("0 0 0 * *", "not a day of the month"),
        ("0 0 * 13 *", "not a month"),
        ("0 0 * * 7", "not a day of the week"),
        ("0 0 * * monday", "not a day of the week"),
        ("*/0 * * * *", "holds no minute"),
        ("9-3 * * * *", "holds no minute"),
        ("*-3 * * * *", "not a minute"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6 *", "never comes"),
        ("@reboot", "there is no @reboot"),
        ("TZ=UTC 0 6 * * *", "--time-zone"),
        ("; * * * *", "not a minute"),
    ],
)
def test_times_that_are_none_are_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        crons.checked(text)
    assert said in caught.value.message


# -- servers ---------------------------------------------------------------------------------------------------------


def test_versions_of_providers_are_read() -> None:
    assert (NEW.number, NEW.has_time_zones, NEW.enforces_pod_security) == ((1, 31), True, True)
    assert (OLD.number, OLD.has_time_zones, OLD.enforces_pod_security) == ((1, 20), False, False)
    assert not servers.parsed("1", "19", "v1.19").is_known


# -- what remains ----------------------------------------------------------------------------------------------------

DONE = {"conditions": [{"type": "Complete", "status": "True"}]}


def item(name: str, run: str = RUN, *, ours: bool = True, owner: str = "", **more: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "taskcell" if ours else "helm", naming.RUN: run.lower()}
    metadata: dict[str, Any] = {"name": name, "uid": name, "labels": labels}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner}]
    return {"metadata": metadata, **more}


def names(jobs: list[dict[str, Any]], pods: list[dict[str, Any]], state: RunState | None) -> list[str]:
    return [found.name for found in remains.found(jobs, pods, lambda _: state)]


@pytest.mark.parametrize(
    ("state", "gone"),
    [
        (RunState.PENDING, []),
        (RunState.RUNNING, []),
        (RunState.INTERRUPTED, ["done"]),
        (None, ["done"]),
        (RunState.SUCCEEDED, ["done", "open"]),
        (RunState.FAILED, ["done", "open"]),
        (RunState.CANCELLED, ["done", "open"]),
    ],
)
def test_jobs_go_when_nobody_can_need_them(state: RunState | None, gone: list[str]) -> None:
    assert names([item("done", status=DONE), item("open", status={})], [], state) == gone


def test_what_is_not_ours_stays_whatever_it_says() -> None:
    foreign = item("foreign", ours=False, status=DONE)
    assert names([foreign], [item("pod", ours=False, status={"phase": "Failed"})], RunState.SUCCEEDED) == []


def test_pods_go_with_their_job_and_alone_when_it_is_gone() -> None:
    pods = [item("owned", owner="done"), item("orphan", owner="gone", status={"phase": "Succeeded"})]
    assert names([item("done", status=DONE)], pods, RunState.SUCCEEDED) == ["done", "orphan"]


def test_what_is_being_deleted_already_is_left() -> None:
    going = item("going", status=DONE)
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert names([going], [], RunState.SUCCEEDED) == []


def test_odd_objects_with_our_labels_do_no_harm() -> None:
    odd = {"metadata": {"name": "odd", "labels": {"app.kubernetes.io/managed-by": "taskcell"}}, "status": None}
    assert names([odd], [odd], RunState.SUCCEEDED) == []


# -- images ----------------------------------------------------------------------------------------------------------


def test_the_image_that_ran_is_what_the_node_resolved() -> None:
    pod = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "proxy", "image": "q"}, {"name": "taskcell", "image": "team/churn:3"}]},
        "status": {
            "containerStatuses": [
                {"name": "proxy", "image": "q", "imageID": "q@sha256:0"},
                {"name": "taskcell", "image": "team/churn:3", "imageID": "docker-pullable://team/churn@sha256:1"},
            ]
        },
    }
    use = image_uses.used(pod)
    assert use is not None
    assert (use.image, use.digest, use.pod) == ("team/churn:3", "team/churn@sha256:1", "p")


@pytest.mark.parametrize("pod", [{}, {"status": {"containerStatuses": [{"name": "taskcell"}]}}])
def test_a_pod_whose_node_has_said_nothing_tells_no_image(pod: dict[str, Any]) -> None:
    assert image_uses.used(pod) is None

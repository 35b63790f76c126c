"""The operational side on a real cluster: rights, the doctor, projects, clearing up, schedules, webhooks."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import seaweed
from tests.e2e import clusters
from tests.e2e.kube_world import PATIENCE_S, KubeWorld, until

from taskcell import cli, errors
from taskcell.api.operations import scheduling, sweeping
from taskcell.api.runs import runs
from taskcell.api.versions import snapshots, versions
from taskcell.backends.kubernetes import clients, rights

pytestmark = [pytest.mark.e2e, pytest.mark.e2e_long, pytest.mark.timeout(400)]

FLOW = ("%load_ext taskcell", "%%params\nsize: int = 4", "%%task\ntotal = size * 2.5")
FAILING = ("%load_ext taskcell", "%%params\nsize: int = 4", "%%task\ntotal = size / 0")
EVERY_MINUTE = "* * * * *"


@pytest.fixture
def user(kube: KubeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubeWorld:
    """Whoever launches has the printed Role and nothing else."""
    config = kube.namespace.user_config("ana", tmp_path / "ana.json", "taskcell-user")
    monkeypatch.setenv("KUBECONFIG", str(config))
    monkeypatch.setenv("TASKCELL_USER", "Ana María")
    monkeypatch.setenv("TASKCELL_KUBERNETES_CONTEXT", "ana")
    return kube


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Every (verb, resource) that this process asks the cluster for."""
    seen: set[tuple[str, str]] = set()
    sent = clients.Cluster.request

    def noted(self: clients.Cluster, method: str, path: str, **more: Any) -> Any:
        parts = path.partition("/namespaces/")[2].split("/")[1:]
        if parts:
            verbs = {"GET": "get" if len(parts) > 1 else "list", "POST": "create"}
            seen.add((verbs.get(method, method.lower()), parts[0]))
        return sent(self, method, path, **more)

    monkeypatch.setattr(clients.Cluster, "request", noted)
    return seen


def store_version(kube: KubeWorld, *cells: str) -> str:
    version = snapshots.snapshot(kube.write(*cells), name="flow")
    versions.tag(version, "prod")
    return "flow:prod"


def test_a_user_needs_each_verb_of_the_printed_role_and_no_other(
    user: KubeWorld, requests: set[tuple[str, str]]
) -> None:
    run = user.launch(*FLOW).wait(PATIENCE_S)
    assert run.state == "succeeded", run.sentence
    until(lambda: user.jobs(run, "driver")[0]["status"].get("conditions"))
    user.namespace.limit("none", pods="0")
    stopped = user.launch(*FLOW)
    until(lambda: "quota" in stopped.sentence)
    stopped.cancel().wait(PATIENCE_S)
    user.namespace.remove("resourcequota", "none")
    ref = store_version(user, *FLOW)
    scheduling.schedule(ref, "0 6 * * *", {"size": 5})
    scheduling.pause("flow-prod")
    scheduling.remove("flow-prod")
    user.namespace.run_pod("stray", {"app.kubernetes.io/managed-by": "taskcell", "taskcell/role": "worker"})
    until(
        lambda: user.namespace.items("pods", "app.kubernetes.io/managed-by=taskcell,!taskcell/run")[0]["status"].get(
            "reason"
        )
    )
    sweeping.sweep()
    granted = {(verb, right.resource) for right in rights.of_user("taskcell") for verb in right.verbs}
    looked = {("get", "secrets")}  # refused, and that is no trouble
    assert requests - looked == granted


def test_everything_names_who_launched_it(user: KubeWorld) -> None:
    run = user.launch(*FLOW)
    pods = until(lambda: user.pods(run))
    for item in (*user.jobs(run, "driver"), *user.jobs(run), *pods):
        assert item["metadata"]["annotations"]["taskcell/author"] == "Ana María"
        assert item["metadata"]["labels"]["taskcell/user"].startswith("Ana-Maria-")
    run.wait(PATIENCE_S)
    assert run.plan.author == "Ana María"


def test_the_image_that_ran_is_recorded(kube: KubeWorld) -> None:
    run = kube.launch(*FLOW).wait(PATIENCE_S)
    (use,) = run.images
    assert use.image.startswith("localhost/taskcell-e2e:")
    assert "sha256:" in use.digest


def test_projects_on_one_cluster_cannot_read_each_other(
    kube: KubeWorld, bucket_server: seaweed.Seaweed, tmp_path: Path
) -> None:
    other = clusters.Namespace(f"{kube.namespace.name}-b")
    other.create(bucket_server.environ())
    try:
        run = kube.launch(*FLOW[:2], "%%task\nimport time\ntime.sleep(5)\ntotal = size * 2.5")
        pod = kube.running_pod(run, "driver")
        config = other.user_config("bert", tmp_path / "bert.json", "taskcell-user", "taskcell")
        for words in (
            ("get", "secret", "taskcell-store"),
            ("get", "secrets"),
            ("get", "pods"),
            ("logs", pod),
            ("get", "jobs"),
            ("get", "events"),
            ("get", "cronjobs"),
            ("create", "job", "mine", "--image=x"),
            ("delete", "job", "--all"),
            ("exec", pod, "--", "true"),
        ):
            said = kubectl(config, "-n", kube.namespace.name, *words)
            assert said.returncode, words
            assert "forbidden" in said.stderr.lower(), (words, said.stderr)
        assert kubectl(config, "-n", other.name, "get", "secret", "taskcell-store").returncode
        assert not kubectl(config, "-n", other.name, "get", "jobs").returncode
        run.wait(PATIENCE_S)
        assert run.state == "succeeded", run.sentence
    finally:
        other.delete()


def kubectl(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["kubectl", "--kubeconfig", str(config), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_quota_holds_and_the_run_says_so(kube: KubeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    kube.namespace.limit("taskcell", pods="1")
    monkeypatch.setenv("TASKCELL_KUBERNETES_PENDING_LIMIT_S", "20")
    run = kube.launch(*FLOW)
    until(lambda: "the quota taskcell is used up" in run.sentence, 60)
    run.wait(PATIENCE_S)
    assert run.state == "failed"
    assert "the quota taskcell is used up" in run.sentence


def test_the_doctor_finds_a_cluster_healthy_for_a_user(user: KubeWorld, capsys: pytest.CaptureFixture[str]) -> None:
    user.launch(*FLOW).wait(PATIENCE_S)
    code = cli.main(["doctor", "--pod"])
    said = capsys.readouterr().out
    assert code == 0, said
    for line in (
        "✓ permissions",
        "✓ namespace",
        "✓ cluster clock",
        "✓ service account",
        "✓ pod ",
        "✓ store from a pod",
    ):
        assert line in said, said
    until(lambda: not user.namespace.items("jobs", "taskcell/role=looker"), 30)


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        ("NAMESPACE", "no-such-place", "✗ namespace"),
        ("CONTEXT", "nowhere", "✗ cluster"),
        ("SERVICE_ACCOUNT", "nobody", "✗ service account"),
        ("STORE_SECRET", "nothing", "✗ store secret"),
        ("IMAGE", "Not An Image", "✗ pod"),
        ("IMAGE", "localhost/absent:1", "✗ pod"),
    ],
)
def test_the_doctor_says_what_is_missing(
    kube: KubeWorld,
    setting: str,
    value: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"TASKCELL_KUBERNETES_{setting}", value)
    monkeypatch.setenv("TASKCELL_KUBERNETES_IMAGE_LIMIT_S", "15")
    code = cli.main(["doctor", "--pod"])
    said = capsys.readouterr().out
    assert code == 1
    assert line in said, said


def test_the_doctor_names_each_verb_that_is_lacking(
    kube: KubeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = kube.namespace.user_config("carl", tmp_path / "carl.json", "taskcell")
    monkeypatch.setenv("KUBECONFIG", str(config))
    monkeypatch.setenv("TASKCELL_KUBERNETES_CONTEXT", "carl")
    assert cli.main(["doctor", "--kubernetes"]) == 1
    said = capsys.readouterr().out
    assert "you may not create, delete, list, patch cronjobs" in said
    assert "you may not delete pods" in said


def test_nothing_is_left_after_a_sweep_and_what_is_not_ours_stays(kube: KubeWorld) -> None:
    kube.namespace.run_pod("mine", {"app": "other"})
    ended = [kube.launch(*FLOW).wait(PATIENCE_S) for _ in range(2)]
    going = kube.launch("%load_ext taskcell", "%%task\nimport time\ntime.sleep(25)\nx = 1")
    until(lambda: kube.pods(going))
    looked = sweeping.sweep(dry_run=True)
    assert {item.run_id for item in looked.items} == {run.id for run in ended}
    assert kube.jobs(ended[0], "driver")
    assert sweeping.sweep().lingering == 0
    left = kube.namespace.items("jobs")
    assert {job["metadata"]["labels"]["taskcell/run"] for job in left} == {going.id.lower()}
    going.wait(PATIENCE_S)
    assert going.state == "succeeded", going.sentence
    sweeping.sweep()
    assert kube.namespace.items("jobs") == []
    # Pods go with their Jobs, a moment later.
    until(lambda: [pod["metadata"]["name"] for pod in kube.namespace.items("pods")] == ["mine"], 60)
    kube.namespace.remove("pod", "mine")


class Hook:
    """A server that takes notifications, on the address that pods reach."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.refusals = 1
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.refusals:
                    hook.refusals -= 1
                    self.send_response(503)
                else:
                    hook.bodies.append(json.loads(data))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = http.server.ThreadingHTTPServer((clusters.NODE_ADDRESS, 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{clusters.NODE_ADDRESS}:{self.server.server_address[1]}/in/s3cr3t-path"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


def of_schedule(name: str) -> list[runs.Run]:
    return [run for run in runs.runs("flow") if run.plan.schedule == name]


def test_a_schedule_launches_what_the_tag_names_then_and_tells_of_failure_and_recovery(
    user: KubeWorld, hook: Hook
) -> None:
    user.namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "hooks", "namespace": user.namespace.name},
            "stringData": {"team": hook.url},
        }
    )
    ref = store_version(user, *FAILING)
    made = scheduling.schedule(ref, EVERY_MINUTE, {"size": 6}, name="nightly", webhook="hooks/team")
    assert made.zone_note == "in UTC"
    with pytest.raises(errors.AlreadyExistsError):
        scheduling.schedule(ref, EVERY_MINUTE, name="nightly")
    (first,) = until(lambda: of_schedule("nightly"), 120)
    first.wait(PATIENCE_S)
    assert first.state == "failed"
    assert (first.plan.author, first.plan.parameters) == ("Ana María", {"size": 6})
    told = until(lambda: hook.bodies, 60)[0]
    assert told["event"] == "failed"
    assert (told["run"], told["schedule"], told["user"]) == (first.id, "nightly", "Ana María")
    assert "ZeroDivisionError" in told["sentence"]
    store_version(user, *FLOW)
    recovered = until(lambda: [body for body in hook.bodies if body["event"] == "recovered"], 150)[0]
    assert recovered["version"] == "flow@2"
    run = runs.run(recovered["run"])
    assert run.result("total") == 15.0
    scheduling.pause("nightly")
    (state,) = scheduling.schedules()
    assert state.paused
    assert state.last_at is not None
    scheduling.pause("nightly", paused=False)
    scheduling.remove("nightly")
    assert scheduling.schedules() == []
    assert "s3cr3t" not in json.dumps(user.namespace.items("jobs"))
    time.sleep(2)
    for open_run in of_schedule("nightly"):
        open_run.wait(PATIENCE_S)
    until(lambda: not user.namespace.items("jobs", "taskcell/role=launcher"), 30)
    sweeping.sweep()
    assert user.namespace.items("jobs") == []
    assert user.namespace.items("pods") == []
    user.namespace.remove("secret", "hooks")


def test_a_scheduled_launch_leaves_out_a_time_at_which_the_last_run_still_goes_on(user: KubeWorld) -> None:
    ref = store_version(user, "%load_ext taskcell", "%%task\nimport time\ntime.sleep(20)\nx = 1")
    first = cli.call("launch", [ref, "--schedule", "slow"])
    said = cli.call("launch", [ref, "--schedule", "slow"])
    assert "still goes on" in str(said)
    replacing = cli.call("launch", [ref, "--schedule", "slow", "--overlap", "replace"])
    assert first.run.wait(PATIENCE_S).state == "cancelled"  # type: ignore[attr-defined]
    assert replacing.run.wait(PATIENCE_S).state == "succeeded"  # type: ignore[attr-defined]

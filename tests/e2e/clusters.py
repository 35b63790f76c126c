"""A real cluster on this machine, and what an administrator and an onlooker do with it. Needs root and the cluster's tools."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taskcell.backends.kubernetes import namespaces
from taskcell.model.settings import KubernetesSettings

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("CLUSTER_TOOLS", ROOT.parent / "shared" / "cluster"))
HOME = Path(os.environ.get("CLUSTER_HOME", "/var/tmp/test-cluster"))
NODE_ADDRESS = "10.88.0.1"
"""This machine, as pods see it."""


def missing() -> str:
    """Say why there can't be a cluster here; empty when there can."""
    if not (TOOLS / "up").exists():
        return f"no cluster: {TOOLS} is not there (set CLUSTER_TOOLS)"
    if os.geteuid() != 0:
        return "no cluster: it needs root"
    if shutil.which("mmdebstrap") is None:
        return "no cluster: its image is made by mmdebstrap, which is not there: apt-get install mmdebstrap"
    return ""


def is_up() -> bool:
    return (
        HOME.joinpath("admin.kubeconfig").exists() and not _kubectl("get", "--raw", "/readyz", check=False).returncode
    )


def up() -> Path:
    """Start the cluster, or find it running; return the administrator's kubeconfig."""
    said = subprocess.run([TOOLS / "up"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(said.strip().splitlines()[-1])


def down() -> None:
    subprocess.run([TOOLS / "down"], check=True)


def _kubectl(*arguments: str, check: bool = True, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = ["kubectl", "--kubeconfig", str(HOME / "admin.kubeconfig"), *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True, input=given, timeout=60)


def kubeconfig(token: str, authority: str, namespace: str) -> dict[str, Any]:
    """Return a kubeconfig for a bearer token; ``authority`` is the server's certificate in base64."""
    server = {"server": "https://127.0.0.1:6443", "certificate-authority-data": authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "one", "cluster": server}],
        "users": [{"name": "one", "user": {"token": token}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one", "namespace": namespace}}],
    }


@contextlib.contextmanager
def stopped(process: str) -> Iterator[None]:
    """Kill one of the cluster's processes; start it again as it was started."""
    note = HOME / "run" / f"{process}.pid"
    number = int(note.read_text())
    command = Path(f"/proc/{number}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
    assert process in command[0] or process in " ".join(command[:2]), command
    given = Path(f"/proc/{number}/environ").read_bytes().decode().split("\0")
    environ = dict(line.split("=", 1) for line in given if "=" in line)
    os.kill(number, signal.SIGKILL)
    try:
        yield
    finally:
        with (HOME / "log" / f"{process}.log").open("ab") as log:
            started = subprocess.Popen(
                command, cwd=HOME, env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        note.write_text(f"{started.pid}\n")
        started.returncode = 0  # it outlives this process, as what ``up`` started does
        deadline = time.monotonic() + 90
        while not is_up() and time.monotonic() < deadline:
            time.sleep(0.5)


class Namespace:
    """One namespace, looked at from outside with ``kubectl``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create(self, environ: dict[str, str]) -> None:
        """Make it as an administrator does: what `taskcell kubernetes manifest` prints, the store's secret, nothing more."""
        request = namespaces.Request(namespace=self.name, project="default")
        _kubectl("apply", "-f", "-", given=namespaces.text(request, KubernetesSettings()))
        self.apply(json.loads(json.dumps(_secret(environ)).replace("{namespace}", self.name)))

    def user_config(self, name: str, target: Path, *roles: str) -> Path:
        """Write the kubeconfig of somebody who has these Roles and nothing else (a service account, for its token)."""
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": self.name}}
        self.apply(account)
        for role in roles:
            subject = f"--serviceaccount={self.name}:{name}"
            _kubectl("-n", self.name, "create", "rolebinding", f"{name}-{role}", f"--role={role}", subject)
        token = ""
        deadline = time.monotonic() + 20
        while not token and time.monotonic() < deadline:
            for secret in self.items("secrets"):
                if secret["metadata"].get("annotations", {}).get("kubernetes.io/service-account.name") == name:
                    token = base64.b64decode(secret["data"]["token"]).decode()
            time.sleep(0.1)
        config = json.loads(_kubectl("config", "view", "--raw", "-o", "json").stdout)
        config["users"] = [{"name": each["name"], "user": {"token": token}} for each in config["users"]]
        for context in config["contexts"]:
            context["context"]["namespace"] = self.name
            context["name"] = name
        config["current-context"] = name
        target.write_text(json.dumps(config), encoding="utf-8")
        return target

    def apply(self, item: dict[str, Any]) -> None:
        _kubectl("apply", "-f", "-", given=json.dumps(item))

    def run_pod(self, name: str, labels: dict[str, str]) -> None:
        """Run a pod that nobody owns, for a second."""
        container = {"name": "main", "image": "localhost/pause:1", "imagePullPolicy": "IfNotPresent"}
        metadata = {"name": name, "namespace": self.name, "labels": labels}
        spec = {"restartPolicy": "Never", "activeDeadlineSeconds": 1, "containers": [container]}
        self.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def limit(self, name: str, **hard: str) -> None:
        """Set a quota and wait until it is in force."""
        metadata = {"name": name, "namespace": self.name}
        self.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}})
        deadline = time.monotonic() + 20
        while not any(item.get("status", {}).get("hard") for item in self.items("resourcequotas")):
            assert time.monotonic() < deadline, "the quota is not in force"
            time.sleep(0.1)

    def delete(self) -> None:
        _kubectl("delete", "namespace", self.name, "--wait=false", check=False)

    def items(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        labels = ["-l", selector] if selector else []
        said = _kubectl("-n", self.name, "get", kind, *labels, "-o", "json").stdout
        found: list[dict[str, Any]] = json.loads(said)["items"]
        return found

    def use_store(self, environ: dict[str, str]) -> None:
        """Have pods reach the store with another configuration."""
        self.apply(json.loads(json.dumps(_secret(environ)).replace("{namespace}", self.name)))

    def allow(self, role: str, rules: list[dict[str, Any]]) -> None:
        """Let a Role have these rules and no others."""
        metadata = {"name": role, "namespace": self.name}
        version = "rbac.authorization.k8s.io/v1"
        self.apply({"apiVersion": version, "kind": "Role", "metadata": metadata, "rules": rules})

    def leftovers(self) -> list[str]:
        """Return what there is of ours that an administrator did not apply."""
        said = _kubectl("-n", self.name, "get", "jobs,pods,services,configmaps,secrets", "-o", "name").stdout.split()
        theirs = ("configmap/kube-root-ca.crt", "secret/taskcell-store")
        return [name for name in said if name not in theirs and "-token-" not in name]

    def patch_status(self, pod: str, status: dict[str, Any]) -> None:
        """Say of a pod what its node or the cluster might."""
        pki, path = HOME / "pki", f"/api/v1/namespaces/{self.name}/pods/{pod}/status"
        # For curl the server would print prettily, and one that was built with a newer Go dies of that.
        address = f"https://127.0.0.1:6443{path}?pretty=false"
        command = ["curl", "-sf", "-A", "taskcell-tests", "-X", "PATCH", address, "-d", json.dumps({"status": status})]
        command += ["-H", "Content-Type: application/strategic-merge-patch+json", "--cacert", str(pki / "ca.crt")]
        command += ["--cert", str(pki / "admin.crt"), "--key", str(pki / "admin.key")]
        subprocess.run(command, check=True, timeout=30, stdout=subprocess.DEVNULL)

    def remove(self, kind: str, name: str) -> None:
        _kubectl("-n", self.name, "delete", kind, name, "--wait=false", "--grace-period=0", "--force")

    def kill(self, pod: str) -> None:
        """Kill the first process of a pod's container from outside, as the node's kernel might."""
        _ctr("tasks", "kill", "-s", "SIGKILL", self._container(pod))

    @contextlib.contextmanager
    def frozen(self, pod: str) -> Iterator[None]:
        """Stop the first process of a pod's container for a while: to all others it looks as if it worked."""
        container = self._container(pod)
        listed = [line.split() for line in _ctr("tasks", "ls").splitlines()]
        number = next(int(words[1]) for words in listed if words[0] == container)
        os.kill(number, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):  # its node may have ended it
                os.kill(number, signal.SIGCONT)

    def _container(self, pod: str) -> str:
        path = "jsonpath={.status.containerStatuses[0].containerID}"
        return _kubectl("-n", self.name, "get", "pod", pod, "-o", path).stdout.removeprefix("containerd://")


def _ctr(*words: str) -> str:
    command = ["ctr", "-a", str(HOME / "run/containerd.sock"), "-n", "k8s.io", *words]
    return subprocess.run(command, check=True, timeout=30, stdout=subprocess.PIPE, text=True).stdout


def _secret(environ: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "taskcell-store", "namespace": "{namespace}"},
        "stringData": environ,
    }

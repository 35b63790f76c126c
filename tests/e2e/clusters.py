"""A real cluster on this machine, and what an administrator and an onlooker do with it. Needs root and the cluster's tools."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

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


class Namespace:
    """One namespace, looked at from outside with ``kubectl``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create(self, environ: dict[str, str]) -> None:
        """Make it, with the service account, the Role and the store's secret that Taskcell needs, and nothing more."""
        for item in (_NAMESPACE, _ACCOUNT, _ROLE, _BINDING, _secret(environ)):
            self.apply(json.loads(json.dumps(item).replace("{namespace}", self.name)))

    def apply(self, item: dict[str, Any]) -> None:
        _kubectl("apply", "-f", "-", given=json.dumps(item))

    def delete(self) -> None:
        _kubectl("delete", "namespace", self.name, "--wait=false", check=False)

    def items(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        labels = ["-l", selector] if selector else []
        said = _kubectl("-n", self.name, "get", kind, *labels, "-o", "json").stdout
        found: list[dict[str, Any]] = json.loads(said)["items"]
        return found

    def remove(self, kind: str, name: str) -> None:
        _kubectl("-n", self.name, "delete", kind, name, "--wait=false", "--grace-period=0", "--force")

    def kill(self, pod: str) -> None:
        """Kill the first process of a pod's container from outside, as the node's kernel might."""
        found = _kubectl(
            "-n", self.name, "get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].containerID}"
        )
        container = found.stdout.removeprefix("containerd://")
        socket = str(HOME / "run/containerd.sock")
        command = ["ctr", "-a", socket, "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", container]
        subprocess.run(command, check=True, timeout=30)


_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "{namespace}"}}
_ACCOUNT = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "taskcell", "namespace": "{namespace}"},
}
_ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "taskcell", "namespace": "{namespace}"},
    "rules": [
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get", "list", "delete"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
    ],
}
_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "taskcell", "namespace": "{namespace}"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "taskcell"},
    "subjects": [{"kind": "ServiceAccount", "name": "taskcell", "namespace": "{namespace}"}],
}


def _secret(environ: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "taskcell-store", "namespace": "{namespace}"},
        "stringData": environ,
    }

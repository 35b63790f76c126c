"""What an administrator applies once for a project: its namespace, who may do what in it, and how much it may use.

Values of secrets are no part of it: whoever applies it makes the secret by hand, as the comments say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from taskcell.backends.kubernetes import naming, rights
from taskcell.model.settings import KubernetesSettings

Item = dict[str, Any]

USER_ROLE = "taskcell-user"
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the namespace is to be.

    Attributes
    ----------
    store
        URL of the project's store, None when the comments need not name it.
    quota
        ``hard`` part of a ResourceQuota; empty: none.
    limits
        Whether containers that state nothing get the settings' amounts.
    users, groups
        Who may launch, besides those bound later.
    """

    namespace: str
    project: str
    store: str | None = None
    quota: Mapping[str, str] | None = None
    limits: bool = False
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def objects(request: Request, settings: KubernetesSettings) -> list[Item]:
    """Return what is applied, in an order in which it can be applied."""
    account, namespace = settings.service_account, request.namespace
    found = [
        _namespace(request),
        _object("v1", "ServiceAccount", account, namespace, automountServiceAccountToken=False),
        _role(account, namespace, rights.DRIVER),
        _binding(account, namespace, [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]),
        _role(USER_ROLE, namespace, rights.of_user(account)),
    ]
    people = _people(request)
    if people:
        found.append(_binding(USER_ROLE, namespace, people))
    if request.quota:
        found.append(_object("v1", "ResourceQuota", "taskcell", namespace, spec={"hard": dict(request.quota)}))
    if request.limits:
        found.append(_object("v1", "LimitRange", "taskcell", namespace, spec={"limits": [_limits(settings)]}))
    return found


def text(request: Request, settings: KubernetesSettings) -> str:
    """Return all of it as YAML with comments that say what is left to do by hand."""
    documents = [yaml.safe_dump(item, sort_keys=False, width=120) for item in objects(request, settings)]
    return "\n".join([_head(request, settings), "---\n".join(documents)])


def _head(request: Request, settings: KubernetesSettings) -> str:
    where = f"kubectl -n {request.namespace}"
    secret = settings.store_secret or "taskcell-store"
    store = request.store or "s3://BUCKET/PREFIX"
    lines = [
        f"Taskcell in namespace {request.namespace}, project {request.project}. Apply with: kubectl apply -f -",
        "",
        f"The store {store} needs a secret, unless the nodes have a role for the bucket. Its credentials should reach",
        "this project's prefix and no other. Nobody but you sees its values; keep them out of files:",
        f"  {where} create secret generic {secret} --from-literal=AWS_ACCESS_KEY_ID=… \\",
        "    --from-literal=AWS_SECRET_ACCESS_KEY=… --from-literal=AWS_ENDPOINT_URL=…",
        "",
        f"Who launches needs the Role {USER_ROLE}:",
        f"  {where} create rolebinding NAME --role={USER_ROLE} --user=ana",
        "",
        "Users set, in taskcell.toml:",
        f"  store = {json.dumps(store)}",
        f"  project = {json.dumps(request.project)}",
        "  [kubernetes]",
        f"  namespace = {json.dumps(request.namespace)}",
        f"  store_secret = {json.dumps(secret)}",
    ]
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _namespace(request: Request) -> Item:
    enforced = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    labels = {**enforced, **_labels(), f"{naming.PREFIX}/project": naming.label_value(request.project)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": request.namespace, "labels": labels}}


def _labels() -> dict[str, str]:
    return {"app.kubernetes.io/name": naming.PREFIX}


def _object(version: str, kind: str, name: str, namespace: str, **more: Any) -> Item:
    metadata = {"name": name, "namespace": namespace, "labels": _labels()}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _role(name: str, namespace: str, granted: tuple[rights.Right, ...]) -> Item:
    return _object(f"{_RBAC}/v1", "Role", name, namespace, rules=rights.rules(granted))


def _binding(role: str, namespace: str, subjects: list[Item]) -> Item:
    reference = {"apiGroup": _RBAC, "kind": "Role", "name": role}
    return _object(f"{_RBAC}/v1", "RoleBinding", role, namespace, roleRef=reference, subjects=subjects)


def _people(request: Request) -> list[Item]:
    named = [("User", name) for name in request.users] + [("Group", name) for name in request.groups]
    return [{"kind": kind, "name": name, "apiGroup": _RBAC} for kind, name in named]


def _limits(settings: KubernetesSettings) -> Item:
    memory = str(settings.memory_bytes)
    return {
        "type": "Container",
        "default": {"memory": memory},
        "defaultRequest": {"cpu": f"{round(settings.cpu_cores * 1000)}m", "memory": memory},
    }

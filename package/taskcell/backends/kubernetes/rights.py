"""What drivers and users may do in their namespace: exactly the verbs that are used, and what for.

The manifest grants them, the doctor asks for them, and the end-to-end tests run with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What may be done with one kind of thing.

    Attributes
    ----------
    name
        The one thing of that kind that it is about. Empty: all in the namespace.
    purpose
        What can't be done without it, in words.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    purpose: str
    name: str = ""


DRIVER = (
    Right(group="batch", resource="jobs", verbs=("create", "delete", "get", "list"), purpose="start and end workers"),
    Right(group="", resource="pods", verbs=("list", "watch"), purpose="see what becomes of workers"),
    Right(group="", resource="pods/log", verbs=("get",), purpose="hear workers"),
    Right(group="", resource="events", verbs=("list",), purpose="say why a pod waits"),
)


def of_user(service_account: str) -> tuple[Right, ...]:
    """Return what people need who launch, watch, cancel, schedule and clean up."""
    return (
        Right(
            group="batch",
            resource="jobs",
            verbs=("create", "delete", "get", "list"),
            purpose="launch, cancel, clean up",
        ),
        Right(
            group="batch",
            resource="cronjobs",
            verbs=("create", "delete", "list", "patch"),
            purpose="make, list, pause and remove schedules",
        ),
        Right(group="", resource="pods", verbs=("delete", "list"), purpose="say why a run waits, clean up"),
        Right(group="", resource="events", verbs=("list",), purpose="say why a run has no pod"),
        Right(
            group="",
            resource="serviceaccounts",
            verbs=("get",),
            purpose="find out before a launch that it is missing",
            name=service_account,
        ),
    )


def rules(rights: tuple[Right, ...]) -> list[Item]:
    """Return the rules of a Role."""
    return [_rule(right) for right in rights]


def _rule(right: Right) -> Item:
    rule: Item = {"apiGroups": [right.group], "resources": [right.resource], "verbs": list(right.verbs)}
    if right.name:
        rule["resourceNames"] = [right.name]
    return rule


def review(right: Right, verb: str, namespace: str) -> Item:
    """Return the question to the server whether whoever asks has a right."""
    resource, _, subresource = right.resource.partition("/")
    asked = {
        "namespace": namespace,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "verb": verb,
        "name": right.name,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value or key == "group"}},
    }

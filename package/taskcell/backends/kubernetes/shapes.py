"""What a pod must be like for a task: tasks of one shape can follow one another in one pod."""

from __future__ import annotations

import re

import msgspec

from taskcell import errors
from taskcell.hashing import digest_parts
from taskcell.model.settings import KubernetesSettings
from taskcell.model.tasks import TaskOptions

_TOLERATION = re.compile(r"([^=:\s]+)(?:=([^:\s]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?")


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a task that its pod depends on. Resources are those of the container."""

    image: str
    cpu_cores: float
    cpu_limited: bool
    memory_bytes: int
    disk_bytes: int
    gpu_count: int = 0
    node_selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    queue: str | None = None
    pod: str = ""
    """Part of the pods' ``spec``, as JSON."""
    share: bool = True

    @property
    def id(self) -> str:
        """A short digest: two shapes have the same one if pods of them are alike."""
        return digest_parts("shape", [msgspec.json.encode(self, order="sorted")])[:12]


def shape_of(options: TaskOptions, settings: KubernetesSettings) -> Shape:
    """Return the shape of a task's pods; raise InvalidInputError when no image is known."""
    image = options.image or settings.image
    if not image:
        raise errors.InvalidInputError(
            "No image is known for tasks on Kubernetes.",
            remedy="Set TASKCELL_KUBERNETES_IMAGE to one that holds Python and Taskcell, or give tasks --image.",
        )
    return Shape(
        image=image,
        cpu_cores=options.cpu_cores if options.cpu_cores is not None else settings.cpu_cores,
        cpu_limited=options.cpu_cores is not None,
        memory_bytes=options.memory_bytes or settings.memory_bytes,
        disk_bytes=options.disk_bytes or settings.disk_bytes,
        gpu_count=options.gpu_count,
        node_selector=tuple(sorted(options.node_selector)),
        tolerations=options.tolerations,
        env=tuple(sorted(options.env)),
        secrets=tuple(sorted(options.secrets)),
        queue=options.queue,
        pod=options.pod,
        share=options.share and settings.share_pods,
    )


def toleration(text: str) -> dict[str, str]:
    """Return ``key[=value][:effect]`` as the cluster writes it; raise InvalidInputError."""
    found = _TOLERATION.fullmatch(text)
    if found is None:
        raise errors.InvalidInputError(
            f"Not a toleration: {text[:100]!r}.", remedy="Write key, key=value or key=value:NoSchedule."
        )
    key, value, effect = found.groups()
    made = {"key": key, "operator": "Exists"} if value is None else {"key": key, "operator": "Equal", "value": value}
    return {**made, "effect": effect} if effect else made

"""What a namespace may use: ``cpu=20,memory=64Gi,pods=50`` as the cluster writes it."""

from __future__ import annotations

import re

from taskcell import errors

_QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_COUNTED = {"pods": "pods", "jobs": "count/jobs.batch", "schedules": "count/cronjobs.batch"}
_RESERVED = {
    "cpu": ("requests.cpu",),
    "memory": ("requests.memory", "limits.memory"),
    "gpu": ("requests.nvidia.com/gpu",),
}
"""Memory is reserved and limited alike by every pod of ours."""


def quota(text: str) -> dict[str, str]:
    """Return the ``hard`` part of a ResourceQuota; raise InvalidInputError, naming what can be limited."""
    hard: dict[str, str] = {}
    for word in text.split(","):
        name, _, amount = (part.strip() for part in word.partition("="))
        if name not in _COUNTED and name not in _RESERVED:
            raise errors.InvalidInputError(
                f"A quota knows no {name[:60]!r}.",
                remedy=f"Choose out of {', '.join((*_RESERVED, *_COUNTED))}: --quota cpu=20,memory=64Gi",
            )
        if not _QUANTITY.fullmatch(amount) or (name in _COUNTED and not amount.isdecimal()):
            raise errors.InvalidInputError(
                f"{amount[:60]!r} is not an amount of {name}.",
                remedy="Write for example: --quota cpu=20,memory=64Gi,pods=50",
            )
        for key in _RESERVED.get(name, (_COUNTED.get(name, ""),)):
            if key in hard:
                raise errors.InvalidInputError(f"The quota says {name} twice.", remedy="Keep one of the two.")
            hard[key] = amount
    return hard

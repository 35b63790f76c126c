"""What a cluster's API server is and can do: its version, its clock, which CronJobs it knows."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache

from taskcell.backends.kubernetes import clients, rights

_CRON_JOBS_STABLE = (1, 21)
_TIME_ZONES = (1, 25)
_POD_SECURITY = (1, 23)
_OLDEST = (1, 20)
"""What the end-to-end tests run on."""


@dataclass(frozen=True, slots=True)
class Server:
    """An API server's version."""

    number: tuple[int, int]
    text: str

    @property
    def batch(self) -> str:
        """Group and version in which it serves CronJobs."""
        return "batch/v1" if self.number >= _CRON_JOBS_STABLE else "batch/v1beta1"

    @property
    def has_time_zones(self) -> bool:
        """Whether a CronJob may name its time zone."""
        return self.number >= _TIME_ZONES

    @property
    def enforces_pod_security(self) -> bool:
        """Whether labels of a namespace enforce the restricted profile."""
        return self.number >= _POD_SECURITY

    @property
    def is_known(self) -> bool:
        """Whether it is as new as those that Taskcell is tested with."""
        return self.number >= _OLDEST


def parsed(major: str, minor: str, text: str) -> Server:
    """Return a version; providers write minor versions such as ``27+``."""
    digits = "".join(character for character in minor if character.isdigit())
    return Server((int(major or 1), int(digits or 0)), text)


@lru_cache(maxsize=8)
def server(cluster: clients.Cluster) -> Server:
    """Ask for the version, once in a process; anybody may."""
    said = cluster.request("GET", "/version").json()
    return parsed(str(said.get("major", "")), str(said.get("minor", "")), str(said.get("gitVersion", "")))


def skew_s(cluster: clients.Cluster) -> float | None:
    """Return how far the server's clock is ahead of this machine's, to a second; None when it doesn't say."""
    before = time.time()
    said = cluster.request("GET", "/version").headers.get("Date", "")
    middle = (before + time.time()) / 2
    with contextlib.suppress(ValueError, TypeError):
        # The header's seconds are cut off, not rounded.
        return parsedate_to_datetime(said).timestamp() + 0.5 - middle
    return None


def may(cluster: clients.Cluster, right: rights.Right, verb: str) -> bool:
    """Ask the server whether we have a right in our namespace."""
    body = rights.review(right, verb, cluster.namespace)
    answer = cluster.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body).json()
    return bool(answer.get("status", {}).get("allowed"))

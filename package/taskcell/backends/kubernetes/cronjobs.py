"""Schedules as CronJobs, and back. The CronJob is the schedule's only record: who removes it, removes the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from taskcell.backends.kubernetes import clients, faults, manifests, naming, servers
from taskcell.model.schedules import Overlap, Schedule, ScheduleState
from taskcell.model.settings import KubernetesSettings

Item = dict[str, Any]

RECORD = f"{naming.PREFIX}/schedule-record"
LATE_S = 600
"""How late a launch may be, after a time without controllers, before it is left out. Unit: seconds."""
KEPT_FAILURES, KEPT_SUCCESSES = 3, 1
_POLICIES = {Overlap.FORBID: "Forbid", Overlap.ALLOW: "Allow", Overlap.REPLACE: "Replace"}


def cron_job(
    schedule: Schedule,
    command: list[str],
    environ: Mapping[str, str],
    webhook: str,
    settings: KubernetesSettings,
    server: servers.Server,
) -> Item:
    """Return the CronJob whose pods launch.

    The server's own dealing with overlaps is about these pods, which live for seconds; what the schedule says of runs is
    seen to by the command.
    """
    labels = {
        **naming.OURS_LABELS,
        **naming.schedule_labels(schedule.project, schedule.name),
        naming.ROLE: naming.LAUNCHER,
        f"{naming.PREFIX}/workflow": naming.label_value(schedule.workflow),
        f"{naming.PREFIX}/user": naming.label_value(schedule.author),
    }
    notes = {f"{naming.PREFIX}/author": schedule.author}
    pod = manifests.launcher_pod([_literal(word) for word in command], environ, webhook, settings)
    spec: Item = {
        "schedule": schedule.cron,
        "concurrencyPolicy": _POLICIES[schedule.overlap],
        "startingDeadlineSeconds": LATE_S,
        "successfulJobsHistoryLimit": KEPT_SUCCESSES,
        "failedJobsHistoryLimit": KEPT_FAILURES,
        "suspend": False,
        "jobTemplate": {
            "metadata": {"labels": labels, "annotations": notes},
            "spec": {
                "backoffLimit": 0,
                "ttlSecondsAfterFinished": settings.ttl_s,
                "template": {"metadata": {"labels": labels, "annotations": notes}, "spec": pod},
            },
        },
    }
    if server.has_time_zones:
        spec["timeZone"] = schedule.time_zone
    return {
        "apiVersion": server.batch,
        "kind": "CronJob",
        "metadata": {
            "name": naming.cron_job(schedule.project, schedule.name),
            "labels": labels,
            "annotations": {**notes, RECORD: msgspec.json.encode(schedule).decode()},
        },
        "spec": spec,
    }


def _literal(word: str) -> str:
    """Return a word that the cluster leaves as it is: ``$(NAME)`` would be replaced."""
    return word.replace("$(", "$$(")


def state_of(item: Item) -> ScheduleState | None:
    """Return the schedule that a CronJob stands for, or None for one that isn't ours."""
    text = (item.get("metadata", {}).get("annotations") or {}).get(RECORD, "")
    try:
        schedule = msgspec.json.decode(text, type=Schedule)
    except (msgspec.DecodeError, TypeError):
        return None
    last = (item.get("status") or {}).get("lastScheduleTime")
    return ScheduleState(
        schedule=schedule,
        paused=bool(item.get("spec", {}).get("suspend")),
        last_at=datetime.fromisoformat(last) if isinstance(last, str) else None,
    )


class CronJobs:
    """The CronJobs of a namespace."""

    def __init__(self, cluster: clients.Cluster) -> None:
        self._cluster = cluster
        self.server = servers.server(cluster)

    def create(self, item: Item, *, dry_run: bool = False) -> None:
        """Create one; raise ApiFaultError with status 409 when there is one of that name."""
        self._cluster.request("POST", self._path(), params={"dryRun": "All"} if dry_run else {}, body=item)

    def all(self) -> list[ScheduleState]:
        """Return all that are ours, in the order of their names."""
        found = self._cluster.request("GET", self._path(), params={"labelSelector": naming.OURS}).json()
        states = [state for state in map(state_of, found["items"]) if state is not None]
        return sorted(states, key=lambda state: (state.schedule.project, state.schedule.name))

    def pause(self, name: str, *, paused: bool) -> None:
        """Let one rest, or go on."""
        kind = "application/merge-patch+json"
        self._cluster.request("PATCH", self._path(name), body={"spec": {"suspend": paused}}, content=kind)

    def delete(self, name: str) -> None:
        """Delete one with its launchers; runs that they launched go on. An absent one is no error."""
        try:
            self._cluster.request("DELETE", self._path(name), body={"propagationPolicy": "Background"})
        except faults.ApiFaultError as exc:
            if exc.status != 404:
                raise

    def _path(self, name: str = "") -> str:
        path = f"/apis/{self.server.batch}/namespaces/{self._cluster.namespace}/cronjobs"
        return f"{path}/{name}" if name else path

"""Names and labels: derived from the run, so that a repeated create is harmless, and valid whatever a user wrote."""

from __future__ import annotations

import re
import unicodedata

from taskcell import errors
from taskcell.hashing import digest_parts
from taskcell.model.runs import Plan

PREFIX = "taskcell"
RUN = f"{PREFIX}/run"
ROLE = f"{PREFIX}/role"
EPOCH = f"{PREFIX}/epoch"
SHAPE = f"{PREFIX}/shape"
SCHEDULE = f"{PREFIX}/schedule"
OURS_LABELS = {"app.kubernetes.io/name": PREFIX, "app.kubernetes.io/managed-by": PREFIX}
OURS = f"app.kubernetes.io/managed-by={PREFIX}"
"""Selector of everything that was made by Taskcell, and of nothing else."""
DRIVER = "driver"
WORKER = "worker"
LAUNCHER = "launcher"
LOOKER = "looker"
CONTAINER = "taskcell"
_LONGEST = 63
_LONGEST_CRON_JOB = 52
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def is_namespace(text: str) -> bool:
    """Whether a text can be a namespace's name."""
    return _NAMESPACE.fullmatch(text) is not None


def driver(run_id: str, epoch: int) -> str:
    """Return the name of the Job of a run's driver."""
    return f"{PREFIX}-{run_id.lower()}-{DRIVER}-{epoch}"


def worker(run_id: str, epoch: int, number: int) -> str:
    """Return the name of the Job of a worker, which is its mailbox's too."""
    return f"{PREFIX}-{run_id.lower()}-{epoch}-{number}"


def of_pods(run_id: str) -> str:
    """Return how the names of all pods of a run begin."""
    return f"{PREFIX}-{run_id.lower()}-"


def namespace(template: str | None, project: str) -> str | None:
    """Return the namespace of a project; raise InvalidInputError when that can't be one's name."""
    if template is None:
        return None
    name = template.replace("{project}", project)
    if not is_namespace(name):
        raise errors.InvalidInputError(
            f"Not a namespace: {name[:100]!r}.", remedy="Use a-z, 0-9 and -, at most 63 characters."
        )
    return name


def cron_job(project: str, schedule: str) -> str:
    """Return the name of a schedule's CronJob: readable, and different for each schedule of each project."""
    digest = digest_parts("schedule", [project.encode(), schedule.encode("utf-8", "surrogatepass")])[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", schedule.lower()).strip("-")
    readable = slug[: _LONGEST_CRON_JOB - len(PREFIX) - len(digest) - 2].strip("-")
    return "-".join(part for part in (PREFIX, readable, digest) if part)


def of_schedule(project: str, schedule: str, role: str) -> str:
    """Return the selector of what belongs to a schedule."""
    return ",".join(f"{key}={value}" for key, value in {**schedule_labels(project, schedule), ROLE: role}.items())


def schedule_labels(project: str, schedule: str) -> dict[str, str]:
    """Return the labels by which what a schedule made is found."""
    return {f"{PREFIX}/project": label_value(project), SCHEDULE: label_value(schedule)}


def of_run(run_id: str, role: str = "") -> str:
    """Return the selector of what belongs to a run."""
    selector = f"{RUN}={run_id.lower()}"
    return f"{selector},{ROLE}={role}" if role else selector


def labels(plan: Plan, role: str) -> dict[str, str]:
    """Return labels by which people and quotas find what belongs to whom."""
    made_by = schedule_labels(plan.project, plan.schedule) if plan.schedule else {}
    return {
        **made_by,
        **OURS_LABELS,
        RUN: plan.run_id.lower(),
        ROLE: role,
        f"{PREFIX}/project": label_value(plan.project),
        f"{PREFIX}/workflow": label_value(plan.workflow),
        f"{PREFIX}/user": label_value(plan.author),
    }


def notes(plan: Plan) -> dict[str, str]:
    """Return in full what labels can only hold in part."""
    return {
        f"{PREFIX}/run-id": plan.run_id,
        f"{PREFIX}/version": f"{plan.workflow}@{plan.version_number}",
        f"{PREFIX}/author": plan.author,
    }


def label_value(text: str) -> str:
    """Return a valid label value: the text itself if it is one, else a readable part of it and a digest.

    Examples
    --------
    >>> label_value("churn")
    'churn'
    >>> label_value("Ana María").startswith("Ana-Maria-")
    True
    """
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", text, re.ASCII) and not _looks_made(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    digest = digest_parts("label", [text.encode("utf-8", "surrogatepass")])[:12]
    readable = slug[: _LONGEST - len(digest) - 1].strip("-")
    return f"{readable}-{digest}" if readable else digest


def _looks_made(text: str) -> bool:
    """Whether a text might be taken for one that this module made from another."""
    return re.fullmatch(r"(.*-)?[0-9a-f]{12}", text) is not None

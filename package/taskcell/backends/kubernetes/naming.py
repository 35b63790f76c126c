"""Names and labels: derived from the run, so that a repeated create is harmless, and valid whatever a user wrote."""

from __future__ import annotations

import re
import unicodedata

from taskcell.hashing import digest_parts
from taskcell.model.runs import Plan

PREFIX = "taskcell"
RUN = f"{PREFIX}/run"
ROLE = f"{PREFIX}/role"
EPOCH = f"{PREFIX}/epoch"
SHAPE = f"{PREFIX}/shape"
DRIVER = "driver"
WORKER = "worker"
CONTAINER = "taskcell"
_LONGEST = 63


def driver(run_id: str, epoch: int) -> str:
    """Return the name of the Job of a run's driver."""
    return f"{PREFIX}-{run_id.lower()}-{DRIVER}-{epoch}"


def worker(run_id: str, epoch: int, number: int) -> str:
    """Return the name of the Job of a worker, which is its mailbox's too."""
    return f"{PREFIX}-{run_id.lower()}-{epoch}-{number}"


def of_run(run_id: str, role: str = "") -> str:
    """Return the selector of what belongs to a run."""
    selector = f"{RUN}={run_id.lower()}"
    return f"{selector},{ROLE}={role}" if role else selector


def labels(plan: Plan, role: str) -> dict[str, str]:
    """Return labels by which people and quotas find what belongs to whom."""
    return {
        "app.kubernetes.io/name": PREFIX,
        "app.kubernetes.io/managed-by": PREFIX,
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

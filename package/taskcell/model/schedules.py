"""Schedules: what is launched again and again, and when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class Overlap(StrEnum):
    """What happens when it is time and the schedule's last run still goes on."""

    FORBID = "forbid"
    """Nothing is launched this time."""
    ALLOW = "allow"
    """Both run."""
    REPLACE = "replace"
    """The old one is cancelled."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A standing order to launch. ``parameters`` are in JSON form."""

    name: str
    project: str
    target: str
    """What is launched, found anew each time: ``churn:prod``."""
    workflow: str
    cron: str
    """Five fields, or ``@daily`` and the like."""
    author: str
    """Whose name is on the runs."""
    store: str
    created_at: datetime
    parameters: dict[str, Any] = {}
    words: dict[str, str] = {}
    """The parameters as a command line has them."""
    time_zone: str = "Etc/UTC"
    overlap: Overlap = Overlap.FORBID
    webhook: str = ""
    """``SECRET/KEY``, or ``URL`` when an address was given as it is. Empty: nobody is told."""


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as it stands in the cluster."""

    schedule: Schedule
    paused: bool
    last_at: datetime | None
    """When it last launched. None: not yet."""

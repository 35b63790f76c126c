"""Tell a webhook that a run failed, and that the next one of its kind succeeded again. ``docs/kubernetes.md`` has the body.

What is told is remembered in the store, a record at each turn of a series (a schedule's runs, or a workflow's others).
Nothing here can fail a run: what can't be told is said in the driver's log.
"""

from __future__ import annotations

import logging
import os
import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from taskcell import errors
from taskcell.model.runs import DriverEnd, Outcome, Plan, RunState
from taskcell.store import linking, paths
from taskcell.store.opening import Store

SCHEMA = "taskcell.notification/1"
TIMEOUT_S = 10.0
DELAYS_S = (1.0, 5.0, 20.0)
"""How long is waited between tries. Unit: seconds."""
LONGEST_SENTENCE = 1000
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|_KEY|WEBHOOK", re.IGNORECASE)
_SHORTEST_SECRET = 6

_log = logging.getLogger(__name__)


Post = Callable[[str, bytes, float], int]
"""Sends a body to a URL once, within a time in seconds; returns the HTTP status, or raises OSError."""
Tell = Callable[[str, bytes], object]
"""Delivers a body to a URL, or doesn't."""


def post(url: str, data: bytes, timeout_s: float) -> int:
    """Send a body once, following no redirection."""
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", "User-Agent": "taskcell"})
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        exc.close()
        return exc.code


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: what was meant for one server is not another's."""


def deliver(url: str, data: bytes, *, send: Post = post, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Send a body, again after failures that may pass; return whether it arrived."""
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname:
        _log.warning("The webhook is not an http or https address: nobody is told.")
        return False
    why = ""
    for delay_s in (*DELAYS_S, None):
        try:
            status = send(url, data, TIMEOUT_S)
        except (OSError, ValueError) as exc:
            status, why = 0, type(exc).__name__
        if 200 <= status < 300:
            return True
        why = f"it answered {status}" if status else why
        if delay_s is None or (status and status < 500 and status not in (408, 425, 429)):
            break
        sleep(delay_s * random.uniform(0.75, 1.25))
    # Only the host: the rest of such an address is often its password.
    _log.warning("The webhook at %s was not told: %s.", place.hostname, why)
    return False


def tell_of_run(store: Store, plan: Plan, url: str, *, tell: Tell = deliver) -> None:
    """Tell of a run that has failed, or succeeded after others of its series had failed."""
    try:
        end = store.records.latest(paths.driver_ends(plan.run_id), DriverEnd)
        if end is None or end[1].state not in (RunState.FAILED, RunState.SUCCEEDED):
            return
        folder = paths.outcomes(plan.workflow, plan.schedule)
        failed = end[1].state is RunState.FAILED
        before = store.records.latest(folder, Outcome)
        failed_before = before is not None and before[1].failed
        if not failed and not failed_before:
            return
        facts: dict[str, Any] = {
            "run": plan.run_id,
            "link": plan.link or linking.run_link(store, plan.run_id),
            "version": f"{plan.workflow}@{plan.version_number}",
            "user": plan.author,
            "sentence": end[1].sentence,
            "launched_at": plan.created_at,
            "ended_at": end[1].ended_at,
        }
        tell(url, body(store, plan.workflow, plan.schedule, failed=failed, facts=facts))
        if failed != failed_before:
            outcome = Outcome(run_id=plan.run_id, failed=failed, ended_at=end[1].ended_at)
            store.records.append(folder, lambda _: outcome)
    except errors.TaskcellError as exc:
        _log.warning("Nobody was told how the run ended: %s", exc)


def tell_of_launch(
    store: Store, workflow: str, schedule: str, user: str, sentence: str, url: str, *, tell: Tell = deliver
) -> None:
    """Tell that a scheduled launch was refused, so that there is no run."""
    now = datetime.now(UTC)
    facts: dict[str, Any] = {"user": user, "sentence": sentence, "launched_at": now, "ended_at": now}
    tell(url, body(store, workflow, schedule, failed=True, facts=facts))
    try:
        outcome = Outcome(run_id="", failed=True, ended_at=now)
        store.records.append(paths.outcomes(workflow, schedule), lambda _: outcome)
    except errors.TaskcellError as exc:
        _log.warning("That the launch failed can't be remembered: %s", exc)


def body(store: Store, workflow: str, schedule: str, *, failed: bool, facts: Mapping[str, Any]) -> bytes:
    """Return what is sent: JSON without parameters, results or anything of the environment."""
    whole = {
        "schema": SCHEMA,
        "event": "failed" if failed else "recovered",
        "workflow": workflow,
        "schedule": schedule or None,
        "project": store.project,
        "run": None,
        "link": None,
        "version": None,
        **facts,
        "sentence": masked(str(facts["sentence"]), os.environ)[:LONGEST_SENTENCE],
    }
    return msgspec.json.encode(whole)


def masked(text: str, environ: Mapping[str, str]) -> str:
    """Return a text in which the values of variables with secrets' names are replaced."""
    for name, value in environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET_NAME.search(name):
            text = text.replace(value, "•••")
    return text

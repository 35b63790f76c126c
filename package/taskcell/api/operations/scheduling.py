"""Schedules: launch what a tag names, again and again, from within the cluster."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from taskcell import errors
from taskcell.api import configuration
from taskcell.api.launches import launching
from taskcell.api.versions import versions
from taskcell.backends import registry
from taskcell.model.schedules import Overlap, Schedule, ScheduleState
from taskcell.model.settings import Settings
from taskcell.model.tasks import Parameter
from taskcell.notebook import parameters as schemas
from taskcell.notebook import quoting
from taskcell.store.opening import Store

if TYPE_CHECKING:
    from taskcell.backends.kubernetes import cronjobs

BACKEND = "kubernetes"
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A schedule that was made, and how the cluster reads its times."""

    schedule: Schedule
    namespace: str
    zone_note: str

    def to_text(self, width: int = 100) -> str:
        """Say what will be launched when, and where to look."""
        made = self.schedule
        return "\n".join(
            [
                f"Schedule {made.name}: launches {made.target} at {made.cron}, {self.zone_note}, as {made.author}.",
                f"  in namespace {self.namespace}, project {made.project}",
                f"  list: taskcell schedules    pause: taskcell schedules pause {made.name}",
            ]
        )

    def to_data(self) -> dict[str, Any]:
        """Return the schedule in JSON form."""
        found: dict[str, Any] = msgspec.to_builtins(self.schedule)
        return {**found, "namespace": self.namespace}


def schedule(
    target: str,
    cron: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    time_zone: str | None = None,
    overlap: str = Overlap.FORBID,
    max_workers: int | None = None,
    webhook: str | None = None,
    store: str | None = None,
    project: str | None = None,
) -> Scheduled:
    """Launch a version again and again, on Kubernetes.

    Parameters
    ----------
    target : str
        ``churn:prod``, found anew each time; or ``churn`` (then the newest), or a fixed ``churn@3``.
    cron : str
        When: five fields of cron.
    parameters : mapping, optional
        Values by parameter name.
    name : str, optional
        The schedule's name. None: ``churn-prod``.
    time_zone : str, optional
        ``Europe/Berlin``; needs Kubernetes 1.25. None: UTC.
    overlap : str
        ``forbid``, ``allow`` or ``replace``: what happens when the last run still goes on.
    max_workers, store, project
        As of ``launch``.
    webhook : str, optional
        Who is told of failures. None: the setting.

    Raises
    ------
    InvalidInputError
        For times, parameters, a zone or a store that can't be, before anything is made.
    NotFoundError
        When there is no such version or tag.
    AlreadyExistsError
        When there is a schedule of that name.
    """
    from taskcell.backends.kubernetes import cronjobs, crons, faults

    where = configuration.store(store=store, project=project)
    settings = _settings(where, max_workers=max_workers, webhook=webhook)
    launching.check_webhook(settings.webhook, has_secrets=True)
    if overlap not in list(Overlap):
        raise errors.InvalidInputError(
            f"There is no overlap {overlap[:40]!r}.", remedy=f"Choose out of: {', '.join(Overlap)}."
        )
    times = crons.checked(cron)
    version = _version(where, target)
    workflow = versions.workflow(where, version)
    launching.check(workflow.parameters, parameters or {}, {})
    runner = registry.backend(BACKEND)
    settings = runner.check(where.url, settings, [task.options for task in workflow.tasks])
    place = _cron_jobs(settings)
    made = Schedule(
        name=_name(name, target),
        project=where.project,
        target=target,
        workflow=version.workflow,
        cron=times,
        author=configuration.user(),
        store=where.url,
        created_at=datetime.now(UTC),
        parameters=_shown(workflow.parameters, parameters or {}),
        words=_words(workflow.parameters, parameters or {}),
        time_zone=_zone(time_zone, place.server.has_time_zones, place.server.text),
        overlap=Overlap(overlap),
        webhook=_told(settings.webhook),
    )
    item = cronjobs.cron_job(
        made,
        _command(made, settings),
        _environ(where, made, settings),
        settings.webhook or "",
        settings.kubernetes,
        place.server,
    )
    try:
        place.create(item, dry_run=True)
        place.create(item)
    except faults.ApiFaultError as exc:
        if exc.status == 409 or exc.reason == "AlreadyExists":
            raise errors.AlreadyExistsError(
                f"There is a schedule {made.name!r} already.",
                remedy=f"Give this one another --name, or remove that one: taskcell schedules remove {made.name}",
            ) from exc
        raise
    note = made.time_zone if place.server.has_time_zones and time_zone else "in UTC"
    return Scheduled(schedule=made, namespace=settings.kubernetes.namespace or "", zone_note=note)


def schedules(*, store: str | None = None, project: str | None = None) -> list[ScheduleState]:
    """Return the schedules of the project's namespace; those of other projects that share it are left out."""
    where = configuration.store(store=store, project=project)
    return [state for state in _cron_jobs(_settings(where)).all() if state.schedule.project == where.project]


def pause(name: str, *, paused: bool = True, store: str | None = None, project: str | None = None) -> None:
    """Let a schedule rest, or with ``paused=False`` go on; raise NotFoundError."""
    place, item = _found(name, store, project)
    place.pause(item, paused=paused)


def remove(name: str, *, store: str | None = None, project: str | None = None) -> None:
    """Remove a schedule; what it launched goes on. Raise NotFoundError."""
    place, item = _found(name, store, project)
    place.delete(item)


def _found(name: str, store: str | None, project: str | None) -> tuple[cronjobs.CronJobs, str]:
    """Return where a schedule is, and its CronJob's name."""
    from taskcell.backends.kubernetes import naming

    where = configuration.store(store=store, project=project)
    place = _cron_jobs(_settings(where))
    known = [state.schedule.name for state in place.all() if state.schedule.project == where.project]
    if name not in known:
        listed = f"There are: {', '.join(known[:20])}." if known else "There is none in this project."
        raise errors.NotFoundError(
            f"There is no schedule {quoting.shortened(name)!r}.",
            remedy=f"{quoting.did_you_mean(name, known)} {listed}".strip(),
        )
    return place, naming.cron_job(where.project, name)


def _settings(where: Store, **given: Any) -> Settings:
    return configuration.settings(backend=BACKEND, project=where.project, **given)


def _cron_jobs(settings: Settings) -> cronjobs.CronJobs:
    from taskcell.backends.kubernetes import clients, cronjobs, naming

    mine = settings.kubernetes
    return cronjobs.CronJobs(clients.cluster(mine.context, naming.namespace(mine.namespace, settings.project)))


def _version(where: Store, target: str) -> Any:
    if target.endswith(".ipynb"):
        raise errors.InvalidInputError(
            "A schedule launches a version, not a file on this machine.",
            remedy=f"Store one and give it a tag: taskcell snapshot {target}; taskcell tag NAME prod",
        )
    return versions.find(where, target)


def _name(name: str | None, target: str) -> str:
    found = name if name is not None else target.replace(":", "-").replace("@", "-")
    if not found.strip() or len(found) > _LONGEST_NAME or not found.isprintable():
        raise errors.InvalidInputError(
            f"{quoting.shortened(found)!r} can't be a schedule's name.",
            remedy=f"Use 1 to {_LONGEST_NAME} characters that can be printed: --name nightly",
        )
    return found


def _zone(name: str | None, is_supported: bool, server: str) -> str:
    if name is None:
        return "Etc/UTC"
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise errors.InvalidInputError(
            f"There is no time zone {name[:60]!r}.", remedy="Write for example --time-zone Europe/Berlin"
        ) from exc
    if not is_supported and name not in ("UTC", "Etc/UTC"):
        raise errors.InvalidInputError(
            f"This cluster ({server}) knows no time zones: they came with Kubernetes 1.25.",
            remedy="Leave --time-zone out and give the times in UTC.",
        )
    return name


def _told(webhook: str | None) -> str:
    """Return what may be seen of a webhook."""
    return "" if not webhook else "URL" if "://" in webhook else webhook


def _shown(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        parameter = schemas.find_parameter(parameters, name)
        found[parameter.name] = schemas.to_json(parameter, schemas.check_value(parameter, value))
    return found


def _words(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, str]:
    """Return values as a command line has them; raise InvalidInputError for one that would not come back the same."""
    found = {}
    for name, shown in _shown(parameters, given).items():
        parameter = schemas.find_parameter(parameters, name)
        text = shown if isinstance(shown, str) else msgspec.json.encode(shown).decode()
        if schemas.to_json(parameter, schemas.parse_text(parameter, text)) != shown:
            raise errors.InvalidInputError(
                f"The value of {name!r} has no form on a command line.", remedy="Make it the parameter's default."
            )
        found[name] = text
    return found


def _command(made: Schedule, settings: Settings) -> list[str]:
    words = [settings.kubernetes.python, "-P", "-m", "taskcell", "launch", made.target, "--backend", BACKEND]
    words += [word for name, text in made.words.items() for word in ("-p", f"{name}={text}")]
    if settings.max_workers is not None:
        words += ["--workers", str(settings.max_workers)]
    return [*words, "--schedule", made.name, "--overlap", made.overlap]


def _environ(where: Store, made: Schedule, settings: Settings) -> dict[str, str]:
    """Return the settings of whoever makes the schedule, for the pods that launch."""
    kubernetes = msgspec.structs.replace(settings.kubernetes, context=None)
    trusted = (where.url,) if configuration.trusts(settings, where) else ()
    chosen = msgspec.structs.replace(
        settings,
        store=where.url,
        project=where.project,
        user=made.author,
        trusted_stores=trusted,
        max_workers=None,
        cache_budget_bytes=None,
        workflow=None,
        kubernetes=kubernetes,
    )
    return configuration.variables(chosen)

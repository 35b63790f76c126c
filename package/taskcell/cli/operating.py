"""Verbs of running on a cluster: schedule, schedules, image, kubernetes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taskcell import errors
from taskcell.cli import arguments
from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb

if TYPE_CHECKING:
    from taskcell.model.schedules import ScheduleState

OVERLAPS = ("forbid", "allow", "replace")


def _schedule_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", help="what is launched, found anew each time: churn:prod, churn, or a fixed churn@3")
    parser.add_argument("--cron", required=True, metavar="TIMES", help='five fields of cron: "0 6 * * *"')
    parser.add_argument(
        "-p", "--parameter", action="append", metavar="NAME=VALUE", help="a parameter's value; repeatable"
    )
    parser.add_argument("--name", help="the schedule's name; else churn-prod")
    parser.add_argument("--time-zone", metavar="ZONE", help="Europe/Berlin; else UTC; needs Kubernetes 1.25")
    parser.add_argument("--overlap", choices=OVERLAPS, default="forbid", help="when the last run still goes on")
    parser.add_argument("--workers", type=int, metavar="N", help="pods at once")
    parser.add_argument("--webhook", metavar="SECRET/KEY", help="who is told of failures; else the setting webhook")


def _schedule(args: argparse.Namespace) -> object:
    from taskcell.api import configuration
    from taskcell.api.operations import scheduling
    from taskcell.api.versions import versions
    from taskcell.notebook import parameters

    given: dict[str, Any] = {}
    texts = arguments.pairs(args.parameter, "-p")
    if texts and not args.target.endswith(".ipynb"):
        store = configuration.store(**where(args))
        schema = versions.parameters(store, versions.find(store, args.target))
        for name, text in texts.items():
            parameter = parameters.find_parameter(schema, name)
            given[parameter.name] = parameters.parse_text(parameter, text)
    return scheduling.schedule(
        args.target,
        args.cron,
        given,
        name=args.name,
        time_zone=args.time_zone,
        overlap=args.overlap,
        max_workers=args.workers,
        webhook=args.webhook,
        **where(args),
    )


def _schedules_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("list", "pause", "resume", "remove"), default="list", help="else they are listed"
    )
    parser.add_argument("name", nargs="?", help="the schedule that is paused, resumed or removed")


def _schedules(args: argparse.Namespace) -> object:
    from taskcell.api.operations import scheduling

    if args.action == "list":
        return Schedules(scheduling.schedules(**where(args)))
    if args.name is None:
        raise errors.InvalidInputError(
            f"Which schedule is it that you {args.action}?", remedy=f"Write: taskcell schedules {args.action} NAME"
        )
    if args.action == "remove":
        scheduling.remove(args.name, **where(args))
        return f"Schedule {args.name} is removed; what it launched goes on."
    scheduling.pause(args.name, paused=args.action == "pause", **where(args))
    rests = f"rests until: taskcell schedules resume {args.name}"
    return f"Schedule {args.name} {rests if args.action == 'pause' else 'goes on'}."


class Schedules:
    """Schedules as a table."""

    def __init__(self, states: list[ScheduleState]) -> None:
        self.states = states

    def to_text(self, width: int = 100) -> str:
        """Return a line for each."""
        from datetime import UTC, datetime

        from taskcell.views import columns, words

        if not self.states:
            return 'There are no schedules. Make one with: taskcell schedule churn:prod --cron "0 6 * * *"'
        now = datetime.now(UTC)
        heads = ("name", "launches", "at", "zone", "state", "last", "by")
        rows = [
            (
                state.schedule.name,
                " ".join([state.schedule.target, *(f"{name}={text}" for name, text in state.schedule.words.items())]),
                state.schedule.cron,
                state.schedule.time_zone.removeprefix("Etc/"),
                "paused" if state.paused else "active",
                words.age(state.last_at, now) if state.last_at else "not yet",
                state.schedule.author,
            )
            for state in self.states
        ]
        return "\n".join(columns.table([columns.Column(title=head) for head in heads], rows, width))

    def to_data(self) -> list[dict[str, Any]]:
        """Return the schedules in JSON form."""
        import msgspec

        found: list[dict[str, Any]] = msgspec.to_builtins(self.states)
        return found

    def __repr__(self) -> str:
        return self.to_text()


def _image_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", help="the version: churn@3, churn:prod")
    parser.add_argument("--base", metavar="IMAGE", help="image to start from, best with a digest; else Python's own")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="where to write; else churn-3-image")
    parser.add_argument("--name", metavar="NAME", help="name of the image; else churn:3")
    parser.add_argument("--build", action="store_true", help="build it with docker, podman, buildah or nerdctl")


def _image(args: argparse.Namespace) -> object:
    from taskcell.api.operations import images

    return images.image(args.ref, base=args.base, output=args.output, name=args.name, build=args.build, **where(args))


def _kubernetes_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("manifest",), help="print what an administrator applies")
    parser.add_argument("--namespace", metavar="NAME", help="the project's namespace; else the setting, else taskcell")
    parser.add_argument("--quota", metavar="LIST", help="what it may use: cpu=20,memory=64Gi,gpu=2,pods=50")
    parser.add_argument("--limits", action="store_true", help="amounts for containers that state none")
    parser.add_argument("--user", action="append", metavar="NAME", help="who may launch; repeatable")
    parser.add_argument("--group", action="append", metavar="NAME", help="a group that may launch; repeatable")


def _kubernetes(args: argparse.Namespace) -> object:
    from taskcell.api import configuration
    from taskcell.backends.kubernetes import namespaces, naming, quantities

    place = where(args)
    settings = configuration.settings(**place)
    template = args.namespace or settings.kubernetes.namespace or "taskcell"
    request = namespaces.Request(
        namespace=naming.namespace(template, settings.project) or template,
        project=settings.project,
        store=settings.store,
        quota=quantities.quota(args.quota) if args.quota else None,
        limits=args.limits,
        users=tuple(args.user or ()),
        groups=tuple(args.group or ()),
    )
    return namespaces.text(request, settings.kubernetes)


VERBS = (
    Verb(
        name="schedule",
        help="launch a version again and again, from within the cluster",
        add_arguments=_schedule_arguments,
        run=_schedule,
        details='Example: taskcell schedule churn:prod --cron "0 6 * * *" -p month=2\n'
        "The tag is looked up at each launch. Times are UTC unless --time-zone says otherwise.",
    ),
    Verb(
        name="schedules",
        help="list schedules; pause, resume or remove one",
        add_arguments=_schedules_arguments,
        run=_schedules,
    ),
    Verb(
        name="image",
        help="write the definition of an image for a version, and build it",
        add_arguments=_image_arguments,
        run=_image,
    ),
    Verb(
        name="kubernetes",
        help="print what an administrator applies for a project's namespace",
        add_arguments=_kubernetes_arguments,
        run=_kubernetes,
        details="Example: taskcell kubernetes manifest --namespace churn --quota cpu=20,memory=64Gi | kubectl apply -f -\n"
        "It holds no secret; its comments say how the store's is made.",
    ),
)

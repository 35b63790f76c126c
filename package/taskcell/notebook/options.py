"""The flags of a ``%%task`` line: one table from which they are parsed and explained.

A table of our own rather than argparse, which abbreviates, exits and words its errors for a shell.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from taskcell import errors
from taskcell.model.tasks import Isolation, TaskOptions
from taskcell.notebook import names, quoting

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_DURATION = re.compile(rf"(?:({_NUMBER})(d|h|m|s|ms))+")
_DURATION_PART = re.compile(rf"({_NUMBER})(d|h|ms|m|s)")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_CPU = re.compile(rf"({_NUMBER})(m?)")
_MEMORY = re.compile(rf"({_NUMBER})\s?([KMGT]?)(i?)B?", re.IGNORECASE)
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,254}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_OBJECT = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_KEY = rf"(?:{_OBJECT}/)?{_LABEL}"
_TOLERATION = re.compile(rf"{_KEY}(?:=(?:{_LABEL})?)?(?::(?:NoSchedule|PreferNoSchedule|NoExecute))?", re.ASCII)
_LONGEST_POD = 10_000
_LEAST_MEMORY = 2**20
_MOST = 2**53


class _BadValueError(Exception):
    """What a flag expects, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag: how it is written, what it sets, how it is read. ``metavar`` empty: it takes no value."""

    name: str
    field: str
    metavar: str
    help: str
    parse: Callable[[str], Any]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,20}", text, re.ASCII) or not least <= int(text) <= most:
            raise _BadValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def _duration(least: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        expected = "a time such as 30, 5s, 10m, 1h30m"
        if re.fullmatch(_NUMBER, text, re.ASCII):
            seconds = float(text)
        elif _DURATION.fullmatch(text):
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text))
        else:
            raise _BadValueError(expected)
        if not least <= seconds <= _SECONDS["d"] * 366:
            raise _BadValueError(f"{expected}, at least {least:g} s and at most a year")
        return seconds

    return parse


def _cpu(text: str) -> float:
    found = _CPU.fullmatch(text)
    cores = float(found[1]) / (1000 if found[2] else 1) if found else 0.0
    if not 0.001 <= cores <= 100_000:
        raise _BadValueError("a number of cores such as 2, 0.5 or 500m, more than 0")
    return cores


def _memory(text: str) -> int:
    found = _MEMORY.fullmatch(text)
    size = 0.0
    if found and not (found[3] and not found[2]):
        size = float(found[1]) * (1024 if found[3] else 1000) ** " KMGT".index(found[2].upper() or " ")
    if not math.isfinite(size) or not _LEAST_MEMORY <= size <= _MOST:
        raise _BadValueError("a size such as 512M, 1.5GB or 2Gi, at least 1Mi")
    return round(size)


def _image(text: str) -> str:
    if not text or len(text) > 512 or text.startswith("-") or not text.isprintable() or " " in text:
        raise _BadValueError("a container image such as ghcr.io/team/image:1.2")
    return text


def _map(text: str) -> str:
    reason = names.fault(text)
    if reason:
        raise _BadValueError("the name of an input")
    return names.normal(text)


def _pairs(names_re: str, values_re: str, expected: str) -> Callable[[str], tuple[tuple[str, str], ...]]:
    pair = re.compile(f"({names_re})=({values_re})", re.ASCII)

    def parse(text: str) -> tuple[tuple[str, str], ...]:
        found = [pair.fullmatch(part.strip()) for part in text.split(",")]
        named = {match[1]: match[2] for match in found if match}
        if len(named) < len(found):
            raise _BadValueError(f"{expected}; several with commas between, each name once")
        return tuple(named.items())

    return parse


def _tolerations(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(","))
    if not all(_TOLERATION.fullmatch(part) for part in found):
        raise _BadValueError("taints such as gpu, spot=yes or spot=yes:NoSchedule; several with commas between")
    return found


def _queue(text: str) -> str:
    if not re.fullmatch(_LABEL, text, re.ASCII):
        raise _BadValueError("the name of a queue: a-z, 0-9, - and ., at most 63 characters")
    return text


def _pod(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found or len(text) > _LONGEST_POD:
        raise _BadValueError("""a part of a pod's spec as JSON, such as '{"priorityClassName": "low"}'""")
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def _isolation(text: str) -> Isolation:
    try:
        return Isolation(text)
    except ValueError:
        raise _BadValueError("process or kernel") from None


FLAGS: tuple[Flag, ...] = (
    Flag(
        name="--retries",
        field="retries",
        metavar="N",
        help="further attempts after a failed one",
        parse=_whole(0, 1000),
    ),
    Flag(
        name="--retry-delay",
        field="retry_delay_s",
        metavar="TIME",
        help="wait before the first retry, doubled for each further one (5s, 1m)",
        parse=_duration(0.0),
    ),
    Flag(
        name="--timeout",
        field="timeout_s",
        metavar="TIME",
        help="wall time of one attempt (90s, 10m, 2h; plain numbers are seconds)",
        parse=_duration(0.001),
    ),
    Flag(name="--cpu", field="cpu_cores", metavar="N", help="cores reserved (2, 500m)", parse=_cpu),
    Flag(
        name="--memory",
        field="memory_bytes",
        metavar="SIZE",
        help="memory reserved (512M, 1.5GB, 2Gi)",
        parse=_memory,
    ),
    Flag(name="--gpu", field="gpu_count", metavar="N", help="accelerators reserved", parse=_whole(0, 1024)),
    Flag(
        name="--image",
        field="image",
        metavar="IMAGE",
        help="container image, for backends that use one",
        parse=_image,
    ),
    Flag(
        name="--disk",
        field="disk_bytes",
        metavar="SIZE",
        help="scratch space (20Gi), on kubernetes",
        parse=_memory,
    ),
    Flag(
        name="--node",
        field="node_selector",
        metavar="LABEL=VALUE",
        help="labels that the node must have, on kubernetes",
        parse=_pairs(_KEY, rf"(?:{_LABEL})?", "labels such as disk=ssd"),
    ),
    Flag(
        name="--tolerate",
        field="tolerations",
        metavar="TAINT",
        help="taints of nodes that it may run on (spot=yes:NoSchedule), on kubernetes",
        parse=_tolerations,
    ),
    Flag(
        name="--env",
        field="env",
        metavar="NAME=VALUE",
        help="environment variables, on kubernetes; nothing secret",
        parse=_pairs(_VARIABLE, r"[^,]*", "variables such as MODE=fast"),
    ),
    Flag(
        name="--secret",
        field="secrets",
        metavar="NAME=SECRET/KEY",
        help="environment variables from the cluster's secrets, on kubernetes",
        parse=_pairs(_VARIABLE, rf"{_OBJECT}/[A-Za-z0-9._-]+", "references such as TOKEN=api/token"),
    ),
    Flag(
        name="--queue",
        field="queue",
        metavar="NAME",
        help="Kueue queue that admits it, on kubernetes",
        parse=_queue,
    ),
    Flag(
        name="--pod",
        field="pod",
        metavar="JSON",
        help="part of a pod's spec, merged into that of its pods, on kubernetes",
        parse=_pod,
    ),
    Flag(
        name="--own-pod",
        field="share",
        metavar="",
        help="a pod for each attempt, in which nothing else ran, on kubernetes",
        parse=lambda text: False,
    ),
    Flag(
        name="--no-cache",
        field="cache",
        metavar="",
        help="always execute, never take a result from the cache",
        parse=lambda text: False,
    ),
    Flag(
        name="--map",
        field="map_over",
        metavar="NAME",
        help="run once for each element of this input and gather the outputs in order",
        parse=_map,
    ),
    Flag(
        name="--seed",
        field="seed",
        metavar="N",
        help="seed of random and numpy.random, set before the body",
        parse=_whole(0, 2**32 - 1),
    ),
    Flag(
        name="--isolation",
        field="isolation",
        metavar="KIND",
        help="process (forked, fast) or kernel (a Jupyter kernel of its own)",
        parse=_isolation,
    ),
)
_BY_NAME = {flag.name: flag for flag in FLAGS}
USAGE = "%%task [NAME] [(INPUT, …)] [-> OUTPUT, …] " + " ".join(
    f"[{flag.name} {flag.metavar}]" if flag.metavar else f"[{flag.name}]" for flag in FLAGS
)


def find_flag(word: str) -> Flag:
    """Return the flag of that name; a misspelt one is refused with the nearest and the usage."""
    flag = _BY_NAME.get(word)
    if flag is None:
        hint = quoting.did_you_mean(word, _BY_NAME)
        raise errors.DefinitionError(
            f"%%task has no option {quoting.shown(word)}.",
            remedy=f"{hint}\nUsage: {USAGE}".strip(),
        )
    return flag


def parse_options(given: Sequence[tuple[Flag, str]]) -> TaskOptions:
    """Return the options that flags and their texts state."""
    fields: dict[str, Any] = {}
    for flag, text in given:
        if flag.field in fields:
            raise errors.DefinitionError(f"Option {flag.name} is given twice.", remedy="Keep one of the two.")
        try:
            fields[flag.field] = flag.parse(text)
        except _BadValueError as exc:
            raise errors.DefinitionError(
                f"Option {flag.name} can't be {quoting.shown(text)}.", remedy=f"Give {exc}."
            ) from None
    return TaskOptions(**fields)


def options_help() -> str:
    """Return one line for each flag."""
    left = [f"{flag.name} {flag.metavar}".strip() for flag in FLAGS]
    width = max(map(len, left))
    return "\n".join(f"  {text:<{width}}  {flag.help}" for text, flag in zip(left, FLAGS, strict=True))

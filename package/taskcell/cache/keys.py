"""Build the cache key of one task run: a digest of named parts, each of which can be shown to a user."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from taskcell.hashing import Digest, digest_parts
from taskcell.model.caching import CacheKey, KeyPart
from taskcell.model.tasks import InputKind, Task

KEY_FORMAT = "taskcell.key/1"
"""Part of every key: a change of meaning gets a new name, and with it new keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDigest:
    """An input's content, as it enters a key. ``label`` is a short text for people."""

    digest: Digest
    label: str = ""


def interpreter() -> str:
    """Return implementation and minor version of the running interpreter: ``cpython 3.11``."""
    return f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"


def task_key(
    task: Task,
    inputs: Mapping[str, InputDigest],
    *,
    installed: Callable[[str], str | None],
) -> CacheKey:
    """Return the key of a task for given inputs.

    Parameters
    ----------
    task
        The task with everything that it reaches.
    inputs
        Content of each input, by name; for a mapped input, of the one element.
    installed
        Version of a distribution in the environment that executes the task; ``None`` when it is not installed.

    Notes
    -----
    Not part of a key: the task's name, comments and formatting, resources, retries, the time and the machine.
    Distributions count with the version that is installed where the task executes, which may differ from the
    version that was recorded with a snapshot.
    """
    parts = sorted(_parts(task, inputs, installed), key=attrgetter("name"))
    digest = digest_parts(KEY_FORMAT, (text for part in parts for text in (part.name, part.digest)))
    return CacheKey(digest=digest, parts=tuple(parts))


def _parts(task: Task, inputs: Mapping[str, InputDigest], installed: Callable[[str], str | None]) -> Iterator[KeyPart]:
    yield KeyPart(name="code", digest=task.code)
    yield _text_part("interpreter", interpreter())
    yield _names_part("outputs", task.outputs)
    for wanted in task.inputs:
        given = inputs[wanted.name]
        kind = "parameter" if wanted.kind is InputKind.PARAMETER else "input"
        yield KeyPart(name=f"{kind}:{wanted.name}", digest=given.digest, label=given.label)
    for capture in task.captures:
        label = capture.artifact.preview if capture.artifact else ""
        yield KeyPart(name=f"{capture.kind}:{capture.name}", digest=capture.digest, label=label)
    for name in dict.fromkeys(name for name, _ in task.distributions):
        yield _text_part(f"package:{name}", installed(name) or "not installed")
    if task.options.seed is not None:
        own = "" if task.options.map_over is None else ", one of its own for each element"
        yield _text_part("option:seed", f"{task.options.seed}{own}")
    if task.options.map_over is not None:
        yield _text_part("option:map", task.options.map_over)


@lru_cache(maxsize=4096)
def _text_part(name: str, text: str) -> KeyPart:
    return KeyPart(name=name, digest=digest_parts("text", [text]), label=text)


@lru_cache(maxsize=4096)
def _names_part(name: str, names: tuple[str, ...]) -> KeyPart:
    return KeyPart(name=name, digest=digest_parts("names", names), label=", ".join(names))

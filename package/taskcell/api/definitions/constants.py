"""Values of constants from their source: literals and pure constructors, executed in a namespace of their own."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from taskcell import analysis, errors
from taskcell.hashing import Digest, digest_parts
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.tasks import Capture, CaptureKind
from taskcell.store import codecs
from taskcell.store.contracts import BlobSink

_numbers = itertools.count()


@contextmanager
def _findable(captures: tuple[Capture, ...]) -> Iterator[dict[str, str]]:
    """Let sources be found while functions are digested, as a kernel lets a cell's be; yield texts by file name.

    A function counts by its source where that is known, else by its compiled code: so the function that a constant
    holds would have another digest here than in the kernel.
    """
    sources = [each.source for each in captures if each.source and each.kind is not CaptureKind.MODULE]
    files = {f"<constant {next(_numbers)}>": source for source in sources}
    for file, source in files.items():
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        yield files
    finally:
        for file in files:
            linecache.cache.pop(file, None)


def _evaluate(name: str, files: Mapping[str, str]) -> object:
    namespace: dict[str, object] = {"__name__": "__constants__"}
    try:
        for file, source in files.items():
            exec(compile(source, file, "exec", dont_inherit=True), namespace)  # pure by analysis
        return namespace[name]
    except NameError as exc:
        raise errors.DefinitionError(
            f"The constant {name!r} reads {exc.name!r}, which has no value before the notebook runs.",
            remedy="A parameter, or what a task makes, is read in tasks: compute it in one.",
        ) from exc
    except Exception as exc:
        raise errors.DefinitionError(
            f"The constant {name!r} can't be evaluated: {type(exc).__name__}: {exc}.",
            remedy="Correct its assignment, or run the notebook and use %snapshot there.",
        ) from exc


def digest(name: str, scope: Mapping[str, analysis.Definition]) -> Digest | None:
    """Return the digest of a constant's value by its assignment, or None when it can't be digested."""
    captures = analysis.reach([name], scope).captures
    return _digest(name, digest_parts("constant", [item.digest for item in captures]), captures)


@lru_cache(maxsize=1024)
def _digest(name: str, identity: Digest, captures: tuple[Capture, ...]) -> Digest | None:
    try:
        with _findable(captures) as files:
            return digest_value(_evaluate(name, files))
    except (errors.UnstorableError, errors.DefinitionError):
        return None


def artifact(name: str, scope: Mapping[str, analysis.Definition], sink: BlobSink | None = None) -> Artifact:
    """Return a constant's value as an artifact; stored when a sink is given, only digested otherwise.

    Raises
    ------
    DefinitionError
        When its assignment can't be evaluated.
    """
    captures = analysis.reach([name], scope).captures
    with _findable(captures) as files:
        value = _evaluate(name, files)
        if sink is not None:
            return codecs.encode(value, sink)
        return Artifact(digest=digest_value(value), codec="", type=type(value).__qualname__)

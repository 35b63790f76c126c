"""Values of constants from their source: literals and pure constructors, executed in a namespace of their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from taskcell import analysis, errors
from taskcell.hashing import Digest, digest_parts
from taskcell.hashing.values import digest_value
from taskcell.model.artifacts import Artifact
from taskcell.model.tasks import Capture
from taskcell.store import codecs
from taskcell.store.contracts import BlobSink


def evaluate(name: str, scope: Mapping[str, analysis.Definition]) -> object:
    """Return the value that a constant's assignment gives; raise DefinitionError when it can't be evaluated."""
    reach = analysis.reach([name], scope)
    return _evaluate(name, reach.captures)


def _evaluate(name: str, captures: tuple[Capture, ...]) -> object:
    namespace: dict[str, object] = {"__name__": "__constants__"}
    try:
        for capture in captures:
            if not capture.source or capture.kind == "module":
                continue
            exec(compile(capture.source, f"<{capture.name}>", "exec"), namespace)  # pure by analysis
        return namespace[name]
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
        return digest_value(_evaluate(name, captures))
    except (errors.UnstorableError, errors.DefinitionError):
        return None


def artifact(name: str, scope: Mapping[str, analysis.Definition], sink: BlobSink | None = None) -> Artifact:
    """Return a constant's value as an artifact; stored when a sink is given, only digested otherwise."""
    value = evaluate(name, scope)
    if sink is not None:
        return codecs.encode(value, sink)
    return Artifact(digest=digest_value(value), codec="", type=type(value).__qualname__)

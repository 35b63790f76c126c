"""``@taskcell.task``: a function whose calls are cached by content.

A call at the top level of a notebook cell, with names for arguments, is also a task of the notebook's workflow:
``model, mae = train(month_flights, learning_rate)``. Anywhere else the function is cached, and nothing more.
"""

from __future__ import annotations

import functools
import inspect
import os
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, ParamSpec, TypeVar, overload

import msgspec

from taskcell import analysis, environment, errors
from taskcell.api import configuration
from taskcell.api.calls import function_sources, reached
from taskcell.api.kernels import outcomes
from taskcell.api.runs import run_ids
from taskcell.cache import keys
from taskcell.cache.results import Results
from taskcell.hashing import passes
from taskcell.hashing.tokens import Node
from taskcell.hashing.values import digest_value, register
from taskcell.model.caching import CacheEntry, CacheKey
from taskcell.model.settings import Settings
from taskcell.model.tasks import CaptureKind, InputKind, Task, TaskInput, TaskOptions
from taskcell.store import codecs
from taskcell.store.opening import Store

P = ParamSpec("P")
R = TypeVar("R")

_RESULT = "result"


class CachedFunction(Generic[P, R]):
    """A function whose results are kept in the store and taken from it.

    ``last`` is the outcome of the newest call in this process.
    """

    def __init__(self, function: Callable[P, R], options: TaskOptions) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._options = options
        self._inner: Any = inspect.unwrap(function)
        self._defaults = _defaults(self._inner)
        self._signature = inspect.signature(function)
        self._source = function_sources.source_of(function, task)
        self._reached = reached.Reached(function, self._source.meaning, self)
        self._inputs = tuple(TaskInput(name=name, kind=InputKind.VALUE) for name in self._signature.parameters)
        self.last: outcomes.Outcome | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the function's result, from the cache when nothing that may change it has changed."""
        clock = time.perf_counter()
        settings = configuration.settings()
        where = configuration.store_of(settings)
        arguments = self._bound(args, kwargs)
        task = self._task()
        analysis.note_modules(task.captures)
        key, reason = self._key(task, arguments)
        results = Results(where)
        readable = self._options.cache and os.environ.get("TASKCELL_READ_CACHE") != "0"
        entry = results.find(key.digest) if key is not None and readable else None
        if entry is not None:
            try:
                value: R = self._load(where, entry, settings)
            except errors.UntrustedError:
                entry = None
            else:
                self._note(task, key, entry.outputs, clock, cached=True, run_id=entry.run_id)
                return value
        if key is None:
            _warn(f"{self._function.__qualname__} is not cached: {reason}", 3)
        return self._execute(where, task, key, arguments, args, kwargs, clock)

    def __repr__(self) -> str:
        """Say which function it is."""
        return f"<task {self._function.__qualname__}{self._signature}>"

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind as a method: the instance counts as an argument."""
        bound: Any = functools.partial
        return self if instance is None else bound(self, instance)

    @property
    def uncached(self) -> Callable[P, R]:
        """The function itself."""
        return self._function

    def _bound(self, args: Any, kwargs: Any) -> dict[str, Any]:
        defaults = _defaults(self._inner)
        if not _identical(defaults, self._defaults):  # assigned since: what the call will use is what counts
            self._defaults, self._signature = defaults, inspect.signature(self._function)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def _task(self) -> Task:
        captures, distributions = self._reached.captures()
        return Task(
            name=self._function.__name__,
            body=self._source.text,
            code=analysis.code_digest(self._source.meaning),
            inputs=self._inputs,
            outputs=(_RESULT,),
            captures=captures,
            distributions=distributions,
            options=self._options,
            stated=True,
        )

    def _key(self, task: Task, arguments: Mapping[str, Any]) -> tuple[CacheKey | None, str]:
        """Return the key of a call, or None and why there is none."""
        for capture in task.captures:
            if capture.kind is CaptureKind.VALUE and not capture.digest:
                return None, f"{capture.name!r}, which it reaches, can't be digested"
        try:
            inputs = {name: keys.InputDigest(digest=digest_value(value)) for name, value in arguments.items()}
        except errors.UnstorableError as exc:
            return None, exc.message
        return keys.task_key(task, inputs, installed=environment.installed_version), ""

    def _load(self, where: Store, entry: CacheEntry, settings: Settings) -> Any:
        artifact = entry.outputs[_RESULT]
        trusted = configuration.trusts(settings, where)
        return codecs.decode(artifact, where.blobs, trusted=trusted, namespace=self._reached.outside)

    def _execute(
        self,
        where: Store,
        task: Task,
        key: CacheKey | None,
        arguments: Mapping[str, Any],
        args: Any,
        kwargs: Any,
        clock: float,
    ) -> R:
        stale = analysis.stale_modules(task.captures) if key is not None else ()
        if stale:
            _warn(f"{self._function.__qualname__} is not cached: {_older(stale)}", 4)
            key = None
        started = time.perf_counter()
        value = self._function(*args, **kwargs)
        took = time.perf_counter() - started
        with passes.one_pass():
            changed = [] if key is None else _changed(key, arguments)
            artifact = codecs.encode(value, where.blobs)
        if changed:
            _warn(f"{self._function.__qualname__} changed its argument {changed[0]!r} in place: not cached", 4)
            key = None
        outputs = {_RESULT: artifact}
        run_id = _process_run_id()
        if key is not None and self._options.cache:
            entry = CacheEntry(
                key=key.digest,
                parts=key.parts,
                task_name=task.name,
                task=where.blobs.put(msgspec.json.encode(task))[0],
                outputs=outputs,
                run_id=run_id,
                author=configuration.user(),
                created_at=datetime.now(UTC),
                duration_s=took,
            )
            Results(where).commit(entry)
        self._note(task, key, outputs, clock, cached=False, run_id=run_id)
        return value

    def _note(
        self,
        task: Task,
        key: CacheKey | None,
        outputs: Mapping[str, Any],
        clock: float,
        *,
        cached: bool,
        run_id: str,
    ) -> None:
        self.last = outcomes.Outcome(
            task=task.name,
            cached=cached,
            key=key.digest if key else None,
            parts={part.name: part.digest for part in key.parts} if key else {},
            outputs=dict(outputs),
            duration_s=time.perf_counter() - clock,
            from_run=run_id if cached else "",
            labelled=key.parts if key else (),
            definition=task,
        )
        session = outcomes.current()
        if session is not None:
            session.outcomes[task.name] = self.last


def _expand(function: CachedFunction[Any, Any]) -> Node:
    """Take apart a cached function for its digest: what became of its calls does not count."""
    return Node("cached-function", (), (function.uncached,), labels=("",))


register(CachedFunction, _expand)


@overload
def task(function: Callable[P, R]) -> CachedFunction[P, R]: ...


@overload
def task(
    *, cache: bool = True, retries: int = 0, timeout_s: float | None = None
) -> Callable[[Callable[P, R]], CachedFunction[P, R]]: ...


def task(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Cache a function by content: its code, what it reaches, its arguments.

    Parameters
    ----------
    cache : bool
        Whether results may be taken from the cache and go there.
    retries, timeout_s
        As the flags of ``%%task``; they hold when the call runs as a task of a workflow.

    Examples
    --------
    >>> import taskcell
    >>> @taskcell.task
    ... def double(x: int) -> int:
    ...     return 2 * x
    """
    try:
        given: dict[str, Any] = {
            name: tuple(value.items()) if isinstance(value, Mapping) else value for name, value in options.items()
        }
        chosen = TaskOptions(**given)
    except TypeError as exc:
        raise errors.InvalidInputError(f"@task: {exc}.", remedy="Options are: cache, retries, timeout_s.") from exc
    if function is None:
        return lambda wrapped: CachedFunction(wrapped, chosen)
    _check_function(function)
    return CachedFunction(function, chosen)


def _check_function(function: Callable[..., Any]) -> None:
    if not inspect.isfunction(function):
        raise errors.InvalidInputError(
            f"@task takes a function, not a {type(function).__name__}.",
            remedy="Write @task directly above the def, below other decorators.",
        )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise errors.InvalidInputError(
            f"@task can't cache {function.__qualname__!r}: what it returns must be awaited.",
            remedy="Write a plain function, or a %%task cell, which may await.",
        )
    if inspect.isgeneratorfunction(function):
        raise errors.InvalidInputError(
            f"@task can't cache {function.__qualname__!r}: it is a generator, whose elements are used up when read.",
            remedy="Return a list of them.",
        )


def _defaults(inner: object) -> list[object]:
    """Return the objects that are the defaults of a function without wrappers: they can be assigned after its definition."""
    named = getattr(inner, "__kwdefaults__", None) or {}
    return [getattr(inner, "__defaults__", None), *named, *named.values()]


def _identical(left: list[object], right: list[object]) -> bool:
    return len(left) == len(right) and all(one is other for one, other in zip(left, right, strict=True))


def _changed(key: CacheKey, arguments: Mapping[str, Any]) -> list[str]:
    """Return arguments that are no longer what the key says."""
    before = {part.name: part.digest for part in key.parts}
    return [name for name, value in arguments.items() if reached.digest_or_empty(value) != before.get(f"input:{name}")]


def _older(modules: tuple[str, ...]) -> str:
    return f"{modules[0]} is loaded in an older form than its file has now"


def _warn(message: str, level: int) -> None:
    """Warn at the line that calls the cached function, ``level`` frames up."""
    warnings.warn(message, stacklevel=level)


@functools.cache
def _process_run_id() -> str:
    """Return the id under which this process's calls are recorded."""
    return run_ids.new_run_id()

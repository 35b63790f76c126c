"""First call and hit of a function with a large result, by every contender in each round, in fresh folders."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import contenders


@dataclass(slots=True, kw_only=True)
class Taken:
    """What one contender needed, by round. Units: seconds, bytes."""

    first: list[float] = field(default_factory=list)
    hit: list[float] = field(default_factory=list)
    size_bytes: list[int] = field(default_factory=list)

    def row(self, name: str, ours: Taken) -> str:
        """Return a line of the table: medians, and how ours compares with this one."""
        parts = [f"  {name:<30}"]
        for mine, theirs in ((ours.first, self.first), (ours.hit, self.hit)):
            median = statistics.median(theirs)
            ratio = statistics.median(mine) / median
            parts.append(f"{median * 1e3:9.1f} ms ({min(theirs) * 1e3:8.1f})  ratio {ratio:5.2f}")
        parts.append(f"{statistics.median(self.size_bytes) / 1e6:9.2f} MB")
        return "  ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All contenders, ours first."""

    title: str
    taken: Mapping[str, Taken]

    def __str__(self) -> str:
        ours = next(iter(self.taken.values()))
        head = f"{self.title}\n  {'':<30}  {'first call (fastest)':<36}  {'hit (fastest)':<36}  on disk"
        return "\n".join([head, *(taken.row(name, ours) for name, taken in self.taken.items())])


def compare(
    title: str,
    function: Callable[..., Any],
    arguments: Sequence[Any],
    warm_up: Sequence[Any],
    *,
    names: Sequence[str],
    rounds: int,
) -> Comparison:
    """Call a function by each contender twice a round; ``warm_up`` are small arguments of a first, unmeasured call."""
    taken = {name: Taken() for name in names}
    for _ in range(rounds):
        for name in names:
            with tempfile.TemporaryDirectory(prefix="taskcell-bench-") as folder:
                _measure(taken[name], contenders.ALL[name](function, Path(folder)), arguments, warm_up, Path(folder))
    return Comparison(title=title, taken=taken)


def _measure(
    taken: Taken, call: Callable[..., Any], arguments: Sequence[Any], warm_up: Sequence[Any], folder: Path
) -> None:
    call(*warm_up)
    before = _held(folder)
    taken.first.append(timed(call, arguments))
    taken.size_bytes.append(_held(folder) - before)
    taken.hit.append(timed(call, arguments))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def timed(call: Callable[..., Any], arguments: Sequence[Any]) -> float:
    """Return the seconds that a call takes; its result is dropped outside of the time."""
    clock = time.perf_counter()
    kept = call(*arguments)
    taken = time.perf_counter() - clock
    del kept
    return taken


def _held(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

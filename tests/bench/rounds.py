"""Interleaved rounds: every contender once a round, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Medians in seconds by contender, the first one being ours."""

    title: str
    medians: dict[str, float]
    spread: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        ours, *_ = self.medians
        lines = [self.title]
        for name, median in self.medians.items():
            low, high = self.spread[name]
            ratio = "" if name == ours else f"   taskcell / this = {self.medians[ours] / median:.2f}"
            lines.append(f"  {name:<44} {median * 1e3:9.2f} ms  ({low * 1e3:.2f} – {high * 1e3:.2f}){ratio}")
        return "\n".join(lines)


def compare(title: str, contenders: Mapping[str, Callable[[], float]], *, rounds: int) -> Result:
    """Run each contender once as a warm-up and then once a round; each returns the seconds it took."""
    for contender in contenders.values():
        contender()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            taken[name].append(contender())
    return Result(
        title=title,
        medians={name: statistics.median(times) for name, times in taken.items()},
        spread={name: (min(times), max(times)) for name, times in taken.items()},
    )

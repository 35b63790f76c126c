"""``python -m tests.bench [FAMILY …] [--rounds N]``: print medians, spreads and ratios."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import warnings

FAMILIES = (
    "processes",
    "calls",
    "cells",
    "workflows",
    "notebooks",
    "engines",
    "frames",
    "values",
    "lists",
    "s3",
    "kubernetes",
    "frontend",
    "startup",
)
BY_NAME = frozenset({"frontend", "startup"})
"""Run only when named: a browser starts, and what it opens has to be built first."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"some of: {', '.join(FAMILIES)}")
    parser.add_argument("--rounds", type=int, default=11)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.families) - set(FAMILIES))
    if unknown:
        parser.error(f"no such family: {unknown[0]}; choose from {', '.join(FAMILIES)}")
    warnings.simplefilter("ignore")
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load}; {arguments.rounds} rounds, medians"
    )
    for name in arguments.families or [one for one in FAMILIES if one not in BY_NAME]:
        for result in importlib.import_module(f"tests.bench.{name}").measure(arguments.rounds):
            print(f"\n{result}", flush=True)


if __name__ == "__main__":
    main()

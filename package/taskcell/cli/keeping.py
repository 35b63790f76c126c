"""The verb that keeps a store in order: gc."""

from __future__ import annotations

import argparse

from taskcell.cli import arguments
from taskcell.cli.arguments import where
from taskcell.cli.verbs import Verb


def _gc_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--budget", metavar="SIZE", help="what the cache may hold: 2GB; the oldest beyond it goes")
    parser.add_argument(
        "--grace", metavar="SECONDS", type=float, default=3600.0, help="spare what was used within this time"
    )
    parser.add_argument("--yes", action="store_true", help="delete it; without, only say what would go")
    parser.add_argument(
        "--kubernetes", action="store_true", help="instead, delete what ended runs left in the namespace"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")


def _gc(args: argparse.Namespace) -> object:
    if args.kubernetes:
        from taskcell.api.operations import sweeping

        return sweeping.sweep(dry_run=args.dry_run, **where(args))
    from taskcell.api import collecting

    budget = arguments.size_bytes(args.budget) if args.budget is not None else None
    return collecting.gc(dry_run=args.dry_run or not args.yes, budget_bytes=budget, grace_s=args.grace, **where(args))


VERBS = (
    Verb(
        name="gc",
        help="say what nothing refers to any more, and free it",
        add_arguments=_gc_arguments,
        run=_gc,
        details="Versions and runs are kept, with everything they refer to. Without --yes nothing is deleted.\n"
        "With --kubernetes the store is left alone: Jobs and pods of ended runs go, at once, because their records stay.",
    ),
)

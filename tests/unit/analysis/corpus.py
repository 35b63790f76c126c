"""Reads the corpus of cells: text files in which each cell stands with its names.

A cell starts with ``=== what it shows``, may begin with a line ``known NAME …``, and ends with a line
``-> reads …; writes …; mutates …; opaque REASON``, each part left out when it is empty.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    source: str
    reads: frozenset[str]
    writes: frozenset[str]
    mutates: frozenset[str]
    opaque: str | None
    known: frozenset[str]


def cases() -> list[Case]:
    """Return every cell that this Python can parse."""
    files = sorted(FOLDER.glob("*.txt"))
    if sys.version_info < (3, 12):
        files = [file for file in files if file.name != "types312.txt"]
    return [case for file in files for case in _cases_in(file)]


def _cases_in(file: Path) -> Iterator[Case]:
    for block in file.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        source, _, answer = rest.rpartition("-> ")
        known: frozenset[str] = frozenset()
        if source.startswith("known "):
            first, _, source = source.partition("\n")
            known = frozenset(first.split()[1:])
        yield _case(f"{file.stem}: {name}", source, answer.strip(), known)


def _case(name: str, source: str, answer: str, known: frozenset[str]) -> Case:
    names, opaque = answer, None
    if "opaque " in answer:
        names, _, opaque = answer.partition("opaque ")
    found = {part.split()[0]: frozenset(part.split()[1:]) for part in names.split(";") if part.strip()}
    assert found.keys() <= {"reads", "writes", "mutates"}, answer
    return Case(
        name=name,
        source=source,
        reads=found.get("reads", frozenset()),
        writes=found.get("writes", frozenset()),
        mutates=found.get("mutates", frozenset()),
        opaque=opaque,
        known=known,
    )

"""One cell on both sides: the analyser's names, and what the bytecode of the cell that IPython makes says."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.realcells.gathering import RealCell
from tests.unit.analysis import bytecode

from taskcell import errors
from taskcell.analysis import CellNames, analyze
from taskcell.analysis.builtin_names import BUILTINS, CLASS_NAMES

_NOT_NAMES = BUILTINS | CLASS_NAMES
_RUNS_CODE = re.compile(r"run_(?:line|cell)_magic\('(?:time|timeit|prun|memit|capture|debug)'")


@dataclass(slots=True)
class Report:
    """Counts of an agreement, and each cell that disagrees with how."""

    counts: Counter[str] = field(default_factory=Counter)
    disagreements: list[tuple[RealCell, str]] = field(default_factory=list)

    def __str__(self) -> str:
        counted = ", ".join(f"{count} {what}" for what, count in self.counts.items())
        return f"{counted}, {len(self.disagreements)} disagree"


def compare(cells: Iterable[RealCell]) -> Report:
    """Compare every cell."""
    report = Report()
    files = set()
    for cell in cells:
        files.add(cell.file)
        outcome, differences = _outcome(cell.source)
        report.counts["cells"] += 1
        report.counts[outcome] += 1
        if differences:
            report.disagreements.append((cell, differences))
    report.counts["files"] = len(files)
    return report


def _outcome(source: str) -> tuple[str, str]:
    """Return the count that a cell goes into, and what differs in words, if anything does."""
    python, code = _compiled(source)
    try:
        found: CellNames | None = analyze(source)
    except errors.DefinitionError:
        found = None
    if code is None or found is None:
        automagic = code is None and found is not None and "\n" not in source.strip()  # no compiler knows ``ls folder``
        differs = (code is None) is not (found is None) and not automagic
        return "not valid for either", "valid for one side only" if differs else ""
    if _RUNS_CODE.search(python):
        return "left out, their code stands in a magic", ""
    expected = bytecode.bounds(code)
    differences = "; ".join(_differences(found, expected, _words_in_text(python, source)))
    exact = expected.reads - _NOT_NAMES == expected.may_read - _NOT_NAMES
    return "with one right answer" if exact else "with bounds, code runs later", differences


def _differences(found: CellNames, expected: bytecode.Bounds, words: frozenset[str]) -> Iterable[str]:
    parts = (
        ("not read", expected.reads - found.reads - _NOT_NAMES),
        ("read", found.reads - expected.may_read - words),
        ("not written", expected.writes - found.writes - _NOT_NAMES),
        ("written", found.writes - expected.may_write - words),
    )
    return [f"{what}: {', '.join(sorted(names))}" for what, names in parts if names]


def _compiled(source: str) -> tuple[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            python = _manager().transform_cell(source)
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            return python, compile(python, "<cell>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError):
        return "", None


@cache
def _manager() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()  # type: ignore[no-untyped-call]


def _words_in_text(python: str, source: str) -> frozenset[str]:
    """Return the words of literal text that a magic, a shell line, ``query`` or ``eval`` may take names from."""
    if "get_ipython()" not in python and "@" not in source and "eval" not in source:
        return frozenset()
    texts = (node.value for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Constant))
    return frozenset(word for text in texts if isinstance(text, str) for word in re.findall(r"\w+", text))

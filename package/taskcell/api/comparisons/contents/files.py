"""What changed in a file or folder: which file, and where in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from taskcell.api.comparisons.contents import shown, texts
from taskcell.api.comparisons.contents.findings import Budget, Finding
from taskcell.views import words

_MOST_FILES = 20_000
_READ_BYTES = 20_000_000
_TEXT_BYTES = 500_000


def describe(old: Path, new: Path, budget: Budget) -> Finding:
    """Compare two files or folders."""
    found = Finding()
    if old.name != new.name:
        found.say(f"name: {shown.label(old.name)} → {shown.label(new.name)}")
    for path, word in ((old, "the earlier one"), (new, "the present one")):
        if not path.exists():
            found.say(f"{word}, {shown.label(str(path))}, is not there any more")
            return found
    if old.is_dir() != new.is_dir():
        found.say("a folder → a file" if old.is_dir() else "a file → a folder")
    elif old.is_dir():
        _folder(old, new, found, budget)
    else:
        _file(old, new, found)
    return found


def _folder(old: Path, new: Path, found: Finding, budget: Budget) -> None:
    before, after = dict(_listing(old, budget)), dict(_listing(new, budget))
    for names, word in (
        ([name for name in after if name not in before], "added"),
        ([name for name in before if name not in after], "removed"),
    ):
        if names:
            found.say(f"{words.plural(len(names), 'file')} {word}: {shown.listed(names)}")
    changed = []
    for name in before.keys() & after.keys():
        if budget.spent():
            break
        if before[name] != after[name] or not _same(old / name, new / name):
            changed.append(name)
    for name in sorted(changed)[:3]:
        inner = Finding()
        _file(old / name, new / name, inner)
        found.say(f"{shown.label(name)} changed: {'; '.join(inner.said())}")
    if len(changed) > 3:
        found.say(f"{words.plural(len(changed) - 3, 'more file')} changed: {shown.listed(sorted(changed)[3:])}")


def _listing(folder: Path, budget: Budget) -> Iterator[tuple[str, int]]:
    number = 0
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            number += 1
            if number > _MOST_FILES or budget.spent():
                budget.bounded = True
                return
            yield path.relative_to(folder).as_posix(), path.stat().st_size if path.exists() else -1


def _same(old: Path, new: Path) -> bool:
    with old.open("rb") as left, new.open("rb") as right:
        while True:
            one, other = left.read(1 << 20), right.read(1 << 20)
            if one != other:
                return False
            if not one:
                return True


def _file(old: Path, new: Path, found: Finding) -> None:
    sizes = old.stat().st_size, new.stat().st_size
    if sizes[0] != sizes[1]:
        found.say(f"size: {words.size(sizes[0])} → {words.size(sizes[1])}")
    if max(sizes) > _READ_BYTES:
        return
    left, right = old.read_bytes(), new.read_bytes()
    if left == right:
        return
    try:
        before, after = left.decode(), right.decode()
    except UnicodeDecodeError:
        found.say(f"the first difference is at byte {texts.first_difference(left, right):,}")
        return
    inner = texts.describe(before, after) if max(sizes) <= _TEXT_BYTES else Finding()
    for sentence in inner.sentences or [_first_line(before, after)]:
        found.say(sentence)
    found.lines = inner.lines


def _first_line(old: str, new: str) -> str:
    at = texts.first_difference(old, new)
    line = old.count("\n", 0, at)
    start = old.rfind("\n", 0, at) + 1
    cut = [text[start : start + 200].partition("\n")[0] for text in (old, new)]
    return f"the first difference is in line {line + 1:,}: {shown.change(cut[0], cut[1])}"

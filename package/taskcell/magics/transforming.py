"""Input transformer: a comment header means the same as the magic line, and a body that awaits is awaited.

A cell magic is called from synchronous code, inside a kernel's running event loop, so its body can't await. Such a cell
is turned into ``await`` of the same work, which IPython then runs as it runs any cell that awaits.
"""

from __future__ import annotations

import re

_COMMENT = re.compile(r"#\s*%(?P<kind>task|params)(?![\w?!.])(?P<line>[^\n]*)")
_MAGIC = re.compile(r"%%task(?![\w?!.])(?P<line>[^\n]*)")


def transform(lines: list[str]) -> list[str]:
    """Rewrite the lines of one cell where needed; pure, since IPython also calls it for completion."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return lines
    comment = _COMMENT.match(lines[first].strip())
    if comment:
        lines = [f"%%{comment['kind']}{comment['line']}\n", *lines[first + 1 :]]
        first = 0
    magic = _MAGIC.match(lines[first].strip())
    if magic and _awaits("".join(lines[first + 1 :])):
        return [f"await get_ipython().taskcell_await({magic['line'].strip()!r}, {''.join(lines[first + 1 :])!r})\n"]
    if magic and first == len(lines) - 1:
        lines = [f"{lines[first].rstrip()}\n", "\n"]  # an empty body is ours to refuse: IPython's words are few
        first = 0
    return lines[first:] if magic or comment else lines


def _awaits(body: str) -> bool:
    if "await" not in body and "async" not in body:
        return False
    from taskcell import analysis, errors

    try:
        return analysis.needs_await(body)
    except errors.DefinitionError:
        return False

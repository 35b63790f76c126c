"""IPython's syntax: a cell becomes a tree in which every magic and shell line is a recognisable call.

The translation is IPython's own (its ``TransformerManager``), asked only when a cell needs it, because
importing IPython takes longer than everything else here. Lines are kept: a node's line is the line of the
user's cell. What a magic means for names is not decided here, see ``magic_effects``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from textwrap import dedent
from typing import Any

from taskcell.analysis import parsing

OWN_CELL_MAGICS = frozenset({"task", "params"})
"""Headers of ours: the rest of the cell is its body."""

_NEEDS_IPYTHON = re.compile(r"^[ \t]*[%!?]|^[,;/]\w|\?[ \t]*$", re.MULTILINE)
_AUTOMAGIC = re.compile(r"\s*(pip|conda|mamba|uv|cd|ls|mkdir|rm|rmdir|cp|mv|cat|pwd|load_ext|matplotlib)\b[^\n]*\s*")


class MagicKind(StrEnum):
    """Which call IPython makes of a piece of its syntax."""

    LINE = "line"
    CELL = "cell"
    SHELL = "shell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Magic:
    """One piece of IPython syntax. ``name`` is empty for a shell line; ``line_number`` counts from 1."""

    kind: MagicKind
    name: str
    line: str
    body: str = ""
    line_number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A cell as a tree. ``lines`` are those of the user's text from which its statements can be cut."""

    tree: ast.Module
    ipython: bool
    python: str


@lru_cache(maxsize=1024)
def translate(source: str) -> Translated:
    """Return a cell's tree; a ``%%task`` or ``%%params`` header is left out, its lines still count.

    Raises
    ------
    DefinitionError
        When the cell is not valid, naming the line.
    """
    try:
        return _translate(source)
    except SyntaxError as exc:
        raise parsing.refusal(exc) from exc


def parse_body(source: str, first_line: int) -> ast.Module:
    """Return the tree of code nested in a magic; raises ``SyntaxError``."""
    return ast.increment_lineno(_translate(source).tree, first_line - 1)


def _translate(source: str) -> Translated:
    text, skipped = _without_header(source)
    if not text.isascii():
        text = text.replace("\ufeff", "")
    if _cell_magic(text) is None:
        tree = _as_python(text, skipped)
        if tree is not None:
            return Translated(tree=tree, ipython=False, python="\n" * skipped + text)
        if _AUTOMAGIC.fullmatch(text):
            text = "%" + text.strip()
    python = _through_ipython(text)
    tree = parsing.parse_python(python, first_line=skipped + 1)
    return Translated(tree=tree, ipython=True, python="\n" * skipped + python)


def _as_python(text: str, skipped: int) -> ast.Module | None:
    """Return the tree when the text is Python as it stands (a ``%`` may continue a sum), else None."""
    try:
        return parsing.parse_python(text, first_line=skipped + 1)
    except SyntaxError:
        if _NEEDS_IPYTHON.search(text) or _has_ipython_assignment(text) or _AUTOMAGIC.fullmatch(text):
            return None
        if text[:1].isspace() or ">>>" in text or "In [" in text:
            return None
        raise


def _has_ipython_assignment(text: str) -> bool:
    return re.search(r"=\s*[%!]", text) is not None


def _without_header(source: str) -> tuple[str, int]:
    """Split a ``%%task``/``%%params`` header off: the body and the number of lines before it."""
    lines = source.splitlines(keepends=True)
    index = next((at for at, line in enumerate(lines) if not line.isspace()), len(lines))
    if index == len(lines):
        return source, 0
    name = _magic_name(lines[index].lstrip())
    if name not in OWN_CELL_MAGICS:
        return source, 0
    while lines[index].rstrip("\r\n").endswith("\\") and index + 1 < len(lines):
        index += 1
    return "".join(lines[index + 1 :]), index + 1


def _magic_name(line: str) -> str:
    return line[2:].split(None, 1)[0] if line.startswith("%%") and line[2:].strip() else ""


def _cell_magic(text: str) -> tuple[int, str] | None:
    """Return (empty lines before, cell from its magic line) when the text is a cell magic's."""
    lines = dedent(text).splitlines(keepends=True)
    skipped = next((at for at, line in enumerate(lines) if not line.isspace()), len(lines))
    rest = lines[skipped:]
    if not rest or not rest[0].startswith("%%") or re.match(r"%%\w+\?", rest[0]):
        return None
    return skipped, "".join(rest)


def _through_ipython(text: str) -> str:
    """Translate to Python, keeping the number of lines before each statement."""
    magic = _cell_magic(text)
    if magic is not None:
        skipped, cell = magic
        first, _, body = cell.partition("\n")
        name, _, line = first[2:].rstrip().partition(" ")
        return "\n" * skipped + f"get_ipython().run_cell_magic({name!r}, {line!r}, {body!r})\n"
    manager = _manager()
    lines = (text if text.endswith("\n") else text + "\n").splitlines(keepends=True)
    skipped = next((at for at, line in enumerate(lines) if not line.isspace()), 0)
    for cleanup in manager.cleanup_transforms:
        lines = cleanup(lines)
    return "\n" * skipped + "".join(_token_transforms(manager, lines))


def _token_transforms(manager: Any, lines: list[str]) -> list[str]:
    """Apply IPython's token transformers one by one, giving back the lines that a joined command took."""
    for _ in range(10_000):
        changed, after = manager.do_one_token_transform(lines)
        if not changed:
            return lines
        lost = len(lines) - len(after)
        if lost > 0:
            at = next((i for i, (a, b) in enumerate(zip(lines, after, strict=False)) if a != b), len(after) - 1)
            after = after[: at + 1] + ["\n"] * lost + after[at + 1 :]
        lines = after
    raise SyntaxError("too many magic lines", ("<cell>", 1, 0, ""))


@cache
def _manager() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()  # type: ignore[no-untyped-call]


_CALLS = {
    "run_line_magic": MagicKind.LINE,
    "run_cell_magic": MagicKind.CELL,
    "magic": MagicKind.LINE,
    "system": MagicKind.SHELL,
    "getoutput": MagicKind.SHELL,
    "getoutputerr": MagicKind.SHELL,
}


def is_shell_object(node: ast.expr) -> bool:
    """Whether an expression is ``get_ipython()``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
        and not node.args
    )


def magic_of(node: ast.Call) -> Magic | None:
    """Return the piece of IPython syntax that a call stands for, or None."""
    func = node.func
    if not isinstance(func, ast.Attribute) or func.attr not in _CALLS or not is_shell_object(func.value):
        return None
    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if len(texts) != len(node.args) or node.keywords or not texts:
        return None
    kind = _CALLS[func.attr]
    if kind is MagicKind.SHELL:
        return Magic(kind=kind, name="", line=texts[0], line_number=node.lineno)
    if func.attr == "magic":
        name, _, line = texts[0].lstrip("%").partition(" ")
        texts = [name, line]
    texts = [*texts, "", ""][:3]
    return Magic(kind=kind, name=texts[0], line=texts[1], body=texts[2], line_number=node.lineno)

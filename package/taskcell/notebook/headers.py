"""What the first line of a cell states: ``%%task train(df) -> model --retries 2``, ``%%params``, or nothing.

Two spellings of one header: the cell magic, and a leading comment ``# %task train(df) -> model`` that linters
and editors leave alone. What the header leaves open (name, inputs, outputs) is inferred elsewhere, from code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache

from taskcell import errors
from taskcell.model.cells import Cell, CellKind, TaskCell, TaskHeader
from taskcell.notebook import names, options, quoting

_MAGIC = re.compile(r"\s*%%(task|params)(?![\w?!.])")
_COMMENT = re.compile(r"\s*#\s*%(task|params)(?![\w?!.])")
_LATE = re.compile(r"%%(task|params)(?![\w?!.])")
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_WORKFLOW = re.compile(r"%workflow[ \t]+(\S.*?)\s*")
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "task", "params"})
_FLAG = re.compile(r"(?<!\S)(--?[A-Za-z][\w-]*)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S*)))?")
_VALUE = re.compile(r"\s+(?:\"([^\"]*)\"|'([^']*)'|(\S+))")


def kind_of(source: str) -> CellKind:
    """Return what a cell is to Taskcell, from its first non-blank line.

    Raises
    ------
    DefinitionError
        A ``%%task`` or ``%%params`` stands further down, where Jupyter does not see a cell magic.
    """
    lines = source.splitlines()
    first = _first_line(lines)
    if first is None:
        return CellKind.PLAIN
    found = _MAGIC.match(lines[first]) or _COMMENT.match(lines[first])
    if found:
        return CellKind(found[1])
    _refuse_late_magic(lines, first)
    return CellKind.PLAIN


@lru_cache(maxsize=4096)
def parse_task_cell(cell: Cell) -> TaskCell:
    """Split a task's cell into header and body, keeping line numbers.

    Raises
    ------
    DefinitionError
        The header is malformed, or there is nothing to run below it.
    """
    lines = cell.source.splitlines(keepends=True)
    first = _first_line(lines)
    if first is None or kind_of(cell.source) is not CellKind.TASK:
        raise errors.DefinitionError(
            f"{cell.label or 'The cell'} does not begin with %%task.", remedy=f"Usage: {options.USAGE}"
        )
    header = parse_header(lines[first])
    body = "".join(lines[first + 1 :])
    what = f"Task {header.name!r}" if header.name else f"The task in {cell.label or 'this cell'}"
    if not any(line.strip() and not line.lstrip().startswith("#") for line in body.splitlines()):
        raise errors.DefinitionError(
            f"{what} has an empty body.", remedy="Write the code of the task below the %%task line."
        )
    _refuse_second_header(body, what)
    return TaskCell(cell=cell, header=header, body=body, first_line=first + 2)


def parse_header(line: str) -> TaskHeader:
    """Return what a task line states, given with or without its leading ``%%task`` or ``# %task``.

    Examples
    --------
    >>> header = parse_header("%%task train(df, rate) -> model --retries 2")
    >>> header.name, header.inputs, header.outputs, header.options.retries
    ('train', ('df', 'rate'), ('model',), 2)
    """
    text = line.strip()
    rest = _without_prefix(text)
    if rest.rstrip().endswith("\\"):
        raise errors.DefinitionError(
            "A %%task line can't be continued with a backslash: Jupyter hands over the first line only.",
            remedy="Write it in one line, or use @taskcell.task on a function.",
        )
    signature, flags = _split_flags(rest)
    name, inputs, outputs = _parse_signature(signature)
    chosen = options.parse_options(flags)
    _check_signature(inputs, outputs)
    if chosen.map_over is not None and inputs is not None and chosen.map_over not in inputs:
        raise errors.DefinitionError(
            f"Option --map names {chosen.map_over!r}, which is not an input.",
            remedy=(f"{quoting.did_you_mean(chosen.map_over, inputs)} Inputs: {', '.join(inputs) or 'none'}.").strip(),
        )
    return TaskHeader(name=name, inputs=inputs, outputs=outputs, options=chosen, line=text)


def header_help() -> str:
    """Return the help of ``%%task?``."""
    return f"""Make this cell a task: cached by content, versioned, part of the workflow.

  %%task                                  name, inputs and outputs are inferred from the code
  %%task train                            the name is stated
  %%task train(df, rate) -> model, mae    name, inputs and outputs are stated
  %%task -> mae                           only the outputs are stated; "-> None" states that there are none
  # %task train(df) -> model              the same as a comment, for linters and editors

Options, before or after:
{options.options_help()}

Examples:
  %%task fit(df, rate) -> model --retries 2 --memory 2Gi
  %%task score(model, fold) -> error --map fold --timeout 10m"""


def workflow_name(cells: Sequence[Cell]) -> str | None:
    """Return the name that a ``%workflow NAME`` line of a plain cell states, or None.

    Raises
    ------
    DefinitionError
        Two lines state different names.
    """
    stated: dict[str, str] = {}
    for cell in cells:
        if "%workflow" not in cell.source or kind_of(cell.source) is not CellKind.PLAIN:
            continue
        for line in cell.source.splitlines():
            found = _WORKFLOW.fullmatch(line.strip())
            if found:
                stated.setdefault(_unquoted(found[1]), cell.label)
    if len(stated) > 1:
        said = " and ".join(f"{quoting.shown(name)} ({label or 'a cell'})" for name, label in stated.items())
        raise errors.DefinitionError(
            f"The notebook names its workflow more than once: {said}.", remedy="Keep one %workflow line."
        )
    return next(iter(stated), None)


def _first_line(lines: Sequence[str]) -> int | None:
    return next((index for index, line in enumerate(lines) if line.strip()), None)


def _refuse_late_magic(lines: Sequence[str], first: int) -> None:
    magic = _CELL_MAGIC.match(lines[first])
    if magic and magic[1] not in _PYTHON_MAGICS:
        return  # the text of %%writefile, %%html, %%bash … is not ours to judge
    for index in range(first + 1, len(lines)):
        found = _LATE.match(lines[index])
        if found and not _inside_string(lines[first:index]):
            where = f"below %%{magic[1]}" if magic else f"on line {index + 1}"
            raise errors.DefinitionError(
                f"%%{found[1]} stands {where}; Jupyter sees a cell magic on the first line only.",
                remedy=f"Move %%{found[1]} to the first line of its cell"
                + (f"; %{magic[1]} can be used on single lines inside." if magic else "."),
            )


def _inside_string(lines: Sequence[str]) -> bool:
    try:
        ast.parse("\n".join(line for line in lines if not line.lstrip().startswith(("%", "!"))))
    except SyntaxError as exc:
        return "unterminated triple-quoted" in exc.msg
    except ValueError:
        return False
    return False


def _refuse_second_header(body: str, what: str) -> None:
    lines = body.splitlines()
    first = _first_line(lines)
    if first is not None and (_MAGIC.match(lines[first]) or _COMMENT.match(lines[first])):
        raise errors.DefinitionError(
            f"{what} has a second header: {quoting.shown(lines[first].strip())}.",
            remedy="One task a cell: move it to a cell of its own.",
        )
    _refuse_late_magic(["", *lines], 0)


def _without_prefix(text: str) -> str:
    magic = re.match(r"%%task(?![\w?!.])|#\s*%task(?![\w?!.])", text)
    if not magic:
        return text
    rest = text[magic.end() :]
    if rest and not rest[0].isspace() and magic[0].startswith("%%"):
        raise errors.DefinitionError(
            f"{quoting.shown(text)} lacks a space: Jupyter takes "
            f"{quoting.shown(text.split(maxsplit=1)[0])} for the magic's name.",
            remedy="Put a space after %%task.",
        )
    return rest


def _split_flags(text: str) -> tuple[str, list[tuple[options.Flag, str]]]:
    """Separate flags with their values from the signature around them."""
    flags: list[tuple[options.Flag, str]] = []
    kept: list[str] = []
    position = 0
    while found := _FLAG.search(text, position):
        kept.append(text[position : found.start()])
        flag = options.find_flag(found[1])
        position = found.end()
        value = next((group for group in found.groups()[1:] if group is not None), None)
        if flag.metavar and value is None:
            following = _VALUE.match(text, position)
            if not following or following[3] == "->" or (following[3] or "").startswith("--"):
                raise errors.DefinitionError(
                    f"Option {flag.name} needs a value.",
                    remedy=f"Write {flag.name} {flag.metavar}: {flag.help}.",
                )
            value = next(group for group in following.groups() if group is not None)
            position = following.end()
        elif not flag.metavar and value is not None:
            raise errors.DefinitionError(f"Option {flag.name} takes no value.", remedy=f"Write {flag.name} alone.")
        flags.append((flag, value or ""))
    kept.append(text[position:])
    return " ".join(kept).strip(), flags


def _parse_signature(text: str) -> tuple[str | None, tuple[str, ...] | None, tuple[str, ...] | None]:
    left, arrow, right = text.partition("->")
    outputs = _parse_outputs(right) if arrow else None
    left = left.strip()
    if "(" not in left and ")" not in left:
        return (_checked(left, "task name") if left else None), None, outputs
    name, _, rest = left.partition("(")
    if not rest.endswith(")") or "(" in rest or ")" in rest[:-1]:
        raise errors.DefinitionError(
            f"The inputs in {quoting.shown(text)} are not closed properly.",
            remedy="Write %%task train(df, rate) -> model.",
        )
    name = name.strip()
    return (_checked(name, "task name") if name else None), _parse_names(rest[:-1], "input"), outputs


def _parse_outputs(text: str) -> tuple[str, ...]:
    text = text.strip()
    if text == "None":
        return ()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    found = _parse_names(text, "output")
    if not found:
        raise errors.DefinitionError(
            "No output is named after '->'.",
            remedy="Name them, leave '->' out to have them inferred, or write '-> None' for no output.",
        )
    return found


def _parse_names(text: str, what: str) -> tuple[str, ...]:
    words = [word.strip() for word in text.split(",")]
    if words[-1] == "":
        words.pop()  # a trailing comma, or nothing at all
    found = tuple(_checked(word, f"{what} name") for word in words)
    for name in found:
        if found.count(name) > 1:
            raise errors.DefinitionError(f"The {what} {name!r} is named twice.", remedy="Name it once.")
    return found


def _checked(word: str, what: str) -> str:
    reason = names.fault(word)
    if reason:
        raise errors.DefinitionError(f"The {what} {quoting.shown(word)} {reason}.", remedy=_name_remedy(word, what))
    return names.normal(word)


def _name_remedy(word: str, what: str) -> str:
    if "=" in word:
        return "Inputs take no default: declare a parameter in a %%params cell, or assign it in a cell above."
    if ":" in word:
        return "Inputs and outputs are names without annotations."
    if word == "":
        return "Two commas follow each other, or a name is missing."
    if " " in word and what != "task name":
        return "Separate names with commas."
    if " " in word:
        return f"Inputs stand in parentheses, outputs after '->'. Usage: {options.USAGE}"
    return "Use a letter or underscore followed by letters, digits and underscores."


def _check_signature(inputs: tuple[str, ...] | None, outputs: tuple[str, ...] | None) -> None:
    for name in outputs or ():
        if name in (inputs or ()):
            raise errors.DefinitionError(
                f"{name!r} is both an input and an output: a task can't replace its own input.",
                remedy=f"Give the new value another name, such as new_{name}, and make that the output.",
            )


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text

"""What each magic and shell line means for names: code that it runs, names that it binds, text filled in.

A magic that isn't known here may do anything, so it is opaque: never a guess.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from taskcell.analysis import parsing
from taskcell.analysis.builtin_names import words
from taskcell.analysis.ipython_syntax import Magic, MagicKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Meaning of one magic.

    Attributes
    ----------
    code
        (text, line at which it starts) of Python that runs in the notebook's namespace, in order.
    discards
        Whether what that code binds is thrown away (``%timeit``).
    binds
        Names bound after the code ran; ``results`` says which hold a plain result.
    expressions
        (Python expression, bare) filled into the line before it runs: ``{expression}`` or a bare ``$name``.
        A name that is missing there does not fail.
    opaque
        Why nothing can be said, or None.
    """

    code: tuple[tuple[str, int], ...] = ()
    discards: bool = False
    binds: tuple[str, ...] = ()
    results: bool = False
    expressions: tuple[tuple[str, bool], ...] = ()
    reads: tuple[str, ...] = ()
    opaque: str | None = None


ENVIRONMENT = words(
    """
    HOME PATH USER PWD OLDPWD SHELL LANG TMPDIR TMP TEMP HOSTNAME LOGNAME TERM EDITOR PYTHONPATH VIRTUAL_ENV
    CONDA_PREFIX CONDA_DEFAULT_ENV LD_LIBRARY_PATH CUDA_VISIBLE_DEVICES CUDA_HOME DISPLAY UID RANDOM LC_ALL
    """
)
"""Shell variables that nobody means as a Python name."""

_QUIET = words(
    """
    alias_magic autoawait autocall automagic autosave bookmark cat cd cls colors conda config cp debug dhist dirs
    doctest_mode env gui hist history killbgscripts ldir less lf lk ll load_ext logoff logon logstart
    logstate logstop ls lsmagic lx magic mamba man matplotlib micromamba mkdir more mv notebook page
    pastebin pdb pip popd precision pprint pushd pwd pycat quickref rehashx reload_ext rep rm rmdir save
    set_env tb unalias uv unload_ext who who_ls whos xmode autoreload aimport watermark tensorboard alias
    psearch connect_info qtconsole clear dag why snapshot versions checkout tag rollback launch runs
    workflow forget logs cancel resume rescue compare reproduce
    """
)
"""Line magics that neither read nor bind names, apart from what is filled into their line."""

_TEXT_CELLS = words("html HTML javascript js latex markdown svg SVG writefile file")
_SCRIPT_CELLS = words("bash sh script perl ruby python python2 python3 pypy cmd powershell zsh")
_SHELL_CELLS = frozenset({"!", "sx", "system"})
_INSPECTING = words("pinfo pinfo2 pdef pdoc psource pfile")

_OPTION = re.compile(r"\s*-(?:[a-zA-Z]\b\s*=?\s*\d+(?:\.\d+)?|[a-zA-Z]\d+|-[\w-]+|[a-zA-Z]+)(?=\s|$)")
_DOLLAR = re.compile(r"(.*?)\$(\$?[\w\.]+)(?=([^']*'[^']*')*[^']*$)")
_SAVED = re.compile(r"--(?:out|err|proc)[ =](\S+)")
_PROFILE_OPTION = re.compile(r"\s*-(?:[DTsl]\s+\S+|[rq])(?=\s|$)")


def effect_of(magic: Magic) -> Effect:
    """Return what a piece of IPython syntax means for names."""
    if magic.kind is MagicKind.SHELL:
        return Effect(expressions=filled_in(magic.line))
    if magic.kind is MagicKind.CELL:
        return _cell_effect(magic)
    return _line_effect(magic)


def _cell_effect(magic: Magic) -> Effect:
    name, below = magic.name, magic.line_number + 1
    if name in {"time", "prun", "debug", "task", "params"}:
        return Effect(code=((magic.body, below),))
    if name in {"timeit", "memit"}:
        setup = _after_options(magic.line)
        return Effect(code=((setup, magic.line_number), (magic.body, below)), discards=True)
    if name == "capture":
        words = [word for word in magic.line.split() if not word.startswith("-")]
        return Effect(code=((magic.body, below),), binds=tuple(words[:1]))
    if name in _TEXT_CELLS:
        return Effect(expressions=filled_in(magic.line))
    if name in _SCRIPT_CELLS:
        saved = tuple(word for word in _SAVED.findall(magic.line) if word.isidentifier())
        return Effect(binds=saved, results=True, expressions=filled_in(magic.line))
    if name in _SHELL_CELLS:
        return Effect(expressions=filled_in(magic.line))
    return Effect(opaque=f"%%{name} on line {magic.line_number} is not known: it may read and bind any name")


def _line_effect(magic: Magic) -> Effect:
    name = magic.name
    special = _LINES.get(name)
    if special is not None:
        return special(magic)
    if name in _QUIET:
        return Effect(expressions=filled_in(magic.line))
    return Effect(opaque=f"%{name} on line {magic.line_number} is not known: it may read and bind any name")


def _after_options(line: str, option: re.Pattern[str] = _OPTION) -> str:
    while (match := option.match(line)) is not None:
        line = line[match.end() :]
    return line.strip()


def _time(magic: Magic) -> Effect:
    return Effect(code=((_after_options(magic.line, re.compile(r"\s*--[\w-]+(?=\s|$)")), magic.line_number),))


def _timeit(magic: Magic) -> Effect:
    return Effect(code=((_after_options(magic.line), magic.line_number),), discards=True)


def _prun(magic: Magic) -> Effect:
    return Effect(code=((_after_options(magic.line, _PROFILE_OPTION), magic.line_number),))


def _inspect(magic: Magic) -> Effect:
    text = magic.line.strip()
    return Effect(expressions=((text, True),) if parsing.is_expression(text) else ())


def _shell(magic: Magic) -> Effect:
    return Effect(expressions=filled_in(magic.line))


def _store(magic: Magic) -> Effect:
    words = magic.line.split()
    if "-r" in words:
        return Effect(opaque=f"%store -r on line {magic.line_number} brings back names from outside the notebook")
    if not words or words[0].startswith("-"):
        return Effect()
    names = words[: next((at for at, word in enumerate(words) if word.startswith(">")), len(words))]
    return Effect(reads=tuple(name for name in names if name.isidentifier()))


def _delete(magic: Magic) -> Effect:
    names = tuple(word for word in magic.line.split() if word.isidentifier())
    return Effect(code=tuple((f"del {name}", magic.line_number) for name in names))


def _opaque(what: str) -> Callable[[Magic], Effect]:
    def effect(magic: Magic) -> Effect:
        shown = f"%{magic.name} -i" if magic.name == "run" and "-i" in magic.line.split() else f"%{magic.name}"
        return Effect(opaque=f"{shown} on line {magic.line_number} {what}")

    return effect


_LINES: dict[str, Callable[[Magic], Effect]] = {
    "time": _time,
    "timeit": _timeit,
    "memit": _timeit,
    "prun": _prun,
    "sx": _shell,
    "system": _shell,
    "store": _store,
    "xdel": _delete,
    **dict.fromkeys(_INSPECTING, _inspect),
    **dict.fromkeys(("run", "load", "loadpy", "edit", "ed", "rerun", "recall"), _opaque("may bind any name")),
    **dict.fromkeys(("macro", "pylab", "sc"), _opaque("may bind any name")),
    **dict.fromkeys(("reset", "reset_selective"), _opaque("may delete any name")),
}


def filled_in(line: str) -> tuple[tuple[str, bool], ...]:
    """Return the expressions that IPython fills into a line: all of them, or none when one is not Python.

    A dict literal or an ``awk`` program in braces makes IPython leave the whole line as it is.
    """
    found: list[tuple[str, bool]] = []
    try:
        for expression, bare in _fields(line):
            if not parsing.is_expression(expression):
                return ()
            found.append((expression, bare))
    except ValueError:
        return ()
    return tuple(found)


def _fields(line: str) -> Iterator[tuple[str, bool]]:
    for literal, field, spec, _ in string.Formatter().parse(line):
        for match in _DOLLAR.finditer(literal):
            name = match.group(2)
            if not name.startswith("$"):
                yield name, True
        if field is not None:
            yield (f"{field}:{spec}" if spec else field), False

"""Read a command line: argparse, with refusals as errors that say what to do and without leaving the process."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from taskcell import errors

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
_VALUE = re.compile(r"[^\W\d]\w*=.*")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}


class HelpAskedError(Exception):
    """``-h`` was among the words; carries the text."""


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises InvalidInputError where the original prints and exits."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_argument("-h", "--help", action=_Help, help="show this help")

    def error(self, message: str) -> NoReturn:
        """Refuse the words, with the nearest option and the usage."""
        usage = " ".join(self.format_usage().split())
        raise errors.InvalidInputError(
            f"{self.prog}: {message}.", remedy=f"{self._hint(message)}{usage[:1].upper()}{usage[1:]}", verb=self.prog
        )

    def _hint(self, message: str) -> str:
        if not message.startswith("unrecognized arguments"):
            return ""
        words = message.partition(":")[2].split()
        if words and _VALUE.fullmatch(words[0]) and "-p" in self._option_string_actions:
            return f"Give a parameter's value with -p: -p {words[0]}\n"
        hint = did_you_mean(words[0].partition("=")[0], self._option_string_actions) if words else ""
        return f"{hint}\n" if hint else ""


class _Help(argparse.Action):
    """``-h``: hand the help text over instead of printing it."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        raise HelpAskedError(parser.format_help())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` or nothing."""
    from taskcell.notebook import quoting

    return quoting.did_you_mean(word, known)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where to look."""
    group = parser.add_argument_group("where")
    group.add_argument("--store", metavar="URL", default=argparse.SUPPRESS, help="the store; else TASKCELL_STORE")
    group.add_argument("--project", metavar="NAME", default=argparse.SUPPRESS, help="the project in it")


def where(args: argparse.Namespace) -> dict[str, Any]:
    """Return store and project as keyword arguments of the verbs' functions."""
    return {"store": getattr(args, "store", None), "project": getattr(args, "project", None)}


# -- values ----------------------------------------------------------------------------------------------------------


def pairs(words: Sequence[str] | None, option: str) -> dict[str, str]:
    """Read ``name=value`` words; raise InvalidInputError for one that is none or given twice."""
    found: dict[str, str] = {}
    for word in words or ():
        name, separator, value = word.partition("=")
        name = name.strip()
        if not separator or not name:
            raise errors.InvalidInputError(
                f"{option} {_shown(word)} is not NAME=VALUE.", remedy=f"Write for example: {option} learning_rate=0.1"
            )
        if name in found:
            raise errors.InvalidInputError(f"{option} {name} is given twice.", remedy="Keep one of the two.")
        found[name] = value
    return found


def check_target(text: str | None) -> None:
    """Refuse a parameter's value in the place of a notebook or a version."""
    if text is not None and _VALUE.fullmatch(text):
        raise errors.InvalidInputError(
            f"{_shown(text)} is neither a notebook nor a version.",
            remedy=f"Give a parameter's value with -p: -p {text}",
        )


def split_values(text: str) -> list[str]:
    """Split ``0.1,0.2`` at commas that stand outside brackets and quotation marks."""
    parts: list[str] = []
    piece: list[str] = []
    closing: list[str] = []
    quote = ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _BRACKETS:
            closing.append(_BRACKETS[character])
        elif closing and character == closing[-1]:
            closing.pop()
        elif character == "," and not closing:
            parts.append("".join(piece))
            piece = []
            continue
        piece.append(character)
    parts.append("".join(piece))
    return [part.strip() for part in parts]


def size_bytes(text: str) -> int:
    """Read a size: ``2GB``, ``1.5GiB``, ``500000``; raise InvalidInputError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise errors.InvalidInputError(f"{_shown(text)} is not a size.", remedy="Write for example: 500MB, 2GB, 1.5GiB")
    number, unit, binary = found.groups()
    power = " kmgtp".index(unit.lower()) if unit else 0
    return int(float(number) * (1024 if binary else 1000) ** power)


def _shown(text: str) -> str:
    from taskcell.notebook import quoting

    return quoting.shown(text)

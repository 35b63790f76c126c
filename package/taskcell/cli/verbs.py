"""What a verb is: name, help, arguments, and the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple


class Verb(NamedTuple):
    """One verb of the command line, and of a line magic of the same name.

    Not a dataclass: importing those takes longer than all of the command's help.

    Attributes
    ----------
    help
        One line.
    add_arguments
        Adds its arguments to a parser.
    run
        Does it. Returns something with ``to_text`` or ``_repr_mimebundle_``, a text, or None. ``args.in_notebook`` says
        whether a notebook shows the result.
    exit_code
        Exit code of the command for a result.
    aliases
        Other names.
    details
        More for the help: what it does not do, examples.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], object]
    exit_code: Callable[[object], int] = lambda result: 0
    aliases: tuple[str, ...] = ()
    details: str = ""

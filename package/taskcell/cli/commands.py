"""From words to a verb's result: ``main`` for the shell, ``call`` for a notebook."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from taskcell import errors
from taskcell.cli import arguments, registry
from taskcell.cli.verbs import Verb

OK, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130
_ABOUT = "Notebook cells as cached, versioned, reproducible workflows."


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 refused or failed, 2 usage, 130 interrupted."""
    from taskcell.cli import printing

    given = list(sys.argv[1:] if words is None else words)
    try:
        return _main(given)
    except errors.TaskcellError as exc:
        usage = isinstance(exc, errors.InvalidInputError) and "verb" in exc.ids
        printing.refuse(exc)
        return USAGE if usage else REFUSED
    except arguments.HelpAskedError as exc:
        printing.say(str(exc).rstrip())
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        printing.close_output()
        return OK


def _main(words: list[str]) -> int:
    leading, name, rest = _split(words)
    if name is None:
        return _without_verb(leading)
    verb = _find(name)
    args = _parse(verb, f"taskcell {name}", [*leading, *rest], command=True)
    from taskcell.cli import printing

    result = verb.run(args)
    printing.show(result, as_json=args.json)
    return verb.exit_code(result)


def _split(words: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Split into global options before the verb, the verb, and the rest."""
    leading: list[str] = []
    position = 0
    while position < len(words) and words[position].startswith("-"):
        taken = 2 if words[position] in ("--store", "--project") else 1
        leading += words[position : position + taken]
        position += taken
    if position >= len(words):
        return leading, None, []
    return leading, words[position], words[position + 1 :]


def _without_verb(words: list[str]) -> int:
    from taskcell.cli import printing

    if "--version" in words or "-V" in words:
        from importlib import metadata

        printing.say(f"taskcell {metadata.version('taskcell')}")
        return OK
    asked = not words or "-h" in words or "--help" in words
    if asked:
        printing.say(overview())
        return OK if words else USAGE
    raise _unknown(words[0])


def overview() -> str:
    """Return the help of the command as a whole."""
    listed = registry.all_verbs()
    width = max(len(verb.name) for verb in listed)
    lines = [f"  {verb.name:<{width}}  {verb.help}" for verb in listed]
    return "\n".join(
        [
            "usage: taskcell [--store URL] [--project NAME] VERB …",
            "",
            _ABOUT,
            "",
            *lines,
            "",
            "taskcell VERB --help says more. Exit codes: 0 done, 1 refused or failed, 2 usage, 130 interrupted.",
        ]
    )


def call(name: str, words: Sequence[str], *, notebook: bool = False) -> object:
    """Run one verb and return its result; never leaves the process.

    Parameters
    ----------
    name
        The verb, as in ``taskcell VERB`` and ``%VERB``.
    words
        Its arguments.
    notebook
        Whether a notebook shows the result: then usage speaks of ``%VERB``.

    Returns
    -------
    object
        Something that shows itself (``_repr_mimebundle_``, ``to_text``), a text (the help for ``-h``), or None.

    Raises
    ------
    InvalidInputError
        For words that can't be read, with the usage; and whatever the verb raises.
    """
    verb = _find(name)
    try:
        args = _parse(verb, f"%{name}" if notebook else f"taskcell {name}", list(words), command=not notebook)
    except arguments.HelpAskedError as exc:
        return str(exc)
    args.in_notebook = notebook
    return verb.run(args)


def help_of(name: str, *, notebook: bool = True) -> str:
    """Return the help text of a verb."""
    return _parser(_find(name), f"%{name}" if notebook else f"taskcell {name}", command=not notebook).format_help()


def _parse(verb: Verb, prog: str, words: list[str], *, command: bool) -> argparse.Namespace:
    args = _parser(verb, prog, command=command).parse_args(words)
    args.in_notebook = False
    args.json = getattr(args, "json", False)
    return args


def _parser(verb: Verb, prog: str, *, command: bool) -> arguments.Parser:
    parser = arguments.Parser(prog, f"{verb.help[:1].upper()}{verb.help[1:]}.\n\n{verb.details}".strip())
    verb.add_arguments(parser)
    arguments.add_store(parser)
    if command:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _find(name: str) -> Verb:
    known = registry.by_name()
    if name not in known:
        raise _unknown(name)
    return known[name]


def _unknown(name: str) -> errors.InvalidInputError:
    hint = arguments.did_you_mean(name, registry.by_name())
    return errors.InvalidInputError(
        f"taskcell has no verb {name[:60]!r}.",
        remedy=f"{hint} taskcell --help lists them.".strip(),
        verb=name[:60],
    )

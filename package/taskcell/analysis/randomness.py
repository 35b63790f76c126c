"""Where code makes a random generator of its own without a seed, and which global ones it seeds itself.

By the names of what is called: this explains a difference, it is not part of any key.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from taskcell import errors
from taskcell.analysis import ipython_syntax

_MADE = frozenset({"default_rng", "RandomState", "Random", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64"})
"""Generators that ask the system for a seed when they are given none."""
_ALWAYS = frozenset({"SystemRandom", "uuid1", "uuid4", "urandom", "token_bytes", "token_hex", "token_urlsafe"})
"""Calls that differ each time, whatever is seeded."""
_SEEDS = {"random.seed": "random", "torch.manual_seed": "torch", "numpy.random.seed": "numpy.random"}


def unseeded(sources: Iterable[str], drawn: Iterable[str]) -> tuple[str, ...]:
    """Return what of a task is random: global generators that were drawn from, and calls, in their words.

    Parameters
    ----------
    sources : Iterable[str]
        The task's body and the definitions that it reaches.
    drawn : Iterable[str]
        Global generators that were drawn from without a seed: ``random``, ``numpy.random``, ``torch``.
    """
    found: dict[str, None] = {}
    seeded: set[str] = set()
    for call in _calls(sources):
        name = ast.unparse(call.func)
        last = name.rpartition(".")[2]
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if last in _ALWAYS or (last in _MADE and all(_is_none(argument) for argument in given)):
            found[f"{name}()"] = None
        seeds = _SEEDS.get(name.replace("np.random", "numpy.random"))
        if seeds is not None and given and not all(_is_none(argument) for argument in given):
            seeded.add(seeds)
    return (*(name for name in drawn if name not in seeded), *found)


def _calls(sources: Iterable[str]) -> Iterator[ast.Call]:
    for source in sources:
        try:
            tree = ipython_syntax.translate(source).tree
        except errors.DefinitionError:
            continue
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None

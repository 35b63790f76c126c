"""Generated cells: what they do when executed is what the analysis says."""

from __future__ import annotations

import textwrap

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.analysis import tracking

from taskcell.analysis import analyze

NAMES = ("a", "b", "c", "d")
FUNCTIONS = ("f", "g")
GIVEN = {"flip", "items", "risky", "Boom", "Thing"}

name = st.sampled_from(NAMES)
function = st.sampled_from(FUNCTIONS)


def expression() -> st.SearchStrategy[str]:
    return st.one_of(
        name,
        st.just("Thing()"),
        st.just("risky()"),
        st.builds("{} + {}".format, name, name),
        st.builds("[v + {} for v in items()]".format, name),
        st.builds("[({} := v) for v in items()]".format, name),
        st.builds("(flip() and ({} := Thing()))".format, name),
        st.builds("({} if flip() else {})".format, name, name),
        st.builds("(lambda v: v + {})(1)".format, name),
        st.builds("(lambda v={}: v)()".format, name),
        st.builds("sum(v + {} for v in items())".format, name),
    )


def indented(body: str) -> str:
    return textwrap.indent(body, "    ")


def simple() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} = {}".format, name, expression()),
        st.builds("{} += {}".format, name, st.just("Thing()")),
        st.builds("{}: int = {}".format, name, st.just("Thing()")),
        st.builds("{}, {} = Thing(), {}".format, name, name, name),
        st.builds("{}.append({}) if flip() else None".format, name, name),
        st.builds("{}[0] = {}".format, name, name),
        expression(),
        st.just("pass"),
    )


def compound(block: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = block.map(indented)
    inner = body.map(indented)
    return st.one_of(
        st.builds("if flip():\n{}\nelse:\n{}".format, body, body),
        st.builds("if flip():\n{}".format, body),
        st.builds("for {} in items():\n{}".format, name, body),
        st.builds("for _ in items():\n{}\nelse:\n{}".format, body, body),
        st.builds("for _ in items():\n{}\n    break".format, body),
        st.builds("while flip():\n{}".format, body),
        st.builds("try:\n{}\nexcept Boom:\n{}".format, body, body),
        st.builds("try:\n{}\nexcept Boom as {}:\n{}".format, body, name, body),
        st.builds("try:\n{}\nfinally:\n{}".format, body, body),
        st.builds("def {0}():\n{1}\n{2}()".format, function, body, st.sampled_from(("f", "g", "Thing"))),
        st.builds("def {0}():\n    global {1}\n{2}\n{0}()".format, function, name, body),
        st.builds("class K:\n{}".format, body),
        st.builds("match Thing():\n    case int():\n{}\n    case {}:\n{}".format, inner, name, inner),
    )


def cell() -> st.SearchStrategy[str]:
    block = st.recursive(
        st.lists(simple(), min_size=1, max_size=3).map("\n".join),
        lambda inner: st.lists(st.one_of(simple(), compound(inner)), min_size=1, max_size=3).map("\n".join),
        max_leaves=6,
    )
    return st.lists(st.one_of(simple(), compound(block)), min_size=1, max_size=4).map("\n".join)


def compiles(source: str) -> bool:
    try:
        compile(source, "<generated>", "exec")
    except SyntaxError:
        return False
    return True


LIMITS = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@LIMITS
@given(cell().filter(compiles))
def test_executing_does_nothing_that_is_not_said(source: str) -> None:
    found = analyze(source)
    seen = tracking.execute(source, (*NAMES, *FUNCTIONS))
    assert seen.used <= found.reads, source
    assert seen.bound - GIVEN <= found.writes | {"_"}, source
    assert seen.changed <= found.mutates, source


@LIMITS
@given(cell().filter(compiles))
def test_what_is_said_happens_on_some_path(source: str) -> None:
    seen = tracking.execute(source, (*NAMES, *FUNCTIONS))
    if seen.short or any(word in source for word in ("def ", "class ", "except ", "finally", "int()")):
        return  # cut paths, class lookups that can't be tracked, and what only looks as if it could happen
    found = analyze(source)
    assert found.reads - GIVEN <= seen.used, source
    assert found.writes <= seen.bound, source

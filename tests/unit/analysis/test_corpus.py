from __future__ import annotations

import pytest
from tests.unit.analysis import corpus

from taskcell.analysis import analyze

CASES = corpus.cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_names_are_exactly_those_of_the_corpus(case: corpus.Case) -> None:
    found = analyze(case.source, known=case.known)
    assert (set(found.reads), set(found.writes), set(found.mutates), found.opaque) == (
        set(case.reads),
        set(case.writes),
        set(case.mutates),
        case.opaque,
    )


def test_corpus_is_not_small() -> None:
    assert len(CASES) >= 850
    assert len({case.name for case in CASES}) == len(CASES)


def test_chain_of_calls_of_any_length_is_followed() -> None:
    helpers = "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(1500))
    found = analyze(f"{helpers}\ndef f1500(): return deep\nf0()\ndeep = 1")
    assert found.reads == {"deep"}


def test_functions_that_call_each_other_many_times_are_quick() -> None:
    body = "\n".join(f"def f{i}(): return [{', '.join(f'f{j}()' for j in range(60))}]" for i in range(60))
    found = analyze(f"{body}\nf0()\nf1(f2, f3)")
    assert found.reads == frozenset()


def test_many_loops_inside_each_other_are_quick() -> None:
    loops = "\n".join(f"{'  ' * i}for v{i} in v{i - 1}:\n{'  ' * i}  w{i} = [lambda: w{i}]" for i in range(1, 14))
    assert analyze(loops).reads == {"v0"}

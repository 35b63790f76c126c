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
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)

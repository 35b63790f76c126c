"""Digests that were given once are kept."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.hashing import golden

from taskcell.hashing import digest_value, tokens


@pytest.mark.parametrize("name", golden.VALUES)
def test_digest_is_the_recorded_one(name: str) -> None:
    value: Any = golden.VALUES[name]()
    assert digest_value(value) == golden.DIGESTS[name]


def test_every_recorded_digest_is_another_one() -> None:
    assert set(golden.DIGESTS) == set(golden.VALUES)
    same = {golden.DIGESTS["array int"]} & {golden.DIGESTS["array fortran"]}
    assert len(same) == 1
    assert len(set(golden.DIGESTS.values())) == len(golden.VALUES) - 1


def test_digests_belong_to_this_version() -> None:
    assert tokens.VERSION == "taskcell.value/1"

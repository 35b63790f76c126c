"""What of a task is random."""

from __future__ import annotations

import pytest

from taskcell import analysis


@pytest.mark.parametrize(
    ("source", "drawn", "expected"),
    [
        ("x = random.random()", ("random",), ("random",)),
        ("random.seed(3)\nx = random.random()", ("random",), ()),
        ("np.random.seed(0)", ("numpy.random", "random"), ("random",)),
        ("random.seed()", ("random",), ("random",)),
        ("rng = np.random.default_rng()", (), ("np.random.default_rng()",)),
        ("rng = default_rng(seed=None)", (), ("default_rng()",)),
        ("rng = np.random.default_rng(7)", (), ()),
        ("name = uuid.uuid4()", (), ("uuid.uuid4()",)),
        ("x = (", ("random",), ("random",)),
    ],
)
def test_unseeded_randomness_is_named(source: str, drawn: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert analysis.unseeded([source], drawn) == expected

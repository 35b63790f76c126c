"""Generated values keep what is promised of digests and of the store.

Another seed: ``--hypothesis-seed=N``. More examples: ``TASKCELL_EXAMPLES=2000`` with ``-m slow`` (``make soak``).
"""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.contract.codecs import generated

from taskcell.hashing import digest_value
from taskcell.store.codecs import DEFAULT_CODECS
from taskcell.testing import memory

EXAMPLES = int(os.environ.get("TASKCELL_EXAMPLES", "1000"))
HEALTH = list(HealthCheck)  # a busy machine is no fault of theirs
POOLS = st.lists(generated.VALUES, min_size=2, max_size=12)

Check = Callable[[Any], None]


def comes_back(value: Any) -> None:
    digest, blobs = digest_value(value), memory.MemoryBlobs()
    artifact = DEFAULT_CODECS.encode(value, blobs)
    found = DEFAULT_CODECS.decode(artifact, blobs, trusted=True)
    assert type(found) is type(value)
    assert generated.meaning(found) == generated.meaning(value)
    assert digest == artifact.digest == digest_value(found) == digest_value(value)


def copies_have_its_digest(value: Any) -> None:
    # NumPy's pickles lose the byte order, and pandas' copies the fold of a time: those are other values.
    for again in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        same = generated.meaning(again) == generated.meaning(value)
        assert (digest_value(again) == digest_value(value)) == same


def one_digest_a_meaning(values: list[Any]) -> None:
    meanings: dict[Any, Any] = {}
    digests: dict[Any, Any] = {}
    for value in values:
        digest, meant = digest_value(value), generated.meaning(value)
        assert meanings.setdefault(digest, meant) == meant
        assert digests.setdefault(meant, digest) == digest


def part_counts(value: Any) -> None:
    """Change one part at a time of a container: another value, another digest."""
    for other in generated.with_a_part_changed(value):
        assert generated.meaning(other) != generated.meaning(value)
        assert digest_value(other) != digest_value(value)


CHECKS: list[tuple[Check, Any]] = [
    (comes_back, generated.VALUES),
    (copies_have_its_digest, generated.VALUES),
    (one_digest_a_meaning, POOLS),
    (part_counts, generated.VALUES),
]


def _run(check: Check, strategy: Any, examples: int) -> None:
    settings(max_examples=examples, deadline=None, suppress_health_check=HEALTH)(given(strategy)(check))()


@pytest.mark.parametrize(("check", "strategy"), CHECKS, ids=[check.__name__ for check, _ in CHECKS])
def test_generated_value(check: Check, strategy: Any) -> None:
    _run(check, strategy, 40)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("check", "strategy"), CHECKS, ids=[check.__name__ for check, _ in CHECKS])
def test_thousands_of_generated_values(check: Check, strategy: Any) -> None:
    _run(check, strategy, EXAMPLES)


CHILD = """
import pathlib, pickle, sys
from taskcell.hashing import digest_value
for value in pickle.loads(pathlib.Path(sys.argv[1]).read_bytes()):
    print(digest_value(value))
"""


@pytest.mark.slow
def test_digests_are_those_of_a_process_with_another_hash_seed(tmp_path: Path) -> None:
    values: list[Any] = []
    draw = settings(
        max_examples=300, database=None, phases=[Phase.generate], suppress_health_check=HEALTH, deadline=None
    )

    def keep(value: Any) -> None:
        values.append(value)

    draw(given(generated.VALUES)(keep))()
    (tmp_path / "values").write_bytes(pickle.dumps(values))
    expected = [digest_value(value) for value in pickle.loads((tmp_path / "values").read_bytes())]
    for seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", CHILD, str(tmp_path / "values")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=100)
        assert done.stdout.split() == expected


def test_given_fold_of_a_time_is_kept_inside_an_object() -> None:
    comes_back(generated.Bag(None, pd.Timestamp("2000-01-01").replace(fold=1)))

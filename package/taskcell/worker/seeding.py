"""The global random generators of a process: set them to a seed, and tell which of them somebody drew from."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any

NUMPY = "numpy.random"


def seed(number: int) -> None:
    """Seed Python's global generator, numpy's where installed, and torch's where loaded."""
    random.seed(number)
    try:
        import numpy as np
    except ImportError:
        pass
    else:
        np.random.seed(number % 2**32)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)


def states() -> Mapping[str, Any]:
    """Return the states of the global generators; imports nothing, so that a library may be absent."""
    found: dict[str, Any] = {"random": random.getstate()}
    numpy, torch = sys.modules.get("numpy.random"), sys.modules.get("torch")
    if numpy is not None:
        found[NUMPY] = _numpy_state(numpy.get_state(legacy=False))
    if torch is not None:
        found["torch"] = torch.get_rng_state().numpy().tobytes()
    return found


def drawn(before: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the generators that have moved since; of one that was loaded meanwhile, whether it left its start.

    torch starts from a fixed seed in every process: loaded meanwhile, it draws the same numbers again.
    """
    return tuple(name for name, state in states().items() if state != before.get(name, _start(name, state)))


def _numpy_state(state: Any) -> Any:
    inner = state["state"]
    key = inner["key"].tobytes() if hasattr(inner.get("key"), "tobytes") else inner
    return key, inner.get("pos"), state["has_gauss"]


def _start(name: str, state: Any) -> Any:
    """Return the state that a generator would have if nobody had drawn from it since it was loaded."""
    if name != NUMPY:
        return state
    _, position, gauss = _numpy_state(sys.modules["numpy.random"].RandomState(0).get_state(legacy=False))
    return state[0], position, gauss

"""A function of ordinary make: two packages, a helper, two constants."""

from __future__ import annotations

import numpy as np
import pandas as pd

LIMITS = {"low": 1, "steps": [1, 2, 3]}
RATE = 0.1


def scaled(value: float) -> float:
    """Return a value on the scale of the constants."""
    return value * RATE + LIMITS["low"]  # type: ignore[operator,no-any-return]


def summed(n: int) -> float:
    """Return a small sum through both packages."""
    return float(pd.Series(np.asarray([scaled(n)])).sum())

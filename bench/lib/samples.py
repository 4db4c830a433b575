"""What a list of measured values says."""

import math


def quantile(values, q: float) -> float:
    """The value at `q` (0 to 1) by nearest rank; NaN when there is none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[round(q * (len(ordered) - 1))]


def median(values) -> float:
    """The middle value; of an even number the mean of the two in the middle."""
    if not values:
        return math.nan
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def ratio(value: float, base: float) -> float:
    """`value` / `base`; NaN when either is missing."""
    return value / base if base else math.nan

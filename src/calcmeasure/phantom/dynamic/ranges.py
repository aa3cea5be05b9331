"""Numbers drawn from ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

T = TypeVar("T")

Range = tuple[float, float]
"""Lower and upper end, drawn from evenly; logarithmically where said so."""


def pick(shares: Iterable[tuple[T, float]], rng: np.random.Generator) -> T:
    """One of several, by its share."""
    choices = list(shares)
    weights = np.array([share for _, share in choices])
    return choices[rng.choice(len(choices), p=weights / weights.sum())][0]


def uniform(limits: Range, rng: np.random.Generator) -> float:
    """Evenly between two limits."""
    return float(rng.uniform(*limits))


def log_uniform(limits: Range, rng: np.random.Generator) -> float:
    """Evenly between two limits on a logarithmic scale."""
    return float(np.exp(rng.uniform(*np.log(limits))))

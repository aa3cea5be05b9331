"""Whether a stated probability is the share that turns out to be calcifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from calcifications.curves import Answers

EDGES = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 1.0])
FEWEST = 20
"""A bin of fewer marks is not shown."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Stated and observed chances per bin with Clopper-Pearson intervals, all (bins,), and two summaries.

    Parameters
    ----------
    error
        Mean difference of stated and observed, weighted by marks.
    brier
        Mean squared difference of probability and truth.
    """

    stated: Values
    observed: Values
    low: Values
    high: Values
    count: Values
    error: float
    brier: float


def reliability(images: Sequence[Answers]) -> Reliability:
    """Compare the probabilities of all marks that are clearly true or clearly false."""
    true = np.concatenate([image.truth_scores for image in images])
    true = true[np.isfinite(true)]
    false = np.concatenate([image.false_scores for image in images])
    scores, is_true = np.concatenate([true, false]), np.repeat([1.0, 0.0], [len(true), len(false)])
    bins = np.clip(np.searchsorted(EDGES, scores, side="right") - 1, 0, len(EDGES) - 2)
    count, hits, stated = (
        np.bincount(bins, weights=weights, minlength=len(EDGES) - 1) for weights in (None, is_true, scores)
    )
    full = count >= FEWEST
    count, hits, stated = (np.asarray(values[full], dtype=float) for values in (count, hits, stated))
    observed, stated = hits / count, stated / count
    low = np.where(hits > 0, beta.ppf(0.025, np.maximum(hits, 1), count - hits + 1), 0.0)
    high = np.where(hits < count, beta.ppf(0.975, hits + 1, np.maximum(count - hits, 1)), 1.0)
    error = float((np.abs(stated - observed) * count).sum() / max(count.sum(), 1.0))
    return Reliability(stated, observed, low, high, count, error, float(np.mean((scores - is_true) ** 2)))

"""Free-response curves: sensitivity against false answers per cm² or per image, with intervals.

Intervals are percentile bootstrap intervals over whole breasts (all images of one breast are drawn together), because
marks of one image share its noise and its anatomy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REPLICATES = 1000
SEED = 20261123
LEVEL = 0.95

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one image adds to a curve.

    Parameters
    ----------
    truth_scores
        (n,) score of the answer that found each true object; minus infinity where none did.
    false_scores
        (m,) scores of the answers that stand for nothing.
    size
        What false answers are counted per: cm² of breast, or 1 for an image.
    breast
        Images of one breast are resampled together.
    """

    truth_scores: Values
    false_scores: Values
    size: float
    breast: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Sensitivity at each rate of false answers with its interval; all (k,)."""

    rates: Values
    sensitivity: Values
    low: Values
    high: Values
    n_truth: int

    def at(self, rate: float) -> tuple[float, float, float]:
        """Sensitivity and its interval at one of the rates."""
        place = int(np.argmin(np.abs(np.log(self.rates / rate))))
        return float(self.sensitivity[place]), float(self.low[place]), float(self.high[place])


def free_response(images: Sequence[Answers], rates: Values, *, replicates: int = REPLICATES) -> Curve:
    """Draw the curve of a set of images at the given rates.

    At every rate the threshold is the lowest that leaves at most that many false answers.
    """
    pooled = _pool(images)
    whole = pooled.sensitivity(rates, np.ones(pooled.n_breasts))
    draws = np.array([pooled.sensitivity(rates, weights) for weights in _draws(pooled.n_breasts, replicates)])
    low, high = _percentiles(draws) if replicates else (whole, whole)
    return Curve(rates, whole, low, high, len(pooled.truth_scores))


def interval_of(
    values: Values, breasts: Sequence[str], statistic: Callable[[Values], float], *, replicates: int = REPLICATES
) -> tuple[float, float, float]:
    """Find a statistic of one value per image and its interval.

    Parameters
    ----------
    values
        (n,) one per image.
    breasts
        (n,) images of one breast are resampled together.
    """
    members = _members(breasts)
    rng = np.random.default_rng(SEED)
    draws = [
        statistic(values[np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])])
        for _ in range(replicates)
    ]
    low, high = _percentiles(np.array(draws))
    return statistic(values), float(low), float(high)


@dataclass(frozen=True, slots=True)
class _Pooled:
    """All answers of all images, false ones best first, each with the number of its breast."""

    truth_scores: Values
    truth_breast: NDArray[np.intp]
    false_scores: Values
    false_breast: NDArray[np.intp]
    sizes: Values

    @property
    def n_breasts(self) -> int:
        return len(self.sizes)

    def sensitivity(self, rates: Values, weights: Values) -> Values:
        """Sensitivity at each rate when every breast counts `weights` times."""
        counted = np.cumsum(weights[self.false_breast])
        allowed = rates * float(weights @ self.sizes)
        first_too_many = np.searchsorted(counted, allowed * (1.0 + 1e-12), side="right")
        thresholds = np.append(self.false_scores, -np.inf)[first_too_many]
        truth_weights = weights[self.truth_breast]
        found = (self.truth_scores[None, :] > thresholds[:, None]) @ truth_weights
        return np.asarray(found / max(float(truth_weights.sum()), 1e-9))


def _pool(images: Sequence[Answers]) -> _Pooled:
    names = list(dict.fromkeys(image.breast for image in images))
    number = [names.index(image.breast) for image in images]
    false = np.concatenate([image.false_scores for image in images])
    false_breast = np.repeat(number, [len(image.false_scores) for image in images])
    order = np.argsort(-false, kind="stable")
    sizes = np.bincount(number, weights=[image.size for image in images], minlength=len(names))
    return _Pooled(
        np.concatenate([image.truth_scores for image in images]),
        np.repeat(number, [len(image.truth_scores) for image in images]),
        false[order],
        false_breast[order],
        sizes,
    )


def _draws(n_breasts: int, replicates: int) -> list[Values]:
    rng = np.random.default_rng(SEED)
    return [
        np.bincount(rng.integers(n_breasts, size=n_breasts), minlength=n_breasts).astype(float)
        for _ in range(replicates)
    ]


def _members(breasts: Sequence[str]) -> list[NDArray[np.intp]]:
    names = np.asarray(breasts)
    return [np.flatnonzero(names == name) for name in dict.fromkeys(breasts)]


def _percentiles(draws: Values) -> tuple[Values, Values]:
    outside = 100.0 * (1.0 - LEVEL) / 2.0
    low, high = np.nanpercentile(draws, (outside, 100.0 - outside), axis=0)
    return low, high

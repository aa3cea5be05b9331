"""Wilcoxon's signed-rank test of paired measurements, with zeros and ties handled as SPSS does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan, sqrt

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from calcmeasure.errors import TableError
from calcmeasure.stats.columns import Column, FloatArray, complete_rows

EXACT_MAX = 1000
"""Most non-zero differences for which the exact distribution is built."""
FEW_PAIRS = 10
"""With fewer non-zero differences the normal approximation is noted as doubtful."""
TIE_DECIMALS = 9
"""Differences equal to this many decimals are ties: 0.3 - 0.1 and 0.2 are one number to a reader."""


class PairedMethod(StrEnum):
    """How the P value is computed."""

    ASYMPTOTIC = "asymptotic"
    """Normal approximation, variance corrected for ties, no continuity correction: what SPSS prints."""
    EXACT = "exact"
    """All sign patterns of the observed ranks, ties included."""


class Direction(StrEnum):
    """Which way the measurements moved."""

    UP = "up"
    """The second ones rank higher."""
    DOWN = "down"
    """The second ones rank lower."""
    NONE = "none"
    """Neither."""


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Result of a Wilcoxon signed-rank test.

    Parameters
    ----------
    method
        How `p` was computed.
    p
        Two-sided P value; NaN when every difference is 0.
    z
        Standardised sum of positive ranks: positive when the second measurements are larger. SPSS prints it negative.
    direction
        Which way the measurements moved.
    positive_ranks, negative_ranks
        Sums of the ranks of rises (second larger) and of falls.
    rises, falls, zeros
        Pairs of each kind; zeros are dropped before ranking.
    ties
        Non-zero differences that share their size with another.
    median_difference
        Median of second minus first, zeros included.
    n, left_out
        Complete pairs, and pairs that lacked a value.
    notes
        What a reader must know.
    """

    method: PairedMethod
    p: float
    z: float
    direction: Direction
    positive_ranks: float
    negative_ranks: float
    rises: int
    falls: int
    zeros: int
    ties: int
    median_difference: float
    n: int
    left_out: int
    notes: tuple[str, ...] = ()


def wilcoxon_signed_rank(
    first: Column, second: Column, *, method: PairedMethod = PairedMethod.ASYMPTOTIC
) -> SignedRank:
    """Test whether paired measurements moved.

    Parameters
    ----------
    first, second
        Paired measurements, e.g. before and after.
    method
        How the P value is computed.

    Returns
    -------
    SignedRank
        Zeros dropped, ties given their average rank.

    Raises
    ------
    TableError
        If lengths differ, a value is no finite number, or an exact test is asked for more than `EXACT_MAX` differences.

    Examples
    --------
    >>> found = wilcoxon_signed_rank([3.0, 2.0, 5.0, 4.0], [1.0, 2.0, 2.0, 3.0])
    >>> found.direction, found.zeros, round(found.p, 4)
    (<Direction.DOWN: 'down'>, 1, 0.1088)
    """
    rows, left_out = complete_rows([first, second])
    change = np.round(rows[:, 1] - rows[:, 0], TIE_DECIMALS)
    moved = change[change != 0]
    if method is PairedMethod.EXACT and len(moved) > EXACT_MAX:
        raise TableError(f"an exact signed-rank test takes up to {EXACT_MAX} differences, found {len(moved)}")
    ranks = rankdata(np.abs(moved))
    positive, negative = float(ranks[moved > 0].sum()), float(ranks[moved < 0].sum())
    z = _z(ranks, positive)
    return SignedRank(
        method=method,
        p=_exact_p(ranks, positive) if method is PairedMethod.EXACT else float(2 * ndtr(-abs(z))),
        z=z,
        direction=_direction(positive, negative),
        positive_ranks=positive,
        negative_ranks=negative,
        rises=int(np.count_nonzero(moved > 0)),
        falls=int(np.count_nonzero(moved < 0)),
        zeros=len(change) - len(moved),
        ties=_tied(ranks),
        median_difference=float(np.median(change)) if len(change) else nan,
        n=len(rows),
        left_out=left_out,
        notes=_notes(len(moved), method),
    )


def _z(ranks: FloatArray, positive: float) -> float:
    """Standardise the sum of positive ranks: given the ranks, its variance is the sum of their squares / 4."""
    if not len(ranks):
        return nan
    return (positive - float(ranks.sum()) / 2) / sqrt(float(np.square(ranks).sum()) / 4)


def _exact_p(ranks: FloatArray, positive: float) -> float:
    """Double the smaller tail over all sign patterns; average ranks are whole numbers if doubled."""
    if not len(ranks):
        return nan
    doubled = np.rint(2 * ranks).astype(np.int64)
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    for rank in doubled.tolist():
        raised = np.concatenate([np.zeros(rank), chance[: len(chance) - rank]])
        chance = (chance + raised) / 2
    at = round(2 * positive)
    return min(1.0, 2 * min(float(chance[: at + 1].sum()), float(chance[at:].sum())))


def _direction(positive: float, negative: float) -> Direction:
    if positive == negative:
        return Direction.NONE
    return Direction.UP if positive > negative else Direction.DOWN


def _tied(ranks: FloatArray) -> int:
    _, counts = np.unique(ranks, return_counts=True)
    return int(counts[counts > 1].sum())


def _notes(moved: int, method: PairedMethod) -> tuple[str, ...]:
    if not moved:
        return ("undefined: every difference is 0 or no pair is complete",)
    if method is PairedMethod.ASYMPTOTIC and moved < FEW_PAIRS:
        return (f"only {moved} differences are not 0: the normal approximation is doubtful, use the exact test",)
    return ()

"""How probable it is that a group is one: a logistic rule on what its marks say together.

The weights were fitted to groups found on simulated mammograms of training seeds and rounded.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import expit

from calcmeasure.detect.calcifications.membership import Group, WeighedMarks
from calcmeasure.detect.calcifications.weighing import suspicious_share
from calcmeasure.detect.contract import CalcificationMarks, Points, Values

NEIGHBOURHOOD_MM = 10.0
"""Marks around a group that are not its members speak against it within this distance."""
GREATEST_LOG_ODDS = 4.6
"""No single mark speaks for or against a group more than this."""
CHAIN_MARKS, UNKNOWN_CHAIN = 9, 0.5
"""Members whose width over length is taken around each; what groups too small for that are taken for."""
TYPICAL_SNR = 9.0
"""Taken for where a detector does not tell the signal over noise."""
FEATURES = ("evidence", "members", "third", "surroundings", "looks", "strength", "breadth")
"""What the rule looks at, see `group_features`."""
WEIGHTS = (0.5, 0.9, 0.4, -0.7, 0.5, -1.6, -5.0)
OFFSET = 2.0


def group_confidence(group: Group, weighed: WeighedMarks, marks: CalcificationMarks) -> float:
    """Probability that a group is a group of calcifications, 0-1."""
    return float(expit(OFFSET + np.dot(WEIGHTS, group_features(group, weighed, marks))))


def group_features(group: Group, weighed: WeighedMarks, marks: CalcificationMarks) -> Values:
    """Features of a group, in the order of `FEATURES`.

    Parameters
    ----------
    weighed, marks
        The same marks: as they were grouped, and as they were found.

    Returns
    -------
    (7,) ndarray
        Log of the evidence; log of the expected number of true members; log odds of the third strongest; log of the
        expected calcifications around that are not members; mean log odds of being no typically benign kind; log of
        the median signal over noise, for metal and lead outshine calcifications; and width over length of the members
        around each, small where they follow each other like plaques of an artery.
    """
    odds = np.sort(weighed.odds[group.members])[::-1]
    shares = np.clip(suspicious_share(marks)[group.members], 0.01, 0.99)
    return np.array(
        [
            np.log1p(max(group.evidence, 0.0)),
            np.log(max(group.chances.sum(), 1e-3)),
            np.clip(np.log(odds[:3].min()), -GREATEST_LOG_ODDS, GREATEST_LOG_ODDS),
            np.log1p(_expected_around(group, weighed)),
            np.log(shares / (1.0 - shares)).mean(),
            np.log(np.median(np.nan_to_num(marks.snr[group.members], nan=TYPICAL_SNR))),
            _breadth(weighed.points_mm[group.members]),
        ]
    )


def _expected_around(group: Group, marks: WeighedMarks) -> float:
    """Expect so many calcifications around the members that are not members themselves."""
    gaps_mm, _ = cKDTree(marks.points_mm[group.members]).query(marks.points_mm)
    around = np.asarray(gaps_mm <= NEIGHBOURHOOD_MM)
    around[group.members] = False
    odds = marks.odds[around]
    return float((odds / (1.0 + odds)).sum())


def _breadth(points_mm: Points) -> float:
    """Median over the members of width over length of the nearest others."""
    if len(points_mm) < 2 * CHAIN_MARKS // 3:
        return UNKNOWN_CHAIN
    _, nearest = cKDTree(points_mm).query(points_mm, k=min(CHAIN_MARKS, len(points_mm)))
    around = points_mm[nearest]
    widths = np.linalg.svd(around - around.mean(axis=1, keepdims=True), compute_uv=False)
    return float(np.median(widths[:, 1] / np.maximum(widths[:, 0], 1e-9)))

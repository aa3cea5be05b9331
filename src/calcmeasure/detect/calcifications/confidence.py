"""How probable it is that a group is one: a logistic rule on what its marks say together."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import expit

from calcmeasure.detect.calcifications.membership import Group, WeighedMarks
from calcmeasure.detect.contract import Values

NEIGHBOURHOOD_MM = 10.0
"""Marks around a group that are not its members speak against it within this distance."""
GREATEST_LOG_ODDS = 6.0
"""No single mark speaks for a group more than this."""
FEATURES = ("evidence", "members", "strongest", "surroundings")
"""What the rule looks at, see `group_features`."""
WEIGHTS = (1.0, 1.0, 0.5, -0.5)
OFFSET = -4.0


def group_confidence(group: Group, marks: WeighedMarks) -> float:
    """Probability that a group is a group of calcifications, 0-1."""
    return float(expit(OFFSET + np.dot(WEIGHTS, group_features(group, marks))))


def group_features(group: Group, marks: WeighedMarks) -> Values:
    """Features of a group, in the order of `FEATURES`.

    Returns
    -------
    (4,) ndarray
        Log of the evidence, log of the expected number of true members, mean log odds of the third strongest mark
        and above, and log of the expected calcifications among the marks around that are not members.
    """
    odds = np.sort(marks.odds[group.members])[::-1]
    strongest = np.clip(np.log(odds[:3]), -GREATEST_LOG_ODDS, GREATEST_LOG_ODDS).mean()
    return np.array(
        [
            np.log1p(max(group.evidence, 0.0)),
            np.log(max(group.chances.sum(), 1e-3)),
            strongest,
            np.log1p(_expected_around(group, marks)),
        ]
    )


def _expected_around(group: Group, marks: WeighedMarks) -> float:
    """Expect so many calcifications around the members that are not members themselves."""
    gaps_mm, _ = cKDTree(marks.points_mm[group.members]).query(marks.points_mm)
    around = np.asarray(gaps_mm <= NEIGHBOURHOOD_MM)
    around[group.members] = False
    odds = marks.odds[around]
    return float((odds / (1.0 + odds)).sum())

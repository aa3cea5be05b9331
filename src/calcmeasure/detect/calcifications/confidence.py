"""How probable it is that a group is one: a logistic rule on what its marks say together.

The weights were fitted to groups found on simulated mammograms of training seeds and rounded.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from calcmeasure.detect.calcifications.membership import Group, WeighedMarks
from calcmeasure.detect.calcifications.weighing import suspicious_share
from calcmeasure.detect.contract import CalcificationMarks, Values

GREATEST_LOG_ODDS = 4.6
"""No single mark speaks for or against a group more than this."""
TYPICAL_SNR = 9.0
"""Taken for where a detector does not tell the signal over noise."""
FEATURES = ("evidence", "members", "third", "looks", "strength")
"""What the rule looks at, see `group_features`."""
WEIGHTS = (0.5, 0.5, 0.2, 0.6, -1.1)
OFFSET = -1.6
MOST_LEARNED, BEYOND = 60.0, 2.5
"""Groups of more members than any that the rule was fitted to are rather grain, texture or an artery without end: this
is taken off for every e-fold."""


def group_confidence(group: Group, weighed: WeighedMarks, marks: CalcificationMarks) -> float:
    """Probability that a group is a group of calcifications, 0-1."""
    features = group_features(group, weighed, marks)
    beyond = max(0.0, float(features[FEATURES.index("members")]) - np.log(MOST_LEARNED))
    return float(expit(OFFSET + np.dot(WEIGHTS, features) - BEYOND * beyond))


def group_features(group: Group, weighed: WeighedMarks, marks: CalcificationMarks) -> Values:
    """Features of a group, in the order of `FEATURES`.

    Parameters
    ----------
    weighed, marks
        The same marks: as they were grouped, and as they were found.

    Returns
    -------
    (5,) ndarray
        Log of the evidence; log of the expected number of true members; log odds of the third strongest; mean log odds
        of being no typically benign kind; and log of the median signal over noise, for metal and lead outshine
        calcifications.
    """
    odds = np.sort(weighed.odds[group.members])[::-1]
    shares = np.clip(suspicious_share(marks)[group.members], 0.01, 0.99)
    return np.array(
        [
            np.log1p(max(group.evidence, 0.0)),
            np.log(max(group.chances.sum(), 1e-3)),
            np.clip(np.log(odds[:3].min()), -GREATEST_LOG_ODDS, GREATEST_LOG_ODDS),
            np.log(shares / (1.0 - shares)).mean(),
            np.log(np.median(np.nan_to_num(marks.snr[group.members], nan=TYPICAL_SNR))),
        ]
    )

"""What kind a lesion is, and what something looks like that is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.terms import Flag, LesionType

FloatArray = NDArray[np.float64]

FOCUS_MM = 5.0
"""BI-RADS: a focus is smaller than 5 mm."""
NON_MASS_MM = 10.0
"""Shorter ones are not told apart."""
NON_MASS_FILL = 0.86
"""Share of its own ellipsoid of moments that a mass fills at least: non-mass enhancement has nonconvex borders..."""
PATCHY = 1.14
"""...or its middle, where clumps lie, is so many times as bright as the whole with the tissue between them."""
SKIN_DEPTH_MM = 5.0
TUBE = np.log(2.6)
"""A vessel is this many times longer than thick."""


def kind_of(evidence: FloatArray, *, diameter_mm: float) -> LesionType:
    """Mass, non-mass enhancement or focus: a hint, a reader decides.

    A focus is shorter than 5 mm. A mass takes up space, is convex, and as bright all through or brighter at its rim.
    Non-mass enhancement has fat or gland interspersed between what enhances, or nonconvex borders (BI-RADS; "Breast
    magnetic resonance imaging: non-mass-like enhancement", Gland Surgery, gs.amegroups.org/article/view/1239).
    """
    if diameter_mm < FOCUS_MM:
        return LesionType.FOCUS
    interspersed = not is_full(evidence) or _value(evidence, "ring") > PATCHY
    return LesionType.NON_MASS if interspersed and diameter_mm >= NON_MASS_MM else LesionType.MASS


def is_full(evidence: FloatArray, *, least: float = NON_MASS_FILL) -> bool:
    """Whether an outline fills its ellipsoid as a mass does, or at least to a given share."""
    return _value(evidence, "fill") >= least


def look_of(evidence: FloatArray) -> Flag:
    """Say what a candidate that is no lesion looks like."""
    if _value(evidence, "tube") > TUBE:
        return Flag.LOOKS_LIKE_VESSEL
    if _value(evidence, "skin_depth") <= SKIN_DEPTH_MM:
        return Flag.LOOKS_LIKE_SKIN
    return Flag.LOOKS_LIKE_BACKGROUND


def _value(evidence: FloatArray, name: str) -> float:
    return float(evidence[FEATURES.index(name)])

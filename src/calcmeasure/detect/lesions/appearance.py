"""What kind a lesion is, and what something looks like that is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.terms import Flag, LesionType

FloatArray = NDArray[np.float64]

FOCUS_MM = 5.0
"""BI-RADS: a focus is smaller than 5 mm."""
NON_MASS_MM, NON_MASS_FILL = 10.0, 0.62
"""Non-mass enhancement is larger than this and fills less of its own ellipsoid of moments than a mass."""
SKIN_DEPTH_MM = 5.0
TUBE = np.log(2.6)
"""A vessel is this many times longer than thick."""


def kind_of(evidence: FloatArray, *, diameter_mm: float) -> LesionType:
    """Mass, non-mass enhancement or focus: a hint, a reader decides."""
    if diameter_mm < FOCUS_MM:
        return LesionType.FOCUS
    scattered = diameter_mm >= NON_MASS_MM and _value(evidence, "fill") < NON_MASS_FILL
    return LesionType.NON_MASS if scattered else LesionType.MASS


def look_of(evidence: FloatArray) -> Flag:
    """Say what a candidate that is no lesion looks like."""
    if _value(evidence, "tube") > TUBE:
        return Flag.LOOKS_LIKE_VESSEL
    if _value(evidence, "skin_depth") <= SKIN_DEPTH_MM:
        return Flag.LOOKS_LIKE_SKIN
    return Flag.LOOKS_LIKE_BACKGROUND


def _value(evidence: FloatArray, name: str) -> float:
    return float(evidence[FEATURES.index(name)])

"""What kind a lesion is, and what something looks like that is none."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.lesions.appearance import kind_of, look_of
from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.terms import Flag, LesionType


def evidence(**values):
    usual = {"fill": 1.0, "tube": 0.1, "skin_depth": 12.0, "set_off": 0.9, "ring": 1.0}
    return np.array([(usual | values).get(name, 0.0) for name in FEATURES])


@pytest.mark.parametrize(
    ("diameter_mm", "fill", "ring", "kind"),
    [
        (4.9, 1.0, 1.0, LesionType.FOCUS),
        (5.0, 0.3, 1.3, LesionType.MASS),
        (30.0, 0.9, 1.0, LesionType.MASS),
        (30.0, 0.9, 0.5, LesionType.MASS),
        (30.0, 0.8, 1.0, LesionType.NON_MASS),
        (30.0, 0.9, 1.2, LesionType.NON_MASS),
    ],
)
def test_kind_follows_size_and_what_lies_between(diameter_mm, fill, ring, kind):
    assert kind_of(evidence(fill=fill, ring=ring), diameter_mm=diameter_mm) is kind


@pytest.mark.parametrize(
    ("values", "look"),
    [
        ({"tube": np.log(3.0)}, Flag.LOOKS_LIKE_VESSEL),
        ({"skin_depth": 4.0}, Flag.LOOKS_LIKE_SKIN),
        ({"tube": np.log(3.0), "skin_depth": 4.0}, Flag.LOOKS_LIKE_VESSEL),
        ({}, Flag.LOOKS_LIKE_BACKGROUND),
    ],
)
def test_what_is_no_lesion_looks_like_something(values, look):
    assert look_of(evidence(**values)) is look

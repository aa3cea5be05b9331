"""Hints of a distribution: by span, width and the direction towards the nipple."""

from __future__ import annotations

import numpy as np
import pytest

from calcmeasure.detect.calcifications.distribution import BreastFrame, breast_frame, hint_distribution
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import Distribution

FRAME = BreastFrame(nipple_mm=np.array([50.0, 80.0]), span_mm=100.0)


def _line(n: int, gap_mm: float) -> np.ndarray:
    return np.column_stack([np.zeros(n), np.arange(n) * gap_mm])


def _square(side_mm: float = 1.0) -> np.ndarray:
    return np.array([(0.0, 0.0), (0.0, side_mm), (side_mm, 0.0), (side_mm, side_mm)])


@pytest.mark.parametrize(
    ("points", "hint"),
    [
        (_line(4, 3.0), Distribution.LINEAR),
        (_line(3, 4.0), Distribution.GROUPED),  # three marks are no line yet
        (_line(4, 2.5), Distribution.GROUPED),  # 7.5 mm is too short for a line
        (np.vstack([_line(4, 3.0), [[2.2, 4.0]]]), Distribution.LINEAR),
        (np.vstack([_line(4, 3.0), [[2.3, 4.0]]]), Distribution.GROUPED),
        (_square(14.0), Distribution.GROUPED),
        (_square(14.5), Distribution.REGIONAL),
        (np.empty((0, 2)), Distribution.GROUPED),
        (_square()[:1], Distribution.GROUPED),
    ],
    ids=str,
)
@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_without_a_breast_span_and_width_decide(points: np.ndarray, hint: Distribution, angle: float):
    """A line is four times longer than wide; the width is that of the narrowest strip, at any angle."""
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    assert hint_distribution(np.asarray(points) @ turn) is hint


def _wedge(*, towards_nipple: bool) -> np.ndarray:
    """A lobe of 24 x 12 mm whose long axis points to the nipple or across that direction."""
    along, aside = np.meshgrid(np.linspace(-12, 12, 7), np.linspace(-6, 6, 4))
    axes = (aside, along) if towards_nipple else (along, aside)
    return np.column_stack([axis.ravel() for axis in axes]) + np.array([50.0, 40.0])


@pytest.mark.parametrize(("towards", "hint"), [(True, Distribution.SEGMENTAL), (False, Distribution.REGIONAL)])
def test_a_lobe_that_points_to_the_nipple_is_segmental(towards: bool, hint: Distribution):
    assert hint_distribution(_wedge(towards_nipple=towards), frame=FRAME) is hint


def test_calcifications_throughout_the_breast_are_diffuse():
    wide = np.random.default_rng(0).uniform(0, 60, (30, 2))
    assert hint_distribution(wide, frame=FRAME) is Distribution.DIFFUSE


@pytest.mark.parametrize("left", [True, False])
def test_the_nipple_is_the_point_farthest_from_the_chest_wall(left: bool):
    rows, cols = np.mgrid[:400, :240] * 0.5
    breast = np.hypot(rows - 100.0, cols) < 80.0
    spacing = Spacing(0.5, 0.5, SpacingSource.DETECTOR)
    frame = breast_frame(breast if left else breast[:, ::-1], spacing=spacing)
    assert frame is not None
    assert frame.nipple_mm == pytest.approx([100.0, 80.0 if left else 119.5 - 80.0], abs=8.0)
    assert frame.span_mm == pytest.approx(160.0, abs=8.0)


def test_no_breast_has_no_frame():
    assert breast_frame(np.zeros((40, 40), dtype=bool), spacing=Spacing(0.1, 0.1, SpacingSource.DETECTOR)) is None

"""Scale bars measure what they say, away from the chest wall."""

from __future__ import annotations

import math

import numpy as np
import pytest

from calcmeasure.model.annotation import ImageReference
from calcmeasure.terms import Laterality, Modality, Quantity, View
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.display.placement import Orientation, Picture
from napari_calcmeasure.display.scale_bars import scale_bar
from napari_calcmeasure.reading.finding import Target


def panel(side: Laterality, *, columns: int = 800, units: str = "mm", mirrored: bool = False) -> Panel:
    shape = (1000, columns)
    picture = Picture(shape, (0.1, 0.09), Orientation(mirror_columns=mirrored), lies_left=side is Laterality.RIGHT)
    image = ImageReference("1", "2", 0, *shape, None)
    target = Target("baseline", "", Modality.MG, Quantity.CALCIFICATION_EXTENT, side, View.CC, image)
    data = (np.zeros((2, 2)), {"units": (units, units)}, "image")
    return Panel("current R-CC", "R-CC", data, shape, picture.place(top=0, wall=0), target)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("side", [Laterality.RIGHT, Laterality.LEFT])
def test_a_bar_is_as_long_as_it_says_in_the_outer_lower_corner(side, mirrored):
    bar = scale_bar(panel(side, mirrored=mirrored))
    assert (bar.length_mm, bar.label, bar.panel) == (20, "20 mm", "current R-CC")
    begin, end = bar.segments[0]
    assert math.dist(begin, end) == pytest.approx(20)
    rows, columns = zip(*(point for segment in bar.segments for point in segment), strict=True)
    assert 85 < min(rows) < max(rows) < 100
    if side is Laterality.RIGHT:
        assert -72 < min(columns) < max(columns) < -36
    else:
        assert 36 < min(columns) < max(columns) < 72
    assert bar.label_at == pytest.approx(((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2))


@pytest.mark.parametrize(
    ("columns", "length"), [(2600, 50), (800, 20), (400, 10), (200, 5), (80, 2), (40, 1), (20, None)]
)
def test_the_longest_round_length_that_fits(columns, length):
    bar = scale_bar(panel(Laterality.LEFT, columns=columns))
    assert (bar.length_mm if bar else None) == length


def test_no_bar_without_millimetres():
    assert scale_bar(panel(Laterality.LEFT, units="pixel")) is None

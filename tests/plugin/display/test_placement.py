"""Every way of storing a mammogram hangs the same way, in one scale, and pixels stay where they are in the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.dicom.presentation import DisplayValues, VoiChoice, VoiOrigin
from calcmeasure.dicom.voi import VoiFunction, Window
from calcmeasure.model.imaging import FrameReference, Mammogram
from calcmeasure.terms import Laterality, View
from napari_calcmeasure.display.placement import (
    GAP_MM,
    Orientation,
    Picture,
    back_to_back,
    breast_middle,
    orient,
    outline_breast,
)

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
# Directions of rows and columns of a picture as it is read (PS3.3 C.7.6.1.1.1).
READ = {
    (LEFT, View.CC): ("A", "R"),
    (RIGHT, View.CC): ("P", "L"),
    (LEFT, View.XCCL): ("A", "R"),
    (LEFT, View.MLO): ("A", "FR"),
    (RIGHT, View.MLO): ("P", "FL"),
    (RIGHT, View.ML): ("P", "F"),
    (LEFT, View.LMO): ("A", "FL"),
}
OPPOSITE = str.maketrans("APHFLR", "PAFHRL")
SHAPE = (6, 4)


def shown(values: np.ndarray, *, is_inverted: bool = False) -> DisplayValues:
    window = Window(50, 100, VoiFunction.LINEAR_EXACT)
    return DisplayValues(values, None, (VoiChoice("it", VoiOrigin.WINDOW, window),), is_inverted, ())


def mammogram(side: Laterality | None, view: View, orientation: tuple[str, ...]) -> Mammogram:
    image = FrameReference(None, "1.2.3")  # type: ignore[arg-type]  # no file is read
    return Mammogram(image, "", "", side, view, None, *SHAPE, None, patient_orientation=orientation)


def as_read(side: Laterality) -> np.ndarray:
    """Bright at the chest wall: on the right of a right breast."""
    rising = np.tile(np.linspace(0, 100, SHAPE[1]), (SHAPE[0], 1))
    return rising if side is RIGHT else rising[:, ::-1]


@pytest.mark.parametrize("rows_turned", [False, True])
@pytest.mark.parametrize("columns_turned", [False, True])
@pytest.mark.parametrize(("side", "view"), READ)
def test_every_flip_hangs_alike(side, view, rows_turned, columns_turned):
    along_row, along_column = READ[side, view]
    stored = (
        along_row.translate(OPPOSITE) if columns_turned else along_row,
        along_column.translate(OPPOSITE) if rows_turned else along_column,
    )
    found = orient(mammogram(side, view, stored), shown(np.zeros(SHAPE)))
    assert found == Orientation(rows_turned, columns_turned)
    read = Picture(SHAPE, (0.5, 0.25), lies_left=side is RIGHT).place(top=3, wall=7)
    place = Picture(SHAPE, (0.5, 0.25), found, lies_left=side is RIGHT).place(top=3, wall=7)
    for point in np.ndindex(SHAPE):
        kept = (
            SHAPE[0] - 1 - point[0] if rows_turned else point[0],
            SHAPE[1] - 1 - point[1] if columns_turned else point[1],
        )
        assert place.to_world(kept) == pytest.approx(read.to_world(point))
        assert place.to_pixel(place.to_world(kept)) == pytest.approx(kept)


@pytest.mark.parametrize("rows_turned", [False, True])
@pytest.mark.parametrize("columns_turned", [False, True])
@pytest.mark.parametrize(("side", "view"), READ)
def test_lying_on_its_side_hangs_as_stored(side, view, rows_turned, columns_turned):
    along_row, along_column = READ[side, view]
    stored = (
        along_column.translate(OPPOSITE) if rows_turned else along_column,
        along_row.translate(OPPOSITE) if columns_turned else along_row,
    )
    assert orient(mammogram(side, view, stored), shown(as_read(side))) == Orientation(is_rotated=True)


@pytest.mark.parametrize("orientation", [(), ("A",), ("", ""), ("L", "F")])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_without_a_direction_the_brighter_edge_is_the_chest_wall(orientation, turned, is_inverted, side):
    values = as_read(side)[:, ::-1] if turned else as_read(side)
    pixels = shown(100 - values if is_inverted else values, is_inverted=is_inverted)
    assert orient(mammogram(side, View.MLO, orientation), pixels).mirror_columns is turned


@pytest.mark.parametrize("side", [None, Laterality.BOTH])
def test_without_a_side_it_hangs_as_stored(side):
    assert orient(mammogram(side, View.CC, ("P", "L")), shown(as_read(LEFT))) == Orientation()


def edges(picture: Picture, place) -> tuple[float, float, float, float]:
    corners = (place.to_world((-0.5, -0.5)), place.to_world((picture.shape[0] - 0.5, picture.shape[1] - 0.5)))
    (top, bottom), (left, right) = (sorted(axis) for axis in zip(*corners, strict=True))
    return top, bottom, left, right


sizes = st.tuples(st.integers(1, 50), st.integers(1, 50))
steps = st.tuples(st.floats(0.05, 0.2), st.floats(0.05, 0.2))
turns = st.builds(Orientation, st.booleans(), st.booleans())
pictures = st.builds(Picture, sizes, steps, turns)
BLOCKS = [(row, column) for row in (0, 1) for column in (0, 1) for _ in (RIGHT, LEFT)]


@given(st.lists(pictures, min_size=8, max_size=8))
def test_pairs_meet_at_the_chest_wall_and_nothing_overlaps(eight):
    eight = [replace(one, lies_left=n % 2 == 0) for n, one in enumerate(eight)]
    boxes = [edges(p, place) for p, place in zip(eight, back_to_back(eight, BLOCKS), strict=True)]
    for right, left in zip(boxes[::2], boxes[1::2], strict=True):
        assert right[3] == pytest.approx(left[2])
        assert sum(right[:2]) == pytest.approx(sum(left[:2]))  # same middle
    assert boxes[0][3] == pytest.approx(0)
    assert boxes[0][3] == pytest.approx(boxes[4][3])  # walls of a column of blocks in line
    for first in boxes[:4]:
        for second in boxes[4:]:
            assert second[0] - first[1] > GAP_MM - 1e-9
    for left_block, right_block in ((0, 2), (0, 6), (4, 2), (4, 6)):
        right_edge = max(box[3] for box in boxes[left_block : left_block + 2])
        left_edge = min(box[2] for box in boxes[right_block : right_block + 2])
        assert left_edge - right_edge > GAP_MM - 1e-9


def test_a_missing_partner_leaves_the_others_in_place():
    one, other = Picture((10, 10), (1, 1), lies_left=True), Picture((20, 10), (1, 1))
    places = back_to_back([one, other], [(0, 0), (1, 0)])
    assert edges(one, places[0]) == pytest.approx((0, 10, -10, 0))
    assert edges(other, places[1]) == pytest.approx((10 + GAP_MM, 30 + GAP_MM, 0, 10))


@given(pictures, st.floats(0, 49))
def test_a_stored_row_is_brought_to_height_0(picture, row):
    assert picture.place_centred(row).to_world((row, 0))[0] == pytest.approx(0, abs=1e-9)


def half_disc() -> np.ndarray:
    rows, columns = np.mgrid[:800, :600]
    return np.where((rows - 300) ** 2 + columns**2 < 250**2, 60.0 + rows % 7, 0.0)


@pytest.mark.parametrize("is_inverted", [False, True])
def test_the_breast_is_found_and_its_middle_told(is_inverted):
    values = 100 - half_disc() if is_inverted else half_disc()
    mask, reduction = outline_breast(values, step=(0.1, 0.1), is_inverted=is_inverted)
    assert reduction == 5
    truth = half_disc()[::5, ::5] > 0
    assert (mask == truth).mean() > 0.98
    middle = breast_middle(shown(values, is_inverted=is_inverted), step=(0.1, 0.1))
    assert middle == pytest.approx(300, abs=10)


def test_without_a_breast_everything_counts():
    mask, _ = outline_breast(np.zeros((50, 40)), step=(0.1, 0.1), is_inverted=False)
    assert mask.all()
    assert breast_middle(shown(np.zeros((50, 40))), step=(0.1, 0.1)) == pytest.approx(24.5, abs=5)

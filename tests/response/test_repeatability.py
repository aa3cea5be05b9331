"""How many pixels at the ends of a line change a class: by closed form and by trying every shift."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import ImageReference
from calcmeasure.model.measurement import Measurement
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.extent_change import classify_extent_change
from calcmeasure.response.pixels import MOST_PIXELS, fewest_pixels
from calcmeasure.response.repeatability import pixels_to_change
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Flag, Laterality, LesionRelation, Method, Modality, Quantity, View
from response.timelines import NODE, Lesion, timeline

PAPER, RECIST = load_profile("paper-2023"), load_profile("recist-1.1")
EXTENT_10 = load_profile("extent-10")
MG, MR = Spacing(0.07, 0.07, SpacingSource.DETECTOR), Spacing(0.8, 0.9, SpacingSource.PATIENT, slice_mm=2.5)


def extent(timepoint: str, value_mm: float, *, spacing: Spacing | None = MG) -> Measurement:
    image = ImageReference("1.2", "1.1", 0, 100, 100, spacing)
    return Measurement(
        "P1", timepoint, Quantity.CALCIFICATION_EXTENT, value_mm, Laterality.LEFT, view=View.CC, image=image
    )


def lesion(timepoint: str, value_mm: float | None, name: str = "A", **more: object) -> Measurement:
    image = ImageReference("1.2", "1.1", 0, 100, 100, MR)
    base = Measurement("P1", timepoint, Quantity.LESION_DIAMETER, value_mm, Laterality.LEFT, name)
    return replace(base, **{"modality": Modality.MR, "image": image, **more})


def pixels(measurements: list[Measurement], profile=PAPER) -> int | None:
    found = pixels_to_change(measurements, profile=profile)
    return next(iter(found.values()), None)


@pytest.mark.parametrize(
    ("before_mm", "after_mm", "count"),
    [
        (20.0, 22.0, 1),  # exactly at the cut-off
        (20.0, 21.9, 1),
        (20.0, 21.7, 2),  # a follow-up of 22 mm is 2.1 steps of 0.14 mm away, a baseline of 19.73 mm 1.95
        (20.0, 20.0, 13),  # a baseline of 18.18 mm is 12.99 steps away, a follow-up of 22 mm 14.3
        (20.0, 0.0, None),  # only a baseline of nothing at all, 143 steps away
        (2.0, 0.0, 15),
    ],
)
def test_extents_by_hand(before_mm, after_mm, count):
    assert pixels([extent("baseline", before_mm), extent("followup-1", after_mm)], EXTENT_10) == count


def _differs(before_mm: float, after_mm: float, count: int) -> bool:
    old, new, step = round(before_mm * 1000), round(after_mm * 1000), 140 * count
    known = classify_extent_change(old, new, EXTENT_10.extent)
    pairs = [(max(0, old - step), new), (old + step, new)]
    pairs += [(old, max(0, new - step)), (old, new + step)] if new else []
    return any(classify_extent_change(*pair, EXTENT_10.extent) is not known for pair in pairs)


@given(st.integers(1, 60_000), st.integers(1, 60_000))
def test_extents_by_trying_every_shift(old_um, new_um):
    found = pixels([extent("baseline", old_um / 1000), extent("followup-1", new_um / 1000)], EXTENT_10)
    tried = next((n for n in range(1, MOST_PIXELS + 1) if _differs(old_um / 1000, new_um / 1000, n)), None)
    assert found == tried


@pytest.mark.parametrize("after_mm", [20.0, 21.7, 21.85, 21.9, 22.0, 22.1, 22.2, 18.0])
def test_one_pixel_is_what_the_flag_says(after_mm):
    pair = [extent("baseline", 20.0), extent("followup-1", after_mm)]
    (row,) = score_measurements(pair, profile=EXTENT_10)
    assert (pixels(pair, EXTENT_10) == 1) is (Flag.WITHIN_PIXEL_ERROR in row.flags)


def test_what_cannot_be_compared_has_no_distance():
    assert pixels([extent("baseline", 20.0), extent("followup-1", 20.0, spacing=None)], EXTENT_10) is None
    assert pixels([extent("followup-1", 20.0)], EXTENT_10) is None


@pytest.mark.parametrize(
    ("course_mm", "count"),
    [
        ((30.0, 20.0), 1),  # PR by 1 mm; a step is 1.8 mm
        ((30.0, 12.0), 6),  # 21 mm is 5 steps away, and exactly there it is still PR: the sixth leaves it
        ((40.0, 40.0), 4),  # a baseline of 33.3 mm makes it PD: 3.7 steps; a follow-up of 48 mm: 4.4
        ((30.0, 0.0), None),  # nothing left has no ends
    ],
)
def test_lesions_by_hand(course_mm, count):
    names = ("baseline", "followup-1")
    assert pixels([lesion(n, mm) for n, mm in zip(names, course_mm, strict=True)], RECIST) == count


def test_no_line_decides_about_a_new_lesion_or_a_missing_one():
    new = lesion("followup-1", 9.0, "N", method=Method.AUTO, relation=LesionRelation.NEW)
    assert pixels([lesion("baseline", 30), lesion("followup-1", 20), new], RECIST) is None
    assert pixels([lesion("baseline", 30), lesion("followup-1", None)], RECIST) is None


def test_a_nadir_is_not_moved_by_the_baseline():
    course = [lesion("baseline", 60.0), lesion("followup-1", 20.0), lesion("followup-2", 20.0)]
    found = pixels_to_change(course, profile=RECIST)
    assert found[Quantity.LESION_DIAMETER, None, "followup-2"] == 3  # PD from 25 mm: 2.8 steps of 1.8 mm


def test_an_unknown_pixel_is_not_shifted():
    assert fewest_pixels(lambda old, new: new > old, (10, 11), pixels_um=(0, 0)) is None
    assert fewest_pixels(lambda old, new: new > old, (10, 11), pixels_um=(0, 1), most=1) == 1


@pytest.mark.parametrize(
    ("lesions", "count"),
    [
        ([Lesion("N", (20, 9.5), NODE)], 1),  # CR; a step of 1.6 mm makes it 11.1 mm, no longer of normal size
        ([Lesion("N", (20, 10.4), NODE)], 1),  # PR; 8.8 mm would be of normal size
        ([Lesion("A", (30, 1.6)), Lesion("N", (20, 9), NODE)], 16),  # PR up to 35 mm; no shift makes A vanish
    ],
)
def test_lymph_nodes_of_normal_size(lesions, count):
    assert pixels(timeline(*lesions), RECIST) == count

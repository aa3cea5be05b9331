"""Panels before and after treatment: the same size of tissue, and arrows at the ends of what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.report.study.figures.before_after import BeforeAfter, ImagePanel, draw_before_after
from calcmeasure.report.study.figures.figure import png_bytes, svg_bytes
from factories import MG_SPACING, MR_SPACING, marks, outline


def panel(annotation, image, *, reader="mk"):
    return ImagePanel(image, measure_annotation(annotation, patient_id="CANARY", reader=reader))


def mammogram(points=((300.0, 300.0), (600.0, 300.0)), **changes):
    return panel(marks(points=points), np.full((1000, 800), 90, np.uint8), **changes)


def mr_slice(*, reader="mk", **changes):
    return panel(outline(**changes), np.full((112, 176), 100, np.float32), reader=reader)


def case(mammograms=None, slices=None):
    return BeforeAfter("P1", mammograms or (mammogram(), mammogram()), slices or (mr_slice(), mr_slice(points=())))


def arrows(axis):
    """Where arrows point to, in mm."""
    return sorted(text.xy for text in axis.texts if text.get_gid() == "arrow")


def test_four_panels_with_letters_and_sizes():
    drawn = draw_before_after(case())
    words = [[text.get_text() for text in axis.texts] for axis in drawn.figure.axes]
    assert [next(word for word in own if word in set("ABCD")) for own in words] == list("ABCD")
    assert "before treatment, 30.0 mm" in words[0]
    assert "after treatment, 0 mm" in words[3]
    assert [[word for word in own if word in ("10 mm", "20 mm")] for own in words] == [["10 mm"]] * 2 + [["20 mm"]] * 2


def test_arrows_point_at_the_ends_and_none_where_nothing_is_left():
    """Rows are 0.1 mm apart, columns 0.09 mm: the ends lie at x = 27 mm, y = 30 and 60 mm."""
    drawn = draw_before_after(case())
    before, _, _, gone = drawn.figure.axes
    assert np.asarray(arrows(before)) == pytest.approx(np.array([(27.0, 30.0), (27.0, 60.0)]))
    assert arrows(gone) == []


def test_arrows_come_from_outside():
    drawn = draw_before_after(case())
    tails = {text.xy[1]: text.xyann[1] for text in drawn.figure.axes[0].texts if text.get_gid() == "arrow"}
    assert tails[30.0] > 0 > tails[60.0]  # offsets in points, upwards: the upper arrow begins above its end


def test_both_panels_of_a_modality_show_the_same_size_of_tissue():
    long, short = mammogram(((100.0, 400.0), (700.0, 400.0))), mammogram(((300.0, 400.0), (350.0, 400.0)))
    a, b, c, d = draw_before_after(case(mammograms=(long, short))).figure.axes
    widths = [np.ptp(axis.get_xlim()) for axis in (a, b, c, d)]
    assert widths[0] == pytest.approx(widths[1]) == pytest.approx(1.7 * 60.0)
    assert widths[2] == pytest.approx(widths[3]) == pytest.approx(80.0)
    for axis in (a, b, c, d):
        assert np.ptp(axis.get_ylim()) == pytest.approx(np.ptp(axis.get_xlim()))


def test_the_scale_bar_is_in_the_scale_of_the_picture():
    for axis, length in zip(draw_before_after(case()).figure.axes, (10, 10, 20, 20), strict=True):
        (bar,) = axis.lines
        assert np.ptp(bar.get_xdata()) == pytest.approx(length)


def test_where_nothing_is_left_the_place_of_the_lesion_is_shown():
    first, gone = draw_before_after(case()).figure.axes[2:]
    assert gone.get_xlim() == first.get_xlim()
    assert gone.get_ylim() == first.get_ylim()


def test_a_picture_lies_where_its_pixels_are():
    """One bright pixel at row 300, column 200: its middle is at x = 18 mm, y = 30 mm."""
    image = np.zeros((1000, 800), np.uint8)
    image[300, 200] = 255
    shown = panel(marks(points=((300.0, 200.0), (500.0, 200.0))), image)
    axis = draw_before_after(case(mammograms=(shown, mammogram()))).figure.axes[0]
    (drawn,) = axis.images
    left, right, bottom, top = drawn.get_extent()
    row, column = np.argwhere(drawn.get_array() == 255)[0]
    rows, columns = drawn.get_array().shape
    assert left + (column + 0.5) * (right - left) / columns == pytest.approx(200 * MG_SPACING.col_mm)
    assert top + (row + 0.5) * (bottom - top) / rows == pytest.approx(300 * MG_SPACING.row_mm)


def test_a_small_image_is_shown_whole():
    tiny = panel(outline(points=()), np.ones((20, 30), np.float32))
    axis = draw_before_after(case(slices=(tiny, tiny))).figure.axes[2]
    assert axis.get_xlim()[0] < 0 < 29 * MR_SPACING.col_mm < axis.get_xlim()[1]


def test_the_numbers_hold_values_and_ends():
    drawn = draw_before_after(case())
    first, *_, last = drawn.numbers.rows
    assert first[:8] == ("A", "MG", "baseline", "R", "CC", "R-C1", 30.0, "mk")
    assert first[8:] == pytest.approx((27.0, 30.0, 27.0, 60.0))
    assert last[6:] == (0.0, "mk", None, None, None, None)


def test_the_caption_tells_a_detector_from_a_reader():
    automatic = case(slices=(mr_slice(reader="auto"), mr_slice(reader="auto")))
    assert "Measured automatically" in draw_before_after(automatic).caption
    assert "Measured automatically" not in draw_before_after(case()).caption


def test_nothing_names_the_patient_and_the_bytes_repeat():
    one, two = draw_before_after(case()), draw_before_after(case())
    drawing, picture = svg_bytes(one), png_bytes(one)
    assert (drawing, picture) == (svg_bytes(two), png_bytes(two))
    assert b"CANARY" not in drawing + picture


def test_without_a_spacing_there_is_no_scale():
    bare = marks(points=())
    unscaled = panel(replace(bare, image=replace(bare.image, spacing=None)), np.ones((1000, 800), np.uint8))
    assert draw_before_after(case(mammograms=(unscaled, unscaled))).figure.axes[0].lines[:] == []

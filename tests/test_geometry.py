"""Spacing, image grids and lengths: closed forms, round trips, and rows never taken for columns."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.errors import ErrorCode, GeometryError, SpacingError
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource, line_length_mm, to_mm

PROJECTION = Spacing(0.05, 0.2, SpacingSource.DETECTOR)
VOLUME = Spacing(0.7, 0.9, SpacingSource.PATIENT, slice_mm=2.5)
AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
LENGTHS = st.floats(0.01, 5.0)
INDICES = st.lists(st.floats(-500, 500), min_size=3, max_size=3)


def grid(axes_lps=AXIAL, *, origin_lps=(-100.0, 20.0, 7.5), spacing=VOLUME) -> ImageGrid:
    return ImageGrid((10, 256, 128), origin_lps, axes_lps, spacing)


def turned(angles) -> tuple[tuple[float, float, float], ...]:
    """Slice, row and column directions of an oblique stack."""
    axes = np.array(AXIAL)
    for k, angle in enumerate(angles):
        i, j = (k + 1) % 3, (k + 2) % 3
        turn = np.eye(3)
        turn[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        axes = axes @ turn
    return tuple(tuple(float(v) for v in axis) for axis in axes)


class TestSpacing:
    def test_rows_come_first(self):
        assert PROJECTION.rc_mm == (0.05, 0.2)
        assert VOLUME.zrc_mm == (2.5, 0.7, 0.9)

    @pytest.mark.parametrize("source", list(SpacingSource))
    def test_every_source_has_words_of_its_own(self, source):
        assert source.words
        assert [other for other in SpacingSource if other.words == source.words] == [source]

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            (SpacingSource.USER, "calibrated by reader"),
            (SpacingSource.DETECTOR, "at detector"),
            (SpacingSource.MAGNIFICATION_CORRECTED, "magnification-corrected"),
            (SpacingSource.SCANNED, "on film"),
            (SpacingSource.PATIENT, "in patient"),
        ],
    )
    def test_words_say_the_plane(self, source, words):
        assert source.words == words

    @pytest.mark.parametrize("bad", [0.0, -0.1, np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("place", ["row_mm", "col_mm", "slice_mm"])
    def test_impossible_distances_are_refused_wherever_they_stand(self, bad, place):
        values = {"row_mm": 0.1, "col_mm": 0.1, "slice_mm": 1.0, place: bad}
        with pytest.raises(SpacingError, match="positive and finite") as caught:
            Spacing(source=SpacingSource.PATIENT, **values)
        assert caught.value.code is ErrorCode.SPACING_HOSTILE

    def test_a_projection_has_no_slice_distance(self):
        with pytest.raises(SpacingError, match="no slice spacing") as caught:
            _ = PROJECTION.zrc_mm
        assert caught.value.code is ErrorCode.SPACING_UNKNOWN

    @given(LENGTHS, LENGTHS)
    def test_area_of_a_pixel(self, row_mm, col_mm):
        assert Spacing(row_mm, col_mm, SpacingSource.GIVEN).area_mm2 == pytest.approx(row_mm * col_mm, abs=1e-12)

    def test_area_shows_no_binary_dust(self):
        assert Spacing(0.1, 0.3, SpacingSource.GIVEN).area_mm2 == 0.03

    def test_is_a_value(self):
        with pytest.raises(FrozenInstanceError):
            PROJECTION.row_mm = 1.0
        assert pickle.loads(pickle.dumps(VOLUME)) == VOLUME
        assert Spacing(0.05, 0.2, SpacingSource.USER) != PROJECTION


class TestImageGrid:
    def test_axial_stack_by_hand(self):
        """Slices go to the head, rows to the back (posterior), columns to the left."""
        found = grid().to_lps([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 10, 20)])
        expected = [(-100, 20, 7.5), (-100, 20, 10), (-100, 20.7, 7.5), (-99.1, 20, 7.5), (-82, 27, 12.5)]
        np.testing.assert_allclose(found, expected)

    def test_sagittal_stack_by_hand(self):
        """Slices go to the left, rows to the feet, columns to the back."""
        sagittal = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
        np.testing.assert_allclose(grid(sagittal).to_lps((4, 10, 100)), (-100 + 10, 20 + 90, 7.5 - 7))

    def test_steps_are_directions_times_distances(self):
        np.testing.assert_allclose(grid().steps_lps, [(0, 0, 2.5), (0, 0.7, 0), (0.9, 0, 0)])

    @given(st.lists(st.floats(-3.1, 3.1), min_size=3, max_size=3), st.lists(INDICES, min_size=1, max_size=5))
    def test_there_and_back(self, angles, points_zrc):
        oblique = grid(turned(angles))
        np.testing.assert_allclose(oblique.to_zrc(oblique.to_lps(points_zrc)), points_zrc, atol=1e-8)

    @given(st.lists(st.floats(-3.1, 3.1), min_size=3, max_size=3), INDICES, INDICES)
    def test_an_oblique_grid_keeps_lengths(self, angles, one_zrc, other_zrc):
        oblique = grid(turned(angles))
        apart_mm = np.linalg.norm(oblique.to_lps(one_zrc) - oblique.to_lps(other_zrc))
        assert apart_mm == pytest.approx(line_length_mm([one_zrc, other_zrc], VOLUME), abs=1e-8)

    def test_any_number_of_dimensions(self):
        points = np.arange(24.0).reshape(2, 4, 3)
        assert grid().to_lps(points).shape == (2, 4, 3)
        np.testing.assert_allclose(grid().to_zrc(grid().to_lps(points)), points, atol=1e-9)
        assert grid().to_lps(np.empty((0, 3))).shape == (0, 3)

    def test_directions_in_one_plane_are_refused(self):
        flat = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (0.0, 1.0, 0.0))
        with pytest.raises(GeometryError, match="degenerate") as caught:
            grid(flat).to_zrc((0, 0, 0))
        assert caught.value.code is ErrorCode.GEOMETRY

    def test_a_grid_of_a_projection_has_no_steps(self):
        with pytest.raises(SpacingError):
            grid(spacing=PROJECTION).to_lps((0, 0, 0))


class TestLengths:
    @pytest.mark.parametrize(
        ("ends", "spacing", "length_mm"),
        [
            ([(0, 0), (100, 0)], PROJECTION, 5.0),
            ([(0, 0), (0, 100)], PROJECTION, 20.0),
            ([(10, 5), (70, 25)], PROJECTION, 5.0),
            ([(0, 0), (3, 4)], Spacing(1, 1, SpacingSource.GIVEN), 5.0),
            ([(1, 0, 0), (3, 0, 0)], VOLUME, 5.0),
            ([(2, 1, 1), (2, 1, 1)], VOLUME, 0.0),
            ([(0, 0), (10, 0)], VOLUME, 7.0),
        ],
    )
    def test_by_hand(self, ends, spacing, length_mm):
        assert line_length_mm(ends, spacing) == pytest.approx(length_mm, abs=1e-12)

    @given(INDICES, INDICES, INDICES)
    def test_is_a_distance(self, a, b, c):
        ab, ba, bc, ac = (line_length_mm(pair, VOLUME) for pair in ([a, b], [b, a], [b, c], [a, c]))
        assert ab == ba >= 0
        assert ac <= ab + bc + 1e-9

    @given(INDICES, INDICES, LENGTHS)
    def test_grows_with_the_spacing(self, a, b, factor):
        scaled = Spacing(0.7 * factor, 0.9 * factor, SpacingSource.PATIENT, slice_mm=2.5 * factor)
        assert line_length_mm([a, b], scaled) == pytest.approx(factor * line_length_mm([a, b], VOLUME), abs=1e-9)

    @pytest.mark.parametrize("ends", [[], [(0, 0)], [(0, 0), (1, 1), (2, 2)], [(0, 0, 0, 0), (1, 1, 1, 1)], [0, 1]])
    def test_other_shapes_are_refused(self, ends):
        with pytest.raises(ValueError, match="ends must have shape"):
            line_length_mm(ends, VOLUME)

    def test_lines_through_slices_need_a_slice_distance(self):
        with pytest.raises(SpacingError):
            line_length_mm([(0, 0, 0), (1, 0, 0)], PROJECTION)

    def test_to_mm_scales_each_axis_by_its_own_distance(self):
        np.testing.assert_allclose(to_mm([(10, 10), (0, 1)], PROJECTION), [(0.5, 2.0), (0, 0.2)])
        np.testing.assert_allclose(to_mm((2, 10, 10), VOLUME), (5, 7, 9))
        assert to_mm(np.empty((0, 2)), PROJECTION).shape == (0, 2)

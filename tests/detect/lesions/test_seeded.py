"""One click: the size of known ellipsoids, levels that lie inside each other, what is refused and what is flagged."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from calcmeasure.detect.lesions.seeded import LEVELS, plant_seed
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.outline import choose_outline, measure_outline
from calcmeasure.phantom.dynamic.examination import DceSpec, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import LesionKind, LesionSpec
from calcmeasure.terms import Flag

VOXEL_MM = np.array([2.0, 1.1, 1.1])
SHAPE = (31, 64, 64)
CENTRE_ZRC = np.array([15.2, 31.7, 32.4])
SPACING = Spacing(1.1, 1.1, SpacingSource.PATIENT, slice_mm=2.0)


def share_of(semi_mm, *, centre_zrc=CENTRE_ZRC, shape=SHAPE):
    """Share of every voxel that an ellipsoid fills, from 64 points a voxel."""
    axes = [(np.arange(4 * n) + 0.5) / 4 - 0.5 for n in shape]
    steps = zip(axes, centre_zrc, VOXEL_MM, semi_mm, strict=True)
    z, r, c = np.ix_(*(((axis - centre) * step / semi) ** 2 for axis, centre, step, semi in steps))
    fine = (z + r + c <= 1).reshape(shape[0], 4, shape[1], 4, shape[2], 4)
    return fine.mean(axis=(1, 3, 5))


def acquired(signal, *, noise=8.0, seed=0):
    """Blur in plane by 0.9 mm, then noise."""
    blurred = ndimage.gaussian_filter(signal, [0, *(0.9 / 2.355 / VOXEL_MM[1:])])
    return (blurred + np.random.default_rng(seed).normal(0, noise, signal.shape)).astype(np.float32)


@cache
def mass(diameter_mm=20.0, *, dark=None, noise=8.0):
    """Signal 180 on a background of 20; with `dark` the inner three quarters hold that instead."""
    semi_mm = diameter_mm / 2 * np.array([0.8, 1.0, 0.85])
    signal = 20 + 160 * share_of(semi_mm)
    if dark is not None:
        signal -= (180 - dark) * share_of(0.75 * semi_mm)
    return acquired(signal, noise=noise)


def widest_mm(diameter_mm):
    """Greatest in-plane diameter on the slice nearest the middle."""
    off_mm = 0.2 * VOXEL_MM[0]
    return diameter_mm * np.sqrt(1 - (off_mm / (0.4 * diameter_mm)) ** 2)


def size_mm(lesion, spacing=SPACING):
    return measure_outline(choose_outline(lesion.contours_zrc, spacing), spacing).value_mm


def seeded(volume, *, at=CENTRE_ZRC, level=0.5):
    return plant_seed(volume, tuple(at), voxel_mm=VOXEL_MM).at(level)


@pytest.mark.parametrize("diameter_mm", [7.0, 12.0, 20.0, 32.0])
@pytest.mark.parametrize("noise", [0.0, 8.0, 14.0])
def test_greatest_diameter_of_a_mass(diameter_mm, noise):
    lesion = seeded(mass(diameter_mm, noise=noise))
    assert size_mm(lesion) == pytest.approx(widest_mm(diameter_mm), abs=0.6)
    assert lesion.flags == ()


@pytest.mark.parametrize("diameter_mm", [20.0, 30.0])
@pytest.mark.parametrize("dark", [20.0, 80.0])
def test_a_rim_counts_with_its_dark_centre(diameter_mm, dark):
    rim = CENTRE_ZRC + np.array([0, 0.88 * diameter_mm / 2 / 1.1, 0])
    lesion = seeded(mass(diameter_mm, dark=dark), at=rim)
    assert size_mm(lesion) == pytest.approx(diameter_mm, abs=0.18)
    assert lesion.mask[tuple(np.rint(CENTRE_ZRC - lesion.offset_zrc).astype(int))]
    assert len({polygon[0, 0] for polygon in lesion.contours_zrc}) == len(lesion.contours_zrc)


def test_a_click_in_an_enhancing_dark_centre_takes_the_rim_with_it():
    assert size_mm(seeded(mass(20.0, dark=80.0))) == pytest.approx(20, abs=1.2)


def test_clicks_anywhere_in_a_lesion_give_the_same_size():
    clicks = CENTRE_ZRC + np.array([(0, 0, 0), (2, 0, 0), (0, 6, 0), (0, -4, 4), (-2, 0, 5)])
    sizes = [size_mm(seeded(mass(20.0), at=click)) for click in clicks]
    assert np.ptp(sizes) < 0.3


def test_a_click_beside_a_lesion_snaps_to_it():
    beside = CENTRE_ZRC + np.array([0, (10 + 1.2) / 1.1, 0])
    assert size_mm(seeded(mass(20.0), at=beside)) == pytest.approx(20, abs=0.5)


def test_mask_and_contours_lie_where_the_lesion_is():
    lesion = seeded(mass(12.0))
    truth = share_of(6 * np.array([0.8, 1.0, 0.85])) > 0.5
    whole = np.zeros(SHAPE, bool)
    whole[tuple(slice(o, o + n) for o, n in zip(lesion.offset_zrc, lesion.mask.shape, strict=True))] = lesion.mask
    assert 2 * (whole & truth).sum() / (whole.sum() + truth.sum()) > 0.93
    for polygon in lesion.contours_zrc:
        np.testing.assert_array_equal(polygon[0], polygon[-1])
        np.testing.assert_allclose(polygon[:, 1:].mean(axis=0), CENTRE_ZRC[1:], atol=1.0)


def test_a_vessel_is_cut_off_and_a_neighbour_left_out():
    signal = 20 + 160 * share_of((8, 8, 8))
    signal[15, 31:33, 38:] = 180
    other = CENTRE_ZRC + np.array([0, -15 / 1.1, 0])
    signal += 160 * share_of((4, 4, 4), centre_zrc=other)
    assert size_mm(seeded(acquired(signal))) == pytest.approx(16, abs=1.2)


def test_a_gap_of_2_mm_is_closed():
    signal = 20 + 160 * share_of((8, 10, 10))
    signal[:, 31:33] = np.minimum(signal[:, 31:33], 60)
    assert size_mm(seeded(acquired(signal))) == pytest.approx(20, abs=1.0)


LEVEL = st.floats(*LEVELS)


@cache
def field_of(name):
    volumes = {"mass": mass(20.0), "noisy": mass(20.0, noise=30.0), "rim": mass(30.0, dark=70.0), "speck": mass(6.0)}
    return plant_seed(volumes[name], tuple(CENTRE_ZRC), voxel_mm=VOXEL_MM)


def voxels_at(field, level):
    try:
        lesion = field.at(level)
    except DetectorError:
        return set()
    return {tuple(voxel) for voxel in (np.argwhere(lesion.mask) + lesion.offset_zrc).tolist()}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(["mass", "noisy", "rim", "speck"]), LEVEL, LEVEL)
@example("noisy", 0.5, 0.5001)
@example("noisy", 0.4999, 0.5)
def test_a_higher_level_never_adds_a_voxel(name, one, other):
    low, high = sorted((one, other))
    assert voxels_at(field_of(name), high) <= voxels_at(field_of(name), low)


def test_the_level_moves_the_edge():
    sizes = [size_mm(field_of("mass").at(level)) for level in (0.2, 0.35, 0.5, 0.65, 0.8)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] - sizes[-1] > 0.6


def test_a_level_gives_the_same_whatever_came_before():
    """Low levels widen the cut; the next level must not notice."""
    arm = share_of((8, 6, 30), centre_zrc=CENTRE_ZRC)
    signal = np.maximum(20 + 160 * share_of((8, 8, 8)), 20 + 60 * arm)
    field, fresh = (plant_seed(acquired(signal), tuple(CENTRE_ZRC), voxel_mm=VOXEL_MM) for _ in range(2))
    before = field.at(0.5)
    assert field.at(0.2).mask.sum() > 1.5 * before.mask.sum()
    for level in (0.45, 0.5, 0.6):
        np.testing.assert_array_equal(field.at(level).mask, fresh.at(level).mask)


@pytest.mark.parametrize("level", [0.19, 0.81, float("nan")])
def test_levels_outside_the_range_are_errors(level):
    with pytest.raises(ValueError, match=r"between 0\.2 and 0\.8"):
        field_of("mass").at(level)


@pytest.mark.parametrize(
    ("volume", "at"),
    [
        pytest.param(mass(12.0), (4, 10, 10), id="background"),
        pytest.param(np.zeros(SHAPE, np.float32), (15, 31, 31), id="no-signal"),
        pytest.param(-mass(12.0), CENTRE_ZRC, id="darker"),
        pytest.param(mass(12.0), (15, 64, 10), id="outside"),
        pytest.param(mass(12.0), (-1, 10, 10), id="before-the-first-slice"),
        pytest.param(acquired(20 + 160 * share_of((1, 1, 1))), CENTRE_ZRC, id="too-small"),
    ],
)
def test_what_is_no_lesion_is_refused_in_a_sentence(volume, at):
    with pytest.raises(DetectorError, match=r"click|caliper") as refusal:
        seeded(volume, at=at)
    assert refusal.value.code is ErrorCode.NOT_MEASURABLE


def test_pure_noise_is_never_a_lesion():
    noise = acquired(np.zeros(SHAPE), noise=15.0)
    for click in np.random.default_rng(1).integers(0, SHAPE, (60, 3)):
        with pytest.raises(DetectorError):
            seeded(noise, at=click)


def test_a_lesion_at_the_border_of_the_volume_is_flagged():
    centre = np.array([1.0, 31.0, 31.0])
    volume = acquired(20 + 160 * share_of((8, 8, 8), centre_zrc=centre))
    assert seeded(volume, at=centre).flags == (Flag.PARTIAL_VIEW,)


def test_little_contrast_is_flagged():
    volume = acquired(20 + 60 * share_of((8, 8, 8)), noise=9.0)
    assert seeded(volume).flags == (Flag.LOW_CONFIDENCE,)


def test_a_region_longer_than_the_cap_is_flagged():
    volume = np.full((9, 40, 160), 20, np.float32)
    volume[3:6, 15:25, 10:150] = 180
    lesion = seeded(acquired(volume), at=(4, 20, 80))
    assert Flag.EDGES_UNCLEAR in lesion.flags


def test_a_single_slice_is_a_volume_too():
    volume = acquired(20 + 160 * share_of((8, 8, 8)))[15:16]
    lesion = seeded(volume, at=(0, 31, 32))
    assert size_mm(lesion) == pytest.approx(16, abs=0.5)
    assert lesion.flags == ()


@pytest.mark.parametrize(
    ("kind", "rim"), [(LesionKind.MASS, True), (LesionKind.MASS, False), (LesionKind.NON_MASS, False)]
)
def test_lesions_of_the_phantom_are_measured_to_half_a_millimetre(kind, rim):
    lesion = LesionSpec(kind=kind, diameter_mm=21.0, rim=rim)
    phantom = synthesize_dce(DceSpec(shape=(16, 112, 176), lesions=(lesion,), motion_mm=0.0), rng=3)
    pre, early = phantom.phases[[0, phantom.still_phase]].astype(np.float32)
    inside = np.argwhere(phantom.labels)
    seed_zrc = tuple(inside[len(inside) // 2])
    found = plant_seed(early - pre, seed_zrc, voxel_mm=phantom.grid.spacing.zrc_mm).at()
    truth = phantom.lesions[0]
    assert size_mm(found, phantom.grid.spacing) == pytest.approx(truth.diameter_mm, abs=0.6)
    assert found.mask.sum() * np.prod(phantom.grid.spacing.zrc_mm) == pytest.approx(truth.volume_mm3, rel=0.1)

"""Motion correction: known shifts recovered, lesions kept, nothing made worse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions.displacement import Displacement, volume_change
from calcmeasure.detect.lesions.motion import LEVELS_MM, MAX_STRAIN, align_phases, correct_motion
from calcmeasure.detect.lesions.pyramid import Level
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource

SHAPE, STEPS_MM = (24, 60, 64), (2.5, 1.2, 1.0)
SPACING = Spacing(STEPS_MM[1], STEPS_MM[2], SpacingSource.PATIENT, slice_mm=STEPS_MM[0])


@pytest.fixture(scope="module")
def tissue():
    """Strands of gland in fat, features of about 6 mm."""
    noise = np.random.default_rng(5).standard_normal(SHAPE)
    smooth = ndimage.gaussian_filter(noise, 4.0 / np.array(STEPS_MM))
    return (200 + 150 * np.tanh(2 * smooth / smooth.std())).astype(np.float32)


@pytest.fixture(scope="module")
def inside():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[3:-3, 6:-6, 6:-6] = True
    return mask


def _moved(image, shift_mm):
    return ndimage.shift(image, np.asarray(shift_mm) / STEPS_MM, order=3, mode="nearest").astype(np.float32)


@pytest.mark.parametrize("shift_mm", [(0.0, 2.0, 0.0), (1.5, 0.0, -1.5), (0.0, -1.0, 3.0)])
def test_known_shift_is_recovered(tissue, inside, shift_mm):
    result = correct_motion(_moved(tissue, shift_mm), tissue, spacing=SPACING, region=inside)
    centre = tuple(n // 2 for n in result.shift_mm.shape[1:])
    np.testing.assert_allclose(result.shift_mm[(slice(None), *centre)], shift_mm, atol=0.35)
    error = np.abs(result.moved - tissue)[inside].mean()
    assert error < 0.4 * np.abs(_moved(tissue, shift_mm) - tissue)[inside].mean()
    assert result.flags == ("motion_corrected",)
    assert result.mismatch_after < result.mismatch_before


def test_phases_that_agree_are_left_alone(tissue, inside):
    noisy = tissue + np.random.default_rng(1).normal(0, 3, SHAPE).astype(np.float32)
    result = correct_motion(noisy, tissue, spacing=SPACING, region=inside)
    assert result.flags == ("motion_not_corrected",) or result.largest_mm < 0.3
    assert np.abs(result.moved - tissue)[inside].mean() < 4


def test_enhancement_alone_moves_little(tissue, inside):
    z, r, c = np.indices(SHAPE)
    lesion = ((z - 12) * 2.5) ** 2 + ((r - 30) * 1.2) ** 2 + (c - 32.0) ** 2 < 9**2
    early = np.where(lesion, 600, tissue).astype(np.float32)
    result = correct_motion(tissue, early, spacing=SPACING, region=inside)
    assert result.largest_mm < 1.5
    np.testing.assert_array_equal(early > 500, lesion)


def test_strain_stays_limited_under_a_wild_field(tissue, inside):
    shuffled = np.random.default_rng(2).permutation(tissue.ravel()).reshape(SHAPE)
    result = correct_motion(shuffled, tissue, spacing=SPACING, region=inside)
    for axis in range(3):
        cells = result.shift_mm.shape[axis + 1] - 1
        step_mm = (SHAPE[axis] - 1) * STEPS_MM[axis] / cells
        assert np.abs(np.diff(result.shift_mm, axis=axis + 1)).max() / step_mm <= MAX_STRAIN + 1e-9


def test_one_slice_and_no_region_do_not_fail(tissue):
    one = correct_motion(tissue[:1], tissue[:1], spacing=SPACING, region=np.ones((1, *SHAPE[1:]), dtype=bool))
    assert one.moved.shape == (1, *SHAPE[1:])
    nothing = correct_motion(tissue, tissue, spacing=SPACING, region=np.zeros(SHAPE, dtype=bool))
    assert nothing.flags == ("motion_not_corrected",)


def test_same_input_same_output(tissue, inside):
    moving = _moved(tissue, (0, 1, 1))
    first = correct_motion(moving, tissue, spacing=SPACING, region=inside).moved
    np.testing.assert_array_equal(first, correct_motion(moving, tissue, spacing=SPACING, region=inside).moved)


def test_shapes_must_agree(tissue, inside):
    with pytest.raises(DetectorError) as caught:
        correct_motion(tissue[1:], tissue, spacing=SPACING, region=inside)
    assert caught.value.code is ErrorCode.DETECTION


@pytest.mark.parametrize("shift_mm", [(0.0, 6.0, 0.0), (0.0, 0.0, -6.0), (-3.0, 3.0, 4.0)])
def test_six_millimetres_of_rigid_motion_are_recovered(tissue, inside, shift_mm):
    result = correct_motion(_moved(tissue, shift_mm), tissue, spacing=SPACING, region=inside)
    centre = tuple(n // 2 for n in result.shift_mm.shape[1:])
    np.testing.assert_allclose(result.shift_mm[(slice(None), *centre)], shift_mm, atol=0.6)


def test_noise_alone_is_named_as_the_reason(tissue, inside):
    noisy = tissue + np.random.default_rng(1).normal(0, 20, SHAPE).astype(np.float32)
    result = correct_motion(noisy, tissue, spacing=SPACING, region=inside)
    assert result.reason in {"below noise", "no gain"}
    assert result.moved is noisy
    assert result.mismatch_after == result.mismatch_before


@pytest.mark.parametrize(("shift_mm", "reason"), [(0.1, "below noise"), (0.5, "")])
def test_a_shift_is_undone_from_a_fifth_of_a_millimetre_on(tissue, inside, shift_mm, reason):
    noisy = _moved(tissue, (0, shift_mm, 0)) + np.random.default_rng(7).normal(0, 4, SHAPE).astype(np.float32)
    assert correct_motion(noisy, tissue, spacing=SPACING, region=inside).reason in {reason, reason and "no gain"}


@pytest.mark.parametrize(("shift_mm", "finest"), [(0.0, False), (1.0, True)])
def test_what_has_hardly_moved_is_looked_at_no_closer(tissue, inside, monkeypatch, shift_mm, finest):
    sizes, make = [], Level.of
    monkeypatch.setattr(
        Level, "of", lambda *args, **options: sizes.append(options["voxel_mm"]) or make(*args, **options)
    )
    noisy = _moved(tissue, (0, shift_mm, 0)) + np.random.default_rng(7).normal(0, 4, SHAPE).astype(np.float32)
    assert (correct_motion(noisy, tissue, spacing=SPACING, region=inside).reason == "") is finest
    assert sizes == list(LEVELS_MM if finest else LEVELS_MM[:-1])


def test_a_wave_of_breathing_is_followed(tissue, inside):
    """2 mm high and 90 mm long, towards the back: a displacement no shift or turn explains."""
    places = np.indices(SHAPE) * np.reshape(STEPS_MM, (3, 1, 1, 1))
    wave_mm = 2 * np.cos(2 * np.pi / 90 * places[0] + 1) * np.cos(2 * np.pi / 90 * places[2])
    index = np.indices(SHAPE).astype(float)
    index[1] -= wave_mm / STEPS_MM[1]
    moving = ndimage.map_coordinates(tissue, index, order=3, mode="nearest").astype(np.float32)
    result = correct_motion(moving, tissue, spacing=SPACING, region=inside)
    error_mm = result.displacement.at(places)[1] - wave_mm
    assert np.sqrt(np.mean(error_mm[inside] ** 2)) < 0.35 * np.sqrt(np.mean(wave_mm[inside] ** 2))


def test_an_empty_region_has_no_structure(tissue):
    result = correct_motion(tissue, tissue, spacing=SPACING, region=np.zeros(SHAPE, dtype=bool))
    assert result.reason == "no structure"


def test_only_the_phases_that_moved_are_moved(tissue, inside):
    rng = np.random.default_rng(4)
    phases = [tissue, _moved(tissue, (0, 2, 2)), tissue, tissue, tissue]
    series = np.stack([p + rng.normal(0, 5, SHAPE) for p in phases]).astype(np.float32)
    grid = ImageGrid(SHAPE, (0.0, 0.0, 0.0), ((0.0, 0, 1), (0.0, 1, 0), (1.0, 0, 0)), SPACING)
    aligned = align_phases(DynamicImage(series, grid, pre_index=0, early_index=2), inside)
    assert list(aligned.moved) == list(aligned.displacements) == [1]
    assert [record.index for record in aligned.motion] == [0, 1, 3, 4]
    assert [record.reason == "" for record in aligned.motion] == [False, True, False, False]
    assert aligned.motion[1].mismatch_after < aligned.motion[1].mismatch_before
    assert [record.index for record in align_phases(DynamicImage(series, grid, 0, 2), inside, phases=(4,)).motion] == [
        4
    ]


@pytest.mark.parametrize("stretch", [(0.0, 0.0, 0.0), (0.1, 0.0, 0.0), (0.05, -0.08, 0.02)])
def test_volume_change_of_a_linear_displacement(stretch):
    """x + shift(x) = (1 + e) x has the Jacobian determinant (1 + e1)(1 + e2)(1 + e3) everywhere."""
    step_mm = np.array([12.0, 11.0, 10.0])
    places = np.indices((5, 6, 7)) * step_mm[:, None, None, None]
    displacement = Displacement(places * np.array(stretch)[:, None, None, None], step_mm)
    mask = np.ones((4, 9, 11), dtype=bool)
    change = volume_change(displacement, mask, spacing=SPACING, offset_zrc=(8, 15, 20))
    assert change == pytest.approx(1 / np.prod(1 + np.array(stretch)) - 1, abs=1e-9)


def test_volume_change_of_an_empty_mask_is_zero():
    displacement = Displacement(np.ones((3, 2, 2, 2)), np.full(3, 12.0))
    assert volume_change(displacement, np.zeros((2, 2, 2), dtype=bool), spacing=SPACING) == 0.0


def test_a_lesion_that_appears_keeps_its_volume_under_true_motion(tissue, inside):
    z, r, c = np.indices(SHAPE)
    lesion = ((z - 12) * 2.5) ** 2 + ((r - 30) * 1.2) ** 2 + (c - 32.0) ** 2 < 10**2
    early = np.where(lesion, 600, tissue).astype(np.float32)
    result = correct_motion(_moved(tissue, (0, 3, -2)), early, spacing=SPACING, region=inside)
    assert not result.reason
    assert abs(volume_change(result.displacement, lesion, spacing=SPACING)) < 0.1

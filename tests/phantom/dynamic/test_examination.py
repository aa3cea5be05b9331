"""The dynamic phantom: truth against closed forms, geometry, kinetics, noise, determinism."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource, line_length_mm
from calcmeasure.phantom.dynamic.examination import DceSpec, make_grid, rician_noise, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import Kinetics, LesionKind, LesionSpec, lesion_truth, shape_lesion
from calcmeasure.terms import Laterality

SMALL = DceSpec(shape=(12, 56, 88), spacing_zrc_mm=(4.0, 2.0, 1.8))
FLAT = ImageGrid(
    (31, 80, 90), (0.0, 0.0, 0.0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), Spacing(0.9, 0.8, SpacingSource.PATIENT, 2.0)
)


@pytest.fixture(scope="module")
def phantom():
    return synthesize_dce(SMALL, rng=3)


@pytest.fixture(scope="module")
def still():
    """Without noise, motion and blur."""
    lesions = (
        LesionSpec("L1", diameter_mm=26.0, rim=False),
        LesionSpec(
            "L2",
            Laterality.RIGHT,
            LesionKind.NON_MASS,
            34.0,
            axis_ratios=(0.5, 0.5),
            position=(0.0, 0.45, 0.0),
            kinetics=Kinetics.PLATEAU,
        ),
    )
    spec = DceSpec(shape=(14, 80, 120), spacing_zrc_mm=(4.0, 1.5, 1.4), lesions=lesions, noise=0.0, motion_mm=0.0)
    return synthesize_dce(spec, rng=0)


def _truth(spec, *, centre=(15.0, 40.0, 45.0)):
    return lesion_truth(spec, shape_lesion(spec, FLAT, centre_zrc=centre, seed=0), FLAT)


@pytest.mark.parametrize("angle_deg", [0.0, 37.0, 90.0])
@pytest.mark.parametrize("ratios", [(1.0, 1.0), (0.6, 0.8), (0.4, 0.9)])
def test_truth_of_an_ellipsoid_centred_on_a_slice(angle_deg, ratios):
    spec = LesionSpec(diameter_mm=20.0, axis_ratios=ratios, angle_deg=angle_deg, irregularity=0.0)
    truth = _truth(spec)
    assert truth.diameter_mm == pytest.approx(20.0, abs=1e-3)
    assert truth.short_axis_mm == pytest.approx(20.0 * ratios[0], abs=0.02)
    assert truth.diameter_3d_mm == pytest.approx(20.0, rel=2e-3)
    assert truth.volume_mm3 == pytest.approx(np.pi / 6 * 20.0**3 * ratios[0] * ratios[1], rel=1e-6)
    assert truth.slice_index == 15


def test_a_centre_between_slices_makes_the_ellipsoid_larger_than_its_widest_cut():
    """At 1 mm from the centre a sphere of radius R is cut at sqrt(R^2 - 1)."""
    spec = LesionSpec(diameter_mm=10.0, axis_ratios=(1.0, 1.0), irregularity=0.0)
    truth = _truth(spec, centre=(15.5, 40.0, 45.0))
    assert truth.diameter_mm == pytest.approx(10.0, abs=1e-3)
    assert truth.diameter_3d_mm == pytest.approx(2 * np.sqrt(25 + 1), rel=2e-3)


@pytest.mark.parametrize("irregularity", [0.03, 0.1, 0.2])
def test_an_irregular_lesion_still_has_the_asked_diameter(irregularity):
    spec = LesionSpec(diameter_mm=17.5, irregularity=irregularity)
    surface = shape_lesion(spec, FLAT, centre_zrc=(15.2, 40.3, 45.1), seed=4)
    truth = lesion_truth(spec, surface, FLAT)
    assert truth.diameter_mm == pytest.approx(17.5, abs=1e-3)
    assert line_length_mm(truth.ends_zrc, FLAT.spacing) == pytest.approx(truth.diameter_mm, abs=1e-6)
    assert 0 < truth.short_axis_mm <= truth.diameter_mm + 1e-9
    assert truth.diameter_3d_mm >= truth.diameter_mm - 0.05


def test_the_diameter_agrees_with_a_fine_grid_of_points():
    """Independent of rays: every point of a 0.1 mm lattice on the slice that lies inside."""
    spec = LesionSpec(diameter_mm=12.0, irregularity=0.15)
    surface = shape_lesion(spec, FLAT, centre_zrc=(15.0, 40.0, 45.0), seed=9)
    truth = lesion_truth(spec, surface, FLAT)
    axis = np.arange(-8, 8, 0.1)
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    offset_mm = (truth.slice_index - 15.0) * 2.0
    points = np.stack([np.full_like(rows, offset_mm), rows, columns], axis=-1).reshape(-1, 3)
    inside = points[surface.level(points) < 1]
    rim = inside[surface.level(inside) > 0.93]
    assert pdist(rim).max() == pytest.approx(12.0, abs=0.2)


@pytest.mark.parametrize(
    "bad", [{"irregularity": 0.5}, {"irregularity": -0.1}, {"diameter_mm": -1.0}, {"axis_ratios": (1.2, 1.0)}]
)
def test_impossible_lesions_are_refused(bad):
    with pytest.raises(ValueError, match="must"):
        LesionSpec(**bad)


def test_a_lesion_that_does_not_fit_is_refused():
    spec = DceSpec(shape=SMALL.shape, spacing_zrc_mm=SMALL.spacing_zrc_mm, lesions=(LesionSpec(diameter_mm=200.0),))
    with pytest.raises(ValueError, match="lesion L1"):
        synthesize_dce(spec, rng=0)


def test_a_lesion_smaller_than_a_slice_is_drawn_all_the_same():
    spec = DceSpec(shape=SMALL.shape, spacing_zrc_mm=SMALL.spacing_zrc_mm, lesions=(LesionSpec(diameter_mm=0.05),))
    (truth,) = synthesize_dce(spec, rng=0).lesions
    assert truth.diameter_mm == pytest.approx(0.05, abs=1e-3)


def test_the_grid_is_oblique_orthonormal_and_right_handed():
    grid = make_grid(DceSpec())
    slice_axis, row_axis, column_axis = np.asarray(grid.axes_lps)
    np.testing.assert_allclose(np.asarray(grid.axes_lps) @ np.asarray(grid.axes_lps).T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(column_axis, row_axis), slice_axis, atol=1e-12)
    assert column_axis[0] > 0.99
    assert row_axis[1] > 0.99
    assert 0 < np.degrees(np.arccos(slice_axis[2])) < 10


def test_the_grid_maps_its_centre_and_back():
    spec = DceSpec()
    grid = make_grid(spec)
    centre = (np.asarray(spec.shape) - 1) / 2
    np.testing.assert_allclose(grid.to_lps(centre), spec.centre_lps, atol=1e-9)
    points = np.random.default_rng(0).uniform(0, 50, (20, 3))
    np.testing.assert_allclose(grid.to_zrc(grid.to_lps(points)), points, atol=1e-9)


def test_sides_are_the_patients(still):
    left, right = still.lesions
    assert still.grid.to_lps(left.centre_zrc)[0] > 0
    assert still.grid.to_lps(right.centre_zrc)[0] < 0
    assert left.centre_zrc[2] > right.centre_zrc[2]


def test_breasts_hang_in_front_of_the_chest(still):
    rows = np.nonzero(still.breast.any(axis=(0, 2)))[0]
    heart_row = still.phases.shape[2] - 1
    assert rows.max() < heart_row
    assert still.phases[1, :, :3].max() <= 1


def test_labels_cover_the_true_volume(still):
    voxel_mm3 = float(np.prod(still.grid.spacing.zrc_mm))
    for number, truth in enumerate(still.lesions, start=1):
        assert np.sum(still.labels == number) * voxel_mm3 == pytest.approx(truth.volume_mm3, rel=0.06)


def test_the_half_maximum_width_of_the_subtraction_is_the_diameter(still):
    """Along the known diameter the subtraction falls to half where the boundary is."""
    truth = still.lesions[0]
    ends = np.asarray(truth.ends_zrc)
    share = np.linspace(-0.3, 1.3, 400)
    line = ends[0] + share[:, None] * (ends[1] - ends[0])
    nearest = np.rint(line).astype(int)
    difference = still.phases[1].astype(float) - still.phases[0]
    profile = difference[tuple(nearest.T)]
    inside = share[profile > 0.5 * np.median(profile[(share > 0.3) & (share < 0.7)])]
    assert np.ptp(inside) * truth.diameter_mm == pytest.approx(truth.diameter_mm, abs=2.5)


def test_curves_wash_out_or_stay(still):
    early, late = 1, len(still.timings) - 1
    mass, region = ([float(still.phases[i][still.labels == n].mean()) for i in range(late + 1)] for n in (1, 2))
    assert mass[early] > 2 * mass[0]
    assert mass[late] < 0.92 * mass[early]
    assert region[late] == pytest.approx(region[early], rel=0.15)


def test_non_mass_enhancement_is_clumped_and_reaches_both_ends(still):
    truth = still.lesions[1]
    difference = still.phases[1].astype(float) - still.phases[0]
    inside = difference[still.labels == 2]
    assert inside.std() / inside.mean() > 0.15
    centre = np.asarray(truth.centre_zrc)
    for end in np.asarray(truth.ends_zrc):
        inner = np.rint(end + 0.12 * (centre - end)).astype(int)
        assert difference[tuple(inner)] > 0.6 * np.median(inside)


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.35])
def test_background_enhancement_is_as_asked(fraction):
    spec = DceSpec(
        shape=(10, 56, 88), spacing_zrc_mm=(5.0, 2.0, 1.8), lesions=(), noise=0, motion_mm=0, blur_mm=0,
        background_enhancement=fraction, density=0.8, phase_starts_s=(-80.0, 55.0),
    )  # fmt: skip
    made = synthesize_dce(spec, rng=0)
    pre, early = made.phases.astype(float)
    gland = made.breast & (pre > np.percentile(pre[made.breast], 75))
    assert np.median(early[gland] / pre[gland]) - 1 == pytest.approx(fraction, rel=0.35, abs=0.02)


def test_a_gone_lesion_leaves_nothing_but_its_truth():
    gone = synthesize_dce(_small(lesions=(LesionSpec(diameter_mm=0.0),)), rng=1)
    never = synthesize_dce(_small(lesions=()), rng=1)
    np.testing.assert_array_equal(gone.phases, never.phases)
    assert gone.lesions[0].diameter_mm == 0
    assert gone.lesions[0].ends_zrc == ()
    assert not gone.labels.any()


def test_the_same_seed_gives_the_same_examination(phantom):
    again = synthesize_dce(SMALL, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(phantom.phases, again.phases)
    assert phantom.lesions == again.lesions
    other = synthesize_dce(SMALL, rng=4)
    assert not np.array_equal(phantom.phases, other.phases)
    assert phantom.lesions == other.lesions


def test_anatomy_belongs_to_the_patient_not_to_the_visit():
    first, second = (synthesize_dce(_small(noise=0.0, motion_mm=0.0), rng=seed) for seed in (1, 2))
    np.testing.assert_array_equal(first.phases, second.phases)
    stranger = synthesize_dce(_small(noise=0.0, motion_mm=0.0, anatomy_seed=5), rng=1)
    assert not np.array_equal(first.phases, stranger.phases)


def test_only_the_still_phase_stays_in_place():
    still = synthesize_dce(_small(noise=0.0, motion_mm=0.0), rng=1)
    moved = synthesize_dce(_small(noise=0.0, motion_mm=1.0), rng=1)
    same = [np.array_equal(a, b) for a, b in zip(still.phases, moved.phases, strict=True)]
    assert same == [i == still.still_phase for i in range(len(same))]
    change = np.abs(moved.phases[0].astype(float) - still.phases[0])
    assert change.mean() < 25


def test_motion_is_the_same_whatever_the_slab():
    """Thick stacks are moved slab by slab; no seam shows."""
    spec = _small(shape=(40, 20, 24), spacing_zrc_mm=(3.0, 5.0, 5.0), lesions=(), noise=0.0, motion_mm=1.0)
    moved = synthesize_dce(spec, rng=1).phases[0].astype(float)
    steps = np.abs(np.diff(moved, axis=0)).mean(axis=(1, 2))
    assert steps[15] < 2.0 * np.median(steps[12:19])


@pytest.mark.parametrize("clean", [0.0, 30.0, 400.0])
def test_noise_is_rician(clean):
    """Second moment A^2 + 2 sigma^2; Rayleigh mean at A = 0; Gaussian for A >> sigma."""
    noisy = rician_noise(np.full(200_000, clean, np.float32), sigma=10.0, rng=np.random.default_rng(0))
    assert np.mean(noisy.astype(float) ** 2) == pytest.approx(clean**2 + 200.0, rel=0.02)
    if clean == 0:
        assert noisy.mean() == pytest.approx(10 * np.sqrt(np.pi / 2), rel=0.01)
    if clean == 400:
        assert noisy.std() == pytest.approx(10.0, rel=0.02)


def test_air_is_rayleigh(phantom):
    air = phantom.phases[:, :, :3, :3].astype(float)
    assert air.mean() == pytest.approx(SMALL.noise * np.sqrt(np.pi / 2), rel=0.05)


def test_timing_defaults_have_one_clear_early_phase():
    spec = DceSpec()
    assert spec.timings[0].centre_s < 0
    assert [t.centre_s for t in spec.timings if 60 <= t.centre_s <= 120] == [spec.timings[spec.still_phase].centre_s]


def test_phases_are_twelve_bit(phantom):
    assert phantom.phases.dtype == np.uint16
    assert phantom.phases.shape == (5, *SMALL.shape)
    assert phantom.phases.max() <= 4095


def _small(**changes):
    values = {"shape": SMALL.shape, "spacing_zrc_mm": SMALL.spacing_zrc_mm, **changes}
    return DceSpec(**values)

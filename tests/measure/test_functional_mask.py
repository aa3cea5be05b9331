"""What counts towards the functional tumour volume: cubes counted by hand, and plain NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.measure.functional_mask import FtvRule, functional_tumour_mask, percentile_inside


def _cube(percent=100.0):
    pre = np.full((7, 7, 7), 100.0, np.float32)
    early = pre.copy()
    early[2:5, 2:5, 2:5] += percent
    return pre, early, np.ones(pre.shape, dtype=bool)


def test_every_voxel_of_a_cube_counts():
    # The corners of a 3 x 3 x 3 cube have 7 passing neighbours each.
    pre, early, region = _cube()
    assert functional_tumour_mask(pre, early, None, region=region).sum() == 27
    assert functional_tumour_mask(pre, early, None, region=region, rule=FtvRule(neighbours=8)).sum() == 19


@pytest.mark.parametrize(("percent", "count"), [(69.9, 0), (70.0, 27)])
def test_enhancement_threshold_is_inclusive(percent, count):
    pre, early, region = _cube(percent)
    assert functional_tumour_mask(pre, early, None, region=region).sum() == count


def test_lone_voxels_and_dark_voxels_do_not_count():
    pre, early, region = _cube()
    early[0, 0, 0] = 300
    pre[3, 3, 3], early[3, 3, 3] = 50, 200
    counted = functional_tumour_mask(pre, early, None, region=region)
    assert not counted[0, 0, 0]
    assert not counted[3, 3, 3]
    assert counted.sum() == 26


def test_negative_ratio_does_not_count():
    pre, early, region = _cube()
    late = early.copy()
    late[2, 2, 2] = 50.0
    assert functional_tumour_mask(pre, early, late, region=region).sum() == 26


def test_nothing_counts_outside_the_region():
    pre, early, region = _cube()
    region[:] = False
    assert not functional_tumour_mask(pre, early, None, region=region).any()
    region[:4] = True
    assert functional_tumour_mask(pre, early, None, region=region).sum() == 18


def test_phases_of_different_shape_are_refused():
    pre, early, region = _cube()
    with pytest.raises(PhaseError) as caught:
        functional_tumour_mask(pre, early[1:], None, region=region)
    assert caught.value.code is ErrorCode.GEOMETRY


@pytest.mark.parametrize("least_ser", [0.0, 0.9])
def test_noise_counts_as_whole_volumes_in_numpy_tell(least_ser):
    """The rule as it is written down: thresholds, a sum over 27 voxels, a ratio; on voxels that pass often."""
    rng = np.random.default_rng(5)
    pre, early, late = (
        rng.normal(mean, sd, (12, 20, 25)).astype(np.float32) for mean, sd in ((100, 25), (200, 50), (190, 60))
    )
    early[3, 4, :9], late[5, :, 4] = pre[3, 4, :9], pre[5, :, 4]
    region = rng.random(pre.shape) < 0.9
    before, after, last = (phase.astype(float) for phase in (pre, early, late))
    bright = region & (before >= 0.6 * np.percentile(before[region], 95))
    with np.errstate(divide="ignore", invalid="ignore"):
        passing = bright & (100 * (after - before) / before >= 70)
        ratio = (after - before) / (last - before)
    enough = ndimage.correlate(passing.astype(int), np.ones((3, 3, 3), int), mode="constant") - passing >= 4
    wanted = passing & enough & (ratio >= least_ser)
    assert 200 < wanted.sum() < passing.sum()
    found = functional_tumour_mask(pre, early, late, region=region, rule=FtvRule(least_ser=least_ser))
    np.testing.assert_array_equal(found, wanted)


@given(
    values=arrays.arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32)),
    share=st.floats(0, 1),
)
def test_percentiles_are_those_of_numpy(values, share):
    region = np.arange(values.size) % 3 != 1
    wanted = np.percentile(values[region].astype(float), 100 * share)
    assert percentile_inside(values, region, share) == pytest.approx(wanted, rel=1e-6, abs=1e-6)

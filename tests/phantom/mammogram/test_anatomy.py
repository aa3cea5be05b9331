"""The empty breast: same seed same breast, power-law tissue, skin line, pectoral muscle on MLO only."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from calcmeasure.phantom.mammogram.anatomy import GRID_MM, BreastSpec, build_anatomy, power_law_field
from calcmeasure.terms import View

SPEC = BreastSpec(depth_mm=50.0, width_mm=70.0, seed=4)


@pytest.fixture(scope="module", params=[View.CC, View.MLO])
def view(request):
    return request.param


@pytest.mark.parametrize("beta", [2.0, 3.0])
def test_power_spectrum_falls_as_asked(beta):
    field = power_law_field((512, 512), beta=beta, rng=np.random.default_rng(0))
    power = np.abs(np.fft.rfft2(field)) ** 2
    f = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512)[None])
    edges = np.geomspace(0.02, 0.4, 9)
    middle = np.sqrt(edges[1:] * edges[:-1])
    mean = [power[(f >= a) & (f < b)].mean() for a, b in itertools.pairwise(edges)]
    slope = np.polyfit(np.log(middle), np.log(mean), 1)[0]
    assert slope == pytest.approx(-beta, abs=0.15)
    assert field.std() == pytest.approx(1.0, abs=1e-3)
    assert abs(field.mean()) < 1e-3


def test_same_spec_same_breast(view):
    one, two = build_anatomy(SPEC, view), build_anatomy(SPEC, view)
    np.testing.assert_array_equal(one.extra, two.extra)
    other = build_anatomy(BreastSpec(depth_mm=50.0, width_mm=70.0, seed=5), view)
    assert not np.allclose(one.extra, other.extra)


def test_breast_has_the_asked_depth_and_width():
    anatomy = build_anatomy(SPEC, View.CC)
    inside = anatomy.inside_mm > 0
    assert inside.any(axis=0).sum() * GRID_MM == pytest.approx(50.0, abs=1.0)
    assert inside[:, 0].sum() * GRID_MM == pytest.approx(70.0, abs=1.0)


def test_distance_to_the_skin_is_in_mm_and_ignores_the_chest_wall():
    anatomy = build_anatomy(SPEC, View.CC)
    middle = round(anatomy.across_mm / GRID_MM)
    line = anatomy.inside_mm[middle]
    depth = np.arange(line.size) * GRID_MM
    near = (depth > 42) & (depth < 49)
    np.testing.assert_allclose(line[near], 50.0 - depth[near], atol=0.6)
    assert line[0] > 25


def test_muscle_is_on_mlo_only_at_the_chest_wall_above():
    cc, mlo = build_anatomy(SPEC, View.CC), build_anatomy(SPEC, View.MLO)
    top = slice(60, 100)
    assert mlo.extra[top, :30].mean() > 0.4
    assert mlo.extra[top, :30].mean() > 2 * cc.extra[top, :30].mean()
    assert mlo.extra[-100:, :30].mean() < 0.35


def test_denser_breasts_attenuate_more(view):
    thin, dense = (build_anatomy(BreastSpec(density=d, seed=1), view) for d in (0.1, 0.9))
    assert dense.extra.mean() > thin.extra.mean() + 0.03


def test_sampling_reproduces_grid_points_and_straight_lines():
    anatomy = build_anatomy(SPEC, View.CC)
    rows, cols = np.array([30, 31, 90]), np.array([5, 40])
    across, depth = anatomy.across_mm - rows * GRID_MM, cols * GRID_MM
    np.testing.assert_allclose(
        anatomy.sample(anatomy.extra, across, depth), anatomy.extra[np.ix_(rows, cols)], atol=1e-5
    )
    ramp = np.add.outer(2.0 * np.arange(60), np.arange(50)).astype(np.float32)
    halfway = anatomy.sample(ramp, anatomy.across_mm - np.array([10.5, 20.25]) * GRID_MM, np.array([7.5]) * GRID_MM)
    np.testing.assert_allclose(halfway.ravel(), [28.5, 48.0], atol=1e-4)


def test_other_views_are_refused():
    with pytest.raises(ValueError, match="CC and MLO"):
        build_anatomy(SPEC, View.ML)

"""Ellipsoids of the outline's benchmark: their diameter in closed form is that of their voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from lesions.ellipsoids import Ellipsoid

VOXEL_MM = np.array([2.0, 0.5, 0.5])


def ellipsoid(form, *, centre_zrc=(5.0, 30.0, 30.0)):
    return Ellipsoid(np.asarray(form, dtype=float), np.array(centre_zrc), VOXEL_MM, (11, 61, 61))


@pytest.mark.parametrize(("offset", "diameter_mm"), [(0.0, 12.0), (0.5, 2 * np.sqrt(36 - 1.0))])
def test_a_ball_is_cut_where_the_slices_are(offset, diameter_mm):
    """The middle of a ball of 12 mm lies on a slice, or half-way between two that are 2 mm apart."""
    ball = ellipsoid(np.eye(3) / 36, centre_zrc=(5.0 + offset, 30.0, 30.0))
    assert ball.diameter_mm == pytest.approx(diameter_mm)


def test_the_diameter_of_a_tilted_ellipsoid_is_that_of_its_voxels():
    turned, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    tilted = ellipsoid(turned @ np.diag([7.0**-2, 5.0**-2, 4.0**-2]) @ turned.T, centre_zrc=(5.2, 30.3, 29.8))
    places = (np.indices(tilted.shape).reshape(3, -1).T - tilted.centre_zrc) * VOXEL_MM
    inside = np.einsum("ni,ij,nj->n", places, tilted.form, places) <= 1
    widest_mm = max(pdist(places[inside & (places[:, 0] == z)][:, 1:]).max() for z in np.unique(places[inside, 0]))
    assert widest_mm == pytest.approx(tilted.diameter_mm, abs=0.5)
    assert widest_mm <= tilted.diameter_mm


def test_coverage_holds_the_volume():
    form = np.diag([6.0**-2, 5.0**-2, 4.0**-2])
    volume_mm3 = ellipsoid(form).coverage().sum() * VOXEL_MM.prod()
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * 120, rel=0.01)

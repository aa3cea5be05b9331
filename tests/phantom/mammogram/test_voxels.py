"""Clusters given as voxels: lumps, extents and calcium survive the projection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, label
from scipy.spatial.distance import pdist

from calcmeasure.phantom.mammogram.scene_settings import NO_CLUTTER, TRAINING
from calcmeasure.phantom.mammogram.scenes import draw_scene
from calcmeasure.phantom.mammogram.voxels import VoxelModel
from calcmeasure.terms import MarkLabel

BARE = replace(
    TRAINING, clutter=NO_CLUTTER, cluster_share=0.0, film_share=0.0, depth_mm=(42.0, 44.0), pixel_mm=(0.1, 0.1)
)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_lumps_become_marks_at_their_distances(seed):
    voxels = np.zeros((20, 80, 90), np.uint8)
    voxels[4:8, 10:14, 10:14] = 1
    voxels[9:12, 70:74, 10:14] = 3
    voxels[2, 10:14, 80:84] = 1
    scene = draw_scene(seed, settings=BARE, voxels=VoxelModel(voxels, 0.05))
    assert scene.labels == (MarkLabel.SUSPICIOUS,) * 3
    # 60 rows and 70 columns apart.
    assert scene.extents_mm == {0: pytest.approx(0.05 * np.hypot(60, 70))}
    assert scene.diameters_mm == pytest.approx(np.full(3, 0.05 * np.sqrt(4 / np.pi * 16)))
    # Lumps come in the order of their height; the first is one voxel deep, the others four and three.
    assert scene.ideal_d.argmin() == 0


def test_voxels_are_numbered_after_the_scene_s_own_groups():
    voxels = np.zeros((5, 40, 40), np.uint8)
    voxels[2, 5, 5] = voxels[2, 30, 30] = 1
    settings = replace(BARE, cluster_share=1.0, most_clusters=1)
    plain, more = draw_scene(1, settings=settings), draw_scene(1, settings=settings, voxels=VoxelModel(voxels, 0.05))
    assert set(more.extents_mm) == {0, 1}
    assert more.extents_mm[0] == plain.extents_mm[0]
    assert more.extents_mm[1] == pytest.approx(0.05 * np.hypot(25, 25))


@pytest.mark.realdata
def test_cluster_of_another_simulator_keeps_its_extent(realdata):
    voxels = np.fromfile(realdata / "victre_calc" / "heteroCalc2_121_100.raw", np.uint8).reshape(100, 100, 100)
    scene = draw_scene(1, settings=BARE, voxels=VoxelModel(voxels, 0.05))
    numbered, count = label(voxels, np.ones((3, 3, 3)))
    centres = np.array(center_of_mass(voxels, numbered, range(1, count + 1)))[:, 1:]
    assert len(scene.marks_rc) == count == 5
    assert scene.extent_mm == pytest.approx(0.05 * pdist(centres).max())

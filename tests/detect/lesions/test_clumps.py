"""Clumps a few millimetres apart are one region; what lies farther off, or is no clump, is none of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calcmeasure.detect.contract import DynamicImage
from calcmeasure.detect.lesions.boundary import Outline, outline_lesion
from calcmeasure.detect.lesions.chest import BreastRegion
from calcmeasure.detect.lesions.clumps import ClumpGatherer, outline_region
from calcmeasure.detect.lesions.describing import describe
from calcmeasure.detect.lesions.enhancement import Background, EnhancementMaps
from calcmeasure.detect.lesions.evidence import FEATURES
from calcmeasure.detect.lesions.judging import Judged
from calcmeasure.detect.lesions.motion import AlignedPhases
from calcmeasure.detect.lesions.scene import Scene, cut_around
from calcmeasure.detect.lesions.seeds import Candidate
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource

SHAPE = (40, 40, 90)
ONE_MM = np.ones(3)
AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
RADIUS_MM = 4.0


def subtraction_of(*columns: float, height: float = 200.0) -> np.ndarray:
    """Balls of 4 mm in one row, with the partial volume of voxels of 1 mm."""
    z, r, c = np.indices(SHAPE).astype(float)
    share = np.zeros(SHAPE)
    for column in columns:
        away = np.sqrt((z - 20) ** 2 + (r - 20) ** 2 + (c - column) ** 2)
        share = np.maximum(share, np.clip(0.5 + RADIUS_MM - away, 0, 1))
    return (height * share).astype(np.float32)


def scene_of(subtraction: np.ndarray) -> Scene:
    """A volume that is breast all through."""
    shape = subtraction.shape
    grid = ImageGrid(shape, (0.0, 0.0, 0.0), AXIAL, Spacing(1.0, 1.0, SpacingSource.PATIENT, slice_mm=1.0))
    whole, none = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    image = DynamicImage(np.stack([np.full(shape, 100, np.float32), 100 + subtraction]), grid)
    blocks = np.ones([-(-n // 2) for n in shape], np.float32)
    maps = EnhancementMaps(
        subtraction, subtraction, subtraction[::2, ::2, ::2], (2, 2, 2), 1.0, 2 * ONE_MM, Background(0.0, 1.0, 1.0)
    )
    return Scene(image, BreastRegion(whole, whole, none, 0.0), maps, AlignedPhases(), blocks, blocks, 1.0)


def first_clump(scene: Scene, *, column: float):
    """Outline of the ball at a column, and its cut."""
    box = (slice(9, 11), slice(9, 11), slice(int(column) // 2 - 1, int(column) // 2 + 1))
    cut = cut_around(Candidate(np.ones((2, 2, 2), dtype=bool), box, 100.0, 1.0), scene)
    signal = scene.maps.subtraction[cut]
    z, r, c = np.indices(signal.shape)
    near = (z + cut[0].start - 20) ** 2 + (r + cut[1].start - 20) ** 2 + (c + cut[2].start - column) ** 2 <= 16
    return outline_lesion(signal, near, tissue=np.ones(signal.shape, dtype=bool), voxel_mm=ONE_MM), cut


def widest(outline: Outline) -> float:
    return max(float(pdist(points[:, 1:]).max()) for points in outline.contours_zrc)


@pytest.mark.parametrize(("gap_mm", "parts"), [(3.0, 4), (4.0, 4), (10.0, 1)])
def test_clumps_belong_together_over_small_gaps_only(gap_mm, parts):
    columns = 12.0 + np.arange(4) * (2 * RADIUS_MM + gap_mm)
    scene = scene_of(subtraction_of(*columns))
    outline, cut = first_clump(scene, column=columns[0])
    found = ClumpGatherer.of(scene).region_around(outline, cut)
    if parts == 1:
        assert found is None
        return
    region, where = found
    assert widest(region) == pytest.approx(columns[3] - columns[0] + 2 * RADIUS_MM, abs=0.4)
    assert region.mask[20 - where[0].start, 20 - where[1].start, int(columns[0]) - where[2].start]


def test_clumps_at_the_end_of_a_volume_are_joined_where_the_last_block_reaches_beyond_it():
    scene = scene_of(subtraction_of(12.0, 24.0, 36.0)[:, :, :39])
    region, where = ClumpGatherer.of(scene).region_around(*first_clump(scene, column=12.0))
    assert where[2].stop == 39
    assert region.mask[20 - where[0].start, 20 - where[1].start, -1]


def test_a_vessel_beside_a_clump_is_not_joined():
    z, r, c = np.indices(SHAPE).astype(float)
    away = np.maximum(np.hypot(z - 20, r - 20), np.maximum(20 - c, 0))
    signal = np.maximum(subtraction_of(12.0), 200 * np.clip(2.5 - away, 0, 1)).astype(np.float32)
    scene = scene_of(signal)
    assert ClumpGatherer.of(scene).region_around(*first_clump(scene, column=12.0)) is None


def test_a_clump_of_a_region_found_before_is_not_joined_again():
    scene = scene_of(subtraction_of(12.0, 24.0, 36.0))
    gatherer = ClumpGatherer.of(scene)
    assert gatherer.region_around(*first_clump(scene, column=12.0)) is not None
    assert gatherer.region_around(*first_clump(scene, column=24.0)) is None


def test_the_second_opinion_on_a_region_sees_all_its_clumps_and_none_beside_it():
    scene = scene_of(subtraction_of(20.0, 32.0, 70.0))
    region, cut = ClumpGatherer.of(scene).region_around(*first_clump(scene, column=20.0))
    judged = Judged(region, cut, np.zeros(len(FEATURES)), 1.0, widest(region), is_region=True)
    found = describe(judged, scene, is_lesion=True)
    assert found.alternative_diameter_mm == pytest.approx(20, abs=1.0)
    assert "segmentation_disagrees" not in found.flags


def test_the_edge_of_a_region_follows_its_clumps_and_spans_their_gaps():
    signal = subtraction_of(20.0, 32.0)
    painted = np.zeros(SHAPE, dtype=bool)
    painted[16:25, 16:25, 16:37] = True
    like = Outline(painted, (), 200.0, 0.0)
    region = outline_region(signal, painted, like=like, tissue=np.ones(SHAPE, dtype=bool), voxel_mm=ONE_MM)
    assert widest(region) == pytest.approx(20, abs=0.3)
    assert region.mask[20, 20, 26], "between the clumps"
    assert not region.mask[20, 20, 40]
    nothing = outline_region(signal, painted, like=like, tissue=np.zeros(SHAPE, dtype=bool), voxel_mm=ONE_MM)
    assert nothing.contours_zrc == ()

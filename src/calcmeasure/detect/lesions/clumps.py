"""Clumped enhancement: clumps a few millimetres apart are one region, and it is the region that is measured.

A mass takes up space; non-mass enhancement has gland or fat between what enhances ("Breast magnetic resonance imaging:
non-mass-like enhancement", Gland Surgery, gs.amegroups.org/article/view/1239), so that any threshold sees its clumps
one by one. Every outline therefore asks what lies beside it that is as bright.
What is much larger together is outlined a second time as a region, and the lesion model chooses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.boundary import SEEN_VOXELS, Outline, edge_of, smoothed
from calcmeasure.detect.lesions.chest import block_mean, unblock
from calcmeasure.detect.lesions.enhancement import Factors, factors_of, shrunk
from calcmeasure.detect.lesions.regions import box_between, filled, greatest, span_of
from calcmeasure.detect.lesions.scene import MARGIN_MM, Cut, Scene
from calcmeasure.detect.lesions.seeds import THICK_MM, TUBE_RATIO, joined, largest

FloatArray = NDArray[np.float64]

BLOCK_MM = 2.5
"""Clumps are gathered on blocks no larger than this."""
CLUMP_GAP_MM = 7.0
"""Blocks of clumps no further apart, centre to centre, belong to one region: about 5 mm of other tissue between."""
REACH_MM = 45.0
"""How far from an outline its region may go..."""
LONGEST_MM = 120.0
"""...and how long it may be: longer ones are gland."""
LEVEL = 0.45
"""Share of the outline's height from which on a block belongs to a clump: blocks blur small ones."""
LEAST_BLOCKS = 2
"""Smaller clumps are noise."""
LEAST_OUTLINE_MM3, LEAST_REGION_MM3, LEAST_JOINED = 60.0, 400.0, 0.2
"""An outline and its region are at least so large, and what is joined is at least this share of the outline."""
SEEN_BEFORE = 0.6
"""An outline with so much of it in a region found before is a clump of that region."""
TRIM_MM = 1.2
"""Blocks between clumps are taken in by this much, so that they never reach beyond the clumps themselves."""
_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=np.bool_)
_IN_PLANE = np.ones((1, 3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class ClumpGatherer:
    """Finds the regions of one series.

    Parameters
    ----------
    signal, tissue
        Subtraction, and where a lesion may lie, on blocks of `factors` voxels.
    gathered
        Blocks that lie in a region already; filled as regions are found.
    """

    scene: Scene
    factors: Factors
    signal: FloatImage
    tissue: BoolImage
    gathered: BoolImage

    @classmethod
    def of(cls, scene: Scene) -> ClumpGatherer:
        """Prepare a series."""
        factors = factors_of(scene.image.grid, block_mm=BLOCK_MM)
        signal = block_mean(scene.maps.subtraction, factors)
        tissue = shrunk(scene.region.mask | scene.region.skin, factors)
        return cls(scene, factors, signal, tissue, np.zeros(signal.shape, dtype=np.bool_))

    def region_around(self, outline: Outline, cut: Cut) -> tuple[Outline, Cut] | None:
        """Outline the region an outline is a clump of, and the cut it lies in; None when it stands alone."""
        if outline.mask.sum() * np.prod(self.scene.voxel_mm) < LEAST_OUTLINE_MM3:
            return None
        found = self._blocks(outline, cut)
        if found is None:
            return None
        painted, wide = self._painted(*found)
        scene = self.scene
        region = outline_region(
            scene.maps.subtraction[wide], painted, like=outline, tissue=scene.searched(wide), voxel_mm=scene.voxel_mm
        )
        return (region, wide) if region.contours_zrc else None

    def _blocks(self, outline: Outline, cut: Cut) -> tuple[BoolImage, NDArray[np.int_]] | None:
        """Blocks of the region, cropped, and the first of them."""
        size_mm = self.scene.voxel_mm * self.factors
        block_mm3, outline_mm3 = float(np.prod(size_mm)), float(outline.mask.sum() * np.prod(self.scene.voxel_mm))
        start = np.array([part.start for part in cut])
        own = np.unique((np.argwhere(outline.mask) + start) // np.asarray(self.factors), axis=0)
        own = own[np.all(own < self.signal.shape, axis=1)]
        if not len(own) or self.gathered[tuple(own.T)].mean() > SEEN_BEFORE:
            return None
        reach = np.ceil(REACH_MM / size_mm).astype(int)
        low = np.maximum(own.min(axis=0) - reach, 0)
        box = box_between(low, np.minimum(own.max(axis=0) + reach + 1, self.signal.shape))
        seed = np.zeros(self.signal[box].shape, dtype=np.bool_)
        seed[tuple((own - low).T)] = True
        level = outline.outside + LEVEL * (outline.inside - outline.outside)
        region = _joined_to(seed, (self.signal[box] > level) & self.tissue[box], voxel_mm=size_mm) & self.tissue[box]
        joined_mm3 = int((region & ~seed).sum()) * block_mm3
        if joined_mm3 < LEAST_JOINED * outline_mm3 or region.sum() * block_mm3 < LEAST_REGION_MM3:
            return None
        self.gathered[box] |= region
        first, last = span_of(region)
        if np.linalg.norm((last + 1 - first) * size_mm) > LONGEST_MM:
            return None
        return region[box_between(first, last + 1)], first + low

    def _painted(self, blocks: BoolImage, first: NDArray[np.int_]) -> tuple[BoolImage, Cut]:
        """Voxels of blocks, in a cut with a margin."""
        margin = np.ceil(MARGIN_MM / self.scene.voxel_mm).astype(int)
        start, size = first * np.asarray(self.factors), np.multiply(blocks.shape, self.factors)
        # The last block of an axis may reach beyond the volume.
        fine = unblock(blocks, self.factors, tuple(np.minimum(size, self.scene.image.grid.shape - start).tolist()))
        low = np.maximum(start - margin, 0)
        z, r, c = box_between(low, np.minimum(start + fine.shape + margin, self.scene.image.grid.shape))
        painted = np.zeros([part.stop - part.start for part in (z, r, c)], dtype=np.bool_)
        painted[tuple(slice(int(a), int(a) + n) for a, n in zip(start - low, fine.shape, strict=True))] = fine
        return painted, (z, r, c)


def outline_region(
    subtraction: FloatImage, painted: BoolImage, *, like: Outline, tissue: BoolImage, voxel_mm: FloatArray
) -> Outline:
    """Follow the edge of a region: half-way around its clumps, straight on between them.

    Parameters
    ----------
    subtraction, painted, tissue
        (slices, rows, columns) of a cut: early minus pre, roughly the region, and where it may lie.
    like
        Outline of one clump: its plateau and background are the region's.
    """
    smooth = smoothed(subtraction, voxel_mm)
    near = ndimage.binary_dilation(painted, _IN_PLANE, iterations=2)
    clumps = (smooth > (like.inside + like.outside) / 2) & near
    trim = max(1, round(TRIM_MM / float(voxel_mm[1])))
    between = ndimage.binary_erosion(painted, _IN_PLANE, iterations=trim)
    mask = filled(largest((clumps | between) & tissue))
    if not mask.any():
        return Outline(mask, (), like.inside, like.outside, like.spread)
    first, last = span_of(mask)
    box = box_between(first - SEEN_VOXELS, last + SEEN_VOXELS + 1)
    contours = edge_of(smooth[box], mask[box], inside=like.inside, outside=like.outside, voxel_mm=voxel_mm)
    start = np.array([part.start for part in box], dtype=float)
    return Outline(mask, tuple(points + start for points in contours), like.inside, like.outside, like.spread)


def _joined_to(seed: BoolImage, above: BoolImage, *, voxel_mm: FloatArray) -> BoolImage:
    """Everything that hangs together with a seed when gaps between clumps are closed; vessels join nothing."""
    clumps = _clumps_of(above, voxel_mm) | seed
    own = _connected(ndimage.distance_transform_edt(~clumps, sampling=voxel_mm) <= CLUMP_GAP_MM / 2, seed)
    first, last = span_of(own)
    box = box_between(first, last + 1)
    region = np.zeros_like(seed)
    region[box] = _connected(joined(clumps[box] & own[box], voxel_mm=voxel_mm, gap_mm=CLUMP_GAP_MM), seed[box])
    return region


def _clumps_of(above: BoolImage, voxel_mm: FloatArray) -> BoolImage:
    """Keep parts that are neither noise nor thin and much longer than thick."""
    labels, count = ndimage.label(above)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    depth_mm = ndimage.distance_transform_edt(above, sampling=voxel_mm)
    thick_mm = 2 * greatest(depth_mm, labels, count)
    spans = [[part.stop - part.start for part in box] for box in ndimage.find_objects(labels)]
    length_mm = np.append(0.0, np.linalg.norm(np.reshape(spans, (-1, 3)) * voxel_mm, axis=1))
    are_clumps = (sizes >= LEAST_BLOCKS) & ((thick_mm >= THICK_MM) | (length_mm <= TUBE_RATIO * thick_mm))
    are_clumps[0] = False
    clumps: BoolImage = are_clumps[labels]
    return clumps


def _connected(mask: BoolImage, seed: BoolImage) -> BoolImage:
    """Parts of a mask that hold some of a seed."""
    labels, count = ndimage.label(mask, structure=_EVERY_NEIGHBOUR)
    own = np.zeros(count + 1, dtype=np.bool_)
    own[labels[seed]] = True
    own[0] = False
    connected: BoolImage = own[labels]
    return connected

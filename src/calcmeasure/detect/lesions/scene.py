"""Everything that is computed once per series, and the cut of it around one candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, DynamicImage, FloatImage
from calcmeasure.detect.lesions.chest import BreastRegion, find_breasts, unblock
from calcmeasure.detect.lesions.displacement import volume_change
from calcmeasure.detect.lesions.enhancement import EnhancementMaps, map_enhancement, shrunk
from calcmeasure.detect.lesions.exchange import ARRIVAL_S
from calcmeasure.detect.lesions.motion import AlignedPhases, align_phases
from calcmeasure.detect.lesions.seeds import Candidate, find_candidates
from calcmeasure.geometry import ImageGrid
from calcmeasure.terms import Flag

FloatArray = NDArray[np.float64]
Cut = tuple[slice, slice, slice]

MARGIN_MM = 14.0
"""A candidate is looked at with this much of its surroundings."""
FAR_MM = 15.0
"""How deep below the skin something lies is told up to this distance..."""
FAR_FROM_WALL_MM = 40.0
"""...and how far before the chest wall up to this."""
_INNERMOST, _OUTERMOST = 0.5, 99.5
"""Percentiles of the distances from the midline that count as the breasts' medial and lateral ends."""
LEAST_WIDTH_MM = 40.0
"""A series that shows less of a breast from medial to lateral does not show where its lateral end is."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One series, ready to be searched.

    Parameters
    ----------
    aligned
        Phases that were moved onto the early one.
    depth_mm
        Distance of every block of the working grid from air, `FAR_MM` at most.
    wall_mm
        Distance of every block from what lies behind the breasts, `FAR_FROM_WALL_MM` at most.
    half_width_mm
        From the midline to the lateral end of the breasts; infinite where that cannot be told.
    """

    image: DynamicImage
    region: BreastRegion
    maps: EnhancementMaps
    aligned: AlignedPhases
    depth_mm: FloatImage
    wall_mm: FloatImage
    half_width_mm: float

    @property
    def voxel_mm(self) -> FloatArray:
        """(3,) voxel size."""
        return np.asarray(self.image.grid.spacing.zrc_mm)

    @property
    def neighbours(self) -> tuple[int, ...]:
        """Phases after contrast just before and after the early one."""
        early, last = self.image.early_index, len(self.image.phases) - 1
        return tuple(i for i in (early - 1, early + 1) if self.image.pre_index < i <= last)

    def phase(self, index: int) -> FloatImage:
        """(slices, rows, columns) of a phase, moved onto the early one where it was."""
        moved = self.aligned.moved.get(index)
        volume: FloatImage = self.image.phases[index] if moved is None else moved
        return volume

    @property
    def pre(self) -> FloatImage:
        """(slices, rows, columns) before contrast, moved onto the early phase where it was."""
        return self.phase(self.image.pre_index)

    @property
    def late(self) -> FloatImage | None:
        """(slices, rows, columns) of the last phase; None when nothing follows the early one."""
        last = len(self.image.phases) - 1
        return self.phase(last) if last > self.image.early_index else None

    @property
    def timed(self) -> dict[int, float]:
        """Seconds after the injection of the phases that a curve is taken from: after contrast, moved if need be."""
        early, last = self.image.early_index, len(self.image.phases) - 1
        wanted = sorted(index for index in {early - 1, early, early + 1, last} if self.image.pre_index < index <= last)
        times_s = [self.image.times_s[index] if index < len(self.image.times_s) else None for index in wanted]
        return {
            i: time_s for i, time_s in zip(wanted, times_s, strict=True) if time_s is not None and time_s > ARRIVAL_S
        }

    @property
    def motion_flags(self) -> tuple[str, ...]:
        """Whether the phase before contrast was moved."""
        moved = self.image.pre_index in self.aligned.moved
        return (Flag.MOTION_CORRECTED.value if moved else Flag.MOTION_NOT_CORRECTED.value,)

    def volume_change(self, mask: BoolImage, *, offset_zrc: tuple[int, int, int]) -> float | None:
        """Relative change of a lesion's volume by moving the phase before contrast; None when it was not moved."""
        displacement = self.aligned.displacements.get(self.image.pre_index)
        if displacement is None:
            return None
        return volume_change(displacement, mask, spacing=self.image.grid.spacing, offset_zrc=offset_zrc)

    def lateral(self, point_zrc: FloatArray) -> float:
        """How lateral a place is: 0 at the midline or where it cannot be told, 1 at the lateral end of the breasts."""
        x_mm = float(self.image.grid.to_lps(point_zrc)[0])
        return abs(x_mm - self.region.midline_mm) / self.half_width_mm

    def searched(self, cut: Cut) -> BoolImage:
        """Where in a cut a lesion may lie: the breasts and their skin."""
        inside: BoolImage = self.region.mask[cut] | self.region.skin[cut]
        return inside


def see(image: DynamicImage) -> Scene:
    """Outline the breasts, move the phase before contrast, and subtract.

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if the volume shows no breast.
    """
    region = find_breasts(image.pre, image.grid, early=image.early)
    aligned = align_phases(image, region.mask)
    pre = aligned.moved.get(image.pre_index, image.pre)
    maps = map_enhancement(pre, image.early, breast=region.mask, grid=image.grid)
    body = shrunk(region.body, maps.factors)
    depth_mm = np.minimum(ndimage.distance_transform_edt(body, sampling=maps.working_mm), FAR_MM).astype(np.float32)
    return Scene(image, region, maps, aligned, depth_mm, _wall_mm(region, maps), half_width_mm(region, image.grid))


def _wall_mm(region: BreastRegion, maps: EnhancementMaps) -> FloatImage:
    behind = shrunk(region.body & ~region.mask & ~region.skin, maps.factors)
    if not behind.any():
        return np.full(behind.shape, FAR_FROM_WALL_MM, dtype=np.float32)
    away_mm = ndimage.distance_transform_edt(~behind, sampling=maps.working_mm)
    wall_mm: FloatImage = np.minimum(away_mm, FAR_FROM_WALL_MM).astype(np.float32)
    return wall_mm


def half_width_mm(region: BreastRegion, grid: ImageGrid) -> float:
    """Distance from the midline to the lateral end of the breasts; infinite where the series does not show it.

    Taken from every third voxel of a row, column and slice: a percentile needs no more.
    """
    places = 3 * np.argwhere(region.mask[::3, ::3, ::3])
    if not len(places):
        return np.inf
    away_mm = np.abs(grid.to_lps(places)[:, 0] - region.midline_mm)
    medial_mm, lateral_mm = np.percentile(away_mm, [_INNERMOST, _OUTERMOST])
    return float(lateral_mm) if lateral_mm - medial_mm >= LEAST_WIDTH_MM else np.inf


def candidates_in(scene: Scene) -> tuple[Candidate, ...]:
    """Whatever enhances in the breasts; not yet judged."""
    maps = scene.maps
    breast = shrunk(scene.region.mask, maps.factors)
    body = breast | (shrunk(scene.region.body, maps.factors) & ~shrunk(scene.region.skin, maps.factors))
    return find_candidates(maps.coarse, breast, body=body, background=maps.background, voxel_mm=maps.working_mm)


def cut_around(candidate: Candidate, scene: Scene) -> Cut:
    """Slices of the volume that hold a candidate and its surroundings."""
    margin = np.ceil(MARGIN_MM / scene.voxel_mm).astype(int)
    z, r, c = (
        slice(max(0, s.start * f - m), min(n, s.stop * f + m))
        for s, f, m, n in zip(candidate.box, scene.maps.factors, margin, scene.image.grid.shape, strict=True)
    )
    return z, r, c


def paint(candidate: Candidate, cut: Cut, factors: tuple[int, int, int]) -> BoolImage:
    """Draw a candidate's working-grid mask on the voxels of a cut."""
    out = np.zeros([s.stop - s.start for s in cut], dtype=np.bool_)
    fine = unblock(candidate.mask, factors, tuple(n * f for n, f in zip(candidate.mask.shape, factors, strict=True)))
    source, target = [], []
    for s, f, k, n in zip(candidate.box, factors, cut, fine.shape, strict=True):
        low, high = max(k.start, s.start * f), min(k.stop, s.start * f + n)
        if high <= low:
            return out
        source.append(slice(low - s.start * f, high - s.start * f))
        target.append(slice(low - k.start, high - k.start))
    out[tuple(target)] = fine[tuple(source)]
    return out

"""The edge of an enhancing lesion: half-way between lesion and local background, below the size of a voxel.

The edge is sought on the subtraction (early minus moved pre), where partial volume is linear; percent enhancement
bends the edge wherever the signal before contrast changes across it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from calcmeasure.detect.contract import BoolImage, FloatImage, Points
from calcmeasure.detect.lesions.seeds import joined, largest, opened

FloatArray = NDArray[np.float64]

SHELL_MM = (4.0, 12.0)
"""Local background is taken between these distances from the candidate."""
REACH_MM = 4.0
"""The edge is sought up to this far outside the candidate."""
ROUNDS = 3
VESSEL_SHARE, VESSEL_MM = 0.5, 3.0
"""What a ball of half the lesion's inscribed radius, 3 mm at most, does not fit into is a vessel and is cut off."""
MIN_PART_MM2 = 6.0
"""Smaller islands of a slice are not outlined."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A lesion's mask and edge in the frame of the volume it was cut from.

    Parameters
    ----------
    mask
        (slices, rows, columns) of the cut.
    contours_zrc
        Closed polygons, index of the cut.
    inside, outside
        Subtraction signal of the lesion and of its local background.
    """

    mask: BoolImage
    contours_zrc: tuple[Points, ...]
    inside: float
    outside: float


def outline_lesion(
    subtraction: FloatImage, candidate: BoolImage, *, tissue: BoolImage, voxel_mm: FloatArray
) -> Outline | None:
    """Follow the half-maximum edge around a candidate.

    Parameters
    ----------
    subtraction
        (slices, rows, columns) early minus pre, cut around the candidate with a margin.
    candidate
        Same shape: roughly the lesion.
    tissue
        Same shape: breast, other candidates left out; background is measured here.
    voxel_mm
        (3,) voxel size.

    Returns
    -------
    Outline or None
        None when nothing stands out from the background.
    """
    mask = candidate
    away_mm = ndimage.distance_transform_edt(~candidate, sampling=voxel_mm)
    allowed = (away_mm <= REACH_MM) & tissue
    smooth = smoothed(subtraction, voxel_mm)
    outside = _background(smooth, away_mm, tissue)
    for _ in range(ROUNDS):
        inside = _plateau(smooth, mask, voxel_mm)
        if not inside > outside:
            return None
        level = (inside + outside) / 2
        mask = _region((smooth > level) & allowed, candidate, voxel_mm=voxel_mm)
        if not mask.any():
            return None
    field = _closed_field(smooth, mask, level=level, inside=inside)
    return Outline(mask, _contours(field, level, voxel_mm), inside, outside)


def smoothed(subtraction: FloatImage, voxel_mm: FloatArray) -> FloatImage:
    """Take off noise with a kernel of half a voxel at most, too small to move an edge."""
    smooth: FloatImage = ndimage.gaussian_filter(subtraction, np.minimum(0.5, 0.4 / np.asarray(voxel_mm)))
    return smooth


def _background(smooth: FloatImage, away_mm: FloatArray, tissue: BoolImage) -> float:
    shell = (away_mm >= SHELL_MM[0]) & (away_mm <= SHELL_MM[1]) & tissue
    return float(np.median(smooth[shell])) if shell.any() else float(smooth.min())


def _plateau(smooth: FloatImage, mask: BoolImage, voxel_mm: FloatArray) -> float:
    """Signal of the lesion away from its blurred edge."""
    depth_mm = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=voxel_mm)[1:-1, 1:-1, 1:-1]
    core = depth_mm >= min(2.0, 0.6 * float(depth_mm.max()))
    return float(np.percentile(smooth[core], 60))


def _region(above: BoolImage, candidate: BoolImage, *, voxel_mm: FloatArray) -> BoolImage:
    """Take the part above the level that belongs to the candidate; gaps closed, holes filled, vessels cut off."""
    closed = joined(above, voxel_mm=voxel_mm)
    labels, _ = ndimage.label(closed, structure=np.ones((3, 3, 3)))
    votes = np.bincount(labels[candidate & closed], minlength=1)
    votes[0] = 0
    if votes.sum() == 0:
        return np.zeros_like(above)
    part = labels == votes.argmax()
    depth_mm = float(ndimage.distance_transform_edt(np.pad(part, 1), sampling=voxel_mm).max())
    part = opened(part, voxel_mm=voxel_mm, radius_mm=min(VESSEL_SHARE * depth_mm, VESSEL_MM))
    for index in range(len(part)):
        part[index] = ndimage.binary_fill_holes(part[index])
    return largest(part)


def _closed_field(smooth: FloatImage, mask: BoolImage, *, level: float, inside: float) -> FloatImage:
    """Raise gaps and holes of the region above the level, and lower all else below it."""
    step = 0.1 * (inside - level)
    field: FloatImage = np.where(mask, np.maximum(smooth, level + step), np.minimum(smooth, level - step))
    return field


def _contours(field: FloatImage, level: float, voxel_mm: FloatArray) -> tuple[Points, ...]:
    polygons: list[Points] = []
    for z, plane in enumerate(field):
        paths = plane_contours(plane, level, voxel_mm=voxel_mm)
        polygons += [np.column_stack([np.full(len(path), float(z)), path]) for path in paths]
    return tuple(polygons)


def plane_contours(plane: FloatImage, level: float, *, voxel_mm: FloatArray) -> list[Points]:
    """Follow a level on one slice: closed sub-pixel polygons (n, 2); islands too small to outline are left out."""
    if not (plane > level).any():
        return []
    padded = np.pad(plane, 1, constant_values=min(float(plane.min()), level - 1))
    return [path - 1 for path in find_contours(padded, level) if _area_mm2(path, voxel_mm) >= MIN_PART_MM2]


def _area_mm2(path: FloatArray, voxel_mm: FloatArray) -> float:
    rows, cols = path[:, 0] * voxel_mm[1], path[:, 1] * voxel_mm[2]
    area_mm2 = float(abs(np.dot(rows[:-1], cols[1:]) - np.dot(rows[1:], cols[:-1])) / 2)
    return round(area_mm2, 4)  # an island of just the least size stays one, however its grey values were rounded

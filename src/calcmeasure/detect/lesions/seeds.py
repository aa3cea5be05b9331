"""Candidates for enhancing lesions: where something enhances more than the rest of the breast, and is no vessel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.blobs import bright_spots
from calcmeasure.detect.lesions.enhancement import Background

FloatArray = NDArray[np.float64]

START = 0.65
"""Candidates are sought from this fraction of the demand of a breast, where their outer parts are still joined..."""
STEPS = (1.0, 1.5, 2.2)
"""...and again higher up: a lesion that hangs on enhancing gland or a vessel stands free there."""
GAP_MM = 3.0
"""Clumps whose voxel centres lie no further apart belong to one region (non-mass enhancement)."""
MIN_SIZE_MM = 3.0
"""Smaller components are noise."""
MAX_CANDIDATES = 60
MAX_COMPONENTS = 30
"""So many components of each height are looked at, the largest."""
SAME = 0.6
"""Candidates that share this much of their common volume are one..."""
PART, STANDS_OUT = 0.9, 1.15
"""...and so is one that lies inside another with so much of its volume and enhances less than so many times as much."""
TUBE_RATIO = 4.0
"""A candidate this many times longer than thick is a vessel..."""
TUBE_SHARE = 0.25
"""What the score of a vessel is multiplied by."""
THICK_MM = 6.0
"""...unless it is thicker than any vessel of the breast."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that enhances.

    Parameters
    ----------
    mask
        (slices, rows, columns) on the working grid, cropped to `box`.
    box
        Slices of the working grid.
    enhancement
        Mean percent enhancement.
    score
        Size x contrast x compactness; only its order matters.
    """

    mask: BoolImage
    box: tuple[slice, slice, slice]
    enhancement: float
    score: float


def find_candidates(
    enhancement: FloatImage, breast: BoolImage, *, body: BoolImage, background: Background, voxel_mm: FloatArray
) -> tuple[Candidate, ...]:
    """Components at several thresholds, freed of vessels; best first, none nearly the same as another.

    Parameters
    ----------
    enhancement
        (slices, rows, columns) percent enhancement on the working grid (voxels of at most 2 mm in plane).
    breast
        Where a lesion may lie.
    body
        Breast and what lies behind it: what reaches from there into the breast is heart or chest wall.
    background
        Sets the thresholds.
    voxel_mm
        (3,) working voxel size.
    """
    found: list[Candidate] = []
    for step in STEPS:
        above = (enhancement > START * step * background.demand) & body
        found += _components(above, enhancement, breast=breast, background=background, voxel_mm=voxel_mm)
    for spot, box in bright_spots(enhancement, breast, voxel_mm=voxel_mm):
        in_breast = spot & breast[box]
        if in_breast.sum() >= 0.5 * spot.sum():
            found += _candidate(in_breast, box, enhancement, background=background, voxel_mm=voxel_mm)
    found.sort(key=lambda candidate: -candidate.score)
    return _distinct(found)


def joined(mask: BoolImage, *, voxel_mm: FloatArray, gap_mm: float = GAP_MM) -> BoolImage:
    """Close gaps up to `gap_mm` wide; mm, so thick slices are not bridged that lie further apart."""
    pad = [int(np.ceil(gap_mm / step)) + 1 for step in voxel_mm]
    padded = np.pad(mask, [(p, p) for p in pad])
    if not mask.any():
        return mask
    grown = ndimage.distance_transform_edt(~padded, sampling=voxel_mm) <= gap_mm / 2 + 1e-6
    closed = ndimage.distance_transform_edt(grown, sampling=voxel_mm) > gap_mm / 2 + 1e-6
    core: BoolImage = (closed | padded)[tuple(slice(p, -p) for p in pad)]
    return core


def opened(mask: BoolImage, *, voxel_mm: FloatArray, radius_mm: float) -> BoolImage:
    """Keep what a ball of the given radius fits into, with its rim; the largest such part."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=voxel_mm)[1:-1, 1:-1, 1:-1]
    core = largest(depth >= min(radius_mm, float(depth.max())))
    reach = ndimage.distance_transform_edt(~core, sampling=voxel_mm)
    kept: BoolImage = mask & (reach <= radius_mm + float(voxel_mm.min()) / 2)
    return kept


def largest(mask: BoolImage) -> BoolImage:
    """Keep the largest connected part; diagonal neighbours count."""
    labels, n = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))
    if n <= 1:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    part: BoolImage = labels == sizes.argmax()
    return part


def axes_mm(mask: BoolImage, voxel_mm: FloatArray) -> FloatArray:
    """(3,) full lengths of the solid ellipsoid with the mask's second moments, longest first."""
    points_mm = np.argwhere(mask) * voxel_mm
    if len(points_mm) < 2:
        return np.asarray(voxel_mm, dtype=float)
    covariance = np.cov(points_mm.T) + np.diag(np.asarray(voxel_mm) ** 2 / 12)
    lengths: FloatArray = 2 * np.sqrt(5 * np.maximum(np.linalg.eigvalsh(covariance)[::-1], 1e-9))
    return lengths


def is_tube(mask: BoolImage, voxel_mm: FloatArray) -> bool:
    """Whether a mask is a vessel: much longer than thick, or long and thin however it winds.

    Thickness is taken twice the largest inscribed radius; a winding vessel has a long box and little volume in it.
    """
    pad = [(1, 1) if n > 1 else (0, 0) for n in mask.shape]  # a single slice has no thickness to judge
    depth = ndimage.distance_transform_edt(np.pad(mask, pad), sampling=voxel_mm)
    thickness_mm = 2 * float(depth.max())
    length_mm, middle_mm, _ = axes_mm(mask, voxel_mm)
    if thickness_mm >= THICK_MM:
        return False
    return bool(length_mm > TUBE_RATIO * thickness_mm or length_mm > 2.5 * middle_mm)


def _components(
    above: BoolImage, enhancement: FloatImage, *, breast: BoolImage, background: Background, voxel_mm: FloatArray
) -> Iterator[Candidate]:
    labels, _ = ndimage.label(_close_fast(above, voxel_mm), structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    enough = 0.5 * MIN_SIZE_MM**3 / float(np.prod(voxel_mm))
    boxes = ndimage.find_objects(labels)
    for index in np.argsort(-sizes, kind="stable")[:MAX_COMPONENTS]:
        if sizes[index] < enough:
            return
        box = boxes[index - 1]
        in_breast = (labels[box] == index) & breast[box]
        if in_breast.sum() >= 0.5 * sizes[index]:
            yield from _candidate(
                _free(in_breast, voxel_mm), box, enhancement, background=background, voxel_mm=voxel_mm
            )


def _candidate(
    part: BoolImage, box: tuple[slice, ...], enhancement: FloatImage, *, background: Background, voxel_mm: FloatArray
) -> Iterator[Candidate]:
    if part.any():
        mean = float(enhancement[box][part].mean())
        yield Candidate(part, (box[0], box[1], box[2]), mean, _score(part, mean - background.median, voxel_mm))


def _close_fast(mask: BoolImage, voxel_mm: FloatArray) -> BoolImage:
    """Close along each axis whose voxels are small enough for the gap; one voxel on the working grid."""
    reach = (np.asarray(voxel_mm) <= GAP_MM / 1.4).astype(int)
    if not reach.any():
        return mask
    structure = np.ones(1 + 2 * reach, dtype=bool)
    padded = np.pad(mask, 1)
    closed = ndimage.binary_erosion(ndimage.binary_dilation(padded, structure), structure, border_value=1)
    core: BoolImage = (closed | padded)[1:-1, 1:-1, 1:-1]
    return core


def _free(part: BoolImage, voxel_mm: FloatArray) -> BoolImage:
    """Cut off what is much thinner than the body of the component: vessels that feed it."""
    depth_mm = float(ndimage.distance_transform_edt(np.pad(part, 1), sampling=voxel_mm).max())
    return opened(part, voxel_mm=voxel_mm, radius_mm=min(0.45 * depth_mm, 4.0))


def _score(part: BoolImage, contrast: float, voxel_mm: FloatArray) -> float:
    volume_mm3 = float(part.sum() * np.prod(voxel_mm))
    lengths_mm = axes_mm(part, voxel_mm)
    fill = volume_mm3 / (np.pi / 6 * float(np.prod(lengths_mm)))
    if is_tube(part, voxel_mm):
        fill *= TUBE_SHARE
    compact = min(1.0, fill) * (lengths_mm[1] / lengths_mm[0]) ** 0.5
    return float(np.log1p(volume_mm3) * contrast * compact)


def _distinct(found: list[Candidate]) -> tuple[Candidate, ...]:
    """Keep candidates that are not nearly the same as a better one; they may still lie inside each other."""
    kept: list[Candidate] = []
    for candidate in found:
        if len(kept) >= MAX_CANDIDATES:
            break
        if not any(_is_same(candidate, other) for other in kept):
            kept.append(candidate)
    return tuple(kept)


def _is_same(candidate: Candidate, better: Candidate) -> bool:
    """Whether a candidate shares its volume with a better one, or is a part of it that enhances no more."""
    shared = _shared(candidate, better)
    own, other = int(candidate.mask.sum()), int(better.mask.sum())
    is_part = shared >= PART * own and candidate.enhancement <= STANDS_OUT * better.enhancement
    return is_part or shared >= SAME * (own + other - shared)


def _shared(first: Candidate, second: Candidate) -> int:
    """Count the blocks that two candidates share."""
    starts = [max(a.start, b.start) for a, b in zip(first.box, second.box, strict=True)]
    stops = [min(a.stop, b.stop) for a, b in zip(first.box, second.box, strict=True)]
    if any(stop <= start for start, stop in zip(starts, stops, strict=True)):
        return 0
    parts = [
        c.mask[tuple(slice(a - s.start, b - s.start) for a, b, s in zip(starts, stops, c.box, strict=True))]
        for c in (first, second)
    ]
    return int((parts[0] & parts[1]).sum())

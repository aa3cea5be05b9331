"""Enhancing lesions of a dynamic series at its early phase.

Pre-contrast is moved onto the early phase, percent enhancement is thresholded at levels the breast itself sets,
vessels, skin and chest wall are left out, and every lesion is outlined where the subtraction falls half-way to its
surroundings.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from calcmeasure.detect.contract import BoolImage, DynamicImage, FloatImage, LesionFinding, LesionFindings, Points
from calcmeasure.detect.lesions.boundary import Outline, outline_lesion, smoothed
from calcmeasure.detect.lesions.chest import BreastRegion, block_mean, find_breasts, unblock
from calcmeasure.detect.lesions.motion import correct_motion
from calcmeasure.detect.lesions.seeds import Background, Candidate, background_of, find_candidates
from calcmeasure.detect.lesions.suspicion import confidence_of, is_lesion
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, to_mm
from calcmeasure.terms import Flag

FloatArray = NDArray[np.float64]

_LOGGER = logging.getLogger(__name__)

WORKING_MM = 2.0
"""Candidates are sought on blocks no larger than this: less noise, and an eighth of the voxels."""
SKIN_MM = 3.0
"""Enhancement this close to the skin is skin."""
FLOOR_SHARE = 0.25
"""Percent enhancement is taken over at least this share of the breast's bright signal (95th percentile before
contrast), so that noise over suppressed fat does not look like uptake."""
MARGIN_MM = 14.0
FTV_PERCENT = 70.0
"""Second opinion: voxels of at least this percent enhancement (the functional tumour volume rule)."""
DISAGREE_MM = 3.0


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything computed once per series."""

    subtraction: FloatImage
    enhancement: FloatImage
    coarse: FloatImage
    factors: tuple[int, int, int]
    region: BreastRegion
    background: Background
    grid: ImageGrid

    @property
    def voxel_mm(self) -> FloatArray:
        return np.asarray(self.grid.spacing.zrc_mm)


def detect_lesions(image: DynamicImage) -> LesionFindings:
    """Find enhancing lesions.

    Parameters
    ----------
    image
        Pre-contrast and early phase; the late phase is not needed.

    Returns
    -------
    LesionFindings
        Largest first; no lesions when nothing of at least 5 mm enhances far more than the breast.

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if the phases differ in shape, hold no finite signal or show no breast.
    """
    _check(image)
    region = find_breasts((image.pre + image.early) * np.float32(0.5), image.grid)
    motion = correct_motion(image.pre, image.early, spacing=image.grid.spacing, region=region.mask)
    scene = _scene(image, motion.moved, region)
    lesions = [finding for finding in _findings(scene) if finding is not None]
    lesions.sort(key=lambda finding: -_widest_mm(finding.contours_zrc, image.grid.spacing))
    _LOGGER.debug("%d lesions, background %.0f %%", len(lesions), scene.background.median)
    single = (Flag.SINGLE_SLICE.value,) if image.grid.shape[0] == 1 else ()
    return LesionFindings(
        lesions=tuple(lesions),
        breast=region.mask,
        enhancement=scene.enhancement,
        flags=(*region.flags, *motion.flags, *single),
    )


def _check(image: DynamicImage) -> None:
    if not image.pre.shape == image.early.shape == image.grid.shape:
        raise DetectorError(
            f"phases and grid differ in shape: {image.pre.shape}, {image.early.shape}, {image.grid.shape}",
            code=ErrorCode.DETECTION,
        )
    if not (np.isfinite(image.pre).all() and np.isfinite(image.early).all()):
        raise DetectorError("the phases hold values that are not finite", code=ErrorCode.DETECTION)


def _scene(image: DynamicImage, pre: FloatImage, region: BreastRegion) -> _Scene:
    subtraction = image.early - pre
    floor = np.float32(max(FLOOR_SHARE * float(np.percentile(pre[region.mask], 95)), 1e-6))
    enhancement = np.asarray(subtraction / np.maximum(pre, floor) * np.float32(100), dtype=np.float32)
    z, r, c = (max(1, int(WORKING_MM / step + 1e-6)) for step in image.grid.spacing.zrc_mm)
    coarse = ndimage.gaussian_filter(block_mean(enhancement, (z, r, c)), 0.5)
    background = background_of(coarse, _shrunk(region.mask, (z, r, c)))
    return _Scene(subtraction, enhancement, coarse, (z, r, c), region, background, image.grid)


def _shrunk(mask: BoolImage, factors: tuple[int, int, int]) -> BoolImage:
    """Blocks that lie wholly inside."""
    inside: BoolImage = block_mean(mask.astype(np.float32), factors) > 0.99
    return inside


def _findings(scene: _Scene) -> list[LesionFinding | None]:
    working_mm = np.multiply(scene.factors, scene.voxel_mm)
    body = _shrunk(scene.region.body, scene.factors)
    body &= ndimage.distance_transform_edt(body, sampling=working_mm) > SKIN_MM
    breast = body & _shrunk(scene.region.mask, scene.factors)
    candidates = find_candidates(scene.coarse, breast, body=body, background=scene.background, voxel_mm=working_mm)
    return [_finding(scene, candidate, others=candidates) for candidate in candidates]


def _finding(scene: _Scene, candidate: Candidate, *, others: tuple[Candidate, ...]) -> LesionFinding | None:
    factors = scene.factors
    margin = np.ceil(MARGIN_MM / scene.voxel_mm).astype(int)
    starts = [max(0, s.start * f - m) for s, f, m in zip(candidate.box, factors, margin, strict=True)]
    stops = [
        min(n, s.stop * f + m) for s, f, m, n in zip(candidate.box, factors, margin, scene.grid.shape, strict=True)
    ]
    cut = tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))
    own = _paint(candidate, factors, starts, stops)
    tissue = scene.region.mask[cut].copy()
    for other in others:
        if other is not candidate:
            tissue &= ~_paint(other, factors, starts, stops) | own
    outline = outline_lesion(scene.subtraction[cut], own, tissue=tissue, voxel_mm=scene.voxel_mm)
    if outline is None or not outline.contours_zrc:
        return None
    return _judge(scene, outline, cut=cut, starts=(starts[0], starts[1], starts[2]))


def _paint(candidate: Candidate, factors: tuple[int, int, int], starts: list[int], stops: list[int]) -> BoolImage:
    """Draw a candidate's working-grid mask on the voxels of a cut."""
    out = np.zeros([b - a for a, b in zip(starts, stops, strict=True)], dtype=np.bool_)
    fine = unblock(candidate.mask, factors, tuple(n * f for n, f in zip(candidate.mask.shape, factors, strict=True)))
    source, target = [], []
    for s, f, a, b, n in zip(candidate.box, factors, starts, stops, fine.shape, strict=True):
        low, high = max(a, s.start * f), min(b, s.start * f + n)
        if high <= low:
            return out
        source.append(slice(low - s.start * f, high - s.start * f))
        target.append(slice(low - a, high - a))
    out[tuple(target)] = fine[tuple(source)]
    return out


def _judge(
    scene: _Scene, outline: Outline, *, cut: tuple[slice, ...], starts: tuple[int, int, int]
) -> LesionFinding | None:
    """Keep what a reader would call a lesion, and describe it."""
    enhancement = scene.enhancement[cut]
    excess = float(np.median(enhancement[outline.mask])) / scene.background.demand
    offset = np.asarray(starts, dtype=float)
    contours = tuple(points + offset for points in outline.contours_zrc)
    diameter_mm = _widest_mm(contours, scene.grid.spacing)
    smooth = smoothed(scene.subtraction[cut], scene.voxel_mm)
    if not is_lesion(outline, smooth, excess=excess, diameter_mm=diameter_mm, voxel_mm=scene.voxel_mm):
        return None
    box = ndimage.find_objects(outline.mask.astype(np.uint8))[0]
    centre = offset + np.asarray(ndimage.center_of_mass(outline.mask))
    second_mm = _second_opinion_mm(scene, outline.mask, cut=cut)
    flags = (
        [Flag.SEGMENTATION_DISAGREES.value] if second_mm is None or abs(second_mm - diameter_mm) > DISAGREE_MM else []
    )
    confidence = confidence_of(excess, diameter_mm)
    if confidence < 0.5:
        flags.append(Flag.LOW_CONFIDENCE.value)
    return LesionFinding(
        mask=outline.mask[box],
        offset_zrc=(starts[0] + box[0].start, starts[1] + box[1].start, starts[2] + box[2].start),
        contours_zrc=contours,
        laterality=scene.region.side(scene.grid.to_lps(centre)),
        centre_zrc=(float(centre[0]), float(centre[1]), float(centre[2])),
        confidence=confidence,
        alternative_diameter_mm=second_mm,
        flags=tuple(flags),
    )


def _second_opinion_mm(scene: _Scene, mask: BoolImage, *, cut: tuple[slice, ...]) -> float | None:
    """In-plane diameter of the voxels at 70 % or more that touch the lesion; voxel centres plus half a pixel."""
    near = ndimage.distance_transform_edt(~mask, sampling=scene.voxel_mm) <= DISAGREE_MM
    passing = (scene.enhancement[cut] >= FTV_PERCENT) & near
    labels, _ = ndimage.label(passing, structure=np.ones((3, 3, 3)))
    votes = np.bincount(labels[mask], minlength=1)
    votes[0] = 0
    if votes.sum() == 0:
        return None
    points = np.argwhere(labels == votes.argmax())
    slices = tuple(points[points[:, 0] == z].astype(float) for z in np.unique(points[:, 0]))
    half_pixel_mm = 0.5 * float(np.mean(scene.grid.spacing.rc_mm))
    return _widest_mm(slices, scene.grid.spacing) + half_pixel_mm


def _widest_mm(contours_zrc: tuple[Points, ...], spacing: Spacing) -> float:
    """Farthest pair of points within one polygon."""
    return max((_farthest_mm(to_mm(points[:, 1:], spacing)) for points in contours_zrc), default=0.0)


def _farthest_mm(points_mm: FloatArray) -> float:
    if len(points_mm) < 2:
        return 0.0
    if len(points_mm) > 8:
        with contextlib.suppress(QhullError):
            points_mm = points_mm[ConvexHull(points_mm).vertices]
    return float(pdist(points_mm).max())

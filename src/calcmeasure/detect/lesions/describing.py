"""From a judged candidate to a finding: its place, its flags, what it looks like, and how firm its size is."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from calcmeasure.detect.contract import LesionFinding, PhaseDiameter
from calcmeasure.detect.lesions.appearance import FOCUS_MM, kind_of, look_of
from calcmeasure.detect.lesions.boundary import outline_lesion
from calcmeasure.detect.lesions.clumps import outline_region
from calcmeasure.detect.lesions.extents import widest_mm
from calcmeasure.detect.lesions.judging import Judged
from calcmeasure.detect.lesions.regions import box_between, span_of
from calcmeasure.detect.lesions.scene import Scene
from calcmeasure.terms import Flag

FTV_PERCENT = 70.0
"""Second opinion: voxels of at least this percent enhancement (the functional tumour volume rule)."""
DISAGREE_MM = 3.0
EDGE_SHARE = 0.04
"""A lesion is cut when this share of its surface lies at the edge of what was searched."""
LEAST_CONTRAST = 0.25
"""A lesion is not seen at a phase where it has less than this share of its contrast at the early one."""
EVEN_CHANCE = 0.5


def describe(judged: Judged, scene: Scene, *, is_lesion: bool) -> LesionFinding:
    """Make the finding of one candidate.

    Parameters
    ----------
    is_lesion
        Lesions are measured at the neighbouring phases too; of everything else it is said what it looks like.
    """
    mask, offset = judged.outline.mask, np.asarray(judged.offset_zrc, dtype=float)
    first, last = span_of(mask)
    centre = offset + np.asarray(ndimage.center_of_mass(mask))
    second_mm = _second_opinion_mm(judged, scene)
    flags = [flag.value for flag, is_so in _flags(judged, scene, second_mm=second_mm, is_lesion=is_lesion) if is_so]
    if not is_lesion:
        flags.append(look_of(judged.evidence).value)
    start = first + np.asarray(judged.offset_zrc)
    return LesionFinding(
        mask=np.ascontiguousarray(mask[box_between(first, last + 1)]),
        offset_zrc=(int(start[0]), int(start[1]), int(start[2])),
        contours_zrc=judged.contours_zrc,
        laterality=scene.region.side(scene.image.grid.to_lps(centre)),
        centre_zrc=(float(centre[0]), float(centre[1]), float(centre[2])),
        confidence=judged.probability,
        alternative_diameter_mm=second_mm,
        flags=tuple(flags),
        kind=kind_of(judged.evidence, diameter_mm=judged.diameter_mm),
        at_phases=_at_phases(judged, scene) if is_lesion else (),
        volume_change=scene.volume_change(mask, offset_zrc=judged.offset_zrc) if is_lesion else None,
    )


def _flags(judged: Judged, scene: Scene, *, second_mm: float | None, is_lesion: bool) -> tuple[tuple[Flag, bool], ...]:
    disagrees = second_mm is None or abs(second_mm - judged.diameter_mm) > DISAGREE_MM
    return (
        (Flag.SEGMENTATION_DISAGREES, is_lesion and disagrees),
        (Flag.LOW_CONFIDENCE, is_lesion and judged.probability < EVEN_CHANCE),
        (Flag.SMALL_FOCUS, is_lesion and judged.diameter_mm < FOCUS_MM),
        (Flag.AT_REGION_EDGE, _surface_outside(judged, scene) >= EDGE_SHARE),
    )


def _surface_outside(judged: Judged, scene: Scene) -> float:
    """Share of a lesion's surface beyond which nothing was searched: chest wall, air, or the end of the volume.

    A single slice has no ends along the slices.
    """
    neighbours = ndimage.generate_binary_structure(3, 1)
    if scene.image.grid.shape[0] == 1:
        neighbours[[0, 2]] = False
    mask = np.pad(judged.outline.mask, 1)
    beyond = ndimage.binary_dilation(mask, neighbours) & ~mask
    outside = np.pad(~scene.searched(judged.cut), 1, constant_values=True)
    return float((beyond & outside).sum() / max(int(beyond.sum()), 1))


def _second_opinion_mm(judged: Judged, scene: Scene) -> float | None:
    """In-plane diameter of the voxels at 70 % or more that touch the lesion; voxel centres plus half a pixel."""
    first, last = span_of(judged.outline.mask)
    margin = np.ceil(DISAGREE_MM / scene.voxel_mm).astype(int) + 1
    box = box_between(first - margin, last + margin + 1)
    mask = judged.outline.mask[box]
    near = ndimage.distance_transform_edt(~mask, sampling=scene.voxel_mm) <= DISAGREE_MM
    passing = (scene.maps.percent[judged.cut][box] >= FTV_PERCENT) & near
    labels, _ = ndimage.label(passing, structure=np.ones((3, 3, 3)))
    votes = np.bincount(labels[mask], minlength=1)
    votes[0] = 0
    if votes.sum() == 0:
        return None
    points = np.argwhere(np.isin(labels, np.flatnonzero(votes)) if judged.is_region else labels == votes.argmax())
    slices = tuple(points[points[:, 0] == z].astype(float) for z in np.unique(points[:, 0]))
    half_pixel_mm = 0.5 * float(np.mean(scene.image.grid.spacing.rc_mm))
    return widest_mm(slices, scene.image.grid.spacing) + half_pixel_mm


def _at_phases(judged: Judged, scene: Scene) -> tuple[PhaseDiameter, ...]:
    """Follow the edge by the same rule at the phases before and after the early one."""
    return tuple(PhaseDiameter(index, _diameter_at_mm(judged, scene, index=index)) for index in scene.neighbours)


def _diameter_at_mm(judged: Judged, scene: Scene, *, index: int) -> float | None:
    cut = judged.cut
    subtraction = scene.phase(index)[cut] - scene.pre[cut]
    mask, tissue = judged.outline.mask, scene.searched(cut)
    outline = outline_lesion(subtraction, mask, tissue=tissue, voxel_mm=scene.voxel_mm)
    early = judged.outline.inside - judged.outline.outside
    if outline is None or outline.inside - outline.outside < LEAST_CONTRAST * early:
        return None
    if judged.is_region:
        outline = outline_region(subtraction, mask, like=outline, tissue=tissue, voxel_mm=scene.voxel_mm)
    return widest_mm(outline.contours_zrc, scene.image.grid.spacing)

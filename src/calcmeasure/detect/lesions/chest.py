"""Where the breasts are in an MR volume: air, skin, chest wall and the side of the midline.

Everything is decided in patient space, so prone or supine, axial, sagittal, coronal or oblique stacks behave alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.body import Body, find_body
from calcmeasure.detect.lesions.chest_organs import enhancement_percent, settle
from calcmeasure.detect.lesions.chest_wall import WALL_BEHIND_SKIN_MM, ChestWall, find_wall
from calcmeasure.detect.lesions.lattice import LATTICE_MM, PatientLattice, block_mean, unblock
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import ImageGrid
from calcmeasure.terms import Flag, Laterality

__all__ = ["BreastRegion", "block_mean", "find_breasts", "unblock"]

FloatArray = NDArray[np.float64]

SKIN_MM = 3.0
"""What lies this close to air is skin."""
MIN_BREAST_ML = 20.0
"""Less tissue than this is no breast."""
NEAR_WALL_MM = 12.0
"""Distances from the wall are kept to this: beyond it only the sign matters."""
CUT_SHARE = 0.1
"""A breast is cut off when this share of its largest section lies in the foremost or outermost layer of the volume."""


@dataclass(frozen=True, slots=True)
class BreastRegion:
    """Both breasts without what lies behind them.

    Parameters
    ----------
    mask
        (slices, rows, columns) breast tissue and implants, without skin.
    body
        Same shape: breasts and everything behind them, air left out.
    skin
        Same shape: the outermost layer of the breasts. A lesion may reach into it.
    midline_mm
        Patient x (left is positive) that parts right from left.
    flags
        ``one_breast`` when no midline was seen: the side is then told from the scanner's own zero.
        ``breast_mask_uncertain`` when the chest wall could not be told: everything but air is searched.
        ``breast_fills_image`` when the breast reaches the volume's front or side faces.
    """

    mask: BoolImage
    body: BoolImage
    skin: BoolImage
    midline_mm: float
    flags: tuple[str, ...] = ()

    def side(self, point_lps: FloatArray) -> Laterality:
        """Side of the midline a patient position lies on."""
        return Laterality.LEFT if point_lps[0] > self.midline_mm else Laterality.RIGHT


def find_breasts(volume: FloatImage, grid: ImageGrid, *, early: FloatImage | None = None) -> BreastRegion:
    """Outline both breasts.

    Parameters
    ----------
    volume
        (slices, rows, columns) any phase, or a mean of phases; before contrast when `early` is given.
    grid
        Tells where front and left are.
    early
        Same shape, after contrast: tells a heart that presses forward, and a tumour that grows into the wall.

    Returns
    -------
    BreastRegion

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if nothing stands out from air, or nothing has the shape of a breast.
    """
    lattice = PatientLattice.over(grid)
    first = lattice.sample(volume)
    second = None if early is None else lattice.sample(early)
    body = find_body(first if second is None else (first + second) * np.float32(0.5), lattice.seen())
    if body is None or _ml(body.mask) < MIN_BREAST_ML * _slab_share(grid):
        raise DetectorError("no breast tissue stands out from air in this volume", code=ErrorCode.DETECTION)
    front_mm = body.front_mm(lattice.axis_mm(1))
    wall = find_wall(front_mm, z_mm=lattice.axis_mm(0), x_mm=lattice.axis_mm(2))
    if wall is None:
        raise DetectorError(
            "nothing in this volume has the shape of a breast: choose a breast series, or measure by hand",
            code=ErrorCode.DETECTION,
        )
    percent = None if second is None else enhancement_percent(first, second, body)
    keep = settle(_before_mm(wall, lattice), body, percent=percent)
    return _painted(lattice, keep, body=body, wall=wall)


def _painted(lattice: PatientLattice, keep: FloatImage, *, body: Body, wall: ChestWall) -> BreastRegion:
    codes = lattice.paint(keep, body.depth_mm(), rim_mm=SKIN_MM)
    flags = [
        flag.value
        for flag, is_so in (
            (Flag.ONE_BREAST, wall.midline_mm is None),
            (Flag.BREAST_MASK_UNCERTAIN, not wall.certain),
            (Flag.BREAST_FILLS_IMAGE, _is_cut(_standing(body, wall, lattice), body.seen)),
        )
        if is_so
    ]
    return BreastRegion(
        mask=codes == 7,
        body=codes > 0,
        skin=codes == 3,
        midline_mm=wall.midline_mm or 0.0,
        flags=tuple(flags),
    )


def _before_mm(wall: ChestWall, lattice: PatientLattice) -> FloatImage:
    distance = wall.wall_mm[:, None, :] - lattice.axis_mm(1)[None, :, None]
    return np.clip(distance, -4 * NEAR_WALL_MM, NEAR_WALL_MM).astype(np.float32)


def _standing(body: Body, wall: ChestWall, lattice: PatientLattice) -> BoolImage:
    """Body in front of the foremost skin of the trunk at every height."""
    trunk_mm = wall.wall_mm.min(axis=1) - WALL_BEHIND_SKIN_MM
    standing: BoolImage = body.mask & (lattice.axis_mm(1)[None, :, None] < trunk_mm[:, None, None])
    return standing


def _is_cut(breast: BoolImage, seen: BoolImage) -> bool:
    """Whether the volume's front or a side face cuts through the breast."""
    x_sections = breast.sum(axis=(0, 1))
    y_sections = breast.sum(axis=(0, 2))
    columns, rows = np.flatnonzero(seen.any(axis=(0, 1))), np.flatnonzero(seen.any(axis=(0, 2)))
    side = max(x_sections[columns[0]], x_sections[columns[-1]]) > CUT_SHARE * x_sections.max(initial=0)
    front = y_sections[rows[0]] > CUT_SHARE * y_sections.max(initial=0)
    return bool((side and len(columns) > 1) or (front and len(rows) > 1))


def _ml(mask: BoolImage) -> float:
    return float(mask.sum()) * LATTICE_MM**3 / 1000


def _slab_share(grid: ImageGrid) -> float:
    """Ask less of a thin stack, which cannot hold a whole breast."""
    thinnest_mm = min(n * step for n, step in zip(grid.shape, grid.spacing.zrc_mm, strict=True))
    return min(1.0, thinnest_mm / 60.0)

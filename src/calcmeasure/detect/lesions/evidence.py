"""What is measured on an outlined candidate to tell whether it is a lesion: ratios only, no grey levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.boundary import Outline
from calcmeasure.detect.lesions.enhancement import Background
from calcmeasure.detect.lesions.exchange import against_blood, exchange_rate, uptake_curve
from calcmeasure.detect.lesions.isolation import BESIDE_MM, HALO_MM, Isolation, uptake
from calcmeasure.detect.lesions.neighbourhood import Neighbourhood
from calcmeasure.detect.lesions.regions import box_between, span_of
from calcmeasure.detect.lesions.seeds import axes_mm

FloatArray = NDArray[np.float64]

FEATURES = (
    "excess",
    "above_background",
    "contrast",
    "volume",
    "diameter",
    "fill",
    "tube",
    "flatness",
    "ball_share",
    "set_off",
    "sharpness",
    "skin_depth",
    "in_breast",
    "washout",
    "signal_before",
    "ring",
    "peak",
    "occupied",
    "in_line",
    "shadow",
    "near_contrast",
    "edge_before",
    "hilum",
    "pieces",
    "solid",
    "wall_depth",
    "lateral",
    "any_side",
    "both_sides",
    "runs_far",
    "uptake",
    "notch",
    "exchange",
    "below_blood",
    "like_blood",
)
"""Names of the columns, in order."""
LEAST_BACKGROUND = 5.0
"""Background enhancement counts as at least so many percent."""
SET_OFF_AT = 0.3
NEIGHBOURHOOD_MM = 8.0
EDGE_MM = 1.6
"""What lies this near to the edge, inside and outside, tells how sharp it is."""
AXILLA = 0.75
"""From here on to the side lies the axilla with its nodes; cancers are as likely anywhere before it."""
PEAK_PERCENTILE = 95.0
"""Of the percent enhancement of a candidate's voxels: its strongest part, without single noisy voxels."""
FAR_MM = 15.0
"""Distances to the skin are kept to this."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cut around a candidate.

    Parameters
    ----------
    smooth, percent, before
        (slices, rows, columns) smoothed subtraction, percent enhancement, and signal before contrast.
    late
        Subtraction of the last phase; None when nothing follows the early one.
    breast, depth_mm
        Same shape: breast without skin, and distance from air.
    voxel_mm
        (3,) voxel size.
    wall_mm
        Same shape as the others: distance from the chest wall.
    lateral
        Of the candidate: 0 at the midline, 1 at the lateral end of the breasts.
    after
        Phases after contrast, same shape, the early one among them; none where times are not known.
    times_s, early
        Seconds after the injection of each; which of them is the early one.
    """

    smooth: FloatImage
    percent: FloatImage
    before: FloatImage
    late: FloatImage | None
    breast: BoolImage
    depth_mm: FloatArray | FloatImage
    voxel_mm: FloatArray
    background: Background
    wall_mm: FloatArray | FloatImage
    lateral: float
    after: tuple[FloatImage, ...] = ()
    times_s: tuple[float, ...] = ()
    early: int = 0


def evidence_of(outline: Outline, around: Surroundings, *, diameter_mm: float) -> FloatArray:
    """One row of `FEATURES` of an outlined candidate; what compares it with the others is told by `compared`."""
    mask, voxel_mm = outline.mask, around.voxel_mm
    volume_mm3 = float(mask.sum() * np.prod(voxel_mm))
    lengths_mm = axes_mm(mask, voxel_mm)
    core = _Core.of(outline, around)
    percent, peak = (float(value) for value in np.percentile(around.percent[mask], (50, PEAK_PERCENTILE)))
    contrast = outline.inside - outline.outside
    near = Neighbourhood.of(outline, around.smooth, around.before, breast=around.breast, voxel_mm=voxel_mm)
    usual = max(around.background.median + 2 * around.background.spread, LEAST_BACKGROUND)
    alone = Isolation.of(outline, around.smooth, diameter_mm=diameter_mm, voxel_mm=voxel_mm)
    figures = near.figures() | alone.figures()
    row = figures | {
        "excess": np.log(max(percent, 1.0) / around.background.demand),
        "above_background": np.log(max(percent, 1.0) / usual),
        "contrast": np.log(contrast / max(outline.spread, 1e-3 * contrast)),
        "volume": np.log(volume_mm3),
        "diameter": np.log(max(diameter_mm, 1.0)),
        "fill": min(1.5, volume_mm3 / (np.pi / 6 * float(np.prod(lengths_mm)))),
        "tube": np.log(lengths_mm[0] / core.thickness_mm),
        "flatness": lengths_mm[1] / lengths_mm[0],
        "ball_share": np.log(volume_mm3 / (np.pi / 6 * max(diameter_mm, 2.0) ** 3)),
        "set_off": set_off(outline, around.smooth, reach_mm=diameter_mm / 2, voxel_mm=voxel_mm),
        "sharpness": core.fall / contrast,
        "skin_depth": min(FAR_MM, float(np.median(around.depth_mm[mask]))),
        "in_breast": float(around.breast[mask].mean()),
        "washout": _washout(outline, around),
        "signal_before": _signal_before(mask, around),
        "ring": core.ring,
        "wall_depth": float(np.median(around.wall_mm[mask])),
        "lateral": max(around.lateral, AXILLA),
        "uptake": np.log(_uptake(mask, around) / around.background.demand),
        "peak": np.log(max(peak, 1.0) / around.background.demand),
        "exchange": _exchange(mask, around),
        "below_blood": np.nan,
        "like_blood": np.nan,
    }
    return np.array([row[name] for name in FEATURES], dtype=np.float64)


def compared(rows: Sequence[FloatArray]) -> list[FloatArray]:
    """Rows of all candidates of a series, with what each exchanges told against its vessels."""
    if not rows:
        return []
    table = np.array(rows)
    columns = [FEATURES.index(name) for name in ("exchange", "below_blood", "like_blood")]
    table[:, columns] = against_blood(table[:, columns[0]])
    return list(table)


@dataclass(frozen=True, slots=True)
class _Core:
    """What the depth of every voxel below the lesion's surface tells.

    Parameters
    ----------
    thickness_mm
        Diameter of the largest ball inside.
    fall
        Signal lost over about 2 mm across the edge.
    ring
        Signal in the middle over that of the whole.
    """

    thickness_mm: float
    fall: float
    ring: float

    @classmethod
    def of(cls, outline: Outline, around: Surroundings) -> _Core:
        first, last = span_of(outline.mask)
        margin = np.ceil(EDGE_MM / around.voxel_mm).astype(int)
        box = box_between(first - margin, last + margin + 1)
        mask, smooth = outline.mask[box], around.smooth[box]
        pad = [(1, 1) if n > 1 else (0, 0) for n in outline.mask.shape]  # a single slice has no thickness to judge
        depth_mm = ndimage.distance_transform_edt(np.pad(mask, pad), sampling=around.voxel_mm)
        depth_mm = depth_mm[tuple(slice(a, n - b) for (a, b), n in zip(pad, depth_mm.shape, strict=True))]
        away_mm = ndimage.distance_transform_edt(~mask, sampling=around.voxel_mm)
        deepest_mm = float(depth_mm.max())
        outer = (away_mm > 0) & (away_mm <= EDGE_MM)
        inner = mask & (depth_mm <= EDGE_MM)
        fall = float(smooth[inner].mean() - smooth[outer].mean()) if outer.any() else 0.0
        middle = float(np.median(smooth[depth_mm >= 0.6 * deepest_mm]))
        return cls(2 * deepest_mm, fall, float(np.clip(middle / max(float(np.median(smooth[mask])), 1e-6), 0, 3)))


def set_off(outline: Outline, smooth: FloatImage, *, reach_mm: float, voxel_mm: FloatArray) -> float:
    """Share of what is connected to a candidate above 30 % of its height that is the candidate itself.

    A patch of background enhancement is the summit of a hill, a lesion stands on its own.
    """
    centre = ndimage.center_of_mass(outline.mask)
    offsets = np.ogrid[tuple(slice(0, n) for n in smooth.shape)]
    squares = [((index - c) * step) ** 2 for index, c, step in zip(offsets, centre, voxel_mm, strict=True)]
    near = sum(squares) < (reach_mm + NEIGHBOURHOOD_MM) ** 2
    foot = outline.outside + SET_OFF_AT * (outline.inside - outline.outside)
    labels, _ = ndimage.label((smooth > foot) & near, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())
    touched = np.bincount(labels[outline.mask], minlength=1)
    touched[0] = 0
    return float(min(1.5, outline.mask.sum() / sizes[touched.argmax()])) if touched.any() else 0.0


def _uptake(mask: BoolImage, around: Surroundings) -> float:
    """Percent enhancement without partial volume, computed in the candidate's box."""
    first, last = span_of(mask)
    margin = np.ceil((HALO_MM + BESIDE_MM) / around.voxel_mm).astype(int)
    box = box_between(first - margin, last + margin + 1)
    return uptake(mask[box], around.percent[box], breast=around.breast[box], voxel_mm=around.voxel_mm)


def _exchange(mask: BoolImage, around: Surroundings) -> float:
    if not around.after:
        return np.nan
    curve = uptake_curve(mask, around.after, around.before, voxel_mm=around.voxel_mm)
    return exchange_rate(curve, around.times_s, early=around.early)


def _washout(outline: Outline, around: Surroundings) -> float:
    """Late over early subtraction minus one: negative where contrast agent leaves again; 0 when not known."""
    if around.late is None:
        return 0.0
    early = float(np.median(around.smooth[outline.mask]))
    return float(np.clip(np.median(around.late[outline.mask]) / max(early, 1e-6) - 1, -1, 2))


def _signal_before(mask: BoolImage, around: Surroundings) -> float:
    """Signal before contrast relative to the tissue around, logarithm."""
    ring = around.breast & ~mask
    if not ring.any():
        return 0.0
    inside, outside = float(np.median(around.before[mask])), float(np.median(around.before[ring]))
    return float(np.clip(np.log(max(inside, 1e-6) / max(outside, 1e-6)), -3, 3))

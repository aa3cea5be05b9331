"""The ``band-snr`` detector: groups of calcifications on one mammogram.

Breast mask → bands over local noise → local maxima → probability per mark → clusters. It needs no training data, no
grey level calibration and no knowledge of the vendor; it works on For Presentation and For Processing images alike.
It is a tool for measuring an extent that a reader confirms, not for finding cancer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calcmeasure.detect.calcifications.bands import build_stack
from calcmeasure.detect.calcifications.benign import find_coarse, vascular_marks
from calcmeasure.detect.calcifications.clustering import (
    hint_distribution,
    join_at_rim,
    link_by_density,
    merge_close,
    trim_outliers,
    typical_gap_mm,
)
from calcmeasure.detect.calcifications.marks import Marks, find_marks
from calcmeasure.detect.calcifications.settings import CalcificationSettings
from calcmeasure.detect.contract import (
    BoolImage,
    CalcificationCluster,
    CalcificationFindings,
    CalcificationMarks,
    FloatImage,
    Points,
    ProjectionImage,
)
from calcmeasure.detect.mammogram.breast import BreastMask, erode_mm, find_breast
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Flag, MarkLabel

SMALLEST_SIDE_MM = 10.0
"""An image narrower than this shows no breast."""
PIXEL_RANGE_MM = (0.02, 0.4)
"""Pixel sizes the detector has been made for."""

_log = logging.getLogger(__name__)


def detect_calcifications(
    image: ProjectionImage,
    *,
    settings: CalcificationSettings = CalcificationSettings(),  # noqa: B008 - frozen
) -> CalcificationFindings:
    """Find groups of calcifications.

    Parameters
    ----------
    image
        Attenuation-up mammogram with its pixel spacing; read only.
    settings
        All lengths in mm.

    Returns
    -------
    CalcificationFindings
        Clusters, strongest first. An image without a breast, or too small for one, gives no clusters and the flag
        ``no_breast``; a breast that could not be told from the background is searched whole and flagged.

    Raises
    ------
    DetectorError
        If the arrays do not fit together or the pixel size is outside 0.02-0.4 mm (`ErrorCode.DETECTION`).
    """
    _check(image)
    valid = image.valid & np.isfinite(image.attenuation)
    breast = _find_breast(image, valid)
    if not breast.mask.any():
        return CalcificationFindings((), breast.mask, CalcificationMarks.none(), flags=(Flag.NO_BREAST,))
    flags = () if breast.trusted else (Flag.BREAST_MASK_UNCERTAIN,)
    marks, coarse_rc = _find_marks(image, valid=valid, breast=breast.mask, settings=settings)
    probabilities = _probabilities(marks)
    clusters, used = _clusters(marks, probabilities, spacing=image.spacing, settings=settings)
    left_out = (probabilities >= settings.strong_probability) & ~used
    seen = _all_marks(clusters, marks.take(left_out), coarse_rc)
    return CalcificationFindings(clusters, breast.mask, seen, flags=flags)


def _all_marks(clusters: tuple[CalcificationCluster, ...], left_out: Marks, coarse_rc: Points) -> CalcificationMarks:
    """Members first, then what was left out."""
    points_rc = np.concatenate([*(c.points_rc for c in clusters), coarse_rc, left_out.points_rc])
    members = sum(len(c.marks) for c in clusters)
    labels = (MarkLabel.SUSPICIOUS,) * members + (MarkLabel.COARSE,) * len(coarse_rc)
    labels += (MarkLabel.SCATTERED,) * len(left_out)
    unknown = np.full(len(points_rc), np.nan)
    return CalcificationMarks(points_rc, unknown, unknown, unknown, unknown, labels)


@dataclass(frozen=True, slots=True)
class _Crop:
    """Box of the image around the breast; `origin_rc` is its first pixel."""

    rows: slice
    cols: slice

    @property
    def origin_rc(self) -> NDArray[np.float64]:
        return np.array([self.rows.start, self.cols.start], dtype=float)


def _check(image: ProjectionImage) -> None:
    shape = image.attenuation.shape
    if len(shape) != 2 or image.valid.shape != shape or 0 in shape:
        raise DetectorError(
            f"attenuation has shape {shape} and valid {image.valid.shape}; two equal, non-empty planes are needed",
            code=ErrorCode.DETECTION,
        )
    if not all(PIXEL_RANGE_MM[0] <= step <= PIXEL_RANGE_MM[1] for step in image.spacing.rc_mm):
        raise DetectorError(
            f"pixels of {image.spacing.rc_mm} mm are outside {PIXEL_RANGE_MM} mm: check the spacing",
            code=ErrorCode.DETECTION,
        )


def _find_breast(image: ProjectionImage, valid: BoolImage) -> BreastMask:
    sides_mm = (n * step for n, step in zip(valid.shape, image.spacing.rc_mm, strict=True))
    if min(sides_mm) < SMALLEST_SIDE_MM:
        return BreastMask(np.zeros(valid.shape, dtype=bool), trusted=False)
    return find_breast(image.attenuation, valid=valid, spacing=image.spacing)


def _find_marks(
    image: ProjectionImage, *, valid: BoolImage, breast: BoolImage, settings: CalcificationSettings
) -> tuple[Marks, Points]:
    """Candidate marks, and the centres of coarse objects, whose own marks are left out."""
    crop = _box(breast)
    inside = breast[crop.rows, crop.cols]
    filled = _fill(image.attenuation[crop.rows, crop.cols], valid=valid[crop.rows, crop.cols], inside=inside)
    stack = build_stack(
        filled,
        inside=inside,
        spacing=image.spacing,
        sigmas_mm=settings.sigmas_mm,
        noise_sigma_mm=settings.noise_sigma_mm,
    )
    search = _search_area(valid, breast, settings=settings, spacing=image.spacing)[crop.rows, crop.cols]
    marks = find_marks(stack, search=search, spacing=image.spacing, threshold=settings.candidate_snr)
    coarse = find_coarse(stack, spacing=image.spacing, smallest_mm=settings.largest_mm, snr=settings.coarse_snr)
    _log.debug("%d candidate marks, %d coarse objects", len(marks), len(coarse.centres_rc))
    fine = ~coarse.covers(marks.points_rc) & (marks.diameters_mm <= settings.largest_mm)
    return marks.take(fine).moved(crop.origin_rc), coarse.centres_rc + crop.origin_rc


def _box(mask: BoolImage) -> _Crop:
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return _Crop(slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1))


def _fill(attenuation: FloatImage, *, valid: BoolImage, inside: BoolImage) -> FloatImage:
    """Give padding a level of the breast and take the mean off, so that float32 keeps its digits for the detail."""
    level = np.float32(np.median(attenuation[inside][::16]))
    return np.where(valid, attenuation - level, np.float32(0.0)).astype(np.float32)


def _search_area(
    valid: BoolImage, breast: BoolImage, *, settings: CalcificationSettings, spacing: Spacing
) -> BoolImage:
    """Breast without its skin, without a band along padding and along the edges of the image."""
    area = erode_mm(breast, settings.skin_mm, spacing=spacing) & erode_mm(valid, settings.padding_mm, spacing=spacing)
    for axis, step in enumerate(spacing.rc_mm):
        band = max(1, round(settings.padding_mm / step))
        edges = np.moveaxis(area, axis, 0)
        edges[:band] = edges[-band:] = False
    return area


def _probabilities(marks: Marks) -> NDArray[np.float64]:
    """Chance of a mark to be a calcification, by a logistic rule on ratios only (no grey level, no vendor).

    Strength speaks for a calcification. A line running through it, a size at which tissue itself is knotty, a peak as
    sharp as a single pixel and an elongated one speak against. Weights are rounded from a fit to phantoms; on them
    0.5 stands for about 0.03 and 0.9 for about 0.006 false marks per cm², on films for more.
    """
    strength = 14.0 * np.log(np.maximum(marks.snr, 1e-6) / 5.1)
    line = 16.0 * np.maximum(0.0, marks.line / np.maximum(marks.snr, 1e-6) - 0.12)
    large = 10.0 * np.maximum(0.0, np.log(marks.diameters_mm / 0.38))
    sharp = 6.0 * np.maximum(0.0, marks.sharpness - 0.85)
    flat = 4.0 * np.maximum(0.0, 0.15 - marks.roundness)
    probability: NDArray[np.float64] = expit(strength - line - large - sharp - flat)
    return probability


def _clusters(
    marks: Marks, probabilities: NDArray[np.float64], *, spacing: Spacing, settings: CalcificationSettings
) -> tuple[tuple[CalcificationCluster, ...], NDArray[np.bool_]]:
    """Clusters, strongest first, and which marks they use."""
    points_mm = marks.points_rc * spacing.rc_mm
    likely = np.flatnonzero(probabilities >= settings.rim_probability)
    likely = likely[~vascular_marks(points_mm[likely])]
    used = np.zeros(len(marks), dtype=bool)
    clusters: list[CalcificationCluster] = []
    for core in _core_groups(points_mm, probabilities, likely=likely, settings=settings):
        members = _complete(core, points_mm, probabilities, free=likely[~used[likely]], settings=settings)
        used[members] = True
        clusters.append(_as_cluster(members, marks=marks, probabilities=probabilities, points_mm=points_mm))
    clusters.sort(key=lambda c: (-c.confidence, -len(c.points_rc)))
    return tuple(clusters), used


def _core_groups(
    points_mm: Points,
    probabilities: NDArray[np.float64],
    *,
    likely: NDArray[np.intp],
    settings: CalcificationSettings,
) -> list[NDArray[np.intp]]:
    """Link the members and keep the groups that count as clusters; those closer than the farthest link are one."""
    members = likely[probabilities[likely] >= settings.member_probability]
    linked = link_by_density(
        points_mm[members], nearest_mm=settings.nearest_link_mm, farthest_mm=settings.farthest_link_mm
    )
    groups = [members[group] for group in linked]
    sound = [g for g in groups if _is_cluster(probabilities[g], typical_gap_mm(points_mm[g]), settings)]
    return merge_close(sound, points_mm, gap_mm=settings.farthest_link_mm)


def _complete(
    core: NDArray[np.intp],
    points_mm: Points,
    probabilities: NDArray[np.float64],
    *,
    free: NDArray[np.intp],
    settings: CalcificationSettings,
) -> NDArray[np.intp]:
    """Second pass: weaker marks join at the rim, weak marks that lie apart are let go.

    How weak depends on the cluster: among clearly visible marks a faint one is rather noise than a member.
    """
    least = max(settings.rim_probability, 0.6 * float(np.quantile(probabilities[core], 0.1)))
    free = np.setdiff1d(free[probabilities[free] >= least], core)
    joined = free[join_at_rim(points_mm[core], points_mm[free], reach_mm=settings.rim_mm)]
    whole = np.concatenate([core, joined])
    weak = probabilities[whole] < settings.strong_probability
    kept: NDArray[np.intp] = whole[trim_outliers(points_mm[whole], weak=weak, fewest=settings.fewest_members)]
    return kept


def _is_cluster(probabilities: NDArray[np.float64], gap_mm: float, settings: CalcificationSettings) -> bool:
    """Enough members with enough strong ones; sparse groups need more of them, small groups stronger ones."""
    needed = settings.fewest_members + max(0.0, gap_mm - settings.dense_gap_mm)
    if len(probabilities) >= needed:
        return int((probabilities >= settings.strong_probability).sum()) >= settings.fewest_strong
    few = len(probabilities) >= 3 and gap_mm <= settings.dense_gap_mm
    return few and bool((probabilities >= settings.few_members_probability).all())


def _as_cluster(
    members: NDArray[np.intp], *, marks: Marks, probabilities: NDArray[np.float64], points_mm: Points
) -> CalcificationCluster:
    chances = probabilities[members]
    return CalcificationCluster(
        marks=CalcificationMarks.plain(
            marks.points_rc[members], marks.diameters_mm[members], probabilities=probabilities[members]
        ),
        confidence=float(1.0 - np.exp(-chances.sum() / 5.0)),
        distribution=hint_distribution(points_mm[members]),
    )

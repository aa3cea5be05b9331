"""Where the tumour of an earlier visit lies now: one breast laid over itself, and what enhances in the tumour's bed.

A small residue is told from background more surely where a tumour is known to have been. Whatever stands out from the
background and was not taken for a lesion is therefore looked at again if it lies in the bed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from calcmeasure.detect.contract import BoolImage, DynamicImage, LesionFinding, LesionFindings
from calcmeasure.geometry import FloatArray, ImageGrid
from calcmeasure.terms import Flag, Laterality

WORKING_MM = 3.0
"""Breasts are laid over each other on blocks of about this size: repositioning is told in centimetres."""
BED_MARGIN_MM = 6.0
"""A finding this near the tumour's old place counts as lying in it: what remains of positioning and breathing."""
LEAST_SHARE = 0.5
"""Of a finding's voxels that lie in the bed."""
BED_ODDS = 40.0
"""How much likelier a finding in the bed is to be a lesion than the same finding elsewhere: what is left of a tumour
lies in its bed, what only resembles it lies anywhere, and a bed is a few hundredths of the breasts."""
NO_RESIDUE = frozenset({Flag.LOOKS_LIKE_VESSEL.value, Flag.LOOKS_LIKE_SKIN.value})
"""What a finding in a bed must not look like: vessels run through the bed of a tumour that has gone."""
LEAST_SIMILARITY = 0.5
"""Correlation inside the breast below which the visits do not lie over each other."""


@dataclass(frozen=True, slots=True)
class VisitSnapshot:
    """What later visits need of one: the breasts in coarse blocks, and where the lesions lay.

    Parameters
    ----------
    signal, breast
        Before contrast, and the breasts, in patient space.
    beds
        Side and (n, 3) voxel centres of every lesion, mm.
    """

    signal: Any
    breast: Any
    beds: tuple[tuple[Laterality, FloatArray], ...]


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Findings with an earlier visit in mind.

    Parameters
    ----------
    findings
        Those of the visit alone, and behind them what was found in a bed only.
    n_alone
        How many of the lesions were found without knowing the beds.
    is_registered
        Whether at least one breast with a bed could be laid over its earlier self.
    """

    findings: LesionFindings
    n_alone: int
    is_registered: bool


def take_snapshot(image: DynamicImage, findings: LesionFindings) -> VisitSnapshot:
    """Keep what a later visit needs; a small part of the series."""
    beds = tuple((one.laterality, _points_lps(one, image.grid)) for one in findings.lesions)
    factors = [max(1, round(WORKING_MM / step)) for step in reversed(image.grid.spacing.zrc_mm)]
    factors = [min(f, n) for f, n in zip(factors, reversed(image.grid.shape), strict=True)]
    signal = sitk.BinShrink(_as_image(image.pre, image.grid), factors)
    breast = sitk.BinShrink(_as_image(findings.breast.astype(np.float32), image.grid), factors)
    return VisitSnapshot(signal, breast > 0.5, beds)


def look_in_beds(image: DynamicImage, findings: LesionFindings, *, earlier: VisitSnapshot) -> SecondLook:
    """Look for what remains of an earlier visit's lesions in their beds.

    Parameters
    ----------
    image, findings
        The later visit, read alone.
    earlier
        The visit before.

    Returns
    -------
    SecondLook
        Where a lesion found alone lies in a bed, nothing is added: it is what remains. Otherwise the most suspicious
        of `LesionFindings.others` in that bed is, if with the bed in mind it is more likely a lesion than not.
    """
    now = take_snapshot(image, findings)
    found: list[LesionFinding] = []
    registered = False
    for side, points_lps in earlier.beds:
        moved_lps = _moved(points_lps, earlier, now, side=side)
        if moved_lps is None:
            continue
        registered = True
        if _first_in_bed(findings.lesions, moved_lps, image.grid) is None:
            residue = _first_in_bed([o for o in findings.others if _may_remain(o)], moved_lps, image.grid)
            found += [] if residue is None or any(one is residue for one in found) else [residue]
    others = tuple(one for one in findings.others if all(one is not residue for residue in found))
    linked = replace(findings, lesions=(*findings.lesions, *found), others=others)
    return SecondLook(linked, len(findings.lesions), registered)


def _may_remain(finding: LesionFinding) -> bool:
    """Tell whether a finding would be a lesion in a bed."""
    is_likely = BED_ODDS * finding.confidence >= 1.0 - finding.confidence
    return is_likely and not NO_RESIDUE & set(finding.flags)


def _first_in_bed(findings: Sequence[LesionFinding], bed_lps: FloatArray, grid: ImageGrid) -> LesionFinding | None:
    tree = cKDTree(bed_lps)
    for finding in findings:
        away_mm, _ = tree.query(_points_lps(finding, grid), distance_upper_bound=BED_MARGIN_MM)
        if float(np.mean(np.isfinite(away_mm))) >= LEAST_SHARE:
            return finding
    return None


def _moved(
    points_lps: FloatArray, earlier: VisitSnapshot, later: VisitSnapshot, *, side: Laterality
) -> FloatArray | None:
    """Places of the earlier visit on the later one; None where the breast does not lie over its earlier self."""
    one, other = _side_mask(earlier.breast, side), _side_mask(later.breast, side)
    if not (sitk.GetArrayViewFromImage(one).any() and sitk.GetArrayViewFromImage(other).any()):
        return None
    try:
        transform = _registered(earlier.signal, later.signal, one=one, other=other)
    except RuntimeError:  # nothing to hold on to: too few samples, or no contrast
        return None
    if _similarity(earlier.signal, later.signal, transform=transform, inside=one) < LEAST_SIMILARITY:
        return None
    return np.array([transform.TransformPoint([float(v) for v in point]) for point in points_lps])


def _registered(fixed: Any, moving: Any, *, one: Any, other: Any) -> Any:  # noqa: ANN401 - SimpleITK has no types
    """Lay one breast over its earlier self: first without, then with a change of size and shear."""
    rigid = sitk.Euler3DTransform()
    rigid.SetCenter(_centre(one))
    rigid.SetTranslation([b - a for a, b in zip(_centre(one), _centre(other), strict=True)])
    _fit(fixed, moving, transform=rigid, inside=one)
    affine = sitk.AffineTransform(3)
    affine.SetCenter(rigid.GetCenter())
    affine.SetMatrix(rigid.GetMatrix())
    affine.SetTranslation(rigid.GetTranslation())
    _fit(fixed, moving, transform=affine, inside=one)
    return affine


def _fit(fixed: Any, moving: Any, *, transform: Any, inside: Any) -> None:  # noqa: ANN401
    method = _method(inside)
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(fixed, moving)


def _method(inside: Any) -> Any:  # noqa: ANN401
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)  # sums in one order: the same result in every run
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(inside)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.02, 80, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([1.0, 0.0])
    return method


def _similarity(fixed: Any, moving: Any, *, transform: Any, inside: Any) -> float:  # noqa: ANN401
    moved = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0)
    where = sitk.GetArrayViewFromImage(inside).astype(bool)
    values = [sitk.GetArrayViewFromImage(image)[where] for image in (fixed, moved)]
    spread = [float(v.std()) for v in values]
    return float(np.corrcoef(values)[0, 1]) if min(spread) > 0 else 0.0


def _side_mask(breast: Any, side: Laterality) -> Any:  # noqa: ANN401
    """Breast of one side: patient left is +x, parted half-way between the outermost places."""
    voxels = sitk.GetArrayFromImage(breast).astype(bool)
    places = np.argwhere(voxels)[:, ::-1]
    if not len(places):
        return breast
    matrix = np.array(breast.GetDirection()).reshape(3, 3) * np.array(breast.GetSpacing())
    x_mm = (places @ matrix.T + np.array(breast.GetOrigin()))[:, 0]
    sign = 1.0 if side is Laterality.LEFT else -1.0
    kept = places[(x_mm - (x_mm.min() + x_mm.max()) / 2) * sign > 0]
    one_side = np.zeros(voxels.shape, np.uint8)
    one_side[tuple(kept[:, ::-1].T)] = 1
    mask = sitk.GetImageFromArray(one_side)
    mask.CopyInformation(breast)
    return mask


def _centre(mask: Any) -> list[float]:  # noqa: ANN401
    places = np.argwhere(sitk.GetArrayViewFromImage(mask))[:, ::-1].mean(axis=0)
    return list(mask.TransformContinuousIndexToPhysicalPoint([float(v) for v in places]))


def _points_lps(finding: LesionFinding, grid: ImageGrid) -> FloatArray:
    return grid.to_lps(np.argwhere(finding.mask) + np.asarray(finding.offset_zrc))


def _as_image(volume: NDArray[np.float32] | BoolImage, grid: ImageGrid) -> Any:  # noqa: ANN401
    image = sitk.GetImageFromArray(np.asarray(volume, dtype=np.float32))
    image.SetSpacing([float(v) for v in reversed(grid.spacing.zrc_mm)])
    image.SetOrigin([float(v) for v in grid.origin_lps])
    image.SetDirection(np.asarray(grid.axes_lps, dtype=float)[::-1].T.ravel().tolist())
    return image

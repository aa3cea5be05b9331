"""Two visits of one view laid over each other: where a place of one mammogram lies on the other.

The breast is put up anew at every visit: moved, turned, pressed differently. A rigid, then an affine, then a smooth
free-form transform (cubic B-spline) is fitted to the tissue on a grid of 1 mm, where calcifications are too small to be
seen: what the marks do between visits cannot pull the registration. A result is believed only after the outlines
and the tissue have been seen to agree; otherwise it says that the visits could not be laid over each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage, Points, ProjectionImage

GRID_MM = 1.0
"""Pixel size of the images that are compared."""
MEAN_MM, SPREAD_MM = 4.0, 10.0
"""Standard deviations of the windows that the local mean and the local spread of the tissue are taken over."""
RIM_MM = 4
"""Band along the outline whose grey says more about thickness and processing than about tissue."""
OUTLIERS_PERCENT = 2.0
"""Darkest and brightest share that is cut to the rest: metal, frames of a film, large calcifications."""
CONTROL_MM = 60.0
"""Distance between the control points of the free-form part: a cluster inside is moved, hardly bent."""
OUTLINE_WEIGHT = 3.0
"""Step from background to tissue, in local standard deviations: outlines lead where tissue says little."""
LEAST_OVERLAP = 0.85
"""Dice coefficient of the two outlines, at least."""
LEAST_AGREEMENT = 0.6
"""Correlation of the tissue inside both outlines, at least."""
LARGEST_STRAIN = 0.5
"""Change of displacement per mm, at most: a breast is not folded."""


@dataclass(frozen=True, slots=True)
class BreastView:
    """What registration needs of a mammogram: small enough to be kept for every visit.

    Parameters
    ----------
    tissue
        (rows, columns) float32 local contrast on a grid of about `GRID_MM`, in local standard deviations; 0 outside.
    inside
        (rows, columns) the breast.
    step_mm, origin_mm
        Pitch of the grid, and place of its first pixel's centre, row and column, from the centre of the image's first
        pixel.
    pixel_mm
        Row and column pitch of the image itself.
    """

    tissue: FloatImage
    inside: BoolImage
    step_mm: tuple[float, float]
    origin_mm: tuple[float, float]
    pixel_mm: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Registration:
    """How the places of two views correspond.

    Parameters
    ----------
    displacement_mm
        (rows, columns, 2) on the grid of the later view: what is added to a place there to find it on the earlier.
    overlap
        Dice coefficient of the outlines.
    agreement
        Correlation of the tissue inside both.
    strain
        Largest change of displacement per mm.
    """

    earlier: BreastView
    later: BreastView
    displacement_mm: NDArray[np.float64]
    overlap: float
    agreement: float
    strain: float

    @property
    def is_trusted(self) -> bool:
        """Whether outlines and tissue agree and nothing is folded."""
        sound = self.overlap >= LEAST_OVERLAP and self.agreement >= LEAST_AGREEMENT
        return sound and self.strain <= LARGEST_STRAIN

    def to_earlier_mm(self, later_mm: Points) -> Points:
        """Places (n, 2) of the later view on the earlier; row, column in mm from the first pixel's centre."""
        return later_mm + self._displacement_at(later_mm)

    def to_later_mm(self, earlier_mm: Points) -> Points:
        """Places (n, 2) of the earlier view on the later.

        Notes
        -----
        By fixed-point iteration, which converges because the displacement changes by less than 1 mm per mm.
        """
        place = np.asarray(earlier_mm, dtype=float)
        for _ in range(12):
            place = earlier_mm - self._displacement_at(place)
        return place

    def _displacement_at(self, later_mm: Points) -> Points:
        rc = (np.asarray(later_mm, dtype=float) - self.later.origin_mm) / self.later.step_mm
        return _bilinear(self.displacement_mm, rc)


def reduce_view(image: ProjectionImage, breast: BoolImage) -> BreastView:
    """Reduce a mammogram to what registration needs.

    Parameters
    ----------
    image
        Attenuation-up, with its spacing.
    breast
        (rows, columns) mask; not empty.

    Notes
    -----
    Local mean and spread are taken off, so that exposure, processing and a general change of density do not count.
    """
    pixel_mm = image.spacing.rc_mm
    rows, cols = (max(8, round(n * s / GRID_MM)) for n, s in zip(breast.shape, pixel_mm, strict=True))
    step_mm = (breast.shape[0] * pixel_mm[0] / rows, breast.shape[1] * pixel_mm[1] / cols)
    share = cv2.resize(breast.astype(np.float32), (cols, rows), interpolation=cv2.INTER_AREA)
    filled = np.where(breast & np.isfinite(image.attenuation), image.attenuation, np.float32(0.0))
    total = cv2.resize(filled, (cols, rows), interpolation=cv2.INTER_AREA)
    level = total / np.maximum(share, np.float32(1e-3))
    inside = share > 0.5
    return BreastView(
        tissue=_local_contrast(level, inside, step_mm=step_mm),
        inside=inside,
        step_mm=step_mm,
        origin_mm=(step_mm[0] / 2 - pixel_mm[0] / 2, step_mm[1] / 2 - pixel_mm[1] / 2),
        pixel_mm=(float(pixel_mm[0]), float(pixel_mm[1])),
    )


def register(earlier: BreastView, later: BreastView) -> Registration:
    """Lay the earlier view over the later one.

    Parameters
    ----------
    earlier, later
        Of one side and projection.

    Returns
    -------
    Registration
        To be believed where `Registration.is_trusted`.
    """
    fixed, moving = _as_image(later), _as_image(earlier)
    affine = _fit_affine(fixed, moving)
    bent = _fit_bspline(fixed, moving, start=affine)
    displacement_mm = _displacement(bent, later)
    return _judged(earlier, later, displacement_mm)


def _local_contrast(level: FloatImage, inside: BoolImage, *, step_mm: tuple[float, float]) -> FloatImage:
    """Take the local mean off and divide by the local spread; 0 in the rim and outside."""
    weight = _without_rim(inside)
    if not weight.any():
        return np.zeros(level.shape, dtype=np.float32)
    cut = np.clip(level, *np.percentile(level[inside], (OUTLIERS_PERCENT, 100.0 - OUTLIERS_PERCENT)))
    detail = (cut - _local_mean(cut, weight, MEAN_MM, step_mm)) * weight
    spread = np.sqrt(_local_mean(detail**2, weight, SPREAD_MM, step_mm))
    floor = max(0.2 * float(np.median(spread[weight > 0])), float(np.finfo(np.float32).tiny))
    return np.clip(detail / np.maximum(spread, floor), -2.5, 2.5).astype(np.float32)


def _without_rim(inside: BoolImage) -> FloatImage:
    radius = round(RIM_MM / GRID_MM)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    eroded = cv2.erode(inside.astype(np.float32), disc, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(eroded, dtype=np.float32)


def _local_mean(
    plane: NDArray[np.floating], weight: FloatImage, window_mm: float, step_mm: tuple[float, float]
) -> FloatImage:
    def smooth(values: NDArray[np.floating]) -> NDArray[np.floating]:
        sigma = [window_mm / step for step in step_mm]
        return np.asarray(
            cv2.GaussianBlur(values, (0, 0), sigmaX=sigma[1], sigmaY=sigma[0], borderType=cv2.BORDER_REFLECT)
        )

    share = np.maximum(smooth(weight), 1e-3)
    return np.asarray(smooth(np.asarray(plane * weight, dtype=np.float32)) / share, dtype=np.float32)


def _as_image(view: BreastView) -> sitk.Image:
    image = sitk.GetImageFromArray(view.tissue + np.float32(OUTLINE_WEIGHT) * view.inside.astype(np.float32))
    image.SetSpacing(view.step_mm[::-1])
    image.SetOrigin(view.origin_mm[::-1])
    return image


def _method(shrink: tuple[int, ...]) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)  # the same bits every time, and one processor per patient
    method.SetMetricAsCorrelation()
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel(list(shrink))
    method.SetSmoothingSigmasPerLevel([0.7 * factor * GRID_MM for factor in shrink])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    return method


def _fit_affine(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    rigid = sitk.CenteredTransformInitializer(
        fixed, moving, sitk.Euler2DTransform(), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = _method((4, 2))
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.05, 60, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(rigid, inPlace=True)
    method.Execute(fixed, moving)
    affine = sitk.AffineTransform(2)
    turned = sitk.Euler2DTransform(rigid) if not isinstance(rigid, sitk.Euler2DTransform) else rigid
    affine.SetMatrix(turned.GetMatrix())
    affine.SetCenter(turned.GetCenter())
    affine.SetTranslation(turned.GetTranslation())
    method = _method((2,))
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 0.02, 60, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(affine, inPlace=True)
    method.Execute(fixed, moving)
    return affine


def _fit_bspline(fixed: sitk.Image, moving: sitk.Image, *, start: sitk.Transform) -> sitk.Transform:
    size_mm = [n * s for n, s in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True)]
    mesh = [max(1, round(length / CONTROL_MM)) for length in size_mm]
    spline = sitk.BSplineTransformInitializer(fixed, mesh, order=3)
    method = _method((4, 2))
    method.SetMovingInitialTransform(start)
    method.SetOptimizerAsLBFGSB(numberOfIterations=15, maximumNumberOfFunctionEvaluations=25)
    method.SetInitialTransform(spline, inPlace=True)
    method.Execute(fixed, moving)
    return sitk.CompositeTransform([start, spline])


def _displacement(transform: sitk.Transform, view: BreastView) -> NDArray[np.float64]:
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, view.tissue.shape[::-1], view.origin_mm[::-1], view.step_mm[::-1]
    )
    return np.ascontiguousarray(sitk.GetArrayFromImage(field)[..., ::-1], dtype=np.float64)


def _judged(earlier: BreastView, later: BreastView, displacement_mm: NDArray[np.float64]) -> Registration:
    grid = np.indices(later.tissue.shape).transpose(1, 2, 0) * later.step_mm + later.origin_mm
    rc = ((grid + displacement_mm - earlier.origin_mm) / earlier.step_mm).reshape(-1, 2)
    moved = _bilinear(earlier.tissue[..., None], rc).reshape(later.tissue.shape)
    covered = _bilinear(earlier.inside[..., None].astype(float), rc).reshape(later.inside.shape) > 0.5
    both = covered & later.inside
    overlap = 2.0 * float(both.sum()) / max(1.0, float(covered.sum() + later.inside.sum()))
    return Registration(
        earlier,
        later,
        displacement_mm,
        overlap=overlap,
        agreement=_correlation(moved[both], later.tissue[both]),
        strain=_strain(displacement_mm, later),
    )


def _correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    if len(one) < 3 or np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _strain(displacement_mm: NDArray[np.float64], view: BreastView) -> float:
    """Largest change of displacement per mm inside the breast."""
    if not view.inside.any():
        return 0.0
    slopes = [np.gradient(displacement_mm[..., axis], *view.step_mm) for axis in (0, 1)]
    norm = np.sqrt(sum(slope**2 for pair in slopes for slope in pair))
    return float(norm[view.inside].max())


def _bilinear(planes: NDArray[np.floating], rc: Points) -> NDArray[np.float64]:
    """Values (n, planes) between grid points; beyond the edge those of the edge."""
    last = np.array(planes.shape[:2]) - 1
    rc = np.clip(rc, 0, last)
    low = np.minimum(np.floor(rc).astype(np.intp), np.maximum(last - 1, 0))
    high = np.minimum(low + 1, last)
    part = rc - low
    (r0, c0), (r1, c1), (fr, fc) = low.T, high.T, part.T[..., None]
    upper = planes[r0, c0] * (1 - fc) + planes[r0, c1] * fc
    lower = planes[r1, c0] * (1 - fc) + planes[r1, c1] * fc
    return np.asarray(upper * (1 - fr) + lower * fr, dtype=np.float64)

"""A mammogram reduced to what laying it over another visit needs: its outline and its fine tissue contrast."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.contract import BoolImage, FloatImage, ProjectionImage

GRID_MM = 1.0
"""Pixel size of the images that are compared."""
MEAN_MM, SPREAD_MM = 4.0, 10.0
"""Standard deviations of the windows that the local mean and the local spread of the tissue are taken over."""
RIM_MM = 4
"""Band along the outline whose grey says more about thickness and processing than about tissue."""
OUTLIERS_PERCENT = 2.0
"""Darkest and brightest share that is cut to the rest: metal, frames of a film, large calcifications."""


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

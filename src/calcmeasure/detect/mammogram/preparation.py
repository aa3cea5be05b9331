"""Everything about a mammogram that must be known before calcifications are looked for."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from calcmeasure.detect.contract import BoolImage, FloatImage, ProjectionImage
from calcmeasure.detect.mammogram.breast import Background, CoarseBreast, erode_mm, find_coarse_breast
from calcmeasure.detect.mammogram.coarse import CoarseImage
from calcmeasure.detect.mammogram.implant import find_implant
from calcmeasure.detect.mammogram.outline import LEAST_WALL_MM, wall_lengths_mm
from calcmeasure.detect.mammogram.pectoral import find_pectoral
from calcmeasure.detect.mammogram.repairs import clean
from calcmeasure.detect.mammogram.skin import SkinDistance
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Flag

SMALLEST_SIDE_MM = 10.0
"""An image narrower than this shows no breast."""
PIXEL_RANGE_MM = (0.02, 0.4)
"""Pixel sizes at which calcifications can be looked for."""
COARSE_PIXEL_MM = 0.12
"""Pixels above this lose small calcifications."""


@dataclass(frozen=True, slots=True)
class PreparedMammogram:
    """One mammogram with lines and dead pixels taken out, and where on it calcifications may be looked for.

    Parameters
    ----------
    attenuation
        (rows, columns) float32, repaired, finite everywhere; the array given where nothing had to be repaired.
    breast
        (rows, columns) True inside the breast, skin included; all False when there is none.
    search
        (rows, columns) True where a mark may lie: the breast without a band along the skin, along padding and image
        edges, without drawn-in marks, saturated areas and implants. The pectoral muscle is part of it.
    repaired
        (rows, columns) True where `attenuation` differs from what was given.
    skin
        Distance to the skin line of any point.
    pectoral
        (rows, columns) True inside the pectoral muscle; None where none was found.
    flags
        What a reader must know.
    trusted
        False when the breast could not be told from the background.
    """

    attenuation: FloatImage
    breast: BoolImage
    search: BoolImage
    repaired: BoolImage
    skin: SkinDistance
    pectoral: BoolImage | None
    flags: tuple[Flag, ...]
    trusted: bool


def prepare(image: ProjectionImage, *, skin_mm: float = 1.7, padding_mm: float = 0.8) -> PreparedMammogram:
    """Find the breast and what surrounds it, and take out what no breast has.

    Parameters
    ----------
    image
        Attenuation-up mammogram with its pixel spacing; read only.
    skin_mm, padding_mm
        Bands along the outline of the breast, and along padding and image edges, in which no mark is looked for.

    Returns
    -------
    PreparedMammogram
        With an empty `search` and the flag ``no_breast`` for an image of nothing; with the flag
        ``breast_mask_uncertain`` and all valid pixels as breast where no outline could be believed.

    Raises
    ------
    DetectorError
        If the arrays do not fit together or the pixel size is outside 0.02-0.4 mm (`ErrorCode.DETECTION`).
    """
    _check(image)
    valid = _usable_pixels(image)
    if _is_too_small(image):
        return _nothing(image)
    coarse = CoarseImage.of(image.attenuation, valid=valid, spacing=image.spacing)
    found = find_coarse_breast(coarse)
    if not found.mask.any():
        return _nothing(image)
    breast = coarse.enlarge(found.mask, valid.shape) & valid if found.trusted else valid
    skin = SkinDistance.of(found.mask, coarse, picture=found.picture)
    search = skin.deeper_than(skin_mm, valid.shape) if found.trusted else valid.copy()
    search &= _away_from_edges(found.picture, coarse, valid=valid, band_mm=padding_mm, spacing=image.spacing)
    cleaned = clean(image.attenuation, search, valid=valid, spacing=image.spacing)
    implant = find_implant(coarse, found.mask) if found.trusted else None
    for hidden in (cleaned.hidden, None if implant is None else coarse.enlarge(implant, valid.shape)):
        search = search if hidden is None else search & ~hidden
    # Beside an implant's edge that of the muscle cannot be told.
    plain = found.trusted and implant is None
    pectoral = find_pectoral(coarse, found.mask, view=image.view) if plain else None
    return PreparedMammogram(
        attenuation=cleaned.attenuation,
        breast=breast,
        search=search,
        repaired=cleaned.repaired,
        skin=skin,
        pectoral=None if pectoral is None else coarse.enlarge(pectoral, valid.shape),
        flags=_flags(image, found, coarse) + cleaned.flags + (() if implant is None else (Flag.IMPLANT_SEEN,)),
        trusted=found.trusted,
    )


def _usable_pixels(image: ProjectionImage) -> BoolImage:
    # A sum is finite only if everything in it is, and quicker to take than a test of every pixel.
    if np.isfinite(image.attenuation.sum()):
        return image.valid
    return image.valid & np.isfinite(image.attenuation)


def _flags(image: ProjectionImage, found: CoarseBreast, coarse: CoarseImage) -> tuple[Flag, ...]:
    """Say what follows from the pixel size and the background."""
    noted = {
        Flag.BREAST_MASK_UNCERTAIN: not found.trusted,
        Flag.BREAST_FILLS_IMAGE: _fills_image(found.mask, coarse),
        Flag.DIGITISED_FILM: found.background is Background.UNEVEN and image.intent is None,
        Flag.COARSE_PIXELS: max(image.spacing.rc_mm) > COARSE_PIXEL_MM,
    }
    return tuple(flag for flag, applies in noted.items() if applies)


def _fills_image(breast: BoolImage, coarse: CoarseImage) -> bool:
    left, right, _, _ = wall_lengths_mm(breast, coarse.valid, spacing_mm=coarse.spacing_mm)
    return min(left, right) >= LEAST_WALL_MM


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


def _is_too_small(image: ProjectionImage) -> bool:
    sides_mm = (n * step for n, step in zip(image.valid.shape, image.spacing.rc_mm, strict=True))
    return bool(min(sides_mm) < SMALLEST_SIDE_MM)


def _nothing(image: ProjectionImage) -> PreparedMammogram:
    none = np.zeros(image.valid.shape, dtype=bool)
    finite = np.nan_to_num(image.attenuation, nan=0.0, posinf=0.0, neginf=0.0)
    return PreparedMammogram(finite, none, none, none, SkinDistance.nowhere(), None, (Flag.NO_BREAST,), trusted=False)


def _away_from_edges(
    picture: BoolImage, coarse: CoarseImage, *, valid: BoolImage, band_mm: float, spacing: Spacing
) -> BoolImage:
    """Everything but a band along padding, frames and the edges of the image."""
    away = erode_mm(valid, band_mm, spacing=spacing)
    if not picture.all():
        kernel = np.ones((3, 3), np.uint8)
        away &= coarse.enlarge(cv2.erode(picture.view(np.uint8), kernel).view(bool), valid.shape)
    for axis, step in enumerate(spacing.rc_mm):
        band = max(1, round(band_mm / step))
        edges = np.moveaxis(away, axis, 0)
        edges[:band] = edges[-band:] = False
    return away

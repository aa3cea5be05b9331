"""Takes out of a mammogram what no breast puts into it, and says where nothing can be seen.

Order matters: what was drawn is told by its exact values, which repairing lines would change.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.mammogram.drawn import ScaleEnds, fill_in, find_scale_ends
from calcmeasure.detect.mammogram.noiseless import find_noiseless
from calcmeasure.detect.mammogram.scanner_lines import ScannerLine, find_lines, take_out_lines
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Flag

AROUND_DRAWN_MM = 0.4
"""Band around what was drawn in which no mark is looked for."""
AROUND_SATURATED_MM = 0.6
"""Band around saturated areas in which their edge may be taken for a mark."""
NOTED_SATURATED_MM2 = 25.0
"""Saturated area from which the reader is told."""
NOTED_DRAWN_MM2 = 0.25
"""Drawn area from which the reader is told; single lost pixels are less."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A repaired image.

    Parameters
    ----------
    attenuation
        (rows, columns) finite everywhere; the array given where nothing had to be changed.
    repaired
        (rows, columns) True where it differs from what was given.
    hidden
        (rows, columns) True where nothing can be seen: drawn marks and saturated areas with a band around them; None
        where there are none.
    flags
        What was done.
    """

    attenuation: FloatImage
    repaired: BoolImage
    hidden: BoolImage | None
    flags: tuple[Flag, ...]


def clean(attenuation: FloatImage, search: BoolImage, *, valid: BoolImage, spacing: Spacing) -> Cleaned:
    """Repair an image where calcifications are looked for.

    Parameters
    ----------
    attenuation
        (rows, columns); read only.
    search
        (rows, columns) the part that matters.
    valid
        (rows, columns) False on padding and on what is no number; it is given the least valid value.
    spacing
        Of the image.
    """
    pixels = attenuation if valid.all() else np.where(valid, attenuation, attenuation[valid].min())
    repaired = ~valid if pixels is not attenuation else np.zeros(valid.shape, dtype=bool)
    box = _box(search)
    if box is None:
        return Cleaned(pixels, repaired, None, ())
    ends = find_scale_ends(pixels[box], search[box], area_mm2=spacing.area_mm2)
    ends = ends.with_saturated(find_noiseless(pixels[box], search[box], spacing=spacing))
    lines = find_lines(pixels[box], spacing_mm=spacing.rc_mm)
    if lines or ends.drawn is not None:
        pixels = pixels.copy()
        repaired[box] |= _repair(pixels[box], ends.drawn, lines)
    return Cleaned(pixels, repaired, _hidden(ends, box, spacing, search.shape), _flags(ends, lines, spacing))


def _repair(image: FloatImage, drawn: BoolImage | None, lines: tuple[ScannerLine, ...]) -> BoolImage:
    """Fill what was drawn and take out lines, in place; return where."""
    if drawn is None:
        return take_out_lines(image, lines)
    fill_in(image, drawn)
    return drawn | take_out_lines(image, lines)


def _box(mask: BoolImage) -> tuple[slice, slice] | None:
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _hidden(ends: ScaleEnds, box: tuple[slice, slice], spacing: Spacing, shape: tuple[int, ...]) -> BoolImage | None:
    parts = [
        _grown(mask, band_mm, spacing)
        for mask, band_mm in ((ends.drawn, AROUND_DRAWN_MM), (ends.saturated, AROUND_SATURATED_MM))
        if mask is not None
    ]
    if not parts:
        return None
    hidden = np.zeros(shape, dtype=bool)
    hidden[box] = np.logical_or.reduce(parts)
    return hidden


def _grown(mask: BoolImage, band_mm: float, spacing: Spacing) -> BoolImage:
    down, across = (max(1, round(band_mm / step)) for step in spacing.rc_mm)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * across + 1, 2 * down + 1))
    grown: BoolImage = cv2.dilate(mask.view(np.uint8), kernel).view(bool)
    return grown


def _flags(ends: ScaleEnds, lines: tuple[ScannerLine, ...], spacing: Spacing) -> tuple[Flag, ...]:
    noted = {
        Flag.LINES_REPAIRED: bool(lines),
        Flag.MARKS_DRAWN_IN: _area_mm2(ends.drawn, spacing) >= NOTED_DRAWN_MM2,
        Flag.SATURATED: _area_mm2(ends.saturated, spacing) >= NOTED_SATURATED_MM2,
    }
    return tuple(flag for flag, applies in noted.items() if applies)


def _area_mm2(mask: BoolImage | None, spacing: Spacing) -> float:
    return 0.0 if mask is None else float(np.count_nonzero(mask)) * spacing.area_mm2

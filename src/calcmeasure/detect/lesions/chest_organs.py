"""What of the chest reaches in front of a wall told from outside, and what of a breast reaches behind it.

The wall is a smooth surface and the chest is not: a heart can press forward past it, a tumour can grow back past it. A
connected part belongs where most of it lies.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from calcmeasure.detect.contract import BoolImage, FloatImage
from calcmeasure.detect.lesions.body import Body
from calcmeasure.detect.lesions.lattice import LATTICE_MM

BRIGHT_PERCENT = 60.0
"""Percent enhancement of a part that is a tumour or the heart; gland stays below."""
FLOOR_SHARE = 0.25
"""Percent enhancement is taken over at least this share of the tissue's bright signal (95th percentile)."""
HEART_ML = 12.0
"""Smaller enhancing parts behind the wall are left as they are: they do not reach far in front of it."""
BREAST_SHARE = 0.4
"""A part of which at least this share lies in front of the wall belongs to the breast."""
GROWTH_MM = 16.0
"""A breast's own part is followed no further behind the wall."""
ORGAN_MARGIN_MM = 4.0


def enhancement_percent(pre: FloatImage, early: FloatImage, body: Body) -> FloatImage:
    """Percent enhancement on the lattice, with a floored denominator."""
    floor = FLOOR_SHARE * float(np.percentile(pre[body.tissue], 95))
    percent = (early - pre) / np.maximum(pre, max(floor, 1e-6)) * 100
    return np.asarray(percent, dtype=np.float32)


def settle(before_mm: FloatImage, body: Body, *, percent: FloatImage | None) -> FloatImage:
    """Give connected parts that cross the wall to the side most of them lies on.

    Parameters
    ----------
    before_mm
        (z, y, x) distance in front of the wall; negative behind it.
    body
        On the same lattice; its dark parts are lungs and implants.
    percent
        Percent enhancement; None where one phase only is known.

    Returns
    -------
    (z, y, x) `before_mm` with parts of the chest made negative and parts of the breast positive.
    """
    out = before_mm.copy()
    dark = body.mask & ~body.tissue
    _give(out, dark, before_mm=before_mm, grows=False)
    if percent is not None:
        _give(out, body.tissue & (percent > BRIGHT_PERCENT), before_mm=before_mm, grows=True)
    return out


def _give(out: FloatImage, part: BoolImage, *, before_mm: FloatImage, grows: bool) -> None:
    labels, count = ndimage.label(part)
    if not count:
        return
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    front = np.bincount(labels.ravel(), weights=(before_mm > 0).ravel(), minlength=count + 1)
    of_breast = front >= BREAST_SHARE * sizes
    of_breast[0] = False
    organ = ~of_breast & (sizes * LATTICE_MM**3 / 1000 >= HEART_ML)
    organ[0] = False
    chest = ndimage.binary_dilation(organ[labels], iterations=round(ORGAN_MARGIN_MM / LATTICE_MM))
    own = of_breast[labels] & (before_mm > -GROWTH_MM)
    out[chest & ~own] = np.minimum(out, -LATTICE_MM / 2)[chest & ~own]
    if grows:
        grown = ndimage.binary_dilation(own & (before_mm <= 0)) & (before_mm > -GROWTH_MM) & ~chest
        out[grown] = np.maximum(out, LATTICE_MM / 2)[grown]

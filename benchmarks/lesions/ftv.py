"""The functional tumour volume's rule (PE of at least 70 %) in a box around the truth, to compare with."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label

from calcmeasure.measure.diameter import mask_diameters
from calcmeasure.measure.functional_mask import functional_tumour_mask
from calcmeasure.phantom.dynamic.examination import DcePhantom

MARGIN = 1.5
"""Half width of the box, in diameters of the lesion."""


def ftv_of(exam: DcePhantom, number: int) -> tuple[float, float]:
    """In-plane diameter and Dice index of one lesion; the box is what a reader would draw, the truth its centre."""
    truth = exam.lesions[number]
    half = np.maximum(MARGIN / 2 * truth.diameter_mm, 6.0) / np.asarray(exam.grid.spacing.zrc_mm)
    low = np.maximum(np.floor(np.asarray(truth.centre_zrc) - half), 0).astype(int)
    high = np.minimum(np.ceil(np.asarray(truth.centre_zrc) + half) + 1, exam.grid.shape).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    pre, early, late = (exam.phases[k][box].astype(np.float32) for k in (0, exam.still_phase, -1))
    mask = functional_tumour_mask(pre, early, late=late, region=np.ones(pre.shape, bool))
    own = exam.labels[box] == number + 1
    parts, count = label(mask, np.ones((3, 3, 3)))
    if not count:
        return 0.0, 0.0
    overlaps = np.bincount(parts[own], minlength=count + 1)[1:]
    part = parts == 1 + (int(overlaps.argmax()) if overlaps.any() else int(np.bincount(parts.ravel())[1:].argmax()))
    dice = 2 * (part & own).sum() / (part.sum() + own.sum())
    return mask_diameters(part, exam.grid.spacing).value_mm, float(dice)

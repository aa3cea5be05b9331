"""Which lesion a finding lies on, how well it covers it, and what else it may lie on."""

from __future__ import annotations

import numpy as np

from calcmeasure.detect.contract import LesionFinding
from calcmeasure.geometry import ImageGrid
from calcmeasure.measure.outline import choose_outline, measure_outline
from calcmeasure.phantom.dynamic.distractors import DISTRACTOR_CODES
from calcmeasure.phantom.dynamic.examination import DcePhantom
from lesions.outcomes import NO_LESION

ENOUGH = 0.3
"""Share of the finding or of the lesion that must overlap."""
NEAR_MM = 3.0
"""Lesions of few voxels are matched by their centres."""
KINDS = {code: kind.value for kind, code in DISTRACTOR_CODES.items()}


def match(finding: LesionFinding, exam: DcePhantom) -> tuple[int, float]:
    """Lesion a finding lies on and their Dice index."""
    labels = _cropped(exam.labels, finding)
    counts = np.bincount(labels[finding.mask], minlength=len(exam.lesions) + 1)[1:]
    sizes = np.bincount(exam.labels.ravel(), minlength=len(exam.lesions) + 1)[1:]
    own = max(int(finding.mask.sum()), 1)
    if counts.any():
        best = int(counts.argmax())
        if max(counts[best] / own, counts[best] / max(int(sizes[best]), 1)) >= ENOUGH:
            return best, float(2 * counts[best] / (own + sizes[best]))
    return _nearest(finding, exam), 0.0


def lies_on(finding: LesionFinding, exam: DcePhantom) -> str:
    """What most of a finding lies on: a distractor, or gland and fat."""
    codes = np.bincount(_cropped(exam.distractors, finding)[finding.mask], minlength=max(KINDS) + 1)
    codes[0] //= 4  # a small distractor under a generous outline is still what was taken for a lesion
    return KINDS.get(int(codes.argmax()), "tissue")


def diameter_mm(finding: LesionFinding, grid: ImageGrid) -> float:
    """In-plane greatest diameter as it is reported."""
    outline = choose_outline(finding.contours_zrc, grid.spacing)
    return measure_outline(outline, grid.spacing).value_mm if len(outline) else 0.0


def _nearest(finding: LesionFinding, exam: DcePhantom) -> int:
    for number, lesion in enumerate(exam.lesions):
        gap = np.subtract(finding.centre_zrc, lesion.centre_zrc) * exam.grid.spacing.zrc_mm
        if lesion.diameter_mm and np.linalg.norm(gap) <= NEAR_MM:
            return number
    return NO_LESION


def _cropped(volume: np.ndarray, finding: LesionFinding) -> np.ndarray:
    box = tuple(slice(a, a + n) for a, n in zip(finding.offset_zrc, finding.mask.shape, strict=True))
    return volume[box]

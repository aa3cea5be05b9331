"""What a detector receives and returns: the contract of the ``calcmeasure.detectors`` entry points."""

from __future__ import annotations

from typing import Protocol

from calcmeasure.detect.contract.calcifications import (
    CalcificationCluster,
    CalcificationFindings,
    CalcificationMarks,
)
from calcmeasure.detect.contract.images import BoolImage, DynamicImage, FloatImage, Points, ProjectionImage, Values
from calcmeasure.detect.contract.lesions import LesionFinding, LesionFindings
from calcmeasure.model.enhancement import BackgroundEnhancement, PhaseDiameter, PhaseMotion

__all__ = [
    "BackgroundEnhancement",
    "BoolImage",
    "CalcificationCluster",
    "CalcificationDetector",
    "CalcificationFindings",
    "CalcificationMarks",
    "DynamicImage",
    "FloatImage",
    "LesionDetector",
    "LesionFinding",
    "LesionFindings",
    "PhaseDiameter",
    "PhaseMotion",
    "Points",
    "ProjectionImage",
    "Values",
]


class CalcificationDetector(Protocol):
    """Finds groups of calcifications on one mammogram."""

    def __call__(self, image: ProjectionImage) -> CalcificationFindings:
        """Detect; raises `DetectorError` when the image cannot be judged."""


class LesionDetector(Protocol):
    """Finds enhancing lesions in one dynamic series."""

    def __call__(self, image: DynamicImage) -> LesionFindings:
        """Detect; raises `DetectorError` when the series cannot be judged."""

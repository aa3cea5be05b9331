"""Marks: candidate calcifications with place, size, contrast and a calibrated chance of being one."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calcmeasure.detect.calcifications.bands import BandStack
from calcmeasure.detect.calcifications.candidates import DISC_ANSWER, Candidates, find_candidates
from calcmeasure.detect.calcifications.features import FEATURES, Table, describe
from calcmeasure.detect.calcifications.mark_model import MarkChances, MarkModel, shipped_model
from calcmeasure.detect.contract import BoolImage, Points, Values

LEAST_SNR = 3.5
"""Signal over local noise from which a local maximum is looked at: below it hardly any is given a chance above 0.05."""
MARK_CLASSES = ("calcification", "second", "line", "foreign", "noise")
"""Columns of the scores of a mark: calcification of any kind, another maximum of one, line or vessel, foreign or
artefact, noise."""
_LINE_SNR = 1.0
"""Mean support along a bent line from which tissue is rather a line than noise."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Candidate calcifications, strongest first; one value per mark in every array.

    Parameters
    ----------
    points_rc
        (n, 2) sub-pixel row, column.
    diameters_mm
        Of the disc whose answer peaks at the same scale.
    contrasts
        Attenuation above the surroundings, in the grey levels of the image.
    snr
        Greatest signal over local noise.
    probabilities
        Calibrated chance of being a calcification of any kind.
    scores
        (n, len(MARK_CLASSES)) chance of each class; rows sum to 1.
    table
        (n, features) everything measured on each, see `calcmeasure.detect.calcifications.features.FEATURES`.
    """

    points_rc: Points
    diameters_mm: Values
    contrasts: Values
    snr: Values
    probabilities: Values
    scores: Values
    table: Table

    def __len__(self) -> int:
        return len(self.snr)

    @property
    def body_chances(self) -> Values:
        """(n,) chance to lie on a calcification at all, as its only mark or as another."""
        return self.scores[:, 0] + self.scores[:, 1]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Marks:
        """Subset or reorder by a mask or by indices."""
        return Marks(*(getattr(self, field.name)[which] for field in fields(self)))

    def moved(self, offset_rc: Points) -> Marks:
        """Shift the positions, as from a crop to its image."""
        return replace(self, points_rc=self.points_rc + offset_rc)


def find_marks(
    stack: BandStack, *, search: BoolImage, least_snr: float = LEAST_SNR, model: MarkModel | None = None
) -> Marks:
    """Local maxima over place and scale, each with its chance of being a calcification.

    Parameters
    ----------
    stack
        Bands of the image.
    search
        (rows, columns) where marks are looked for.
    least_snr
        Weaker maxima are not looked at.
    model
        By default the one that comes with the package.
    """
    model = model or shipped_model()
    candidates = find_candidates(stack, search=search, least_snr=least_snr)
    table = describe(stack, candidates)
    chances = model.classify(table)
    return Marks(
        points_rc=candidates.points_rc,
        diameters_mm=candidates.diameters_mm,
        contrasts=_contrasts(stack, candidates),
        snr=candidates.snr,
        probabilities=chances.calcification,
        scores=_scores(chances, table),
        table=table,
    )


def _contrasts(stack: BandStack, candidates: Candidates) -> Values:
    """Signal back in grey levels: what the pixel noise is worth at the level that the mark reaches halfway."""
    height = np.nanmax(candidates.amplitudes, axis=1, initial=0.0) / DISC_ANSWER
    rows, cols = np.rint(candidates.points_rc).astype(np.intp).T
    middle = stack.pixels[rows, cols] - 0.5 * height
    contrasts: Values = height * stack.curve.sigma_at(middle)
    return contrasts


def _scores(chances: MarkChances, table: Table) -> Values:
    """Columns of `MARK_CLASSES`: the chance of tissue or noise is split by what continues the mark as a line."""
    support = table[:, FEATURES.index("bent_0.224")].astype(float)
    tissue = 1.0 - chances.body - chances.foreign
    line = tissue * expit(4.0 * (support - _LINE_SNR))
    second = chances.body - chances.calcification
    return np.column_stack([chances.calcification, second, line, chances.foreign, tissue - line])

"""What a detector made of one examination, beside the truth: plain arrays, kept on disk, of which figures are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from accuracy.stored import Stored

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]
Words = NDArray[np.str_]

NO_LESION = -1
FIRST_SIX = 6


@dataclass(frozen=True, slots=True)
class Outcome(Stored):
    """One examination, answered.

    Parameters
    ----------
    name, seed
        Of the examination.
    disease, plane, fat
        What was drawn.
    background, noise, motion_mm, anisotropy
        Enhancement of the gland at 90 s; standard deviation; mean displacement of the first phase in the breasts;
        slice over in-plane spacing.
    sides
        Breasts in the picture.
    truth_mm, truth_sides
        (n,) in-plane greatest diameter of each lesion, 0 where it is gone; its breast.
    found_mm, found_sides, confidences
        (m,) what the detector took for lesions, largest first.
    found_truth, found_dice
        (m,) lesion each finding lies on (`NO_LESION` for none), and its Dice index with that.
    found_on
        (m,) what a finding that lies on no lesion lies on most.
    other_truth
        (k,) lesion each of the candidates that the detector lists beside lies on, likeliest first.
    ftv_mm, ftv_dice
        (n,) each lesion by the functional tumour volume's rule in a box around the truth.
    flags, refusal
        Of the findings; the code of an error, or nothing.
    seconds
        Processor time of the detection.
    """

    name: str
    seed: int
    disease: str
    plane: str
    fat: str
    background: float
    noise: float
    motion_mm: float
    anisotropy: float
    sides: Words
    truth_mm: Values
    truth_sides: Words
    found_mm: Values
    found_sides: Words
    confidences: Values
    found_truth: Numbers
    found_dice: Values
    found_on: Words
    other_truth: Numbers
    ftv_mm: Values
    ftv_dice: Values
    flags: Words
    refusal: str
    seconds: float

    @property
    def largest(self) -> int:
        """Number of the largest lesion; `NO_LESION` without any."""
        return int(self.truth_mm.argmax()) if self.truth_mm.any() else NO_LESION

    @property
    def largest_found_mm(self) -> float:
        """What the examination is measured as: the largest finding, 0 without any."""
        return float(self.found_mm.max(initial=0.0))

    def rank_of(self, lesion: int) -> int | None:
        """Place of a lesion among the findings, from 1."""
        ranks = np.flatnonzero(self.found_truth == lesion)
        return int(ranks[0]) + 1 if len(ranks) else None

    def place_of(self, lesion: int) -> int | None:
        """Place of a lesion in all that is listed, from 1: findings, then what was taken for none."""
        places = np.flatnonzero(np.concatenate([self.found_truth, self.other_truth]) == lesion)
        return int(places[0]) + 1 if len(places) else None

    def measured(self, lesion: int) -> int | None:
        """Finding that measures a lesion: of those that lie on it, the one that overlaps most."""
        on_it = np.flatnonzero(self.found_truth == lesion)
        return int(on_it[self.found_dice[on_it].argmax()]) if len(on_it) else None

    def free_sides(self) -> list[str]:
        """Breasts without a lesion."""
        diseased = set(self.truth_sides[self.truth_mm > 0].tolist())
        return [side for side in self.sides.tolist() if side not in diseased]

    def false_lesions(self) -> int:
        """Findings in breasts without a lesion."""
        return int(np.isin(self.found_sides, self.free_sides()).sum())

"""What each mark is taken for before groups are formed: nothing is silently dropped, and nothing benign is counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.calcifications.benign import marks_along_tubes, vascular_marks
from calcmeasure.detect.calcifications.features import FEATURES
from calcmeasure.detect.calcifications.kinds import KINDS
from calcmeasure.detect.calcifications.marks import MARK_CLASSES, Marks
from calcmeasure.detect.contract import Values
from calcmeasure.geometry import Spacing
from calcmeasure.terms import MarkLabel

SKIN_MM = 2.5
"""Marks this close below the skin line are taken to lie in the skin: it is 1 to 3 mm thick."""
LIKELY = 0.3
"""Marks from this probability are asked whether they are of a benign kind."""
BENIGN_BELOW = 0.1
"""A chance of being suspicious below which a mark is labelled as the benign kind it most probably is; one that is less
sure stays in question, and its group decides."""
TUBE_SNR = 1.5
"""Mean signal over noise, clipped at 3, of a bent line through a mark at the width of an artery: of 2,300 marks in
simulated groups 4 % have as much, of those along the arteries of a digitised film more than half."""
_TUBE_FEATURE = "bent_0.448"
FOREIGN_CHANCE = 0.5
"""Marks more likely foreign or an artefact than anything else are labelled so."""


def label_marks(marks: Marks, *, kinds: Values, skin_mm: Values, spacing: Spacing) -> tuple[MarkLabel, ...]:
    """Name what each mark is taken for; suspicious where nothing speaks strongly against it.

    Parameters
    ----------
    marks
        Of one image.
    kinds
        (n, 4) chance of each of `KINDS`.
    skin_mm
        (n,) depth of each below the skin line.
    spacing
        Of the image.
    """
    points_mm = marks.points_rc * spacing.rc_mm
    likely = np.flatnonzero(marks.probabilities >= LIKELY)
    labels = np.full(len(marks), MarkLabel.SUSPICIOUS, dtype=object)
    benign = likely[kinds[likely, 0] < BENIGN_BELOW]
    labels[benign] = np.array(KINDS, dtype=object)[1 + kinds[benign, 1:].argmax(axis=1)]
    on_tube = marks.table[likely, FEATURES.index(_TUBE_FEATURE)] >= TUBE_SNR
    arterial = vascular_marks(points_mm[likely]) | marks_along_tubes(points_mm[likely], on_tube)
    labels[likely[arterial]] = MarkLabel.VASCULAR
    labels[skin_mm <= SKIN_MM] = MarkLabel.SKIN
    labels[likely_foreign(marks)] = MarkLabel.FOREIGN
    return tuple(labels)


def likely_foreign(marks: Marks) -> NDArray[np.bool_]:
    """Tell which marks are more likely foreign or an artefact than anything else."""
    foreign: NDArray[np.bool_] = marks.scores[:, MARK_CLASSES.index("foreign")] >= FOREIGN_CHANCE
    return foreign

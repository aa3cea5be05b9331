"""Odds of a mark to be a microcalcification on this image: what the mark model says, held against the image itself.

A model's probabilities hold on images like those it was calibrated on. On another (a look, a dose, a film it has not
seen) thousands of specks may score as calcifications do elsewhere. But few square centimetres of a breast hold as many
as three calcifications, so the third best score of the middle one of all square centimetres is that of noise; as far
as it lies above what is usual on training images, every score of this image is too high. The median does not notice
groups, which fill a few square centimetres, nor benign calcifications all over a breast, one or two in each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from calcmeasure.detect.contract import BoolImage, CalcificationMarks, Values
from calcmeasure.geometry import Spacing
from calcmeasure.terms import MarkLabel

TILE_MM, RANK = 10.0, 3
"""Side of the squares whose scores are compared, and which of the scores in each, from the best."""
USUAL_LOG_ODDS = -5.5
"""95 % of the training images show less; only what lies above it is taken off."""
NO_MARK_LOG_ODDS = -9.0
"""Score of a tile without that many marks."""
BENIGN_MM, BENIGN_SLOPE = 0.5, 6.0
"""Above this diameter a calcification is rather a coarse, rim or skin calcification: from training scenes."""
_HIGHEST = 1.0 - 1e-6
_LEAST_SHARE = 0.01


def odds_on_image(marks: CalcificationMarks, *, breast: BoolImage, spacing: Spacing) -> Values:
    """Odds (n,) of each mark to belong to a microcalcification.

    They lie halfway, on a logarithmic scale, between those of standing for one and those of lying on one at all:
    further maxima carry a group to the ends of casts, but three on one rod are no three calcifications.

    Parameters
    ----------
    marks
        All marks of one image.
    breast
        (rows, columns) mask.
    """
    log_odds = _log_odds(marks.probabilities)
    if marks.body_chances is not None:
        log_odds = 0.5 * (log_odds + _log_odds(marks.body_chances))
    excess = max(0.0, usual_score(marks, log_odds, breast=breast, spacing=spacing) - USUAL_LOG_ODDS)
    return odds(expit(log_odds - excess) * suspicious_share(marks))


def odds(probabilities: Values | float) -> Values:
    """Odds p / (1 - p), bounded."""
    bounded = np.minimum(probabilities, _HIGHEST)
    ratio: Values = np.asarray(bounded / (1.0 - bounded))
    return ratio


def _log_odds(probabilities: Values) -> Values:
    logs: Values = np.log(odds(np.maximum(probabilities, 1e-6)))
    return logs


def in_question(marks: CalcificationMarks) -> NDArray[np.bool_]:
    """Tell which marks may belong to a group: those that nothing speaks strongly against."""
    return marks.labelled(MarkLabel.SUSPICIOUS, MarkLabel.SCATTERED)


def benign_odds(marks: CalcificationMarks) -> Values:
    """Odds of each, if it is a calcification, to be a typically benign one; bounded."""
    odds_against: Values = 1.0 / np.maximum(suspicious_share(marks), _LEAST_SHARE) - 1.0
    return odds_against


def suspicious_share(marks: CalcificationMarks) -> Values:
    """Chance of each, if it is a calcification, to be no typically benign one; by its size if nothing else is known."""
    if marks.suspicious_chances is not None:
        return marks.suspicious_chances
    share = expit(-BENIGN_SLOPE * np.log(np.maximum(marks.diameters_mm, 1e-3) / BENIGN_MM))
    return np.where(np.isfinite(marks.diameters_mm), share, 1.0)


def usual_score(marks: CalcificationMarks, log_odds: Values, *, breast: BoolImage, spacing: Spacing) -> float:
    """Median over the square centimetres of the breast of the third best log odds in each."""
    tiles_rc = np.maximum(1, np.rint(TILE_MM / np.asarray(spacing.rc_mm))).astype(np.intp)
    counted = _tiles_in_breast(breast, tiles_rc)
    if not counted.any():
        return NO_MARK_LOG_ODDS
    rows, cols = np.clip(np.rint(marks.points_rc).astype(np.intp) // tiles_rc, 0, np.array(counted.shape) - 1).T
    tiles = rows * counted.shape[1] + cols
    order = np.lexsort((-log_odds, tiles))
    ranked = np.arange(len(order)) - np.searchsorted(tiles[order], tiles[order])
    scores = np.full(counted.size, NO_MARK_LOG_ODDS)
    third = order[ranked == RANK - 1]
    scores[tiles[third]] = log_odds[third]
    return float(np.median(scores[counted.ravel()]))


def _tiles_in_breast(breast: BoolImage, tiles_rc: np.ndarray[tuple[int], np.dtype[np.intp]]) -> BoolImage:
    """Tiles of which at least half lies in the breast, judged on every eighth pixel."""
    rows, cols = np.nonzero(breast[::8, ::8])
    shape = tuple(int(-(-n // tile)) for n, tile in zip(breast.shape, tiles_rc, strict=True))
    counts = np.zeros(shape)
    np.add.at(counts, (8 * rows // tiles_rc[0], 8 * cols // tiles_rc[1]), 64)
    half: BoolImage = counts >= 0.5 * float(tiles_rc.prod())
    return half

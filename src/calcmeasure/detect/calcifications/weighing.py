"""Odds of a mark to be a microcalcification on this image: what the mark model says, held against the image itself.

A model's probabilities hold on images like those it was calibrated on. On another (a look, a dose, a film it has not
seen) thousands of specks may score as calcifications do elsewhere. But hardly any square centimetre of a breast
holds a calcification, so the best score of the middle one of all square centimetres is that of noise; as far as it
lies above what it is on training images, every score of this image is too high. The median does not notice groups,
which fill a few square centimetres.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from calcmeasure.detect.contract import BoolImage, CalcificationMarks, Values
from calcmeasure.geometry import Spacing

TILE_MM = 10.0
"""Side of the squares whose best scores are compared."""
USUAL_LOG_ODDS = -4.0
"""Best score of the middle tile that is usual on training images; only what lies above it is taken off."""
NO_MARK_LOG_ODDS = -9.0
"""Best score of a tile without any mark kept."""
BENIGN_MM, BENIGN_SLOPE = 0.55, 8.0
"""Above this diameter a calcification is rather a coarse, rim or skin calcification: from training scenes."""
_HIGHEST = 1.0 - 1e-6


def odds_on_image(marks: CalcificationMarks, *, breast: BoolImage, spacing: Spacing) -> Values:
    """Odds (n,) of each mark to be a microcalcification.

    Parameters
    ----------
    marks
        All marks of one image.
    breast
        (rows, columns) mask.
    """
    log_odds = np.log(odds(np.maximum(marks.probabilities, 1e-6)))
    excess = max(0.0, usual_best(marks, log_odds, breast=breast, spacing=spacing) - USUAL_LOG_ODDS)
    return odds(expit(log_odds - excess) * small_share(marks.diameters_mm))


def odds(probabilities: Values | float) -> Values:
    """Odds p / (1 - p), bounded."""
    bounded = np.minimum(probabilities, _HIGHEST)
    ratio: Values = np.asarray(bounded / (1.0 - bounded))
    return ratio


def small_share(diameters_mm: Values) -> Values:
    """Share of microcalcifications among all calcifications that look this large; 1 where the size is unknown."""
    share = expit(-BENIGN_SLOPE * np.log(np.maximum(diameters_mm, 1e-3) / BENIGN_MM))
    return np.where(np.isfinite(diameters_mm), share, 1.0)


def usual_best(marks: CalcificationMarks, log_odds: Values, *, breast: BoolImage, spacing: Spacing) -> float:
    """Median over the square centimetres of the breast of the best log odds in each."""
    tiles_rc = np.maximum(1, np.rint(TILE_MM / np.asarray(spacing.rc_mm))).astype(np.intp)
    counted = _tiles_in_breast(breast, tiles_rc)
    if not counted.any():
        return NO_MARK_LOG_ODDS
    best = np.full(counted.shape, NO_MARK_LOG_ODDS)
    rows, cols = np.clip(np.rint(marks.points_rc).astype(np.intp) // tiles_rc, 0, np.array(counted.shape) - 1).T
    np.maximum.at(best, (rows, cols), log_odds)
    return float(np.median(best[counted]))


def _tiles_in_breast(breast: BoolImage, tiles_rc: np.ndarray[tuple[int], np.dtype[np.intp]]) -> BoolImage:
    """Tiles of which at least half lies in the breast, judged on every eighth pixel."""
    rows, cols = np.nonzero(breast[::8, ::8])
    shape = tuple(int(-(-n // tile)) for n, tile in zip(breast.shape, tiles_rc, strict=True))
    counts = np.zeros(shape)
    np.add.at(counts, (8 * rows // tiles_rc[0], 8 * cols // tiles_rc[1]), 64)
    half: BoolImage = counts >= 0.5 * float(tiles_rc.prod())
    return half

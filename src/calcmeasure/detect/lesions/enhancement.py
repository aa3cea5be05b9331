"""Percent enhancement of a series, what of it is background, and the coarse grid that candidates are sought on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from calcmeasure.detect.contract import BackgroundEnhancement, BoolImage, FloatImage
from calcmeasure.detect.lesions.chest import block_mean
from calcmeasure.geometry import ImageGrid

FloatArray = NDArray[np.float64]
Factors = tuple[int, int, int]

WORKING_MM = 2.0
"""Candidates are sought on blocks no larger than this: less noise, and an eighth of the voxels."""
FLOOR_SHARE = 0.25
"""Percent enhancement is taken over at least this share of the breast's bright signal (95th percentile before
contrast), so that noise over suppressed fat does not look like uptake."""
SURELY_LESION = 100.0
"""Percent enhancement that background does not reach; left out when background is judged."""
LEAST_ENHANCEMENT = 45.0
"""Percent enhancement at which a lesion is looked for however quiet the breast..."""
ABOVE_BACKGROUND = 1.6
"""...and this many times the 95th percentile of the background's: patches of it reach as much."""
_BINS = 128


@dataclass(frozen=True, slots=True)
class Background:
    """How the breast enhances where nothing is wrong.

    Parameters
    ----------
    median, spread
        Of percent enhancement of fibroglandular tissue; the spread is 1.4826 times the median absolute deviation.
    high
        95th percentile over all of the breast.
    tissue_ml
        Volume of the fibroglandular tissue.
    """

    median: float
    spread: float
    high: float
    tissue_ml: float = 0.0

    @property
    def demand(self) -> float:
        """Percent enhancement that stands out in this breast: the unit in which candidates are judged."""
        return max(LEAST_ENHANCEMENT, ABOVE_BACKGROUND * self.high)

    def as_found(self) -> BackgroundEnhancement:
        """Give what the record keeps."""
        return BackgroundEnhancement(percent=self.median, spread=self.spread, tissue_ml=self.tissue_ml)


@dataclass(frozen=True, slots=True)
class EnhancementMaps:
    """Subtraction and percent enhancement, fine and coarse.

    Parameters
    ----------
    subtraction, percent
        (slices, rows, columns) early minus pre-contrast, and over the floored pre-contrast signal.
    coarse
        Percent enhancement on blocks of `factors` voxels.
    floor
        Least divisor of percent enhancement.
    working_mm
        (3,) size of a block.
    """

    subtraction: FloatImage
    percent: FloatImage
    coarse: FloatImage
    factors: Factors
    floor: float
    working_mm: FloatArray
    background: Background


def map_enhancement(pre: FloatImage, early: FloatImage, *, breast: BoolImage, grid: ImageGrid) -> EnhancementMaps:
    """Subtract, divide, and judge the background.

    Parameters
    ----------
    pre, early
        (slices, rows, columns); the first already moved onto the second.
    breast
        Where background is measured.
    """
    subtraction = early - pre
    bright = float(np.percentile(pre[breast][::7], 95)) if breast.any() else float(pre.max())
    floor = max(FLOOR_SHARE * bright, 1e-6)
    percent = np.maximum(pre, np.float32(floor))
    np.divide(subtraction, percent, out=percent)
    percent *= np.float32(100)
    factors = factors_of(grid)
    working_mm = np.multiply(factors, grid.spacing.zrc_mm)
    coarse = ndimage.gaussian_filter(block_mean(percent, factors), 0.5)
    inside = shrunk(breast, factors)
    background = background_of(coarse, block_mean(pre, factors), inside=inside, block_mm3=float(np.prod(working_mm)))
    return EnhancementMaps(subtraction, percent, coarse, factors, floor, working_mm, background)


def shrunk(mask: BoolImage, factors: Factors) -> BoolImage:
    """Blocks that lie wholly inside."""
    inside: BoolImage = block_mean(mask, factors) > 0.99
    return inside


def background_of(percent: FloatImage, pre: FloatImage, *, inside: BoolImage, block_mm3: float = 1.0) -> Background:
    """Median and spread over fibroglandular tissue, 95th percentile over all tissue; lesions and vessels left out.

    Of the two classes of signal before contrast, fibroglandular tissue is the one that takes up more: bright where fat
    is suppressed, dark where it is not.
    """
    usual = inside & (percent < SURELY_LESION)
    values = percent[usual]
    if not values.size:
        return Background(0.0, 0.0, 0.0)
    gland = _gland(values, pre[usual])
    median = float(np.median(gland))
    spread = 1.4826 * float(np.median(np.abs(gland - median)))
    return Background(median, spread, float(np.percentile(values, 95)), len(gland) * block_mm3 / 1000)


def _gland(values: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """Percent enhancement of the class that takes up more; all of it when there is one class only."""
    bright = before > _split(before)
    if not 0.02 < bright.mean() < 0.98:
        return values
    classes = (values[bright], values[~bright])
    return max(classes, key=lambda part: float(np.median(part)))


def _split(values: NDArray[np.float32]) -> float:
    """Otsu's threshold: the widest gap between the means of two classes, weighted by their sizes."""
    low, high = (float(value) for value in np.percentile(values, (0.5, 99.5)))
    if not high > low + 1e-6 * abs(low):
        return high
    counts, edges = np.histogram(values.astype(np.float64), bins=_BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(float)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums[:-1] / below - (sums[-1] - sums[:-1]) / above
    between = np.where((below > 0) & (above > 0), below * above * gap**2, 0)
    return float(edges[1:-1][int(np.argmax(between))])


def factors_of(grid: ImageGrid, *, block_mm: float = WORKING_MM) -> Factors:
    """How many voxels along each axis make a block no larger than `block_mm`."""
    z, r, c = (max(1, int(block_mm / step + 1e-6)) for step in grid.spacing.zrc_mm)
    return z, r, c

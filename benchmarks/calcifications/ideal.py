"""The ideal observer: what quantum noise alone allows.

A matched filter that knows each calcification's shape and the noise answers with a normal variate of mean d' and
standard deviation 1. Asked at every place and size, it answers falsely at any of the independent ones; their number
fixes the threshold for a given rate of false answers. It meets no anatomy, so no detector reaches it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

LOCATIONS_PER_CM2 = 6400.0
"""Independent places and sizes per cm² at 70 µm; 0.01, 0.1 and 1 false answers per cm² ask for 4.66, 4.16 and 3.60."""

Values = NDArray[np.float64]


def ideal_sensitivity(dprime: Values, rates: Values) -> Values:
    """Share of calcifications of detectability `dprime` (n,) found at each rate (k,) of false answers per cm²."""
    thresholds = -ndtri(rates / LOCATIONS_PER_CM2)
    return np.asarray(ndtr(dprime[None, :] - thresholds[:, None]).mean(axis=1))

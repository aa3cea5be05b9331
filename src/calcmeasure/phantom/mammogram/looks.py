"""Presentation looks: what machines make of the logarithm of the signal before a reader sees it.

Each maker equalises the thin edge, bends the grey scale and sharpens in its own way; a detector has to work on all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from calcmeasure.phantom.mammogram.detector import FloatImage

_NEPERS_SHOWN = 2.2
"""Log attenuation from the thinnest edge to the densest gland that a look spreads over its grey scale."""


@dataclass(frozen=True, slots=True)
class Look:
    """One maker's processing.

    Parameters
    ----------
    gain
        Grey levels per neper in the middle, as a share of the whole scale.
    bend
        0 keeps the scale straight; towards 1 it becomes an S.
    equalised
        Share of the attenuation missing at the thin edge that is made up for.
    sharpening
        Gain of what is finer than `sharpening_mm`.
    bits
        Stored.
    background
        Value beside the breast, as a share of the scale.
    """

    gain: float = 0.35
    bend: float = 0.0
    equalised: float = 0.9
    sharpening: float = 0.0
    sharpening_mm: float = 0.3
    bits: int = 12
    background: float = 0.0


LOOKS = {
    "linear": Look(gain=0.32, equalised=0.9),
    "shoulder": Look(gain=0.42, bend=0.4, equalised=0.85),
    "sigmoid": Look(gain=0.45, bend=0.9, equalised=0.8, background=0.01),
    "sharpened": Look(gain=0.32, bend=0.3, sharpening=0.8, sharpening_mm=0.35),
    "equalised": Look(gain=0.50, bend=0.5, equalised=1.0, sharpening=0.4, sharpening_mm=0.8),
    "steep": Look(gain=0.60, bend=0.8, equalised=0.95, bits=14),
    "crisp": Look(gain=0.36, bend=0.2, sharpening=1.6, sharpening_mm=0.25),
    "flat": Look(gain=0.22, bend=0.1, equalised=0.7, bits=10, background=0.02),
}


def present(
    log_attenuation: FloatImage,
    thinning: FloatImage,
    breast: NDArray[np.bool_],
    *,
    look: Look,
    pixel_mm: tuple[float, float],
) -> FloatImage:
    """Make the stored values of a For Presentation image, bright is dense.

    Parameters
    ----------
    log_attenuation
        (rows, columns) nepers, 0 behind fat of full thickness.
    thinning
        Attenuation missing where the breast is thinner.
    """
    flattened = log_attenuation + np.float32(look.equalised) * thinning
    if look.sharpening:
        sigma = [look.sharpening_mm / pitch for pitch in pixel_mm]
        flattened = flattened + np.float32(look.sharpening) * (
            flattened - gaussian_filter(flattened, sigma, truncate=2.5)
        )
    top = (1 << look.bits) - 1
    values = np.rint(top * _curve(flattened, look)).astype(np.float32)
    values[~breast] = round(look.background * top)
    return values


def _curve(nepers: FloatImage, look: Look) -> FloatImage:
    """Grey as a share of the scale: a straight part and an S of the same slope in the middle, mixed by `bend`."""
    middle = np.float32(0.25 * _NEPERS_SHOWN)
    straight = 0.45 + look.gain * (nepers - middle)
    bent = 0.5 * (1.0 + np.tanh(2.0 * (straight - 0.5)))
    mixed = (1.0 - look.bend) * straight + look.bend * bent
    share: FloatImage = np.clip(mixed, 0.0, 1.0).astype(np.float32)
    return share


def log_signal(signal: FloatImage) -> FloatImage:
    """Nepers of attenuation that a signal stands for; nothing measured counts as very dense."""
    nepers: FloatImage = -np.log(np.maximum(signal, np.float32(1e-4)))
    return nepers

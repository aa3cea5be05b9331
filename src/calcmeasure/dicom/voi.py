"""Value of interest: which modality values become which grey (DICOM PS3.3 C.11.2) and look-up tables (C.11.1).

Everything here returns grey as a fraction, 0 the first and 1 the last step of the output range, before polarity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
Grey = NDArray[np.float32]

FALLBACK_PERCENTILES = (0.5, 99.8)
"""Of the breast's pixels, mapped to black and white where a header states no window."""


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056)."""

    LINEAR = "LINEAR"
    """Whole-number windows: a width of w spans w grey values, centre between the middle two."""
    LINEAR_EXACT = "LINEAR_EXACT"
    """Continuous windows: from centre - width/2 to centre + width/2."""
    SIGMOID = "SIGMOID"
    """A soft shoulder at either end."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of modality values.

    Parameters
    ----------
    centre, width
        In modality units.
    function
        How values inside the window are spread.
    explanation
        What the header calls it, such as ``NORMAL``; often empty.
    """

    centre: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether the width is one the function allows (C.11.2.1.2-3)."""
        if not np.isfinite([self.centre, self.width]).all():
            return False
        return self.width >= 1 if self.function is VoiFunction.LINEAR else self.width > 0

    def apply(self, values: Values) -> Grey:
        """Map modality values to grey 0-1.

        Raises
        ------
        ValueError
            If the window is not usable.

        Examples
        --------
        >>> window = Window(2048, 1024)
        >>> round(float(window.apply(np.array([2048.0]))[0]) * 4095, 1)
        2049.5
        """
        if not self.is_usable:
            raise ValueError(f"a {self.function} window cannot have width {self.width}")
        fraction = _FUNCTIONS[self.function](values.astype(np.float64), self.centre, self.width)
        return np.asarray(fraction, np.float32)


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A modality or VOI look-up table.

    Parameters
    ----------
    outputs
        (n,) output of every entry.
    first
        Input value of entry 0; inputs below take its output, inputs above the last entry that of the last.
    bits
        Of one output.
    explanation
        What the header calls it; often empty.
    """

    outputs: NDArray[np.uint16]
    first: int
    bits: int
    explanation: str = ""

    def apply(self, values: Values) -> Values:
        """Map values to table outputs; inputs are rounded to whole numbers."""
        index = np.rint(values).astype(np.int64) - self.first
        outputs: Values = self.outputs[np.clip(index, 0, self.outputs.size - 1)]
        return outputs

    def apply_as_grey(self, values: Values) -> Grey:
        """Map values to grey 0-1 of the table's output range."""
        fraction = self.apply(values) / (2**self.bits - 1)
        return np.asarray(fraction.clip(0, 1), np.float32)


def window_from_pixels(values: Values) -> Window | None:
    """Choose a window over most of the breast, for an image that states none.

    Parameters
    ----------
    values
        Modality values of the pixels that are not padding, any shape. The breast is taken as everything that differs
        from the most frequent value, which is the air beside it; a picture without air counts whole.

    Returns
    -------
    Window or None
        None when all values are equal.
    """
    flat = values.reshape(-1)[:: max(1, values.size // 200_000)]
    levels, counts = np.unique(flat, return_counts=True)
    if levels.size < 2:
        return None
    breast = flat[flat != levels[np.argmax(counts)]] if counts.max() > flat.size // 20 else flat
    low, high = np.percentile(breast, FALLBACK_PERCENTILES)
    if high <= low:
        low, high = levels[0], levels[-1]
    return Window(float(low + high) / 2, float(high - low), VoiFunction.LINEAR_EXACT)


def _linear(values: Values, centre: float, width: float) -> Values:
    if width == 1:
        stepped: Values = (values > centre - 0.5).astype(np.float64)
        return stepped
    return ((values - (centre - 0.5)) / (width - 1) + 0.5).clip(0, 1)


def _linear_exact(values: Values, centre: float, width: float) -> Values:
    return ((values - centre) / width + 0.5).clip(0, 1)


def _sigmoid(values: Values, centre: float, width: float) -> Values:
    exponent = (-4 * (values - centre) / width).clip(-700, 700)
    curve: Values = 1 / (1 + np.exp(exponent))
    return curve


_FUNCTIONS: dict[VoiFunction, Callable[[Values, float, float], Values]] = {
    VoiFunction.LINEAR: _linear,
    VoiFunction.LINEAR_EXACT: _linear_exact,
    VoiFunction.SIGMOID: _sigmoid,
}

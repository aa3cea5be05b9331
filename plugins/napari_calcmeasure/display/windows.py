"""Window presets: which pixel values become which grey, by moving limits and colour map only; pixels stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class WindowPreset:
    """One way to look at an image.

    Parameters
    ----------
    name
        As in the header's explanation, or ours ("full range").
    limits
        Values shown black and white.
    curve
        (n,) grey 0-1 between the limits: a ramp, a sigmoid or a look-up table; already inverted where low values are
        meant to be bright.
    """

    name: str
    limits: tuple[float, float]
    curve: NDArray[np.float32]

    def inverted(self) -> WindowPreset:
        """Black for white."""
        return WindowPreset(self.name, self.limits, np.float32(1) - self.curve)

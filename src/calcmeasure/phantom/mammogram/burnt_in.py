"""What is written into the pixels after the exposure: crosses, rulers, frames, text; and pixels the machine lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.mammogram.calcifications import FloatArray
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.detector import FloatImage
from calcmeasure.phantom.mammogram.strokes import letter_strokes, stroke_coverage
from calcmeasure.terms import MarkLabel

_ARTEFACT = LABEL_CODES[MarkLabel.ARTEFACT]


def burn_in(
    values: FloatImage,
    labels: NDArray[np.uint8],
    *,
    white: float,
    pixel_mm: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Write one cross, ruler, frame or line of text anywhere into the pixels, in place."""
    lines = _DRAWINGS[rng.integers(len(_DRAWINGS))](rng)
    origin = (rng.uniform(0.05, 0.8) * values.shape[0], rng.uniform(0.0, 0.7) * values.shape[1])
    width = rng.uniform(1.0, 2.5) * max(pixel_mm)
    shape = (values.shape[0], values.shape[1])
    covered = stroke_coverage(lines, shape, width_mm=width, pixel_mm=pixel_mm, origin_rc=origin) >= 0.5
    values[covered], labels[covered] = white, _ARTEFACT


def lose_pixels(values: FloatImage, labels: NDArray[np.uint8], count: int, *, rng: np.random.Generator) -> None:
    """Leave single pixels or runs of up to four at an extreme value, in place."""
    low, high = float(values.min()), float(values.max())
    for _ in range(count):
        row, col, run = (
            int(rng.integers(values.shape[0])),
            int(rng.integers(values.shape[1] - 4)),
            int(rng.integers(1, 5)),
        )
        values[row, col : col + run] = high if rng.random() < 0.6 else low
        labels[row, col : col + run] = _ARTEFACT


def _cross(rng: np.random.Generator) -> list[FloatArray]:
    half = rng.uniform(1.0, 5.0)
    return [np.array([[-half, 0.0], [half, 0.0]]), np.array([[0.0, -half], [0.0, half]])]


def _ruler(rng: np.random.Generator) -> list[FloatArray]:
    length = 10.0 * rng.integers(2, 6)
    ticks = [np.array([[at, 0.0], [at, 2.0 if at % 5 == 0 else 1.0]]) for at in np.arange(0.0, length + 0.5, 1.0)]
    return [np.array([[0.0, 0.0], [length, 0.0]]), *ticks]


def _box(rng: np.random.Generator) -> list[FloatArray]:
    height, width = rng.uniform(10.0, 45.0, 2)
    return [np.array([[0.0, 0.0], [height, 0.0], [height, width], [0.0, width], [0.0, 0.0]])]


def _text(rng: np.random.Generator) -> list[FloatArray]:
    text = "".join(rng.choice(list("RLCMO01247AET-"), 8))
    return letter_strokes(text, height_mm=rng.uniform(1.5, 4.0))


_DRAWINGS = (_cross, _ruler, _box, _text)

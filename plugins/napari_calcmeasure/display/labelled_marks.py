"""Marks that an automatic search left out, drawn by what each was taken for: shapes as in the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calcmeasure.geometry import Spacing
from calcmeasure.report.mark_styles import MARK_STYLES
from calcmeasure.terms import MarkLabel
from napari_calcmeasure.display.drawings import THIN_MM, Drawing, Stroke

HALF_MM = 0.9
"""From the middle of a shape to its corner."""
_Path = tuple[tuple[float, float], ...]
_TRIANGLE: _Path = ((-1.0, 0.0), (0.8, -0.9), (0.8, 0.9))
_SQUARE: _Path = ((-0.8, -0.8), (-0.8, 0.8), (0.8, 0.8), (0.8, -0.8))
_DIAMOND: _Path = ((-1.0, 0.0), (0.0, 1.0), (1.0, 0.0), (0.0, -1.0))
_SHAPES: Mapping[str, tuple[tuple[str, _Path], ...]] = {
    "^": (("polygon", _TRIANGLE),),
    "s": (("polygon", _SQUARE),),
    "D": (("polygon", _DIAMOND),),
    "x": (("line", ((-0.7, -0.7), (0.7, 0.7))), ("line", ((-0.7, 0.7), (0.7, -0.7)))),
    "+": (("line", ((-1.0, 0.0), (1.0, 0.0))), ("line", ((0.0, -1.0), (0.0, 1.0)))),
    "1": (("path", ((-0.6, -0.8), (0.0, 0.0), (-0.6, 0.8))), ("line", ((0.0, 0.0), (1.0, 0.0)))),
}
"""Marker of the report to lines: row and column in units of `HALF_MM`."""
_SIGNS: Mapping[str, str] = {"^": "△", "s": "□", "D": "◇", "x": "×", "+": "+", "1": "⅄"}
"""The same shapes as characters."""


def left_out_words(labels: Sequence[MarkLabel]) -> str:
    """Say what was seen and is not measured, with the shapes it is drawn in.

    Examples
    --------
    >>> left_out_words([MarkLabel.COARSE, MarkLabel.VASCULAR, MarkLabel.COARSE])
    'Not measured: △ arterial 1 · ◇ coarse 2'
    """
    counts = Counter(labels)
    kinds = [(style, counts[label]) for label, style in MARK_STYLES.items() if counts[label]]
    return "Not measured: " + " · ".join(f"{_SIGNS[s.shape]} {s.words} {n}" for s, n in kinds) if kinds else ""


def draw_left_out(points_rc: NDArray[np.float64], labels: Sequence[MarkLabel], *, spacing: Spacing) -> Drawing:
    """Draw what was seen and is not measured.

    Parameters
    ----------
    points_rc, labels
        (n, 2) pixel indices, and what each mark was taken for.
    spacing
        Of the image: shapes have a size in mm.
    """
    unit = HALF_MM / np.asarray(spacing.rc_mm)
    strokes = [
        Stroke(_at(place, path, unit), kind, MARK_STYLES[label].colour, THIN_MM)
        for place, label in zip(points_rc, labels, strict=True)
        for kind, path in _SHAPES[MARK_STYLES[label].shape]
    ]
    return Drawing(tuple(strokes))


def _at(place: NDArray[np.float64], path: _Path, unit: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    corners = place + np.asarray(path) * unit
    return tuple((float(row), float(col)) for row, col in corners)

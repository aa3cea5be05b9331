"""Strokes as straight segments for napari's vectors: one mesh, made in a millisecond whatever it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_calcmeasure.display.panel import LayerData

Segments = NDArray[np.float64]
"""(n, 2, 2): start and direction of each, (row, column)."""


def join(points: ArrayLike, *, is_closed: bool) -> Segments:
    """Join points in their order.

    Parameters
    ----------
    points
        (n, 2) corners.
    is_closed
        Whether the last one is joined to the first.
    """
    corners = np.asarray(points, dtype=float)
    ends = np.roll(corners, -1, axis=0)
    segments = np.stack([corners, ends - corners], axis=1)
    return segments if is_closed else segments[:-1]


def thicken(segments: Segments, *, width: float, pen: float) -> Segments:
    """Lay segments side by side until a pen of one width has drawn a wider line.

    Parameters
    ----------
    segments
        Middle of the line.
    width, pen
        Of the line and of the pen, in the units of the segments.
    """
    strands = max(1, int(np.ceil(width / pen - 1e-6)))
    lengths = np.linalg.norm(segments[:, 1], axis=1, keepdims=True)
    across = segments[:, 1, ::-1] * (1.0, -1.0) / np.where(lengths > 0, lengths, 1.0)
    offsets = np.linspace(-1, 1, strands) * (width - pen) / 2 if strands > 1 else np.zeros(1)
    laid = np.repeat(segments[None], strands, axis=0)
    laid[:, :, 0] += offsets[:, None, None] * across
    return laid.reshape(-1, 2, 2)


def outline(mask: NDArray[np.bool_], *, at: Sequence[int] = (0, 0)) -> Segments:
    """Draw the edges between the pixels of a mask and those around it.

    Parameters
    ----------
    mask
        (rows, columns).
    at
        Pixel of the picture at which it begins.
    """
    padded = np.pad(mask, 1)
    below, beside = np.argwhere(padded[1:] != padded[:-1]), np.argwhere(padded[:, 1:] != padded[:, :-1])
    # Pixel (0, 0) of the mask is (1, 1) of the padded one, and a pixel begins half a pixel before its centre.
    starts = np.concatenate([below - (0.5, 1.5), beside - (1.5, 0.5)]) + np.asarray(at)
    ways = np.concatenate([np.tile((0.0, 1.0), (len(below), 1)), np.tile((1.0, 0.0), (len(beside), 1))])
    return np.stack([starts, ways], axis=1)


def as_vectors(data: LayerData) -> LayerData:
    """Show a layer of straight lines as vectors.

    Parameters
    ----------
    data
        Shapes of two points each, with a width and a colour for each; what comes later lies on top.
    """
    lines, keywords, _ = data
    kept: dict[str, Any] = {name: value for name, value in keywords.items() if name != "shape_type"}
    widths, pen = keywords["edge_width"], min(keywords["edge_width"])
    laid = [
        thicken(join(line, is_closed=False), width=width, pen=pen) for line, width in zip(lines, widths, strict=True)
    ]
    colours = [colour for colour, part in zip(keywords["edge_color"], laid, strict=True) for _ in part]
    look = {"vector_style": "line", "edge_width": pen, "edge_color": colours}
    return (np.concatenate(laid), {**kept, **look}, "vectors")

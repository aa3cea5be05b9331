"""Distances within the image plane, in pixels: what lies under the pointer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import hypot, inf

import numpy as np

from napari_calcmeasure.reading.finding import Point


def distance(one: Point, other: Point) -> float:
    """In-plane distance of two points; a slice index is left out."""
    return hypot(one[-2] - other[-2], one[-1] - other[-1])


def nearest(points: Iterable[Point], place: Point) -> tuple[float, int]:
    """Find the point nearest to a place.

    Returns
    -------
    (distance, index)
        Infinite and -1 without points.
    """
    return min(((distance(point, place), n) for n, point in enumerate(points)), default=(inf, -1))


def from_segment(place: Point, start: Point, end: Point) -> float:
    """Distance of a place from a straight line between two points."""
    row, column = end[-2] - start[-2], end[-1] - start[-1]
    length_square = row * row + column * column
    along = 0.0
    if length_square > 0:
        along = ((place[-2] - start[-2]) * row + (place[-1] - start[-1]) * column) / length_square
    along = min(max(along, 0.0), 1.0)
    return hypot(place[-2] - start[-2] - along * row, place[-1] - start[-1] - along * column)


def from_path(place: Point, points: Sequence[Point], *, is_closed: bool) -> float:
    """Distance of a place from a polygon's edge, or from an open line; infinite without points."""
    if len(points) < 2:
        return nearest(points, place)[0]
    path = (*points, points[0]) if is_closed else tuple(points)
    return min(from_segment(place, start, end) for start, end in pairwise(path))


def is_inside(place: Point, polygon: Sequence[Point]) -> bool:
    """Whether a place lies inside a polygon (even-odd rule)."""
    row, column = place[-2:]
    inside = False
    for start, end in pairwise((*polygon, polygon[0])):
        if (start[-2] > row) != (end[-2] > row):
            crossing = start[-1] + (row - start[-2]) * (end[-1] - start[-1]) / (end[-2] - start[-2])
            inside ^= column < crossing
    return inside


def crosses_itself(polygon: Sequence[Point]) -> bool:
    """Whether two edges of a closed polygon cross; edges that only touch do not."""
    start = np.asarray([vertex[-2:] for vertex in polygon], dtype=float)
    along = np.roll(start, -1, axis=0) - start
    away = start[None, :, :] - start[:, None, :]
    side = along[:, None, 0] * away[..., 1] - along[:, None, 1] * away[..., 0]
    # Row i, column j: the ends of edge j lie on different sides of the line through edge i.
    parts = side * np.roll(side, -1, axis=1) < 0
    return bool(np.any(parts & parts.T))


def span_across(polygon: Sequence[Point]) -> float:
    """Greatest distance of a vertex from the line through the first vertex and the one farthest from it."""
    first = polygon[0]
    far = max(polygon, key=lambda vertex: distance(first, vertex))
    base = distance(first, far)
    return max(abs(_turn(first, far, vertex)) for vertex in polygon) / base if base > 0 else 0.0


def _turn(start: Point, end: Point, place: Point) -> float:
    """Twice the signed area of a triangle: which side of a line a place is on."""
    return (end[-2] - start[-2]) * (place[-1] - start[-1]) - (end[-1] - start[-1]) * (place[-2] - start[-2])

"""The surface of a lesion of the dynamic MR phantom: an ellipsoid with bumps, tapered or not, star-shaped.

With ``q`` the position in units of the semi-axes, a point is inside when ``|q| <= 1 + irregularity * bump(q / |q|)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

RAYS = 720
"""Directions in which a slice plane is cut."""
_SURFACE_POINTS = 2400
_NARROWEST = 0.05


@dataclass(frozen=True, slots=True)
class LesionSurface:
    """A lesion's boundary in mm along the image axes (slice, row, column) around its centre.

    Parameters
    ----------
    centre_zrc
        In pixel indices.
    semi_axes_mm
        Of the ellipsoid: long, in-plane short, through-plane.
    axes
        (3, 3) rows are the unit vectors of these axes along slice, row, column.
    irregularity
        Height of the bumps.
    waves, phases
        (k, 3) wave vectors and (k,) phases of the bumps.
    taper
        At ``q`` semi-axes from the centre along the long axis the two short ones are ``1 - taper * q`` as long.
    """

    centre_zrc: tuple[float, float, float]
    semi_axes_mm: FloatArray
    axes: FloatArray
    irregularity: float
    waves: FloatArray
    phases: FloatArray
    taper: float = 0.0

    def level(self, points_mm: FloatArray) -> FloatArray:
        """(..., 3) mm from the centre to relative radius: below 1 is inside, 1 on the boundary."""
        scaled = points_mm @ (self.axes.T / self.semi_axes_mm)
        if self.taper:
            scaled[..., 1:] /= np.maximum(1 - self.taper * scaled[..., :1], _NARROWEST)
        radius = np.sqrt(np.einsum("...i,...i->...", scaled, scaled))
        direction = scaled / np.maximum(radius, 1e-12)[..., None]
        level: FloatArray = radius / self._height(direction)
        return level

    def _height(self, direction: FloatArray) -> FloatArray:
        bumps = np.cos(direction @ self.waves.T + self.phases).mean(axis=-1) * np.sqrt(len(self.phases))
        height: FloatArray = 1.0 + self.irregularity * bumps
        return height

    def contour_mm(self, offset_mm: float) -> FloatArray:
        """(n, 2) row, column mm from the centre on the plane `offset_mm` along the slice axis; may be empty."""
        angles = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
        rays = np.stack([np.full(RAYS, 0.0), np.sin(angles), np.cos(angles)], axis=-1)
        base = np.array([offset_mm, 0.0, 0.0])
        if self.level(base[None])[0] >= 1:
            return np.empty((0, 2))
        low, high = np.zeros(RAYS), np.full(RAYS, 2.0 * float(self.semi_axes_mm.max()))
        for _ in range(36):
            middle = (low + high) / 2
            inside = self.level(base + middle[:, None] * rays) < 1
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        contour: FloatArray = (low[:, None] * rays)[:, 1:]
        return contour

    def surface_mm(self) -> FloatArray:
        """(n, 3) points spread evenly over the directions of the surface."""
        direction = _even_directions(_SURFACE_POINTS)
        scaled = direction * self._height(direction)[:, None]
        if self.taper:
            scaled[:, 1:] *= np.maximum(1 - self.taper * scaled[:, :1], _NARROWEST)
        points: FloatArray = (scaled * self.semi_axes_mm) @ self.axes
        return points

    def volume_mm3(self) -> float:
        """Enclosed volume: the integral over all directions of radius squared times the narrowing at that radius."""
        direction = _even_directions(_SURFACE_POINTS)
        height, slope = self._height(direction), self.taper * direction[:, 0]
        integral = height**3 - 3 / 2 * slope * height**4 + 3 / 5 * slope**2 * height**5
        return float(4 / 3 * np.pi * np.prod(self.semi_axes_mm) * np.mean(integral))


def _even_directions(count: int) -> FloatArray:
    """Fibonacci lattice on the unit sphere."""
    index = np.arange(count) + 0.5
    polar = np.arccos(1 - 2 * index / count)
    around = np.pi * (1 + 5**0.5) * index
    return np.stack([np.cos(polar), np.sin(polar) * np.sin(around), np.sin(polar) * np.cos(around)], axis=-1)

"""A mark given as a raster of path lengths, and its exact resampling onto another raster."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.phantom.mammogram.specks import Window

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PathMap:
    """Path length through one mark.

    Parameters
    ----------
    path_mm
        (rows, columns) mm through each cell; the centre of mass is the mark's place.
    cell_mm
        Edge of the square cells.
    """

    path_mm: FloatArray
    cell_mm: float

    @property
    def reach_mm(self) -> float:
        """Radius around the centre of mass that holds every cell."""
        far = max(max(middle, size - middle) for middle, size in zip(self._middle, self.path_mm.shape, strict=True))
        return float(np.sqrt(2.0) * far * self.cell_mm)

    def mirrored(self) -> PathMap:
        """Give the mirror image, left and right swapped."""
        return replace(self, path_mm=self.path_mm[:, ::-1])

    def in_window(self, centre_rc: FloatArray, *, window: Window, pixel_mm: tuple[float, float]) -> NDArray[np.float32]:
        """Mean path length, mm, over each pixel of a window when the centre of mass lies at `centre_rc`."""
        rows, cols = (
            _overlaps(span, centre, pitch, edges=(np.arange(size + 1) - middle) * self.cell_mm)
            for span, centre, pitch, size, middle in zip(
                window, centre_rc, pixel_mm, self.path_mm.shape, self._middle, strict=True
            )
        )
        means: NDArray[np.float32] = (rows @ self.path_mm @ cols.T).astype(np.float32)
        return means

    @property
    def _middle(self) -> tuple[float, float]:
        """Centre of mass in cells from the upper left corner of the raster."""
        mass = self.path_mm.sum()
        rows, cols = (np.arange(size) + 0.5 for size in self.path_mm.shape)
        return float(rows @ self.path_mm.sum(axis=1) / mass), float(cols @ self.path_mm.sum(axis=0) / mass)


def _overlaps(span: slice, centre: float, pitch: float, *, edges: FloatArray) -> FloatArray:
    """Share of each pixel of a span (rows) that each cell (columns) covers along one axis."""
    low = (np.arange(span.start, span.stop) - 0.5 - centre) * pitch
    covered = np.minimum(low[:, None] + pitch, edges[None, 1:]) - np.maximum(low[:, None], edges[None, :-1])
    shares: FloatArray = np.clip(covered, 0.0, None) / pitch
    return shares

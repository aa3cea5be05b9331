"""Cells of napari's grid: each has its picture and drawings, and mammograms a scale bar of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

USUAL = (2, 2)
"""Rows and columns of a dynamic series as it is usually cut."""


class Cells:
    """The grid of one canvas.

    Parameters
    ----------
    viewer
        With the canvas.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._grid, self._bar = viewer.canvas.grid, viewer.canvas.overlays.scale_bar

    def set_out(self, shape: tuple[int, int], *, depth: int) -> None:
        """Tell napari how many cells there will be, and how many layers in each; best while nothing is seen."""
        self._grid.shape, self._grid.stride = shape, depth

    def open(self) -> None:
        """Part the canvas; one picture is enough to make the cells for, the others come into theirs one by one."""
        self._grid.enabled = True

    def show_bars(self, *, in_each: bool) -> None:
        """Show the scale bar; last, as it is painted anew with whatever else comes onto the canvas.

        Parameters
        ----------
        in_each
            Whether each cell has its own; napari counts the cells that are filled at this moment, and not later.
        """
        self._bar.visible, self._bar.gridded = True, in_each

    def close(self) -> None:
        """One canvas again, without a bar."""
        self._bar.visible = self._bar.gridded = self._grid.enabled = False

    def lay_in(self, layer: Layer) -> None:
        """Make the usual cells before they are needed.

        Parameters
        ----------
        layer
            Hidden, and nothing else is seen: what is would move into the cells, and be painted anew.
        """
        self._grid.shape, layer.visible = USUAL, True
        self._grid.enabled = True
        self._grid.enabled = layer.visible = False

    def lay_in_bar(self, *, paint: Callable[[], None]) -> Iterator[None]:
        """Make the scale bar before it is needed.

        Parameters
        ----------
        paint
            Paints the canvas beside the screen.
        """
        self._bar.visible = True
        yield
        paint()
        self._bar.visible = bool(self._grid.enabled)
        yield

"""Cells of a canvas on a viewer model."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.cells import USUAL, Cells
from plugin.widgets import pictures


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.mark.parametrize(
    ("make", "is_open", "has_bars"),
    [
        (pictures.pair_hanging, False, False),
        (pictures.grid_hanging, True, True),
        (pictures.volume_hanging, True, False),
    ],
)
def test_each_mammogram_in_a_cell_has_its_own_bar(viewer, make, is_open, has_bars):
    canvas, bar = Canvas(viewer), viewer.canvas.overlays.scale_bar
    canvas.show(make())
    assert (viewer.canvas.grid.enabled, bar.visible, bar.gridded) == (is_open, is_open, has_bars)
    canvas.clear()
    assert (viewer.canvas.grid.enabled, bar.visible, bar.gridded) == (False, False, False)


def test_making_cells_ready_leaves_nothing_to_see(viewer):
    layer = viewer.add_image(np.zeros((1, 1)), visible=False)
    seen = []
    viewer.canvas.grid.events.enabled.connect(
        lambda _event: seen.append((viewer.canvas.grid.enabled, viewer.canvas.grid.actual_shape(viewer.layers)))
    )
    Cells(viewer).lay_in(layer)
    assert seen == [(True, USUAL), (False, (1, 1))]
    assert not layer.visible


def test_a_bar_is_painted_once_and_hidden_again(viewer):
    bar, painted = viewer.canvas.overlays.scale_bar, []
    for _ in Cells(viewer).lay_in_bar(paint=lambda: painted.append(bar.visible)):
        pass
    assert painted == [True]
    assert not bar.visible

"""Names and scale bars follow the camera."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.frame_keeper import FrameKeeper
from plugin.widgets import pictures

pytestmark = pytest.mark.gui


@pytest.fixture
def viewer(qapp):
    made = ViewerModel()
    made.canvas.size = (400, 600)
    return made


def place_of(viewer, words):
    """Where words are written in the light colour, which is on top."""
    layer = viewer.layers["words lower left"]
    return layer.data[list(layer.features["words"]).index(words, len(layer.data) * 4 // 5)]


def test_a_name_stays_in_the_view(viewer, qtbot):
    canvas = Canvas(viewer)
    keeper = FrameKeeper(viewer, canvas)
    hanging = pictures.pair_hanging()
    canvas.show(hanging)
    panel = hanging.panels[0]
    keeper.keep()
    whole = place_of(viewer, panel.caption)
    assert np.allclose(whole, panel.placement.to_world((-0.5, -0.5 if panel.placement.scale[1] > 0 else 39.5)))
    middle = panel.placement.to_world((30.0, 20.0))
    canvas.camera.look_at(middle, 400.0)
    qtbot.waitUntil(lambda: keeper.is_settled)
    assert np.allclose(place_of(viewer, panel.caption), (middle[0] - 200 / 400, middle[1] - 300 / 400))
    canvas.camera.fit()
    qtbot.waitUntil(lambda: keeper.is_settled)
    assert np.allclose(place_of(viewer, panel.caption), whole)


def test_in_a_grid_there_is_nothing_to_keep(viewer):
    canvas = Canvas(viewer)
    canvas.show(pictures.grid_hanging())
    before = [np.array(layer.data) for layer in viewer.layers]
    FrameKeeper(viewer, canvas).keep()
    assert all(np.array_equal(one, layer.data) for one, layer in zip(before, viewer.layers, strict=True))

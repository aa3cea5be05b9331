"""Layers are made once and used again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_calcmeasure.display.drawings import draw_unfinished
from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.rack import SPARE
from plugin.widgets import pictures


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def canvas(viewer):
    return Canvas(viewer)


def count_of(event):
    """Count how often an event is sent."""
    heard = []
    event.connect(lambda _event: heard.append(1))
    return heard


@pytest.mark.parametrize("make", [pictures.pair_hanging, pictures.grid_hanging, pictures.volume_hanging])
def test_the_same_shape_of_examination_makes_no_new_layer(viewer, canvas, make):
    canvas.show(make())
    before = list(viewer.layers)
    names, places = [layer.name for layer in before], [tuple(layer.translate) for layer in before]
    canvas.show(make())
    assert list(viewer.layers) == before
    assert [layer.name for layer in viewer.layers] == names
    assert [tuple(layer.translate) for layer in viewer.layers] == places


def test_another_shape_uses_what_is_there(viewer, canvas):
    canvas.show(pictures.pair_hanging())
    canvas.show(pictures.volume_hanging())
    layers = set(viewer.layers)
    added = count_of(viewer.layers.events.inserted)
    for make in (pictures.pair_hanging, pictures.flicker_hanging, pictures.volume_hanging, pictures.pair_hanging):
        canvas.show(make())
    assert set(viewer.layers) == layers
    assert not added


def test_spare_layers_are_unseen_and_move_no_slider(viewer, canvas):
    canvas.show(pictures.pair_hanging())
    canvas.show(pictures.volume_hanging())
    spare = [layer for layer in viewer.layers if layer.name.startswith(SPARE)]
    assert spare
    assert not any(layer.visible for layer in spare)
    alone = ViewerModel()
    Canvas(alone).show(pictures.volume_hanging())
    assert viewer.dims.nsteps == alone.dims.nsteps
    assert viewer.dims.range == alone.dims.range
    canvas.show(pictures.pair_hanging())
    assert set(viewer.dims.nsteps[:-2]) == {1}, "a volume that is put back leaves no slider"
    assert not any(layer.data.squeeze().ndim > 2 for layer in viewer.layers if type(layer).__name__ == "Image")


def test_the_viewer_keeps_its_axes(viewer, canvas):
    canvas.show(pictures.pair_hanging())
    numbers = []
    viewer.dims.events.ndim.connect(lambda _event: numbers.append(viewer.dims.ndim))
    for make in (pictures.volume_hanging, pictures.grid_hanging, pictures.volume_hanging, pictures.flicker_hanging):
        canvas.show(make())
        canvas.clear()
    assert viewer.dims.ndim == 4
    assert not numbers, "napari makes its sliders anew whenever that changes"


def test_a_layer_comes_into_its_cell_again(viewer, canvas):
    canvas.show(pictures.grid_hanging())
    before = [layer for layer in viewer.layers if layer.visible]
    canvas.show(pictures.pair_hanging())
    canvas.show(replace(pictures.grid_hanging(), panels=pictures.grid_hanging().panels[:1]))
    canvas.show(pictures.grid_hanging())
    assert [layer for layer in viewer.layers if layer.visible] == before


def test_a_picture_is_shown_as_if_its_layer_were_new(viewer, canvas):
    canvas.show(pictures.volume_hanging())
    for layer in viewer.layers:
        if type(layer).__name__ == "Image":
            layer.gamma, layer.opacity = 0.5, 0.5
    canvas.show(pictures.pair_hanging())
    for panel, layer in zip(canvas.visible_panels, viewer.layers, strict=False):
        pixels, keywords, _ = panel.image
        assert np.shares_memory(layer.data, pixels)
        assert layer.name == keywords["name"]
        assert tuple(layer.contrast_limits) == keywords["contrast_limits"]
        assert np.allclose(layer.scale[-2:], keywords["scale"])
        assert np.allclose(layer.translate[-2:], keywords["translate"])
        assert (layer.gamma, layer.opacity) == (1.0, 1.0)


@pytest.mark.parametrize("between", [pictures.volume_hanging, pictures.flicker_hanging])
def test_names_keep_their_words_and_colours(viewer, canvas, between):
    def names():
        layers = [layer for layer in viewer.layers if layer.name.startswith("words")]
        return {one.name: (list(one.features["words"]), one.text.color.array.tolist()) for one in layers}

    canvas.show(pictures.pair_hanging())
    before = names()
    assert all(len(words) == len(colours) for words, colours in before.values())
    canvas.show(between())
    canvas.show(pictures.pair_hanging())
    assert names() == before


def test_only_what_moves_is_drawn_again(viewer, canvas):
    hanging = pictures.grid_hanging()
    canvas.show(hanging)
    moving, still = (panel.key for panel in hanging.panels)
    stays = draw_unfinished([(1.0, 1.0), (5.0, 5.0)])
    canvas.draw({moving: draw_unfinished([(1.0, 1.0), (9.0, 9.0)]), still: stays})
    touched = {layer.name: count_of(layer.events.set_data) for layer in viewer.layers}
    heard = [count_of(layer.events.data) for layer in viewer.layers]
    canvas.draw({moving: draw_unfinished([(1.0, 1.0), (9.0, 8.0)]), still: stays})
    assert {name for name, times in touched.items() if times} == {f"lines {moving}", f"marks {moving}"}
    assert all(len(times) <= 1 for times in touched.values()), "each of them once"
    assert not any(heard), "a drawing does not change how far the axes reach"
    canvas.draw({moving: draw_unfinished([(1.0, 1.0), (9.0, 8.0)]), still: stays})
    assert sum(map(len, touched.values())) == 2, "nothing has changed since"


def test_a_hanging_builds_the_scene_once(viewer, canvas):
    canvas.show(pictures.volume_hanging())
    batches = count_of(viewer.layers.events.end_batch)
    canvas.show(pictures.pair_hanging())
    assert len(batches) == 1

"""The canvas on a viewer model: no window, no screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel

from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import GeometryKind, Method
from napari_calcmeasure.display.drawings import Drawing, draw_findings, draw_unfinished
from napari_calcmeasure.reading.finding import Finding, LesionMask
from napari_calcmeasure.widgets.canvas import Canvas
from napari_calcmeasure.widgets.rack import SPARE
from plugin.widgets import pictures

SLICE = -3
"""Axis of the slices, from the end."""


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def canvas(viewer):
    return Canvas(viewer)


def finding_on(panel, points, *, geometry=GeometryKind.CALIPER):
    target = panel.target
    annotation = Annotation(
        "a1", "R-C1", target.timepoint, target.study_date, target.modality, target.laterality, target.quantity,
        geometry, points, target.image, view=target.view, phase=target.phase, method=Method.MANUAL,
    )  # fmt: skip
    return Finding(annotation)


def by_kind(viewer, kind):
    """Layers of a kind in use, without those that name the pictures."""
    others = ("scale bars", "words", SPARE)
    return [layer for layer in viewer.layers if type(layer).__name__ == kind and not layer.name.startswith(others)]


def seen(viewer):
    return [layer for layer in viewer.layers if layer.visible]


@pytest.mark.parametrize(
    ("hanging", "images", "lines"),
    [
        (pictures.pair_hanging(), 2, 1),
        (pictures.grid_hanging(), 2, 2),
        (pictures.flicker_hanging(), 2, 1),
        (pictures.volume_hanging(), 2, 2),
    ],
    ids=["shared canvas", "grid", "flicker", "volume"],
)
def test_every_cell_gets_its_pictures_and_one_set_of_drawing_layers(viewer, canvas, hanging, images, lines):
    canvas.show(hanging)
    assert len(by_kind(viewer, "Image")) == images
    assert len(by_kind(viewer, "Vectors")) == len(by_kind(viewer, "Points")) == lines
    assert viewer.canvas.grid.enabled is (hanging.grid is not None)
    if hanging.grid:
        assert len(viewer.layers) == viewer.canvas.grid.stride * len(hanging.panels)
    assert not any(layer.name.startswith(("lines", "marks")) for layer in seen(viewer)), "nothing is drawn yet"


def test_showing_again_leaves_layers_of_others_alone(viewer, canvas):
    own = viewer.add_image(np.zeros((4, 4)), name="someone else's", units=("mm", "mm"))
    canvas.show(pictures.pair_hanging())
    canvas.show(pictures.grid_hanging())
    assert own in viewer.layers
    canvas.clear()
    assert seen(viewer) == [own]
    canvas.remove()
    assert list(viewer.layers) == [own]


def test_a_line_is_drawn_where_its_picture_lies(viewer, canvas):
    hanging = pictures.pair_hanging()
    left = hanging.panels[0]
    finding = finding_on(left, ((10.0, 5.0), (10.0, 25.0)))
    canvas.show(hanging)
    canvas.draw({left.key: draw_findings([finding], selected="a1")})
    (lines,), (marks,) = by_kind(viewer, "Vectors"), by_kind(viewer, "Points")
    start, way = lines.data.mean(axis=0)
    drawn = lines.data_to_world(start), lines.data_to_world(start + way)
    assert np.allclose(drawn, [left.placement.to_world(point) for point in finding.annotation.points])
    assert [words for words in marks.features["words"] if words] == ["2.0 mm · draft"]
    assert len(marks.data) == 3, "two ends, and where the words stand"
    assert lines.visible
    assert marks.visible
    canvas.draw({})
    assert len(lines.data) == len(marks.data) == 0


def test_marks_have_a_hull_and_two_defining_rings(viewer, canvas):
    hanging = pictures.pair_hanging()
    right = hanging.panels[1]
    marks = ((5.0, 5.0), (5.0, 25.0), (15.0, 12.0), (7.0, 14.0))
    canvas.show(hanging)
    canvas.draw({right.key: draw_findings([finding_on(right, marks, geometry=GeometryKind.MARKS)])})
    colours = [tuple(colour) for colour in by_kind(viewer, "Vectors")[0].edge_color]
    assert sorted({colours.count(colour) for colour in colours}) == [2, 3], "a bold line, and a hull of three sides"
    layer = by_kind(viewer, "Points")[0]
    sizes = layer.size[layer.features["words"] == ""]
    assert (sizes == sizes.max()).sum() == 2
    assert len(sizes) == 4


def test_a_mask_is_outlined_on_its_slices_and_wiped(viewer, canvas):
    hanging = pictures.volume_hanging()
    panel = hanging.panels[0]
    canvas.show(hanging)
    mask = LesionMask((1, 4, 6), np.ones((2, 3, 4), bool))
    canvas.draw({panel.key: Drawing(masks=(mask,))})
    first, second = by_kind(viewer, "Vectors")
    assert first.visible
    assert not second.visible
    edges = {}
    for level in range(5):
        viewer.dims.set_current_step(SLICE, level)
        canvas.turn()
        edges[level] = len(first.data)
        if edges[level]:
            corners = first.data[:, 0]
            assert corners.min(axis=0) == pytest.approx((3.5, 5.5))
            assert (corners + first.data[:, 1]).max(axis=0) == pytest.approx((6.5, 9.5))
    assert edges == {0: 0, 1: 14, 2: 14, 3: 0, 4: 0}, "around 3 × 4 pixels"
    viewer.dims.set_current_step(SLICE, 2)
    canvas.draw({panel.key: Drawing()})
    assert len(first.data) == 0


def test_drawings_are_seen_on_their_own_slice(viewer, canvas):
    hanging = pictures.volume_hanging()
    panel = hanging.panels[0]
    canvas.show(hanging)
    canvas.draw({panel.key: draw_findings([finding_on(panel, ((3.0, 5.0, 5.0), (3.0, 5.0, 25.0)))])})
    marks, lines = by_kind(viewer, "Points")[0], by_kind(viewer, "Vectors")[0]
    seen_on = []
    for level in range(5):
        viewer.dims.set_current_step(SLICE, level)
        canvas.turn()
        seen_on += [level] if len(lines.data) and len(marks.data) else []
    assert seen_on == [3]


def test_an_unfinished_drawing_follows_the_cursor(viewer, canvas):
    hanging = pictures.pair_hanging()
    canvas.show(hanging)
    canvas.draw({hanging.panels[1].key: draw_unfinished([(1.0, 1.0), (5.0, 5.0), (9.0, 1.0)])})
    (lines,) = by_kind(viewer, "Vectors")
    assert len({tuple(way) for way in lines.data[:, 1]}) == 2, "a path of three points is not closed"


def test_flicker_shows_one_of_two_and_only_its_drawings(viewer, canvas):
    hanging = pictures.flicker_hanging()
    canvas.show(hanging)
    drawings = {p.key: draw_findings([finding_on(p, ((5.0, 5.0), (5.0, 9.0)))]) for p in hanging.panels}
    canvas.draw(drawings)
    assert [panel.is_prior for panel in canvas.visible_panels] == [False]
    assert len({tuple(way) for way in by_kind(viewer, "Vectors")[0].data[:, 1]}) == 1
    assert canvas.panel_at((1.0, 1.0)).is_prior is False
    assert canvas.flicker()
    assert [panel.is_prior for panel in canvas.visible_panels] == [True]
    assert canvas.panel_at((1.0, 1.0)).is_prior is True
    canvas.show(pictures.pair_hanging())
    assert not canvas.flicker()


def test_windows_change_the_look_and_not_the_pixels(viewer, canvas):
    hanging = pictures.pair_hanging()
    canvas.show(hanging)
    image = by_kind(viewer, "Image")[0]
    before = image.data.copy()
    assert canvas.use_preset(1) == "bright"
    assert tuple(image.contrast_limits) == (0, 400)
    assert canvas.use_preset(7) == ""
    canvas.invert()
    assert image.colormap.colors[0, 0] > image.colormap.colors[-1, 0]
    canvas.use_preset(0)
    assert image.colormap.colors[0, 0] > image.colormap.colors[-1, 0], "stays inverted"
    canvas.shift_window(hanging.panels[0], level=0.5, width=-0.5)
    assert image.contrast_limits == pytest.approx([3000, 5000])
    assert by_kind(viewer, "Image")[1].contrast_limits == pytest.approx([0, 4000])
    assert (image.data == before).all()


def test_flips_turn_the_camera_only(viewer, canvas):
    canvas.show(pictures.pair_hanging())
    scales = [tuple(layer.scale) for layer in viewer.layers]
    canvas.camera.flip(horizontally=True)
    canvas.camera.flip(horizontally=False)
    assert [str(way) for way in viewer.scene.camera.orientation2d] == ["up", "left"]
    canvas.camera.flip(horizontally=True)
    canvas.camera.flip(horizontally=False)
    assert [str(way) for way in viewer.scene.camera.orientation2d] == ["down", "right"]
    assert [tuple(layer.scale) for layer in viewer.layers] == scales


def test_fit_and_one_to_one(viewer, canvas):
    viewer.canvas.size = (600, 800)
    hanging = pictures.pair_hanging()
    canvas.show(hanging)
    canvas.camera.fit()
    # 60 × 80 pixels of 0.1 mm: 6 mm high and 8 mm wide on a canvas of 600 × 800.
    assert viewer.scene.camera.zoom == pytest.approx(96.0, rel=0.02)
    canvas.camera.one_to_one()
    assert viewer.scene.camera.zoom == pytest.approx(1 / pictures.MM)


def test_a_volume_starts_on_its_slice(viewer, canvas):
    canvas.show(pictures.volume_hanging())
    assert viewer.dims.current_step[SLICE] == 2


def test_a_hanging_without_pictures_is_an_empty_canvas(viewer, canvas):
    canvas.show(pictures.pair_hanging())
    canvas.show(replace(pictures.pair_hanging(), panels=(), problems=("R-CC cannot be shown [E_PIXELS]",)))
    assert seen(viewer) == []

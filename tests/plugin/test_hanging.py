from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.terms import View
from factories import marks, outline
from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.hanging import GAP_MM, hang
from napari_calcmeasure.widgets.canvas import Canvas
from plugin.examinations import COLUMNS, ROWS, SPACING_MM

HEIGHT_MM, WIDTH_MM = ROWS * SPACING_MM[0], COLUMNS * SPACING_MM[1]


@pytest.fixture
def items(index):
    """Mammograms and dynamic MR of the first visit."""
    return list_cases(index)[0].visits[0].items


def images(hanging):
    """Image layers by view, such as R-CC."""
    return {k["name"].split()[1]: Layer.create(d, k, t) for d, k, t in hanging.layers if t == "image"}


def edges(layer):
    """Outer edges on the canvas, mm: top, bottom, left, right."""
    corners = [layer.data_to_world(corner) for corner in ((-0.5, -0.5), (ROWS - 0.5, COLUMNS - 0.5))]
    (top, bottom), (left, right) = (sorted(axis) for axis in zip(*corners, strict=True))
    return top, bottom, left, right


def test_four_views_hang_back_to_back_cc_over_mlo(items):
    placed = {name: edges(layer) for name, layer in images(hang(items[0])).items()}
    np.testing.assert_allclose(placed["R-CC"], (0, HEIGHT_MM, -WIDTH_MM, 0), atol=1e-9)
    np.testing.assert_allclose(placed["L-CC"], (0, HEIGHT_MM, 0, WIDTH_MM), atol=1e-9)
    top = HEIGHT_MM + GAP_MM
    np.testing.assert_allclose(placed["R-MLO"], (top, top + HEIGHT_MM, -WIDTH_MM, 0), atol=1e-9)
    np.testing.assert_allclose(placed["L-MLO"], (top, top + HEIGHT_MM, 0, WIDTH_MM), atol=1e-9)


@pytest.mark.parametrize("orientation", [("P", "L"), ("A", "R"), ()])
def test_chest_walls_meet_whichever_way_the_images_are_stored(items, orientation):
    """Images stored the other way round are mirrored by a negative scale; the stored pixels stay as they are."""
    mirrored = orientation != () and orientation[0] != "P"
    views = tuple(
        replace(m, patient_orientation=orientation) if m.laterality == "R" else m for m in items[0].mammograms
    )
    layer = images(hang(replace(items[0], mammograms=views)))["R-CC"]
    assert bool(layer.scale[1] < 0) is mirrored
    *_, left, right = edges(layer)
    np.testing.assert_allclose((left, right), (-WIDTH_MM, 0), atol=1e-9)
    wall_column = 0 if mirrored else COLUMNS - 1
    assert layer.data_to_world((0, wall_column))[1] == pytest.approx(-SPACING_MM[1] / 2)


def test_a_single_view_lies_as_stored(items):
    (item,) = (one for one in items[0].views if one.title == "L-MLO")
    layer = images(hang(item))["L-MLO"]
    np.testing.assert_allclose(layer.scale, SPACING_MM)
    np.testing.assert_allclose(layer.translate, (0, 0))


def test_marks_hang_with_their_image(items):
    target = next(m for m in items[0].mammograms if m.laterality == "R" and m.view is View.MLO)
    image = replace(marks().image, sop_uid=target.image.sop_uid, spacing=target.spacing)
    drawn = hang(items[0], annotations=[marks(image=image, points=((20.0, 8.0), (40.0, 8.0)))])
    placed = {k["name"]: Layer.create(d, k, t) for d, k, t in drawn.layers}
    np.testing.assert_allclose(
        placed["P1 R-MLO baseline marks"].data_to_world((20, 8)), placed["P1 R-MLO baseline"].data_to_world((20, 8))
    )
    captions = "\n".join(w for _, k, _ in drawn.layers for w in k.get("features", {}).get("caption", []))
    assert f"R-C1: {20 * SPACING_MM[0]:.1f} mm (auto)" in captions
    assert "P1 R-CC baseline marks" not in placed


def test_a_view_without_millimetres_does_not_hang_among_the_others(items):
    views = items[0].mammograms
    hanging = hang(replace(items[0], mammograms=(replace(views[0], spacing=None), *views[1:])))
    assert len(images(hanging)) == 3
    assert "no millimetres" in hanging.problems[0]


def test_all_without_millimetres_hang_in_pixels(items):
    views = tuple(replace(view, spacing=None) for view in items[0].mammograms)
    hanging = hang(replace(items[0], mammograms=views))
    assert {k["units"] for _, k, _ in hanging.layers} == {("pixel", "pixel")}
    assert hanging.problems == ()


def test_other_pixel_sizes_keep_their_true_size(items):
    views = items[0].mammograms
    coarse = replace(views[0], spacing=Spacing(0.2, 0.3, SpacingSource.DETECTOR))
    top, bottom, left, right = edges(images(hang(replace(items[0], mammograms=(coarse, *views[1:]))))["R-CC"])
    assert (bottom - top, right - left) == pytest.approx((0.2 * ROWS, 0.3 * COLUMNS))
    assert right == pytest.approx(0)


def test_a_damaged_file_leaves_the_rest(items, tmp_path):
    (tmp_path / "broken.dcm").write_bytes(b"nothing")
    broken = replace(items[0].mammograms[0].image, path=tmp_path / "broken.dcm")
    views = (replace(items[0].mammograms[0], image=broken), *items[0].mammograms[1:])
    hanging = hang(replace(items[0], mammograms=views))
    assert len(images(hanging)) == 3
    assert hanging.problems[0].startswith("R-CC cannot be shown")
    assert "E_" in hanging.problems[0]


def test_dynamic_series_hangs_with_its_subtraction_on_the_early_phase(items):
    hanging = hang(items[1])
    assert hanging.first_step == (1, 2)
    (_phases, subtraction) = (Layer.create(d, k, t) for d, k, t in hanging.layers if t == "image")
    assert subtraction.visible
    assert subtraction.translate[1] == pytest.approx(32 * 4.0 + GAP_MM)


def test_dynamic_series_starts_on_the_slice_that_was_measured(items, dynamic):
    image = replace(outline().image, series_uid=dynamic.series_uids[1], spacing=dynamic.grid.spacing)
    points = tuple((3.0, row, column) for _, row, column in outline().points)
    hanging = hang(items[1], annotations=[outline(image=image, points=points)])
    assert hanging.first_step == (1, 3)
    assert any(kind == "shapes" for _, _, kind in hanging.layers)


def test_an_unusable_series_is_a_sentence(items, dynamic):
    hanging = hang(replace(items[1], series=replace(dynamic, grid=None)))
    assert hanging.layers == ()
    assert "cannot be shown" in hanging.problems[0]


# -- the canvas, on a viewer model without a window ----------------------------------------------------------------


def test_canvas_replaces_its_own_layers_and_leaves_others(items):
    viewer = ViewerModel()
    mine = viewer.add_image(np.zeros((4, 4)), name="mine", units=("mm", "mm"))
    canvas = Canvas(viewer)
    canvas.show(hang(items[0]))
    assert len(viewer.layers) == 1 + 4 + 2
    assert viewer.canvas.overlays.scale_bar.visible
    canvas.show(hang(items[1]))
    assert [layer.name for layer in viewer.layers if layer.ndim > 2] == [
        "P1 DCE phases baseline", "P1 DCE early − pre baseline",
    ]  # fmt: skip
    canvas.clear()
    assert list(viewer.layers) == [mine]


def test_title_names_the_phase_under_the_slider(items):
    viewer = ViewerModel()
    canvas = Canvas(viewer)  # listens to the slider as long as it lives
    canvas.show(hang(items[1]))
    text = viewer.canvas.overlays.text
    assert text.text.splitlines() == ["P1 · baseline", "phase 1 of 0–4, early phase", "85 s after injection"]
    viewer.dims.set_current_step(0, 0)
    assert text.text.splitlines()[1] == "phase 0 of 0–4"

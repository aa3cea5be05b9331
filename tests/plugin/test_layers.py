from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.terms import GeometryKind
from factories import marks, outline
from napari_calcmeasure.drawings import annotation_layers, length_words
from napari_calcmeasure.layers import dynamic_layers, mammogram_layers
from plugin.examinations import COLUMNS, PERSON, ROWS, SPACING_MM


@pytest.fixture
def viewer():
    return ViewerModel()


def add(viewer, layers):
    return [viewer.add_layer(Layer.create(*layer)) for layer in layers]


def test_a_mammogram_has_its_physical_size_on_anisotropic_pixels(viewer, exam):
    (layer,) = add(viewer, mammogram_layers(exam.mammograms[0]))
    np.testing.assert_allclose(layer.scale, SPACING_MM)
    assert [str(unit) for unit in layer.units] == ["millimeter", "millimeter"]
    low, high = layer.extent.world
    np.testing.assert_allclose(high - low, np.array([ROWS - 1, COLUMNS - 1]) * SPACING_MM)
    # 30 rows down and 20 columns across on the screen is this long in the breast.
    steps = np.subtract(layer.data_to_world((30, 20)), layer.data_to_world((0, 0)))
    np.testing.assert_allclose(steps, (30 * SPACING_MM[0], 20 * SPACING_MM[1]))


def test_a_mammogram_is_shown_as_stored(exam):
    """Nothing is flipped: right tissue lies at the last columns, left tissue at the first, the dot where it was put."""
    by_side = {m.laterality: mammogram_layers(m)[0][0] for m in exam.mammograms}
    assert by_side["R"][ROWS // 2, -1] > 0 == by_side["R"][ROWS // 2, 0]
    assert by_side["L"][ROWS // 2, 0] > 0 == by_side["L"][ROWS // 2, -1]
    dots = {side: tuple(np.argwhere(image == image.max())[0]) for side, image in by_side.items()}
    assert dots == {"R": (20, COLUMNS - 32), "L": (20, 30)}


def test_names_and_metadata_hold_no_patient_data(exam, dynamic):
    layers = [
        *mammogram_layers(exam.mammograms[0], patient="P1", timepoint="baseline"),
        *dynamic_layers(dynamic, patient="P1", timepoint="baseline"),
    ]
    assert [keywords["name"] for _, keywords, _ in layers] == [
        "P1 R-CC baseline",
        "P1 DCE phases baseline",
        "P1 DCE early − pre baseline",
    ]
    for _, keywords, _ in layers:
        assert not any(secret in repr(keywords) for secret in (PERSON.patient_id, "Roe", "Jane"))
        assert keywords["metadata"]["study_uid"]


def test_metadata_say_where_the_millimetres_come_from(exam):
    metadata = mammogram_layers(exam.mammograms[0])[0][1]["metadata"]
    assert metadata["sop_uid"] == exam.mammograms[0].image.sop_uid
    assert metadata["spacing_words"] == "0.0943 × 0.0849 mm, magnification-corrected (÷ 1.06)"


def test_an_image_without_spacing_is_in_pixels_and_says_so(viewer, exam):
    (layer,) = add(viewer, mammogram_layers(replace(exam.mammograms[0], spacing=None)))
    assert layer.name == "R-CC (pixels only)"
    assert [str(unit) for unit in layer.units] == ["pixel", "pixel"]
    assert tuple(layer.scale) == (1, 1)
    assert "no millimetres" in layer.metadata["spacing_words"]


def test_phases_have_a_phase_axis_and_mm(viewer, dynamic):
    phases, subtraction = add(viewer, dynamic_layers(dynamic))
    assert phases.data.shape == (5, 4, 32, 40)
    np.testing.assert_allclose(phases.scale, (1, 8.0, 4.0, 3.6))
    assert [str(unit) for unit in phases.units] == ["pixel", *["millimeter"] * 3]
    assert phases.axis_labels == ("phase", "slice", "row", "column")
    np.testing.assert_allclose(subtraction.scale, (8.0, 4.0, 3.6))
    assert phases.metadata["early_phase"] == 1
    assert len(phases.metadata["phase_words"]) == 5


def test_subtraction_is_early_minus_the_last_phase_before_contrast(dynamic):
    (volume, _, _), (difference, _, _) = dynamic_layers(dynamic)
    np.testing.assert_array_equal(difference, volume[1] - volume[0])
    assert difference.max() > 0


def test_without_an_early_phase_there_is_no_subtraction(dynamic):
    layers = dynamic_layers(replace(dynamic, first_post_contrast=None))
    assert len(layers) == 1
    assert layers[0][1]["metadata"]["early_phase"] is None


def test_a_series_without_a_volume_is_refused(dynamic):
    with pytest.raises(PhaseError, match="cannot be shown"):
        dynamic_layers(replace(dynamic, grid=None))


# -- annotations ---------------------------------------------------------------------------------------------------


def test_marks_are_points_at_their_pixels_and_the_line_joins_the_defining_two(viewer):
    annotation = marks()  # the far pair: rows 10 and 110 of column 10, 0.1 mm rows
    points, shapes = add(viewer, annotation_layers(annotation, name="R-CC"))
    np.testing.assert_array_equal(points.data, annotation.points)
    assert sorted(map(tuple, shapes.data[0])) == [(10, 10), (110, 10)]
    assert list(shapes.features["length"]) == ["10.0 mm, magnification-corrected"]
    assert (points.name, shapes.name) == ("R-CC marks", "R-CC extent")
    np.testing.assert_allclose(points.scale, shapes.scale)


def test_an_outline_carries_both_axes(viewer):
    # 20 rows of 0.9 mm by 10 columns of 0.8 mm: the diagonal is the hypotenuse of 18 and 8 mm.
    (shapes,) = add(viewer, annotation_layers(outline()))
    assert list(shapes.shape_type) == ["polygon", "line"]
    assert shapes.features["length"][1].startswith(f"{np.hypot(18, 8):.1f} × ")
    assert shapes.ndim == 3
    assert {point[0] for point in shapes.data[1]} == {7}


def test_the_words_stand_clear_of_the_marks(viewer):
    # The line runs from row 50 on; the highest mark lies at row 20, its ring reaches up by 1.6 mm at most.
    annotation = marks(points=((50.0, 10.0), (110.0, 10.0), (20.0, 40.0), (60.0, 40.0)))
    *_, shapes = add(viewer, annotation_layers(annotation))
    line_top = min(point[0] for point in shapes.data[0])
    ring = 1.6 / np.sqrt(0.1 * 0.09)
    assert line_top + shapes.text.translation[0] == pytest.approx(20 - ring)


def test_nothing_found_draws_nothing_and_reads_0_mm():
    assert annotation_layers(marks(points=())) == []
    assert length_words(marks(points=())) == "0 mm, magnification-corrected"


def test_a_single_mark_has_no_line():
    (layer,) = annotation_layers(marks(points=((3.0, 4.0),)))
    assert layer[2] == "points"


def test_without_millimetres_no_length_is_written():
    image = replace(marks().image, spacing=None)
    line = marks(image=image, geometry=GeometryKind.CALIPER, points=((0.0, 0.0), (3.0, 4.0)))
    (layer,) = annotation_layers(line)
    assert layer[1]["features"]["length"] == ["not measurable"]
    assert layer[1]["units"] == ("pixel", "pixel")


def test_an_annotation_declared_not_measurable_has_no_length():
    assert length_words(marks(flags=(ErrorCode.NOT_MEASURABLE,))) == "not measurable"

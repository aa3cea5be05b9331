"""Pictures: drawn where the finding is, in true proportion, without a word about anybody."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.measure.enhancement import kinetic_curve
from calcmeasure.report.figures import draw_panel
from calcmeasure.report.mark_styles import JOINED, MARK_STYLES
from calcmeasure.report.marks import read_together
from calcmeasure.report.panels import CurvePanel, DynamicPanel, MammogramPanel
from calcmeasure.terms import MarkLabel
from factories import MG_SPACING, marks, outline

AMBER, SKY = (230, 159, 0), (86, 180, 233)


def of(annotation):
    return measure_annotation(annotation, patient_id="CANARY", reader="auto")


def mammogram_panel(display=None, *, spacing=MG_SPACING, left_out=(), **changes):
    picture = np.full((400, 320), 60, np.uint8) if display is None else display
    drawn = marks(**changes)
    image = type(drawn.image)("1.2.3.4", "1.2.3", 0, *picture.shape, spacing, "1.2")
    drawn = marks(**changes, image=image)
    places = np.array([place for place, _ in left_out], dtype=float).reshape(-1, 2)
    return MammogramPanel(picture, drawn, of(drawn), places, tuple(label for _, label in left_out))


def dynamic_panel(curve=None, **changes):
    signal = np.full((112, 176), 80, np.float32)
    enhancement = np.zeros_like(signal)
    enhancement[30:50, 40:50] = 150
    drawn = outline(**changes)
    return DynamicPanel(signal, enhancement, drawn, of(drawn), curve)


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=int)


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(picture - colour).sum(axis=2) < 90


def box_of(mask: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(mask)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def test_the_same_finding_gives_the_same_bytes():
    assert draw_panel(mammogram_panel()) == draw_panel(mammogram_panel())
    assert draw_panel(dynamic_panel()) == draw_panel(dynamic_panel())


@pytest.mark.parametrize("panel", [mammogram_panel(), dynamic_panel()], ids=["mammogram", "dynamic"])
def test_no_metadata(panel):
    content = draw_panel(panel)
    assert content.startswith(b"\x89PNG")
    assert not re.search(rb"(tEXt|iTXt|zTXt|eXIf|tIME)", content)
    assert b"CANARY" not in content


def test_marks_and_caliper_are_drawn_only_where_something_was_found():
    found, empty = pixels(draw_panel(mammogram_panel())), pixels(draw_panel(mammogram_panel(points=())))
    assert near(found, SKY).sum() > 30
    assert near(found, AMBER).sum() > 200
    assert near(empty, SKY).sum() == 0
    assert near(empty, AMBER).sum() == 0


def test_what_is_drawn_moves_with_the_finding():
    """The box on the whole view lies lower when the marks do."""
    upper = near(pixels(draw_panel(mammogram_panel(points=((60.0, 60.0), (90.0, 90.0))))), AMBER)
    lower = near(pixels(draw_panel(mammogram_panel(points=((300.0, 60.0), (330.0, 90.0))))), AMBER)
    left_third = slice(0, upper.shape[1] // 4)
    rows = [np.nonzero(mask[:, left_third])[0].mean() for mask in (upper, lower)]
    assert rows[1] - rows[0] > 30


def test_a_square_thing_is_drawn_square():
    """10 mm x 10 mm on pixels of 0.2 mm x 0.1 mm: as many picture points wide as high."""
    spacing = Spacing(0.2, 0.1, SpacingSource.DETECTOR)
    display = np.zeros((200, 400), np.uint8)
    display[75:125, 150:250] = 255
    picture = pixels(draw_panel(mammogram_panel(display, spacing=spacing, points=())))
    whole = picture[:, : picture.shape[1] // 3]
    height, width = box_of((whole > 245).all(axis=2) & (np.arange(whole.shape[0]) < whole.shape[0] * 0.8)[:, None])
    assert height == pytest.approx(width, abs=3)
    assert height > 30


def test_without_spacing_there_is_no_length_and_no_scale():
    picture = draw_panel(mammogram_panel(spacing=None, points=()))
    with_scale = draw_panel(mammogram_panel(points=()))
    assert picture != with_scale


@pytest.mark.parametrize("label", [label for label in MarkLabel if label is not MarkLabel.SUSPICIOUS])
def test_marks_left_out_are_drawn_in_the_colour_of_their_kind_and_named_below(label):
    panel = mammogram_panel(points=(), left_out=[((200.0, 160.0), label)])
    colour = tuple(int(MARK_STYLES[label].colour[i : i + 2], 16) for i in (1, 3, 5))
    bare, drawn = pixels(draw_panel(mammogram_panel(points=()))), pixels(draw_panel(panel))
    rows = np.argwhere(near(drawn, colour)[:, : drawn.shape[1] // 2])[:, 0]
    assert len(rows) > 3
    assert (drawn[-25:] != bare[-25:]).any(), "the legend stands below the pictures"


def test_every_label_has_a_shape_or_a_colour_of_its_own():
    looks = [(style.shape, style.colour) for style in (*MARK_STYLES.values(), JOINED)]
    assert set(MARK_STYLES) == set(MarkLabel)
    assert len({shape for shape, _ in looks}) == len(looks), "colour never carries meaning alone"


def test_marks_that_another_visit_brought_in_have_rings_of_their_own():
    places = ((200.0, 160.0), (205.0, 165.0), (210.0, 150.0), (230.0, 170.0))
    alone = mammogram_panel(points=places)
    joined = mammogram_panel(points=places, independent_points=places[:3])
    assert read_together(alone.measurement) == ""
    assert re.fullmatch(
        r"this image alone [\d.]+ mm, with the other visit [\d.]+ mm", read_together(joined.measurement)
    )
    assert (pixels(draw_panel(joined))[:20] != pixels(draw_panel(alone))[:20]).any(), "said above the close-up"


def test_the_same_extent_either_way_needs_no_words():
    places = ((200.0, 160.0), (205.0, 165.0), (210.0, 150.0), (230.0, 170.0))
    assert read_together(mammogram_panel(points=places, independent_points=places).measurement) == ""


def test_an_outline_is_drawn_on_the_subtraction():
    with_lesion = pixels(draw_panel(dynamic_panel()))
    without = pixels(draw_panel(dynamic_panel(points=())))
    assert near(with_lesion, SKY).sum() > 100
    assert near(without, SKY).sum() == 0


def test_the_curve_is_drawn_when_there_is_one():
    signal = np.stack([np.full((2, 2, 2), value, np.float32) for value in (100, 190, 170, 160)])
    curve = kinetic_curve(signal, [-50.0, 85.0, 155.0, 225.0], where=np.ones((2, 2, 2), bool), first_post=1)
    plain = pixels(draw_panel(dynamic_panel()))
    drawn = pixels(draw_panel(dynamic_panel(CurvePanel(curve, 1, "injection"))))
    right = slice(plain.shape[1] * 2 // 3, None)
    assert near(drawn[:, right], SKY).sum() > near(plain[:, right], SKY).sum() + 100
    assert near(drawn[:, right], AMBER).sum() > 20


@pytest.mark.parametrize("value", [0, 255])
def test_a_flat_picture_is_drawn(value):
    assert draw_panel(mammogram_panel(np.full((50, 40), value, np.uint8), points=((10.0, 10.0), (20.0, 20.0))))


def test_a_single_mark_and_marks_at_the_rim_are_drawn():
    assert draw_panel(mammogram_panel(points=((200.0, 100.0),)))
    assert draw_panel(mammogram_panel(points=((0.0, 0.0), (399.0, 319.0))))

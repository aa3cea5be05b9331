"""The timeline as a picture: every line has ink in its colour, drafts are hollow, names do not cover each other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from calcmeasure.report.palette import AMBER, GREEN, INK, SKY
from calcmeasure.response.criteria import load_profile
from calcmeasure.terms import LesionRelation
from napari_calcmeasure.reading.answers import answers
from napari_calcmeasure.reading.finding import Finding
from napari_calcmeasure.reading.timeline import Line, Place, Plot, timeline
from napari_calcmeasure.widgets.timeline import COLOURS, DASHES, MARKERS, Timeline, describe, spread
from plugin.reading.courses_of import extent, lesion, reading_of

PROFILES = [load_profile("paper-2023")]
TICKS = ((0.0, "baseline\n2021-03-04"), (60.0, "followup-1\n2021-05-03"))


def colour(name: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(name[1:]))


def line(*values_mm: float, title: str = "R-L1", is_draft: bool = False) -> Line:
    return Line(title, tuple(Place(60.0 * n, mm, is_draft) for n, mm in enumerate(values_mm)))


@pytest.fixture
def picture(qtbot, tmp_path):
    widget = Timeline()
    qtbot.addWidget(widget)

    def draw(*plots: Plot, size: tuple[int, int] = (700, 220)) -> np.ndarray:
        widget.resize(*size)
        widget.show_plots(plots)
        widget.grab().save(str(tmp_path / "timeline.png"))
        return np.round(imread(tmp_path / "timeline.png")[..., :3] * 255).astype(np.uint8)

    return draw


def ink(picture: np.ndarray, name: str) -> int:
    """Pixels of a colour; a screen of 16 bits is off by up to 8."""
    return int(np.all(np.abs(picture.astype(int) - colour(name)) <= 8, axis=-1).sum())


def test_every_line_has_its_colour(picture):
    drawn = picture(Plot("Lesions", (line(30, 20), line(20, 18, title="B"), line(9, 5, title="C")), TICKS))
    assert all(ink(drawn, name) > 100 for name in (SKY, AMBER, GREEN))


def test_drafts_are_hollow(picture):
    solid = picture(Plot("Lesions", (line(30, 30),), TICKS))
    hollow = picture(Plot("Lesions", (line(30, 30, is_draft=True),), TICKS))
    assert ink(solid, SKY) > ink(hollow, SKY) + 40


def test_nothing_measured_is_a_sentence_on_the_dark(picture):
    drawn = picture()
    assert 0.9 < ink(drawn, INK) / drawn[..., 0].size < 1.0


@pytest.mark.parametrize("size", [(900, 200), (300, 320), (260, 150)])
def test_every_size_draws_both_plots(picture, size):
    findings = [extent("a", "baseline", 30.0), extent("b", "followup-1", 20.0)]
    findings += [lesion("c", "baseline", 25.0), lesion("d", "followup-1", 0.0), lesion("e", "followup-2", 3.0)]
    drawn = picture(*plots_of(*findings), size=size)
    assert ink(drawn, SKY) > 60


def test_it_never_asks_for_more_room_and_draws_what_fits(picture):
    first, second = (Plot(title, (line(30, 20, title=title),), TICKS) for title in ("Calcifications", "Lesions"))
    alone, both = picture(first, size=(300, 210)), picture(first, second, size=(300, 210))
    assert np.array_equal(alone, both), "the second one has no room"
    assert not np.array_equal(picture(first, size=(300, 320)), picture(first, second, size=(300, 320)))


def test_one_visit_alone_is_drawn(picture):
    assert ink(picture(*plots_of(lesion("c", "baseline", 25.0))), SKY) > 20
    assert ink(picture(*plots_of(lesion("c", "baseline", 0.0, relation=LesionRelation.GONE))), SKY) > 20


def plots_of(*findings: Finding) -> tuple[Plot, ...]:
    return timeline(answers(reading_of(*findings), profiles=PROFILES), profiles=PROFILES)


def test_colour_is_never_alone():
    styles = [(COLOURS[n % len(COLOURS)], DASHES[n % len(DASHES)], MARKERS[n % len(MARKERS)]) for n in range(5)]
    assert len({(dash, marker) for _, dash, marker in styles}) == 5


def test_it_is_described_in_words(qtbot):
    widget = Timeline()
    qtbot.addWidget(widget)
    widget.show_plots([Plot("Lesions", (line(30, 18.04),), TICKS)])
    assert widget.accessibleDescription() == describe([Plot("", (line(30, 18.04),), ())]) == "R-L1: 30.0 mm, 18.0 mm"
    assert widget.accessibleName()
    assert widget.toolTip()


@given(st.lists(st.floats(0, 100), max_size=6))
def test_names_never_cover_each_other(places):
    ys = spread(sorted(places), gap=13.0, lowest=100.0)
    assert all(low <= high - 13.0 + 1e-9 for low, high in pairwise(ys))
    assert all(y <= 100.0 for y in ys)

"""Mammograms hang themselves: in place, with what is known about them, and with a sentence for each that cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.imaging import FrameReference
from calcmeasure.pipeline.mammography import read_mammograms
from calcmeasure.pipeline.settings import RunSettings
from calcmeasure.terms import Flag, Laterality, PresentationIntent, View
from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.display.decoded import DecodedImages
from napari_calcmeasure.display.mammograms import hang_mammograms, image_target
from napari_calcmeasure.display.placement import GAP_MM
from napari_calcmeasure.display.protocols import MammogramLook, MammogramProtocol, list_looks
from plugin.examinations import COLUMNS, ROWS, SPACING_MM

P = MammogramProtocol
HEIGHT_MM, WIDTH_MM = ROWS * SPACING_MM[0], COLUMNS * SPACING_MM[1]


@pytest.fixture
def case(index):
    return list_cases(index)[0]


@pytest.fixture
def visits(case):
    """Mammograms of the first patient's two visits."""
    return [visit.items[0] for visit in case.visits]


@pytest.fixture
def cache():
    return DecodedImages()


def change(item, place, **fields):
    """The visit with one of its mammograms changed."""
    mammograms = list(item.mammograms)
    mammograms[place] = replace(mammograms[place], **fields)
    return replace(item, mammograms=tuple(mammograms))


def edges(panel):
    corners = (panel.placement.to_world((-0.5, -0.5)), panel.placement.to_world((ROWS - 0.5, COLUMNS - 0.5)))
    (top, bottom), (left, right) = (sorted(axis) for axis in zip(*corners, strict=True))
    return top, bottom, left, right


def test_four_views_hang_back_to_back_cc_over_mlo(visits, cache):
    hanging = hang_mammograms(visits[0], cache=cache)
    assert (hanging.protocol, hanging.grid, hanging.problems) == ("MG 4-up", None, ())
    assert hanging.title == "P1 · baseline"
    placed = {panel.key: edges(panel) for panel in hanging.panels}
    low = HEIGHT_MM + GAP_MM
    expected = {
        "current R-CC": (0, HEIGHT_MM, -WIDTH_MM, 0),
        "current L-CC": (0, HEIGHT_MM, 0, WIDTH_MM),
        "current R-MLO": (low, low + HEIGHT_MM, -WIDTH_MM, 0),
        "current L-MLO": (low, low + HEIGHT_MM, 0, WIDTH_MM),
    }
    assert list(placed) == list(expected)
    for key, box in expected.items():
        assert placed[key] == pytest.approx(box), key


def test_every_look_is_a_picture_napari_draws_where_the_panel_says(visits, cache):
    first, second = visits
    for look in list_looks(second, first):
        hanging = hang_mammograms(second, prior=first, look=look, cache=cache)
        assert hanging.protocol == look.protocol
        assert hanging.problems == ()
        assert len({panel.key for panel in hanging.panels}) == len(hanging.panels)
        viewer = ViewerModel()
        for panel in hanging.panels:
            data, keywords, kind = panel.image
            layer = viewer._add_layer_from_data(data, keywords, kind)[0]
            for point in ((0, 0), (7, 31)):
                np.testing.assert_allclose(layer.data_to_world(point), panel.placement.to_world(point))
            assert layer.name == panel.caption
            assert not ({"SECRET-77", "Roe", "Jane"} & set(layer.name.split()))
            assert tuple(str(unit) for unit in layer.units) == ("millimeter", "millimeter")
            np.testing.assert_allclose(layer.contrast_limits, panel.presets[0].limits)


def test_current_hangs_over_prior_in_one_scale(visits, cache):
    first, second = visits
    hanging = hang_mammograms(second, prior=first, look=MammogramLook(P.OVER_PRIOR), cache=cache)
    assert hanging.title == "P1 · followup-1 and baseline"
    assert [p.key for p in hanging.panels[:4]] == ["current R-CC", "current L-CC", "current R-MLO", "current L-MLO"]
    low, aside = HEIGHT_MM + GAP_MM, 2 * WIDTH_MM + GAP_MM
    assert edges(hanging.panels[3]) == pytest.approx((0, HEIGHT_MM, aside, aside + WIDTH_MM))
    assert edges(hanging.panels[6]) == pytest.approx((low, low + HEIGHT_MM, aside - WIDTH_MM, aside))
    assert [panel.is_prior for panel in hanging.panels] == [False] * 4 + [True] * 4
    assert hanging.panels[4].target.timepoint == "baseline"


@pytest.mark.parametrize("protocol", [P.COMPARE, P.FLICKER])
def test_a_view_and_its_prior_share_chest_wall_and_height(visits, cache, protocol):
    first, second = visits
    look = MammogramLook(protocol, Laterality.RIGHT, View.MLO)
    # The prior was stored upside down and mirrored, with another spacing: the breast is where it was.
    turned = change(first, 1, patient_orientation=("A", "HR"), spacing=Spacing(0.2, 0.1, SpacingSource.DETECTOR))
    current, prior = hang_mammograms(second, prior=turned, look=look, cache=cache).panels
    for panel in (current, prior):
        top, bottom, _, right = edges(panel)
        assert right == pytest.approx(0)
        assert top == pytest.approx(-bottom)  # the half disc lies in the middle of its image
    assert (prior.placement.scale[0] < 0, prior.placement.scale[1] < 0) == (True, True)
    assert (current.cell, prior.cell) == ((0, 0), (0, 1) if protocol is P.COMPARE else (0, 0))


def test_flicker_shows_the_current_image_first(visits, cache):
    hanging = hang_mammograms(visits[1], prior=visits[0], look=MammogramLook(P.FLICKER), cache=cache)
    assert [panel.image[1]["visible"] for panel in hanging.panels] == [True, False]
    current, prior = hanging.panels
    world = current.placement.to_world((30, 20))
    assert hanging.panel_at(world, hidden={prior.key}) is current
    assert hanging.panel_at(world, hidden={current.key}) is prior


def test_compare_finds_the_panel_of_a_cell(visits, cache):
    hanging = hang_mammograms(visits[1], prior=visits[0], look=MammogramLook(P.COMPARE), cache=cache)
    world = hanging.panels[0].placement.to_world((30, 20))
    assert hanging.grid == (1, 2)
    assert [hanging.panel_at(world, cell=cell) for cell in ((0, 0), (0, 1))] == list(hanging.panels)


@pytest.mark.parametrize("protocol", [P.COMPARE, P.FLICKER])
def test_a_view_whose_partner_is_damaged_is_seen_alone(visits, cache, protocol):
    first, second = visits
    broken = change(second, 0, image=FrameReference(Path("/nowhere"), "1.2"))
    look = MammogramLook(protocol, Laterality.RIGHT, View.CC)
    hanging = hang_mammograms(broken, prior=first, look=look, cache=cache)
    (panel,) = hanging.panels
    assert (hanging.grid, panel.cell, panel.is_prior, panel.image[1]["visible"]) == (None, (0, 0), True, True)
    assert len(hanging.problems) == 1


def test_a_single_image_is_shown_pixel_for_pixel(visits, cache):
    hanging = hang_mammograms(visits[0], look=MammogramLook(P.SINGLE, Laterality.LEFT, View.MLO), cache=cache)
    (panel,) = hanging.panels
    assert panel.image[1]["interpolation2d"] == "nearest"
    assert panel.caption == "L-MLO baseline"


def test_a_damaged_image_leaves_the_others(visits, cache):
    broken = change(visits[0], 1, image=FrameReference(Path("/nowhere/Roe^Jane"), "1.2"))
    hanging = hang_mammograms(broken, look=MammogramLook(P.FOUR_UP), cache=cache)
    assert len(hanging.panels) == 3
    (problem,) = hanging.problems
    assert problem.startswith("R-MLO baseline cannot be shown: ")
    assert problem.endswith("[E_UNREADABLE]")
    assert "Roe" not in problem


def test_an_image_without_millimetres_is_left_out_and_shown_alone(visits, cache):
    visit = change(visits[0], 0, spacing=None)
    hanging = hang_mammograms(visit, look=MammogramLook(P.MLO), cache=cache)
    assert hanging.problems[0].startswith("R-CC baseline has no millimetres and is left out beside others")
    alone = hang_mammograms(visit, look=MammogramLook(P.SINGLE, Laterality.RIGHT, View.CC), cache=cache)
    assert alone.problems == ()
    (panel,) = alone.panels
    assert panel.image[1]["units"] == ("pixel", "pixel")
    assert np.abs(panel.placement.scale).tolist() == [1, 1]
    assert "E_SPACING_UNKNOWN" in panel.target.flags
    assert panel.facts[0] == "Spacing: pixels only, no millimetres."


def test_an_image_on_its_side_hangs_as_stored_and_is_named(visits, cache):
    hanging = hang_mammograms(change(visits[0], 0, patient_orientation=("L", "P")), cache=cache)
    panel = next(one for one in hanging.panels if one.key == "current R-CC")
    assert min(panel.placement.scale) > 0
    (problem,) = hanging.problems
    assert problem == "R-CC baseline is stored lying on its side and hangs as stored. [E_GEOMETRY]"


@pytest.mark.parametrize("protocol", [P.COMPARE, P.OVER_PRIOR, P.CC, P.SINGLE, None])
def test_a_look_that_cannot_be_had_says_what_it_needs(visits, cache, protocol):
    hanging = hang_mammograms(replace(visits[0], mammograms=()), look=MammogramLook(protocol), cache=cache)
    assert hanging.panels == ()
    assert hanging.problems[0].endswith("[E_VIEW]")


def test_progress_and_cancel(visits, cache):
    steps, asked = [], iter([False, False, True])
    hang_mammograms(visits[0], cache=cache, on_progress=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    hanging = hang_mammograms(visits[0], cache=DecodedImages(), is_cancelled=lambda: next(asked))
    assert len(hanging.panels) == 2


def test_a_drawing_belongs_to_the_image_that_the_automatic_measurement_belongs_to(index, case, cache):
    study = next(s for s in index.patients[0].studies if s.mammograms)
    (results,) = read_mammograms([study], RunSettings(), patient_id="X")
    found = [a for r in results for a in r.annotations]
    targets = [p.target for p in hang_mammograms(case.visits[0].items[0], cache=cache).panels]
    assert len(targets) == 4
    for target in targets:
        auto = next(a for a in found if a.image.sop_uid == target.image.sop_uid)
        assert target.image == auto.image
        for field in ("timepoint", "study_date", "modality", "quantity", "laterality", "view"):
            assert getattr(target, field) == getattr(auto, field), field
        assert set(target.flags) <= set(auto.flags)


def test_flags_of_study_image_and_pixels_reach_the_target(visits, cache):
    visit = change(visits[0], 0, flags=(Flag.PARTIAL_VIEW,))
    visit = replace(visit, studies=tuple(replace(s, flags=("date_assumed",)) for s in visit.studies))
    panel = hang_mammograms(visit, cache=cache).panels[0]
    assert panel.target.flags == ("date_assumed", "partial_view")
    assert image_target(visit, visit.mammograms[0], flags=("window_guessed",)).flags[-1] == "window_guessed"
    assert "Note: partial view" in panel.facts


def test_nothing_is_drawn_on_an_image_that_is_not_measured(visits, cache):
    visit = change(visits[0], 0, usable=False, intent=PresentationIntent.FOR_PROCESSING)
    (panel,) = hang_mammograms(visit, look=MammogramLook(P.SINGLE, Laterality.RIGHT, View.CC), cache=cache).panels
    assert panel.target is None
    assert panel.caption == "R-CC raw baseline"
    assert "Shown, not measured." in panel.facts

"""Marks of the earlier visit on the current picture: the place is carried over, the millimetres are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.geometry import Spacing, SpacingSource
from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import GeometryKind, Laterality
from napari_calcmeasure.display.panel import Hanging, Placement
from napari_calcmeasure.display.prior_marks import laid_over
from plugin.widgets import pictures


def annotation_on(panel):
    target = panel.target
    return Annotation(
        "a", "R-C1", target.timepoint, target.study_date, target.modality, target.laterality, target.quantity,
        GeometryKind.CALIPER, ((10.0, 5.0), (10.0, 25.0)), target.image, view=target.view,
    )  # fmt: skip


@pytest.fixture
def pair():
    """The prior has pixels twice as large."""
    current = pictures.mammogram_panel(0)
    prior = pictures.mammogram_panel(1, is_prior=True)
    coarse = replace(prior.target.image, spacing=Spacing(0.2, 0.2, SpacingSource.DETECTOR))
    return current, replace(
        prior, placement=Placement((-3.0, 0.0), (0.2, 0.2)), target=replace(prior.target, image=coarse)
    )


def test_the_place_is_carried_over_and_the_length_stays_the_priors(pair):
    current, prior = pair
    drawn = laid_over(current, Hanging("MG flicker", pair, "P1"), [annotation_on(prior)])
    (stroke,) = drawn.strokes
    worlds = [current.placement.to_world(point) for point in stroke.points]
    assert worlds == [pytest.approx(prior.placement.to_world(point)) for point in ((10.0, 5.0), (10.0, 25.0))]
    assert stroke.words == "prior 4.0 mm"


def test_only_what_lies_on_the_prior_is_laid_over(pair):
    current, _prior = pair
    assert laid_over(current, Hanging("MG flicker", pair, "P1"), [annotation_on(current)]).strokes == ()


@pytest.mark.parametrize("change", ["no prior", "other side", "another row"])
def test_nothing_is_laid_over_without_an_aligned_prior(pair, change):
    current, prior = pair
    others = {
        "no prior": (current,),
        "other side": (current, replace(prior, target=replace(prior.target, laterality=Laterality.LEFT))),
        "another row": (current, replace(prior, placement=Placement((90.0, 0.0), (0.2, 0.2)))),
    }
    panels = others[change]
    drawn = laid_over(current, Hanging("MG flicker", panels, "P1"), [annotation_on(prior)])
    assert drawn.strokes == ()

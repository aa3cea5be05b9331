"""Which hangings a visit allows, which images they show and where, and the walk over one image pixel for pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.terms import Laterality, View, ViewModifier
from napari_calcmeasure.cases import list_cases
from napari_calcmeasure.display.panel import Panel
from napari_calcmeasure.display.placement import Orientation, Picture
from napari_calcmeasure.display.protocols import (
    MammogramLook,
    MammogramProtocol,
    list_looks,
    plan_slots,
    quadrant_views,
    settle,
)
from napari_calcmeasure.display.windows import ramp_preset

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
P = MammogramProtocol


@pytest.fixture
def visits(index):
    """Mammograms of the first patient's two visits."""
    return [visit.items[0] for visit in list_cases(index)[0].visits]


def only(item, *keep):
    """The visit with some of its views."""
    return replace(item, mammograms=tuple(m for m in item.mammograms if f"{m.laterality}-{m.view}" in keep))


def without_mm(item, *names):
    mammograms = (replace(m, spacing=None) if f"{m.laterality}-{m.view}" in names else m for m in item.mammograms)
    return replace(item, mammograms=tuple(mammograms))


def names(slots):
    return [f"{s.mammogram.laterality}-{s.mammogram.view}{' prior' if s.is_prior else ''}" for s in slots]


def test_protocols_in_their_order(visits):
    first, second = visits
    assert list_protocols(second, first) == tuple(P)
    assert list_protocols(first) == (P.FOUR_UP, P.CC, P.MLO, P.SINGLE)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (("R-CC", "R-MLO"), (P.FOUR_UP, P.SINGLE)),
        (("R-CC", "L-CC"), (P.CC, P.SINGLE)),
        (("L-MLO",), (P.SINGLE,)),
        ((), ()),
    ],
)
def test_what_a_smaller_visit_allows(visits, keep, expected):
    assert list_protocols(only(visits[0], *keep)) == expected


def test_images_without_millimetres_hang_alone(visits):
    first, second = visits
    assert list_protocols(without_mm(first, "R-CC", "L-CC")) == (P.MLO, P.SINGLE)
    comparing = [look for look in list_looks(second, without_mm(first, "R-CC")) if look.protocol is P.COMPARE]
    assert [(look.side, look.view) for look in comparing] == [(LEFT, View.CC), (RIGHT, View.MLO), (LEFT, View.MLO)]


def test_one_image_may_be_compared_with_the_visit_before(visits):
    one = next(view for view in visits[1].views if view.title == "L-MLO")
    assert list_protocols(one, visits[0]) == (P.OVER_PRIOR, P.COMPARE, P.FLICKER, P.SINGLE)


def test_a_look_is_filled_in(visits):
    first, second = visits
    assert settle(MammogramLook(), second, first) == MammogramLook(P.FOUR_UP)
    assert settle(MammogramLook(P.COMPARE, LEFT), second, first) == MammogramLook(P.COMPARE, LEFT, View.CC)
    assert settle(MammogramLook(P.COMPARE, view=View.MLO), second, first).side is RIGHT
    assert settle(MammogramLook(P.COMPARE), first) is None
    assert settle(MammogramLook(P.CC, RIGHT), first) == MammogramLook(P.CC)
    spot = first.mammograms[3].image.sop_uid
    assert settle(MammogramLook(image=spot, protocol=P.SINGLE), first).image == spot


def test_four_up_is_cc_over_mlo(visits):
    slots = plan_slots(MammogramLook(P.FOUR_UP), visits[0])
    assert names(slots) == ["R-CC", "L-CC", "R-MLO", "L-MLO"]
    assert [slot.block for slot in slots] == [(0, 0), (0, 0), (1, 0), (1, 0)]


@pytest.mark.parametrize(("protocol", "expected"), [(P.CC, ["R-CC", "L-CC"]), (P.MLO, ["R-MLO", "L-MLO"])])
def test_one_projection_back_to_back(visits, protocol, expected):
    slots = plan_slots(MammogramLook(protocol), visits[0])
    assert names(slots) == expected
    assert {slot.block for slot in slots} == {(0, 0)}


def test_current_hangs_over_prior(visits):
    first, second = visits
    slots = plan_slots(MammogramLook(P.OVER_PRIOR), second, first)
    assert [slot.block for slot in slots] == [(0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 0), (1, 1), (1, 1)]
    assert [slot.is_prior for slot in slots] == [False] * 4 + [True] * 4
    assert {slot.mammogram.study_uid for slot in slots[:4]} == {m.study_uid for m in second.mammograms}


@pytest.mark.parametrize(("protocol", "cell"), [(P.COMPARE, (0, 1)), (P.FLICKER, (0, 0))])
def test_one_view_with_its_prior(visits, protocol, cell):
    first, second = visits
    slots = plan_slots(MammogramLook(protocol, LEFT, View.MLO), second, first)
    assert names(slots) == ["L-MLO", "L-MLO prior"]
    assert [slot.cell for slot in slots] == [(0, 0), cell]


def test_special_views_are_reached_alone(visits):
    first = visits[0]
    spot = replace(first.mammograms[0], modifiers=(ViewModifier.SPOT_COMPRESSION,), usable=False)
    spot = replace(spot, image=replace(spot.image, sop_uid="9.9"))
    visit = replace(first, mammograms=(spot, *first.mammograms))
    assert names(plan_slots(MammogramLook(P.FOUR_UP), visit)) == ["R-CC", "L-CC", "R-MLO", "L-MLO"]
    looks = [look for look in list_looks(visit) if look.protocol is P.SINGLE]
    assert len(looks) == 5
    assert plan_slots(looks[-1], visit)[0].mammogram is spot, "after what is measured"


# -- quadrant walk -------------------------------------------------------------------------------------------------


def half_disc(rows: int = 900, columns: int = 700) -> np.ndarray:
    row, column = np.mgrid[:rows, :columns]
    return np.where((row - rows / 2) ** 2 + column**2 < 400**2, 60, 0).astype(np.uint16)


def panel(values: np.ndarray, orientation: Orientation, *, units: str = "mm") -> Panel:
    place = Picture(values.shape, (0.1, 0.08), orientation).place(top=5, wall=-3)
    image = (values, {"units": (units, units)}, "image")
    return Panel("a", "a", image, values.shape, place, None, presets=(ramp_preset("a", (0, 60)),))


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.integers(150, 1200), st.integers(150, 1200)), st.booleans(), st.booleans())
def test_the_walk_sees_every_pixel_of_the_breast(canvas, rows_turned, columns_turned):
    shown = panel(half_disc(), Orientation(rows_turned, columns_turned))
    seen = np.zeros(shown.shape, bool)
    views = quadrant_views(shown, canvas)
    for centre, zoom in views:
        assert zoom == pytest.approx(1 / 0.08)
        half = np.asarray(canvas) / zoom / 2
        ends = [shown.placement.to_pixel(tuple(np.asarray(centre) + sign * half)) for sign in (-1, 1)]
        low, high = np.sort(np.asarray(ends), axis=0)
        low, high = np.maximum(np.ceil(low), 0).astype(int), np.floor(high).astype(int) + 1
        seen[low[0] : high[0], low[1] : high[1]] = True
    assert not ((half_disc() > 0) & ~seen).any()
    assert len({centre for centre, _ in views}) == len(views)


def test_the_walk_leaves_out_air_and_overlaps():
    views = quadrant_views(panel(half_disc(), Orientation()), (90, 90))
    rows, columns = (sorted({round(centre[axis], 6) for centre, _ in views}) for axis in (0, 1))
    assert len(views) < len(rows) * len(columns)
    side = 90 * 0.08
    assert max(np.diff(rows).max(), np.diff(columns).max()) <= 0.9 * side + 1e-6


def test_a_canvas_larger_than_the_breast_needs_one_look():
    ((centre, _),) = quadrant_views(panel(half_disc(), Orientation()), (3000, 3000))
    assert centre[0] == pytest.approx(5 + 45, abs=1)


def test_the_walk_works_without_millimetres():
    assert len(quadrant_views(panel(half_disc(), Orientation(), units="pixel"), (200, 200))) > 4


def list_protocols(item, prior=None):
    """Protocols in the order one steps through them."""
    return tuple(dict.fromkeys(look.protocol for look in list_looks(item, prior)))

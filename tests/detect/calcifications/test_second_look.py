"""Two visits read together: what another visit may lend, and what it may not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.calcifications.second_look import (
    Expected,
    LinkSettings,
    SeenView,
    lay_over,
    look_again,
    prior_factor,
)
from calcmeasure.detect.contract import CalcificationFindings, CalcificationMarks
from calcmeasure.geometry import Spacing, SpacingSource
from detect.calcifications.test_registration import moved, view

SPACING = Spacing(0.1, 0.1, SpacingSource.DETECTOR)
LINK = LinkSettings()
GROUP_MM = np.array([(70, 40), (71, 43), (73, 41), (74, 44), (76, 42), (77, 45), (72, 46), (75, 39.0)])
RIM_MM = np.array([[81.0, 46.5]])


def seen(places_mm, probabilities, *, reduced):
    marks = CalcificationMarks.plain(
        np.asarray(places_mm) / 0.1, np.full(len(places_mm), 0.3), probabilities=np.asarray(probabilities, dtype=float)
    )
    breast = np.ones((1500, 900), dtype=bool)
    return SeenView(regroup(CalcificationFindings((), breast, marks), spacing=SPACING), SPACING, reduced)


def widest_mm(findings):
    points = [group.points_rc * 0.1 for group in findings.clusters]
    return max((float(np.linalg.norm(p[:, None] - p[None], axis=2).max()) for p in points), default=0.0)


@pytest.fixture(scope="module")
def same():
    """Two visits positioned alike."""
    return view(), view()


def rim_at(probability):
    return np.vstack([GROUP_MM, RIM_MM]), [0.999] * len(GROUP_MM) + [probability]


FAINT = 0.05
"""Not enough alone at this place, enough where the other visit shows a calcification."""


def test_a_faint_mark_joins_where_the_other_visit_shows_one(same):
    earlier, later = seen(*rim_at(0.999), reduced=same[0]), seen(*rim_at(FAINT), reduced=same[1])
    assert widest_mm(later.findings) < widest_mm(earlier.findings)
    linked = look_again(earlier, later)
    assert linked.is_linked
    assert widest_mm(linked.later) == pytest.approx(widest_mm(earlier.findings))


def test_and_the_other_way_round(same):
    earlier, later = seen(*rim_at(FAINT), reduced=same[0]), seen(*rim_at(0.999), reduced=same[1])
    assert widest_mm(look_again(earlier, later).earlier) == pytest.approx(widest_mm(later.findings))


def test_a_mark_that_is_not_there_is_never_copied(same):
    earlier, later = seen(*rim_at(0.999), reduced=same[0]), seen(GROUP_MM, [0.999] * len(GROUP_MM), reduced=same[1])
    linked = look_again(earlier, later)
    assert widest_mm(linked.later) == widest_mm(later.findings)
    own = {tuple(place) for place in later.findings.marks.points_rc}
    assert all(tuple(place) in own for group in linked.later.clusters for place in group.points_rc)


def test_a_group_that_has_gone_stays_gone(same):
    earlier, later = seen(*rim_at(0.999), reduced=same[0]), seen(np.empty((0, 2)), [], reduced=same[1])
    linked = look_again(earlier, later)
    assert linked.later.clusters == ()
    assert widest_mm(linked.earlier) == widest_mm(earlier.findings), "and it was there before"


def test_visits_that_do_not_fit_keep_what_was_found_alone():
    earlier = seen(*rim_at(0.999), reduced=view(1))
    later = seen(*rim_at(FAINT), reduced=view(2))
    linked = look_again(earlier, later)
    assert not linked.is_linked
    assert linked.earlier is earlier.findings
    assert linked.later is later.findings


def test_a_breast_that_was_moved_is_looked_at_in_the_right_place():
    places, chances = rim_at(0.999)
    there = np.column_stack(moved(*places.T.astype(np.float32)))
    earlier = seen(there, chances, reduced=view())
    later = seen(*rim_at(FAINT), reduced=view(place_mm=moved))
    linked = look_again(earlier, later)
    assert widest_mm(linked.later) == pytest.approx(widest_mm(seen(*rim_at(0.999), reduced=view()).findings))


@settings(max_examples=40, deadline=None)
@given(
    shift=st.tuples(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5)),
    noise=st.integers(0, 2**32 - 1),
)
def test_a_group_is_laid_onto_itself_after_any_small_shift(shift, noise):
    """Registration leaves some mm; the figure that the marks form takes them away, among noise as well."""
    rng = np.random.default_rng(noise)
    there = np.vstack([GROUP_MM + shift, rng.uniform(60, 90, (30, 2))])
    weights = np.r_[np.full(len(GROUP_MM), 0.9), np.full(30, 0.02)]
    laid, spread_mm = lay_over(GROUP_MM, there, weights=weights, settings=LINK)
    np.testing.assert_allclose(laid, GROUP_MM + shift, atol=0.05)
    assert spread_mm == pytest.approx(LINK.closest_mm)


def test_two_marks_are_no_figure():
    laid, spread_mm = lay_over(GROUP_MM, GROUP_MM[:2] + 2.0, weights=np.ones(2), settings=LINK)
    np.testing.assert_array_equal(laid, GROUP_MM)
    assert spread_mm == LINK.place_mm


def test_the_prior_is_the_density_that_the_other_visit_lends():
    """On top of a counterpart: persistence times its chance over 2 pi sigma squared, over the density of a group."""
    expected = Expected((GROUP_MM,), (np.full(len(GROUP_MM), 0.8),))
    chances = np.full(len(GROUP_MM), 0.9)
    factor = prior_factor(GROUP_MM, chances, expected=expected, settings=LINK)
    peak = LINK.persistence * 0.8 / (2 * np.pi * LINK.closest_mm**2) / LINK.typical_per_mm2
    np.testing.assert_allclose(factor, peak, rtol=0.02)


def test_far_from_every_group_nothing_changes():
    expected = Expected((GROUP_MM,), (np.full(len(GROUP_MM), 0.8),))
    far = np.array([(120.0, 20.0)])
    assert prior_factor(far, np.array([0.5]), expected=expected, settings=LINK) == pytest.approx([1.0])

"""Numbers behind the figures: what is drawn, counted and left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.model.pathology import CompleteResponse, PathologyResult, Residual
from calcmeasure.stats.roc import roc_curve
from calcmeasure.study.plots import (
    changes,
    outcomes,
    paired_sizes,
    stacks,
    zero_cut,
)
from calcmeasure.study.variables import Pair
from calcmeasure.terms import Quantity
from study_cohorts import cohort, random_cohort, row

EXTENT, DIAMETER = Quantity.CALCIFICATION_EXTENT, Quantity.LESION_DIAMETER


def test_pairs_hold_only_included_rows_with_both_sizes():
    rows = (
        row("A", extent=(30, 20), size_mm=5),
        row("B", extent=(30, 20), size_mm=None),
        row("C", excluded="poor_image_quality"),
        row("D", extent=(30, 0), size_mm=0.0),
    )
    found = paired_sizes(cohort(*rows), Pair.EXTENT_PATHOLOGY)
    assert [(p.patient_id, p.first_mm, p.second_mm) for p in found] == [("A", 20, 5), ("D", 0, 0)]


@pytest.mark.parametrize(
    ("pair", "sizes"),
    [
        (Pair.EXTENT_PATHOLOGY, (28.0, 4.0)),
        (Pair.DIAMETER_PATHOLOGY, (8.0, 4.0)),
        (Pair.EXTENT_DIAMETER, (28.0, 8.0)),
    ],
)
def test_a_pair_takes_the_sizes_after_treatment(pair, sizes):
    (found,) = paired_sizes(cohort(row("A")), pair)
    assert (found.first_mm, found.second_mm) == sizes


def test_changes_are_exact_and_run_from_growth_to_disappearance():
    rows = (row("A", extent=(33.0, 36.3)), row("B", extent=(20, 0)), row("C", extent=(10, 25)), row("D", extent=(9, 9)))
    found = changes(cohort(*rows), EXTENT)
    assert [(c.patient_id, c.percent, c.category) for c in found.bars] == [
        ("C", 150.0, "increase"), ("A", 10.0, "increase"), ("D", 0.0, "unchanged"), ("B", -100.0, "decrease"),
    ]  # fmt: skip
    assert found.counts == {"increase": 2, "unchanged": 1, "decrease": 1}


def test_a_change_from_nothing_has_no_percentage_and_one_from_nowhere_is_counted():
    rows = (row("A", extent=(0, 12)), row("B", extent=(0, 0)), row("C", extent=(None, 3)), row("D"))
    found = changes(cohort(*rows), EXTENT)
    assert [c.patient_id for c in found.bars] == ["D"]
    assert [(c.patient_id, c.percent) for c in found.from_nothing] == [("A", None), ("B", None)]
    assert found.left_out == 1


@given(st.integers(0, 60), st.integers(0, 2**16))
def test_every_included_row_is_drawn_or_accounted_for(n, seed):
    drawn = random_cohort(n, excluded=3, seed=seed)
    for quantity in Quantity:
        found = changes(drawn, quantity)
        assert len(found.bars) + len(found.from_nothing) + found.left_out == n
        percents = [c.percent for c in found.bars]
        assert percents == sorted(percents, reverse=True)


def test_stacks_name_the_places_with_more_than_one():
    assert stacks([(0, 0), (1, 2), (0, 0), (3, 1), (3, 1), (0, 0)]) == ((0, 0, 3), (3, 1, 2))


def test_the_cut_at_zero_counts_what_is_above_it():
    """By hand: of 3 diseased two are above 0, of 4 healthy one."""
    scores, truth = [5, 2, 0, 0, 0, 0, 9], [True, True, True, False, False, False, False]
    cut = zero_cut(roc_curve(scores, truth, positive="disease"))
    assert (cut.sensitivity.count, cut.sensitivity.total) == (2, 3)
    assert (cut.false_positive_rate.count, cut.false_positive_rate.total) == (1, 4)


@pytest.mark.parametrize(("scores", "counts"), [([0, 0, 0], (0, 0)), ([1, 2, 3], (2, 1))])
def test_the_cut_at_zero_of_nothing_and_of_everything(scores, counts):
    cut = zero_cut(roc_curve(scores, [True, True, False], positive="disease"))
    assert (cut.sensitivity.count, cut.false_positive_rate.count) == counts


def test_without_a_class_there_is_no_cut():
    assert zero_cut(roc_curve([1, 2], [True, True], positive="disease")) is None


def test_outcomes_follow_the_definition():
    in_situ = replace(row("B"), pathology=PathologyResult(3.0, None, Residual.DCIS))
    rows = (row("A", size_mm=0.0), in_situ, row("C"), row("D", size_mm=None), row("E", excluded="prior_cancer"))
    found = outcomes(cohort(*rows))
    assert (found.complete, found.incomplete, found.unknown) == (2, 1, 1)
    strict = outcomes(replace(cohort(*rows), complete_response=CompleteResponse.YPT0))
    assert (strict.complete, strict.incomplete, strict.unknown) == (1, 2, 1)

"""iRECIST: unconfirmed and confirmed progression over time (Seymour 2017, table 2; EORTC questions and answers)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from calcmeasure.terms import NonTargetStatus
from response.timelines import IRECIST, NODE, NON_TARGET, SKIP, UNSEEN, Lesion, categories, changed, rows

CR, LEFT, PD, FURTHER, NE = NonTargetStatus
EVERY_SIX_WEEKS = (0, 42, 84, 126, 168, 210)


@dataclass(frozen=True)
class Case:
    """A course every six weeks unless days are given, its categories, and words of the last row."""

    name: str
    lesions: tuple[Lesion, ...]
    categories: str
    says: str = ""
    days: tuple[int | None, ...] = EVERY_SIX_WEEKS


A = Lesion("A", (50, 50, 50, 50))

CASES = [
    # -- no progression: as RECIST 1.1 -------------------------------------------------------
    Case("complete", (Lesion("A", (50, 0)),), "iCR"),
    Case("complete, a non-target left", (Lesion("A", (50, 0)), Lesion("B", (8, LEFT), role=NON_TARGET)), "iPR"),
    Case("partial, and it continues", (Lesion("A", (100, 70, 70, 80, 80, 80)),), "iPR iPR iPR iPR iPR"),
    Case("stable", (A,), "iSD iSD iSD"),
    Case("non-targets alone", (Lesion("B", (8, LEFT), role=NON_TARGET),), "non-iCR/non-iUPD"),
    Case("missing", (Lesion("A", (50, UNSEEN)),), "NE", "target A not measured"),
    # -- targets -----------------------------------------------------------------------------
    Case("first progression", (Lesion("A", (50, 60)),), "iUPD", "to be confirmed 28-56 days later"),
    Case(
        "5 mm more confirm",
        (Lesion("A", (50, 60, 65)),),
        "iUPD iCPD",
        "5.0 mm more in the sum of targets since followup-1",
    ),
    Case("less does not", (Lesion("A", (50, 60, 64.9)),), "iUPD iUPD", "no further growth since followup-1"),
    Case("small steps add up (EORTC: 4 and 2 mm)", (Lesion("A", (50, 60, 64, 66)),), "iUPD iUPD iCPD", "6.0 mm more"),
    Case(
        "shrinkage resets the bar",
        (Lesion("A", (50, 60, 55)),),
        "iUPD iSD",
        "progression of followup-1 not confirmed, the bar is reset",
    ),
    Case("to partial response", (Lesion("A", (50, 60, 30)),), "iUPD iPR"),
    Case("after a reset it begins anew", (Lesion("A", (50, 60, 50, 60, 66)),), "iUPD iSD iUPD iCPD"),
    Case("from a new nadir", (Lesion("A", (50, 60, 40, 48, 53)),), "iUPD iSD iUPD iCPD"),
    Case(
        "what is confirmed stays confirmed",
        (Lesion("A", (50, 60, 66, 20)),),
        "iUPD iCPD iCPD",
        "confirmed at followup-2",
    ),
    Case("a visit that cannot be evaluated changes nothing", (Lesion("A", (50, 60, UNSEEN, 66)),), "iUPD NE iCPD"),
    # -- the window --------------------------------------------------------------------------
    Case("27 days are too few", (Lesion("A", (50, 60, 70)),), "iUPD iUPD", "only 27 days, 28 are needed", (0, 42, 69)),
    Case("28 days are enough", (Lesion("A", (50, 60, 70)),), "iUPD iCPD", "", (0, 42, 70)),
    Case("counted from the first progression", (Lesion("A", (50, 60, 63, 66)),), "iUPD iUPD iCPD", "", (0, 42, 60, 70)),
    Case("later than eight weeks, and said", (Lesion("A", (50, 60, 70)),), "iUPD iCPD", "80 days later", (0, 42, 122)),
    Case(
        "without dates nothing is confirmed",
        (Lesion("A", (50, 60, 70)),),
        "iUPD iUPD",
        "dates not known",
        (None, None, None),
    ),
    Case(
        "within the window only another new lesion confirms (EORTC)",
        (
            Lesion("A", (50, 50, 50)),
            Lesion("X", (SKIP, 12, 12), is_new=True),
            Lesion("Y", (SKIP, SKIP, 6), is_new=True),
        ),
        "iUPD iCPD",
        "another new lesion Y",
        (0, 42, 56),
    ),
    # -- non-targets -------------------------------------------------------------------------
    Case("non-target first", (A, Lesion("B", (9, PD, LEFT, LEFT), role=NON_TARGET)), "iUPD iSD iSD"),
    Case("stated again, no further increase", (A, Lesion("B", (9, PD, PD, PD), role=NON_TARGET)), "iUPD iUPD iUPD"),
    Case("any further increase, stated (EORTC)", (A, Lesion("B", (9, PD, FURTHER), role=NON_TARGET)), "iUPD iCPD iCPD"),
    Case(
        "any further increase, measured",
        (A, Lesion("B", (9, 20, 20.5, 21), role=NON_TARGET, status={1: PD})),
        "iUPD iCPD iCPD",
    ),
    Case(
        "measured the same, and nothing said: still there",
        (A, Lesion("B", (9, 20, 20, 19), role=NON_TARGET, status={1: PD})),
        "iUPD iUPD iSD",
    ),
    Case(
        "measured the same, and a reader says no",
        (A, Lesion("B", (9, 20, 20, 20), role=NON_TARGET, status={1: PD, 2: LEFT})),
        "iUPD iSD iSD",
    ),
    Case(
        "growth of a non-target confirms only what non-targets began",
        (Lesion("A", (50, 60, 60)), Lesion("B", (9, 9, 12), role=NON_TARGET)),
        "iUPD iUPD",
    ),
    # -- new lesions -------------------------------------------------------------------------
    Case(
        "new, then the same", (A, Lesion("X", (SKIP, 12, 12, 12), is_new=True)), "iUPD iUPD iUPD", "no further growth"
    ),
    Case("5 mm more in a measurable one", (A, Lesion("X", (SKIP, 12, 17), is_new=True)), "iUPD iCPD iCPD"),
    Case(
        "4.9 mm are not enough, 4 and 2 are (EORTC)",
        (A, Lesion("X", (SKIP, 12, 16, 18), is_new=True)),
        "iUPD iUPD iCPD",
    ),
    Case(
        "any growth of a small one",
        (A, Lesion("X", (SKIP, 6, 6.1), is_new=True)),
        "iUPD iCPD iCPD",
        "confirmed at followup-2",
    ),
    Case(
        "another one",
        (A, Lesion("X", (SKIP, 12, 12), is_new=True), Lesion("Y", (SKIP, SKIP, 6), is_new=True)),
        "iUPD iCPD iCPD",
    ),
    Case("gone again", (A, Lesion("X", (SKIP, 12, 0), is_new=True)), "iUPD iSD iSD"),
    Case("a new node counts by its short axis", (A, Lesion("X", (SKIP, 16, 21), NODE, is_new=True)), "iUPD iCPD iCPD"),
    # -- one kind, then another --------------------------------------------------------------
    Case(
        "targets, then a new lesion",
        (Lesion("A", (50, 60, 60)), Lesion("X", (SKIP, SKIP, 6), is_new=True)),
        "iUPD iCPD",
    ),
    Case(
        "a new lesion, then targets",
        (Lesion("A", (50, 50, 60)), Lesion("X", (SKIP, 12, 12), is_new=True)),
        "iUPD iCPD",
        "target lesions as well",
    ),
    Case(
        "targets, then a non-target",
        (Lesion("A", (50, 60, 60)), Lesion("B", (9, 9, PD), role=NON_TARGET)),
        "iUPD iCPD",
        "non-target lesions as well",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_timeline(case):
    assert categories(*case.lesions, profile=IRECIST, days=case.days) == case.categories
    row = rows(*case.lesions, profile=IRECIST, days=case.days)[-1]
    assert case.says in row.rule
    assert row.rule.startswith(f"{row.category}: ")


def test_new_lesions_have_a_sum_of_their_own():
    """Two per organ, 10 mm at least (nodes 15 mm), and never in the sum of targets."""
    new = [Lesion(k, (SKIP, mm), is_new=True) for k, mm in [("W", 11), ("X", 12), ("Y", 13), ("Z", 9)]]
    (row,) = rows(Lesion("A", (50, 50)), *new, Lesion("N", (SKIP, 14), NODE, is_new=True), profile=IRECIST)
    assert (row.value_mm, row.new_lesion_sum_mm) == (50.0, 25.0)
    assert row.new_lesions == ("N", "W", "X", "Y", "Z")
    (small,) = rows(Lesion("A", (50, 50)), Lesion("Z", (SKIP, 9), is_new=True), profile=IRECIST)
    assert small.new_lesion_sum_mm is None


def test_the_targets_keep_their_recist_category():
    found = rows(Lesion("A", (50, 60, 66)), profile=IRECIST, days=EVERY_SIX_WEEKS)
    assert [(row.target_response, row.best_response) for row in found] == [("PD", "iUPD"), ("PD", "iCPD")]


def test_eight_weeks_are_within_the_window():
    at_the_end = rows(Lesion("A", (50, 60, 70)), profile=IRECIST, days=(0, 42, 98))[-1]
    assert at_the_end.rule.endswith("confirmed by 10.0 mm more in the sum of targets since followup-1")


def test_a_profile_may_leave_new_lesions_out():
    without = changed("irecist", new_lesion_is_progression="false")
    assert categories(Lesion("A", (50, 50)), Lesion("X", (SKIP, 12), is_new=True), profile=without) == "iSD"

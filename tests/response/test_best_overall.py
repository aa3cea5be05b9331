"""Best overall response: the paper's table 3, least durations, and iRECIST's scenarios."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.response.best_overall import DatedResponse, best_responses
from calcmeasure.response.rules import BestResponseRule
from calcmeasure.terms import Response
from response.timelines import SKIP, Lesion, changed, rows

CONFIRMED = BestResponseRule(confirmation_days=28, stable_min_days=42)


def best(words: str, *days: int | None, rule: BestResponseRule | None = None) -> str:
    names = words.split()
    when = days or tuple(42 * k for k in range(1, len(names) + 1))
    return list(best_responses([DatedResponse(*pair) for pair in zip(names, when, strict=True)], rule))[-1]


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        # Eisenhauer 2009, table 3: two time points six weeks apart, confirmation required
        ("CR CR", "CR"),
        ("CR SD", "SD"),
        ("CR PD", "SD"),
        ("CR NE", "SD"),
        ("PR CR", "PR"),
        ("PR PR", "PR"),
        ("PR SD", "SD"),
        ("PR PD", "SD"),
        ("PR NE", "SD"),
        ("NE NE", "NE"),
        # the same rules for longer courses
        ("PR NE PR", "PR"),
        ("SD CR CR", "CR"),
        ("PR CR CR", "CR"),
        ("PR PD PR", "SD"),
        ("SD PD", "SD"),
        ("PD CR", "PD"),
        ("NE PD", "PD"),
    ],
)
def test_confirmed_by_the_table(timeline, expected):
    assert best(timeline, rule=CONFIRMED) == expected


@pytest.mark.parametrize(
    ("timeline", "days", "expected"),
    [
        ("PR PR", (42, 69), "SD"),  # 27 days
        ("PR PR", (42, 70), "PR"),  # 28 days
        ("SD PD", (41, 60), "PD"),  # stable for less than asked
        ("SD PD", (42, 60), "SD"),
        ("CR PD", (20, 60), "PD"),  # unconfirmed, and too early to count as stable
        ("CR NE", (20, 60), "NE"),
        ("PR PR", (None, None), "NE"),  # nothing tells how long it was
    ],
)
def test_days_are_counted(timeline, days, expected):
    assert best(timeline, *days, rule=CONFIRMED) == expected


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [("SD PR SD", "PR"), ("PR CR PD", "CR"), ("SD PD CR", "SD"), ("NE SD", "SD"), ("NE", "NE"), ("PD", "PD")],
)
def test_without_confirmation_it_is_the_best_before_progression(timeline, expected):
    assert best(timeline) == expected


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        # Seymour 2017, table 3, examples 1-8: one path through each
        ("iCR iPR iUPD iUPD iCPD", "iCR"),
        ("iUPD iSD iCR iUPD iCPD", "iCR"),
        ("iUPD iPR iSD NE iCPD", "iPR"),
        ("iUPD NE iPR iUPD iCPD", "iPR"),
        ("iUPD iSD NE iCPD iCPD", "iSD"),
        ("iUPD iCPD iCR iCR iCR", "iCPD"),
        ("iUPD iUPD iCPD iPR iPR", "iCPD"),
        ("iUPD NE NE NE NE", "iUPD"),
        ("non-iCR/non-iUPD iUPD iCPD", "non-iCR/non-iUPD"),
    ],
)
def test_scenarios_of_irecist(timeline, expected):
    assert best(timeline) == expected


def test_the_best_response_so_far_stands_in_every_row():
    assert [row.best_response for row in rows(Lesion("A", (100, 90, 60, 80, 100)))] == ["SD", "PR", "PR", "PR"]


def test_a_profile_may_ask_for_confirmation():
    strict = changed("recist-1.1", confirmation_days=28, stable_min_days=42)
    found = rows(Lesion("A", (100, 60, 60, 60)), profile=strict, days=(0, 50, 70, 90))
    assert [(row.category, row.best_response) for row in found] == [("PR", "SD"), ("PR", "SD"), ("PR", "PR")]
    assert [row.rule.endswith("; to be confirmed") for row in found] == [True, True, False]
    assert not rows(Lesion("A", (100, 60)))[0].rule.endswith("; to be confirmed")


def test_nothing_after_progression_is_to_be_confirmed():
    strict = changed("recist-1.1", confirmation_days=28)
    found = rows(Lesion("A", (100, 130, 60)), Lesion("N", (SKIP, 12, 0), is_new=True), profile=strict, days=(0, 50, 90))
    assert [row.best_response for row in found] == ["PD", "PD"]
    assert found[1].category == "PR"
    assert not found[1].rule.endswith("; to be confirmed")


@given(st.lists(st.sampled_from(list(Response)), min_size=1, max_size=7))
def test_where_nothing_is_waited_for_the_best_is_the_first_of_the_best_until_progression(categories):
    best_first = (Response.CR, Response.PR, Response.SD, Response.PD, Response.NE)
    over = categories.index(Response.PD) + 1 if Response.PD in categories else len(categories)
    expected = [min(categories[: min(n, over)], key=best_first.index) for n in range(1, len(categories) + 1)]
    timeline = [DatedResponse(category, None) for category in categories]
    assert list(best_responses(timeline)) == list(best_responses(timeline, BestResponseRule())) == expected

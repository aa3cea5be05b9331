"""Randomly thrown examinations: what is sorted is right, and what is wrong would be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench_phase_sorting import judge
from phase_series import draw_series

PER_TEST = 25


@pytest.mark.parametrize("first", range(5000, 5000 + 4 * PER_TEST, PER_TEST))
def test_whatever_is_sorted_is_right(first):
    outcomes = [judge(draw_series(seed))[0] for seed in range(first, first + PER_TEST)]
    assert not [outcome for outcome in outcomes if outcome.startswith("wrong")]
    assert sum(outcome.startswith("right") for outcome in outcomes) > PER_TEST / 2


def test_the_same_seed_gives_the_same_headers():
    assert draw_series(3) == draw_series(3)
    assert draw_series(3) != draw_series(4)


def right_one():
    """An examination of several phases that is sorted right."""
    return next(
        truth
        for truth in map(draw_series, range(6000, 6100))
        if judge(truth)[0] == "right" and len(truth.phases) > 3 and "INJECTION" in truth.traits
    )


def test_the_judge_sees_every_kind_of_fault():
    truth = right_one()
    groups, starts_s = truth.phases, truth.starts_s
    swapped = (groups[0][:-1] + groups[1][-1:], groups[1][:-1] + groups[0][-1:], *groups[2:])
    assert judge(replace(truth, phases=swapped))[0] == "wrong grouping"
    assert judge(replace(truth, phases=(groups[1], groups[0], *groups[2:])))[0] == "wrong grouping"
    assert judge(replace(truth, starts_s=(*starts_s[:-1], starts_s[-1] + 5.0)))[0] == "wrong time"
    assert judge(replace(truth, injection_s=truth.injection_s - 5.0))[0] == "wrong time"
    assert judge(replace(truth, duration_s=truth.duration_s + 10.0))[0] == "wrong time"
    assert judge(replace(truth, headers=truth.headers[:1]))[0] == "refused"

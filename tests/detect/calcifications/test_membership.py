"""Membership by likelihood ratio: weak marks join where the group is dense, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from calcmeasure.detect.calcifications.membership import (
    Group,
    WeighedMarks,
    assign_once,
    complete_group,
    likeness,
    membership,
)
from calcmeasure.detect.calcifications.settings import MembershipSettings

SETTINGS = MembershipSettings(average_per_mm2=0.003, scattered_per_mm2=0.0005, benign_density=0.5, densest_per_mm2=0.3)
GRID_MM = np.stack(np.meshgrid(np.arange(4) * 2.0, np.arange(4) * 2.0), axis=-1).reshape(-1, 2)
"""Sixteen marks 2 mm apart."""


def weighed(points_mm, odds, strengths=np.nan):
    n = len(points_mm)
    return WeighedMarks(np.asarray(points_mm, dtype=float), np.full(n, odds), np.full(n, strengths), np.zeros(n))


def with_one_more(point_mm, odds, settings=SETTINGS):
    points_mm = np.vstack([GRID_MM, point_mm])
    marks = weighed(points_mm, np.append(np.full(len(GRID_MM), 50.0), odds))
    return complete_group(np.arange(len(GRID_MM)), marks, settings=settings)


@pytest.mark.parametrize(
    ("odds", "density", "expected"),
    [
        # By hand: d*o / ((d + 0.0005)*o + 0.003).
        (1.0, 0.003, 0.003 / (0.0035 + 0.003)),
        (0.1, 0.03, 0.003 / (0.00305 + 0.003)),
        (1.0, 0.0, 0.0),
        (1.0, 9.0, 0.3 / (0.3005 + 0.003)),
    ],
)
def test_chance_of_membership_is_bayes_rule_over_noise_and_scattered_ones(odds, density, expected):
    chance = membership(np.array([odds]), np.array([density]), benign_odds=np.zeros(1), settings=SETTINGS)
    assert chance == pytest.approx([expected])


@pytest.mark.parametrize(
    ("share", "density", "expected"),
    [
        # By hand, of a certain calcification: odds s / (1 - s), benign ones half as dense as the group's.
        (0.5, 0.1, 0.1 / (0.1 + 0.0005 + 0.05)),
        (0.2, 0.1, 0.1 / (0.1 + 0.0005 + 0.05 * 4.0)),
        (0.5, 0.002, 0.002 / (0.002 + 0.0005 + 0.003)),
    ],
)
def test_what_looks_benign_is_carried_by_no_density(share, density, expected):
    odds = np.array([share / (1.0 - share)])
    chance = membership(odds, np.array([density]), benign_odds=1.0 / odds, settings=SETTINGS)
    assert chance == pytest.approx([expected])


def test_a_weak_mark_joins_inside_and_not_far_outside():
    assert len(with_one_more([3.0, 3.0], 0.1).members) == 17
    assert len(with_one_more([3.0, 13.0], 0.1).members) == 16


def test_noise_joins_not_even_inside():
    assert len(with_one_more([3.0, 3.0], 0.002).members) == 16


def test_a_member_far_from_the_others_is_let_go():
    points_mm = np.vstack([GRID_MM, [3.0, 40.0]])
    marks = weighed(points_mm, 50.0)
    assert complete_group(np.arange(17), marks, settings=SETTINGS).members.tolist() == list(range(16))


def test_a_group_grows_in_steps_along_its_own_marks():
    along_mm = np.column_stack([np.zeros(12), np.arange(12) * 2.0])
    marks = weighed(along_mm, 3.0)
    settings = replace(SETTINGS, reach_mm=8.0)
    assert complete_group(np.arange(3), marks, settings=settings).members.tolist() == list(range(12))


@pytest.mark.parametrize(("strength", "joins"), [(2.5, True), (1.2, False)])
def test_a_weak_mark_joins_where_it_is_as_strong_as_the_others(strength, joins):
    points_mm = np.vstack([GRID_MM, [3.0, 3.0]])
    marks = weighed(points_mm, np.append(np.full(16, 50.0), 0.1), np.append(np.full(16, 2.5), strength))
    assert (16 in complete_group(np.arange(16), marks, settings=SETTINGS).members) == joins


def test_likeness_is_a_ratio_of_two_normal_densities():
    # One sure member of log strength 2.6 among two strangers at 2.0: learned mean 2.2, variance 0.1225 * 4 / 3.
    strengths, chances = np.array([2.6, 2.0, np.nan]), np.array([1.0, 0.0, 0.0])
    expected = [norm.pdf(x, 2.2, np.sqrt(0.49 / 3.0)) / norm.pdf(x, 2.0, 0.6) for x in (2.6, 2.0)]
    assert likeness(strengths, chances, settings=SETTINGS) == pytest.approx([*expected, 1.0])


def test_evidence_is_larger_with_more_members():
    assert with_one_more([3.0, 3.0], 1.0).evidence > with_one_more([3.0, 60.0], 1.0).evidence > 0.0


def test_a_mark_claimed_twice_goes_where_it_more_probably_belongs():
    first = Group(np.array([0, 1]), np.array([0.9, 0.6]), np.array([3.0, 1.0]))
    second = Group(np.array([1, 2]), np.array([0.8, 0.9]), np.array([2.0, 3.0]))
    left, right = assign_once([first, second])
    assert left.members.tolist() == [0]
    assert right.members.tolist() == [1, 2]
    assert right.chances.tolist() == [0.8, 0.9]

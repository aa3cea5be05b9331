from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode, PhaseError
from calcmeasure.measure.early_phase import (
    DEFAULT_EARLY_PHASE_RULE,
    EARLY_PHASE_RULES,
    choose_early_phase,
    early_phase_of_reader,
)
from calcmeasure.model.imaging import DynamicSeries, FrameReference, Phase
from calcmeasure.terms import Flag


def protocol(duration_s, *, n_post=6, first_start_s=25.0, injection=True, flags=()):
    """One phase before contrast, then `n_post` without a pause from `first_start_s` after the injection."""
    zero = 0.0 if injection else first_start_s
    starts = [first_start_s - 60 - duration_s, *(first_start_s + i * duration_s for i in range(n_post))]
    phases = tuple(
        Phase(i, s - zero + duration_s / 2, s - zero, duration_s, (FrameReference(Path("a"), "1"),))
        for i, s in enumerate(starts)
    )
    name = "injection" if injection else "first_post_contrast_start"
    all_flags = flags if injection else (Flag.TIME_ZERO_ASSUMED.value, *flags)
    return DynamicSeries(("1",), "1", "GE", "key", "reason", name, phases, 1, None, flags=all_flags)


# The study's protocols: six phases of 75 s (GE) or 60 s (Philips), the first 25 s after injection. Centres after
# injection: 62.5, 137.5, ... and 55, 115, 175, ...; after the start of the first post-contrast phase: 37.5, 112.5,
# 187.5, ... and 30, 90, 150, ...
GE, PHILIPS = 75.0, 60.0


@pytest.mark.parametrize("injection", [True, False])
@pytest.mark.parametrize(
    ("rule", "duration_s", "index"),
    [
        ("k-space-centre-90s", GE, 1),
        ("k-space-centre-90s", PHILIPS, 2),
        ("first-post-contrast", GE, 1),
        ("first-post-contrast", PHILIPS, 1),
        ("within-2-min", GE, 1),
        ("within-2-min", PHILIPS, 2),
        ("150s-after-first-post", GE, 2),  # 112.5 and 187.5 are a tie: the earlier wins
        ("150s-after-first-post", PHILIPS, 3),
    ],
)
def test_protocols_of_the_study(rule, duration_s, index, injection):
    series = protocol(duration_s, injection=injection)
    early = choose_early_phase(series, rule=rule)
    assert (early.index, early.rule, early.time_s) == (index, rule, series.phases[index].time_s)
    assert f"phase {index}" in early.reason
    assert (Flag.TIME_ZERO_ASSUMED in early.flags) is not injection


def test_assumed_delay_is_said_and_never_enters_the_recorded_time():
    early = choose_early_phase(protocol(GE, injection=False))
    assert early.time_s == 37.5
    assert "if that was 25 s before" in early.reason


@pytest.mark.parametrize("rule", EARLY_PHASE_RULES)
@pytest.mark.parametrize("duration_s", [GE, PHILIPS, 20.0])
@pytest.mark.parametrize("shift_s", [-40.0, 160.0])
def test_without_an_injection_it_does_not_matter_what_the_series_counts_from(rule, duration_s, shift_s):
    series = protocol(duration_s, injection=False)
    phases = tuple(replace(p, time_s=p.time_s + shift_s, start_s=p.start_s + shift_s) for p in series.phases)
    early = choose_early_phase(series, rule=rule)
    moved = choose_early_phase(replace(series, phases=phases, time_zero="series_start"), rule=rule)
    assert moved == replace(early, time_s=early.time_s + shift_s)


@pytest.mark.parametrize(
    ("centre_s", "fits"), [(59.99, False), (60.0, True), (90.0, True), (120.0, True), (120.01, False)]
)
def test_window_is_closed(centre_s, fits):
    series = protocol(10.0, n_post=1, first_start_s=centre_s - 5)
    if fits:
        assert choose_early_phase(series).index == 1
        return
    with pytest.raises(PhaseError) as caught:
        choose_early_phase(series)
    assert caught.value.code is ErrorCode.NO_EARLY_PHASE


def test_tie_goes_to_the_earlier_phase():
    assert choose_early_phase(protocol(20.0, n_post=5, first_start_s=30.0)).index == 3  # 40, 60, 80, 100: tie
    assert choose_early_phase(protocol(20.0, n_post=5, first_start_s=30.0)).time_s == 80.0


def test_outside_the_window_of_an_assumed_time_zero_is_flagged_not_refused():
    early = choose_early_phase(protocol(240.0, n_post=2, injection=False))
    assert early.index == 1
    assert Flag.EARLY_PHASE_OUTSIDE_WINDOW in early.flags


def test_within_two_minutes_refuses_a_slow_first_phase():
    with pytest.raises(PhaseError) as caught:
        choose_early_phase(protocol(240.0, n_post=2), rule="within-2-min")
    assert caught.value.code is ErrorCode.NO_EARLY_PHASE
    assert "first-post-contrast" in caught.value.message


@pytest.mark.parametrize(("index", "neighbours"), [(1, (2,)), (2, (1, 3))])
def test_alternatives_are_post_contrast_neighbours(index, neighbours):
    early = choose_early_phase(protocol(GE if index == 1 else PHILIPS))
    assert early.alternatives == neighbours


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_post_contrast": None}, ErrorCode.NO_EARLY_PHASE),
        ({"first_post_contrast": 0}, ErrorCode.NO_BASELINE_PHASE),
        ({"first_post_contrast": 7}, ErrorCode.NO_EARLY_PHASE),
        ({"usable": False, "flags": ("slice_gap", "E_TIME_UNKNOWN")}, ErrorCode.TIME_UNKNOWN),
        ({"usable": False}, ErrorCode.PHASE_AMBIGUOUS),
    ],
)
def test_refusals(change, code):
    with pytest.raises(PhaseError) as caught:
        choose_early_phase(replace(protocol(GE), **change))
    assert caught.value.code is code


def test_unknown_times_are_refused_unless_the_rule_needs_none():
    series = protocol(GE)
    series = replace(series, phases=tuple(replace(p, time_s=None, start_s=None) for p in series.phases))
    with pytest.raises(PhaseError) as caught:
        choose_early_phase(series)
    assert caught.value.code is ErrorCode.TIME_UNKNOWN
    assert choose_early_phase(series, rule="first-post-contrast").index == 1


def test_unknown_rule_names_the_known_ones():
    with pytest.raises(PhaseError, match="within-2-min"):
        choose_early_phase(protocol(GE), rule="peak")


def test_assumed_first_post_contrast_travels_with_the_choice():
    series = protocol(GE, injection=False, flags=(Flag.FIRST_POST_ASSUMED.value,))
    assert Flag.FIRST_POST_ASSUMED in choose_early_phase(series).flags


def test_rules_are_named_once_and_read_only():
    assert DEFAULT_EARLY_PHASE_RULE in EARLY_PHASE_RULES
    assert all(name == rule.name and rule.summary for name, rule in EARLY_PHASE_RULES.items())
    with pytest.raises(TypeError):
        EARLY_PHASE_RULES["x"] = EARLY_PHASE_RULES[DEFAULT_EARLY_PHASE_RULE]


def test_second_zero_stays_when_the_first_post_contrast_phase_was_left_out():
    """The kept phases start 75, 150, ... s after the first, dropped one: the nearest lies at 137.5 s, not at 62.5 s."""
    whole = protocol(GE, injection=False)
    series = replace(whole, phases=(whole.phases[0], *whole.phases[2:]))
    early = choose_early_phase(series)
    assert early.time_s == 112.5
    assert "137.5 s" in early.reason
    assert Flag.EARLY_PHASE_OUTSIDE_WINDOW in early.flags


def test_a_reader_overrides_the_rule_and_the_reason_says_what_it_would_have_taken():
    series = protocol(GE)
    early = early_phase_of_reader(series, index=3)
    assert (early.index, early.rule, early.time_s) == (3, "reader", series.phases[3].time_s)
    assert early.reason == "phase 3 was chosen by the reader; rule k-space-centre-90s takes phase 1"
    assert early.alternatives == (2, 4)


def test_a_reader_can_choose_where_the_rule_refuses():
    series = protocol(GE, first_start_s=200.0)
    with pytest.raises(PhaseError):
        choose_early_phase(series)
    early = early_phase_of_reader(series, index=1)
    assert early.index == 1
    assert "takes none (E_NO_EARLY_PHASE" in early.reason


def test_a_choice_of_the_reader_keeps_what_was_assumed_about_the_times():
    early = early_phase_of_reader(protocol(GE, injection=False), index=2)
    assert early.flags == (Flag.TIME_ZERO_ASSUMED,)


@pytest.mark.parametrize("index", [-1, 0, 7])
def test_a_reader_cannot_choose_a_phase_before_contrast_or_none(index):
    with pytest.raises(PhaseError, match="choose one of 1-6") as caught:
        early_phase_of_reader(protocol(GE), index=index)
    assert caught.value.code == ErrorCode.NO_EARLY_PHASE

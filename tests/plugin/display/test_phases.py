"""What a reader can choose from, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calcmeasure.errors import PhaseError
from calcmeasure.terms import Flag
from napari_calcmeasure.display.phases import early_sentence, phase_choices, pick_early_phase


def without_times(series):
    return replace(series, phases=tuple(replace(phase, time_s=None, start_s=None) for phase in series.phases))


def test_phases_after_contrast_are_offered_with_their_times(dynamic):
    choices = phase_choices(dynamic)
    assert choices.indices == (1, 2, 3, 4)
    assert choices.words[:2] == (
        "phase 1 of 0–4 (rule) · 85 s after injection",
        "phase 2 of 0–4 · 155 s after injection",
    )
    assert (choices.by_rule, choices.chosen) == (1, None)
    assert choices.sentence.startswith("Early phase 1: 85 s after injection, chosen by rule k-space-centre-90s because")


def test_a_choice_is_said_beside_what_the_rule_takes(dynamic):
    choices = phase_choices(dynamic, chosen=2)
    assert choices.chosen == 2
    assert choices.sentence == (
        "Early phase 2: 155 s after injection; phase 2 was chosen by the reader; rule k-space-centre-90s takes phase 1."
    )


def test_without_times_the_rule_takes_none_and_a_reader_can(dynamic):
    series = without_times(dynamic)
    choices = phase_choices(series)
    assert choices.by_rule is None
    assert choices.sentence.endswith("the times of the phases are unknown [E_TIME_UNKNOWN]")
    early = pick_early_phase(series, choice=1)
    assert early_sentence(series, early).startswith("Early phase 1: time unknown; phase 1 was chosen by the reader")


def test_where_nothing_tells_which_phases_are_after_contrast_none_is_offered(dynamic):
    choices = phase_choices(replace(dynamic, first_post_contrast=None))
    assert choices.indices == ()
    assert "[E_NO_EARLY_PHASE]" in choices.sentence


def test_a_phase_before_contrast_is_refused(dynamic):
    with pytest.raises(PhaseError, match="choose one of 1-4"):
        pick_early_phase(dynamic, choice=0)


def test_seconds_after_a_stand_in_for_the_injection_are_said_so(dynamic):
    assumed = replace(dynamic, time_zero="first_post_contrast_start", flags=(Flag.TIME_ZERO_ASSUMED.value,))
    early = pick_early_phase(assumed, choice=1)
    assert early_sentence(assumed, early).startswith("Early phase 1: 85 s after first post contrast start; ")

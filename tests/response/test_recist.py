"""Lesion response: worked vectors, every cut-off from below, at and above, and the order of the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calcmeasure.model.annotation import PhaseReference
from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.course import Course, LesionBurden
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.overall import judge_response
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Flag, Laterality, Method, Modality, Quantity, Response

PROFILES = {"paper": load_profile("paper-2023"), "recist": load_profile("recist-1.1")}


def lesion(timepoint: str, value_mm: float | None, lesion_id: str = "A", **fields: object) -> Measurement:
    base = Measurement("P1", timepoint, Quantity.LESION_DIAMETER, value_mm, Laterality.LEFT, lesion_id)
    return replace(base, **{"modality": Modality.MR, **fields})


def rows(measurements: list[Measurement], profile: str = "recist") -> tuple[ResponseRow, ...]:
    return score_measurements(measurements, profile=PROFILES[profile])


def course_of(*values_mm: float) -> list[Measurement]:
    names = ["baseline", *(f"followup-{k}" for k in range(1, len(values_mm)))]
    return [lesion(name, value) for name, value in zip(names, values_mm, strict=True)]


@dataclass(frozen=True)
class Case:
    values_mm: tuple[float, ...]
    paper: str
    recist: str


VECTORS = [
    Case((10, 12.5), "PD", "SD"),  # + 2.5 mm only
    Case((40, 20, 26), "PR", "PD"),  # -35 % from baseline, +30 % and +6 mm from nadir
    Case((100, 70), "SD", "PR"),  # exactly -30 %
    Case((100, 69.999), "PR", "PR"),
    Case((100, 70.001), "SD", "SD"),
    Case((50, 60), "SD", "PD"),  # exactly +20 %, +10 mm
    Case((50, 60.001), "PD", "PD"),
    Case((50, 59.999), "SD", "SD"),
    Case((25, 30), "SD", "PD"),  # +20 % and exactly +5 mm
    Case((24, 29), "PD", "PD"),
    Case((24, 28.999), "PD", "SD"),  # +20.8 % but under 5 mm
    Case((30, 0), "CR", "CR"),
    Case((30, 0.5), "PR", "PR"),
    Case((30, 0, 6), "PR", "PD"),  # back after complete response
    Case((28, 16), "PR", "PR"),
    Case((20, 20), "SD", "SD"),
    Case((40, 30, 36), "SD", "PD"),  # nadir 30: +20 % and +6 mm, still below baseline
    Case((40, 30, 35.9), "SD", "SD"),
]


@pytest.mark.parametrize("case", VECTORS, ids=str)
@pytest.mark.parametrize("profile", ["paper", "recist"])
def test_last_category(case, profile):
    row = rows(course_of(*case.values_mm), profile)[-1]
    assert row.category == getattr(case, profile)
    assert row.rule.startswith(f"{row.category}: ")
    assert row.criteria == PROFILES[profile].name


def test_rule_reads_as_a_sentence():
    assert rows(course_of(28, 16))[0].rule == "PR: 28.0 → 16.0 mm is -42.9 % from baseline (≥ 30 % decrease)"
    assert rows(course_of(100, 70), "paper")[0].rule == (
        "SD: 100.0 → 70.0 mm is -30.0 % from baseline (neither > 30 % decrease nor > 20 % increase)"
    )


def test_progression_names_the_nadir():
    row = rows(course_of(40, 20, 26))[1]
    assert (row.reference_mm, row.reference_timepoint) == (20.0, "followup-1")
    assert (row.change_mm, row.change_percent) == (6.0, 30.0)
    assert row.baseline_mm == 40.0
    assert row.rule == "PD: 20.0 → 26.0 mm is +30.0 % from nadir at followup-1 (≥ 20 % and ≥ 5 mm increase)"


def test_percent_is_empty_after_a_nadir_of_zero():
    row = rows(course_of(30, 0, 6))[1]
    assert (row.reference_mm, row.change_percent, row.change_mm) == (0.0, None, 6.0)


def test_sum_of_targets_and_the_cap_of_two_in_the_breast():
    measurements = [
        *(lesion("baseline", v, i) for v, i in [(30, "A"), (20, "B"), (15, "C"), (9.9, "D")]),
        *(lesion("followup-1", v, i) for v, i in [(20, "A"), (15, "B"), (15, "C"), (9.9, "D")]),
    ]
    (row,) = rows(measurements)
    assert (row.baseline_mm, row.value_mm, row.category) == (50.0, 35.0, "PR")
    (paper,) = rows(measurements, "paper")
    assert (paper.baseline_mm, paper.value_mm, paper.category) == (30.0, 20.0, "PR")


def test_target_must_have_ten_millimetres():
    (row,) = rows(course_of(9.999, 5))
    assert row.category == "NE"
    assert Flag.BELOW_MEASURABLE_SIZE in row.flags
    assert rows(course_of(10.0, 5))[0].category == "PR"
    assert rows(course_of(9.999, 5), "paper")[0].category == "PR"


def test_missing_target_is_not_evaluable():
    measurements = [lesion("baseline", 30), lesion("baseline", 20, "B"), lesion("followup-1", 20)]
    (row,) = rows(measurements)
    assert (row.category, row.value_mm, row.change_percent) == ("NE", None, None)
    assert row.rule == "NE: target B not measured"


def test_missing_target_is_still_progression_when_the_rest_alone_shows_it():
    measurements = [lesion("baseline", 30), lesion("baseline", 20, "B"), lesion("followup-1", 60)]
    (row,) = rows(measurements)
    assert row.category == "PD"
    assert "without B, not measured" in row.rule


def test_an_incomplete_sum_is_no_nadir():
    measurements = [
        *(lesion("baseline", v, i) for v, i in [(30, "A"), (20, "B")]),
        lesion("followup-1", 10),
        *(lesion("followup-2", v, i) for v, i in [(30, "A"), (20, "B")]),
    ]
    assert [row.category for row in rows(measurements)] == ["NE", "SD"]


def test_too_small_to_measure_counts_as_five_millimetres():
    small = lesion("followup-1", None, flags=(Flag.TOO_SMALL_TO_MEASURE,))
    (row,) = rows([lesion("baseline", 20), small])
    assert (row.value_mm, row.category) == (5.0, "PR")
    (unmeasured,) = rows([lesion("baseline", 20), lesion("followup-1", None, flags=("E_NO_EARLY_PHASE",))])
    assert unmeasured.category == "NE"


def test_automatic_new_lesion_is_flagged_but_never_progression_of_a_sum():
    (row,) = rows([*course_of(30, 15), lesion("followup-1", 40, "N")])
    assert row.category == "PR"
    assert Flag.NEW_LESION_CANDIDATE in row.flags


def test_the_largest_lesion_is_the_largest_there_is_new_or_not():
    (row,) = rows([*course_of(30, 15), lesion("followup-1", 40, "N")], "paper")
    assert (row.category, row.value_mm) == ("PD", 40.0)
    assert Flag.NEW_LESION_CANDIDATE in row.flags


def test_no_complete_response_beside_an_unconfirmed_new_lesion():
    measurements = [*course_of(20, 0), lesion("followup-1", 30, "N")]
    (recist,) = rows(measurements)
    assert (recist.category, recist.value_mm) == ("NE", None)
    assert "new lesion N was found and not yet confirmed" in recist.rule
    (paper,) = rows(measurements, "paper")
    assert (paper.category, paper.value_mm) == ("PD", 30.0)


def test_a_new_lesion_of_a_bare_table_is_a_stated_one():
    table = [replace(m, modality=None, method=None) for m in [*course_of(20, 0), lesion("followup-1", 8, "N")]]
    (row,) = rows(table)
    assert (row.category, row.rule) == ("PD", "PD: new lesion N")
    assert Flag.NEW_LESION_CANDIDATE not in row.flags


@pytest.mark.parametrize(("left", "category"), [(15, "PR"), (None, "PR"), (0.0, "CR")])
def test_a_lesion_beyond_the_targets_that_is_left_makes_it_partial(left, category):
    before = [lesion("baseline", v, i) for v, i in [(30, "A"), (20, "B"), (15, "C")]]
    after = [lesion("followup-1", v, i) for v, i in [(0.0, "A"), (0.0, "B"), (left, "C")]]
    (row,) = rows(before + after)
    assert (row.category, row.value_mm) == (category, 0.0)
    assert ("but C" in row.rule) is (category == "PR")


def test_an_unmeasured_lesion_that_may_be_the_largest_is_not_evaluable():
    before = [lesion("baseline", 30), lesion("baseline", 28, "B"), lesion("baseline", 5, "C")]
    (doubtful,) = rows([*before, lesion("followup-1", 6)], "paper")
    assert (doubtful.category, doubtful.rule) == ("NE", "NE: lesion B not measured")
    (clear,) = rows([*before, lesion("followup-1", 29)], "paper")
    assert (clear.category, clear.value_mm) == ("SD", 29.0)
    (growing,) = rows([*before, lesion("followup-1", 50, "B")], "paper")
    assert growing.category == "PD"


@pytest.mark.parametrize("method", [Method.MANUAL, Method.EDITED])
def test_a_readers_new_lesion_is_progression_under_recist(method):
    (row,) = rows([*course_of(30, 0), lesion("followup-1", 6, "N", method=method)])
    assert (row.category, row.rule) == ("PD", "PD: new lesion N")
    assert Flag.NEW_LESION_CANDIDATE not in row.flags


def test_the_paper_takes_a_readers_new_lesion_as_the_largest():
    (row,) = rows([*course_of(30, 10), lesion("followup-1", 40, "N", method=Method.MANUAL)], "paper")
    assert (row.category, row.value_mm) == ("PD", 40.0)


def test_a_lesion_known_at_baseline_is_never_new():
    small = [lesion("baseline", 5, "S"), lesion("followup-1", 30, "S", method=Method.MANUAL)]
    (row,) = rows([*course_of(30, 15), *small])
    assert row.category == "PR"


@pytest.mark.parametrize("side", [Laterality.LEFT, Laterality.BOTH, None])
def test_nothing_found_on_the_side_means_gone(side):
    (row,) = rows([lesion("baseline", 30), lesion("followup-1", 0.0, "", laterality=side)])
    assert row.category == "CR"


def test_nothing_found_on_the_other_side_says_nothing():
    (row,) = rows([lesion("baseline", 30), lesion("followup-1", 0.0, "", laterality=Laterality.RIGHT)])
    assert row.category == "NE"


@pytest.mark.parametrize("profile", ["paper", "recist"])
def test_without_a_baseline_lesion(profile):
    (nothing,) = rows([lesion("baseline", 0.0, ""), lesion("followup-1", 12)], profile)
    assert (nothing.category, nothing.rule) == ("NE", "NE: no lesion at baseline")
    (absent,) = rows([lesion("followup-1", 12)], profile)
    assert (absent.category, absent.rule) == ("NE", "NE: no baseline measurement")
    assert "E_NO_BASELINE" in absent.flags
    (unmeasured,) = rows([lesion("baseline", None), lesion("followup-1", 12)], profile)
    assert unmeasured.rule == "NE: lesion not measurable at baseline"


def test_side_of_the_lesions_counted():
    pair = [lesion("baseline", 30), lesion("baseline", 20, "B", laterality=Laterality.RIGHT)]
    after = [lesion("followup-1", 30), lesion("followup-1", 20, "B", laterality=Laterality.RIGHT)]
    assert rows(pair + after)[0].laterality is Laterality.BOTH
    assert rows(course_of(30, 20))[0].laterality is Laterality.LEFT


def test_a_mammographic_length_is_never_a_target():
    assert rows([replace(m, modality=Modality.MG) for m in course_of(30, 20)]) == ()
    extents = [replace(m, quantity=Quantity.CALCIFICATION_EXTENT) for m in course_of(30, 20)]
    assert rows(extents) == ()


def test_lesions_of_a_bare_table_are_followed_by_side():
    table = [replace(m, lesion_id="", modality=None, method=None) for m in course_of(30, 20)]
    assert rows(table)[0].category == "PR"


def test_changed_early_phase_is_flagged():
    first = PhaseReference(1, 90.0, "k-space-centre-90s")
    measurements = [replace(m, phase=first) for m in course_of(30, 20)]
    assert Flag.PHASE_RULE_CHANGED not in rows(measurements)[0].flags
    for changed in (replace(first, rule="reader"), replace(first, time_s=150.0)):
        assert Flag.PHASE_RULE_CHANGED in rows([measurements[0], replace(measurements[1], phase=changed)])[0].flags


def test_phases_counted_from_different_zeros_are_flagged():
    before, after = (
        replace(m, phase=PhaseReference(1, 90.0, "k-space-centre-90s", zero))
        for m, zero in zip(course_of(30, 20), ("injection", "first_post_contrast_start"), strict=True)
    )
    assert Flag.PHASE_RULE_CHANGED in rows([before, after])[0].flags


def test_a_visit_of_unknown_order_is_not_evaluable():
    first, second, third = course_of(30, 20, 10)
    last = replace(third, flags=(Flag.VISIT_ORDER_UNKNOWN,))
    dated, undated = rows([first, second, last])
    assert (dated.category, undated.category) == ("PR", "NE")
    assert undated.rule == "NE: nothing tells in which order the visits were"
    assert Flag.VISIT_ORDER_UNKNOWN in undated.flags
    unplaced = replace(first, flags=(Flag.VISIT_ORDER_UNKNOWN,))
    assert [row.category for row in rows([unplaced, second, third])] == ["NE", "NE"]


def test_several_readers_are_refused():
    with pytest.raises(ValueError, match="one reader at a time"):
        rows([lesion("baseline", 30, reader="a"), lesion("followup-1", 30, reader="b")])


def test_input_order_does_not_matter():
    measurements = [*course_of(40, 20, 26), lesion("baseline", 20, "B"), lesion("followup-1", 10, "B")]
    assert rows(measurements) == rows(measurements[::-1])


LENGTHS_UM = st.integers(0, 200_000)
BASELINES_UM = st.integers(10_000, 200_000)


def judge(value: int, baseline: int, nadir: int, profile: str) -> Response:
    rule = PROFILES[profile].lesion
    return judge_response(LesionBurden(value), Course(baseline, nadir, "followup-1"), rule).category


@given(BASELINES_UM, st.integers(1, 200_000), LENGTHS_UM, LENGTHS_UM, st.sampled_from(["paper", "recist"]))
def test_more_tumour_is_never_a_better_response(baseline, nadir, one, other, profile):
    order = [Response.CR, Response.PR, Response.SD, Response.PD]
    low, high = sorted((one, other))
    nadir = min(nadir, baseline)
    assert order.index(judge(low, baseline, nadir, profile)) <= order.index(judge(high, baseline, nadir, profile))


@given(BASELINES_UM, LENGTHS_UM, st.integers(2, 50))
def test_the_paper_profile_knows_no_scale(baseline, value, factor):
    assume(baseline > 0)
    scaled = judge(value * factor, baseline * factor, baseline * factor, "paper")
    assert judge(value, baseline, baseline, "paper") is scaled

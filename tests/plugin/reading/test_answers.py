"""The answer so far: numbers, categories, what is missing, drafts, and nothing that a half-finished reading breaks."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.response.criteria import load_profile, profile_names, shipped_names
from calcmeasure.terms import (
    ExtentChange,
    GeometryKind,
    ImmuneResponse,
    LesionRelation,
    LesionRole,
    LesionSite,
    NonTargetStatus,
    Response,
    View,
)
from napari_calcmeasure.reading.answers import Answers, answers
from napari_calcmeasure.reading.comparison import SYMBOLS, WORDS, Answer, Category
from napari_calcmeasure.reading.finding import Finding, Unfinished
from napari_calcmeasure.reading.live_numbers import measure_finding
from napari_calcmeasure.reading.timeline import timeline
from plugin.reading.courses_of import extent, lesion, reading_of, signed, split

PROFILES = [load_profile(name) for name in profile_names()]
SHIPPED = [load_profile(name) for name in shipped_names()]


def ask(*findings: Finding) -> Answers:
    return answers(reading_of(*findings), profiles=PROFILES)


def row(*findings: Finding, title: str, timepoint: str = "followup-1") -> Answer:
    (found,) = [a for a in ask(*findings).rows if (a.title, a.timepoint) == (title, timepoint)]
    return found


def labels(answer: Answer) -> dict[str, str]:
    return {category.profile: category.label for category in answer.categories}


def test_an_extent_is_the_larger_view_with_both_views_named():
    answer = row(
        extent("a", "baseline", 33.0),
        extent("b", "baseline", 31.0, view=View.MLO),
        extent("c", "followup-1", 27.0),
        extent("d", "followup-1", 28.0, view=View.MLO),
        title="L calcifications",
    )
    assert answer.baseline_mm == pytest.approx(33.0, abs=1e-9)
    assert answer.value_mm == pytest.approx(28.0, abs=1e-9)
    assert (answer.change_mm, round(answer.change_percent, 6)) == (-5.0, -15.151515)
    assert [(x.name, x.is_decisive, x.key) for x in answer.after] == [("CC", False, "c"), ("MLO", True, "d")]
    assert labels(answer) == {"paper-2023": "▼ decrease", "extent-10": "▼ decrease"}
    assert answer.category_of("extent-10").rule.startswith("decrease: 33.0 → 28.0 mm is -15.2 % from baseline")
    assert "Note: view switched" in answer.category_of("extent-10").flags
    assert answer.category_of("recist-1.1") is None
    assert (answer.key, answer.spacing, answer.missing) == ("d", "0.07 × 0.07 mm, at detector", ())


def test_a_single_lesion_carries_the_categories_of_the_patient():
    answer = row(lesion("a", "baseline", 30.0), lesion("b", "followup-1", 18.0), title="R-L1")
    assert labels(answer) == {"paper-2023": "▼ PR", "recist-1.1": "▼ PR"}
    assert (answer.change_mm, answer.change_percent) == (-12.0, -40.0)
    assert answer.category_of("recist-1.1").words == "partial response"
    # 21 mm is 3 shifts of two ends by 0.5 mm away: no more than 30 % for one profile, still enough for the other.
    assert [answer.category_of(name).pixels for name in ("paper-2023", "recist-1.1")] == [3, 4]


def test_several_lesions_are_judged_together_and_listed_one_by_one():
    found = ask(
        lesion("a", "baseline", 30.0),
        lesion("b", "baseline", 20.0, name="R-L2"),
        lesion("c", "followup-1", 18.0),
        lesion("d", "followup-1", 16.0, name="R-L2"),
    )
    assert [(a.title, a.baseline_words, a.value_words, labels(a)) for a in found.rows] == [
        ("Largest lesion", "30.0 mm", "18.0 mm", {"paper-2023": "▼ PR"}),
        ("Sum of targets", "50.0 mm", "34.0 mm", {"recist-1.1": "▼ PR"}),
        ("R-L1", "30.0 mm", "18.0 mm", {}),
        ("R-L2", "20.0 mm", "16.0 mm", {}),
    ]
    assert [a.key for a in found.rows] == ["c", "c", "c", "d"]


def test_a_split_lesion_shows_its_parts_and_their_sum():
    answer = row(
        lesion("a", "baseline", 30.0), split("b", "followup-1", 12.0), split("c", "followup-1", 9.5), title="R-L1"
    )
    assert answer.value_mm == 21.5
    assert "followup-1: in 2 parts, 12.0 + 9.5 mm" in answer.flags
    assert answer.category_of("recist-1.1").rule.endswith("; R-L1 in 2 parts, added")
    assert labels(answer) == {"paper-2023": "▼ PR", "recist-1.1": "■ SD"}


def test_a_merged_lesion_points_at_the_one_that_stands_for_it():
    both = ("R-L1", "R-L2")
    found = [
        lesion("a", "baseline", 30.0),
        lesion("b", "baseline", 20.0, name="R-L2"),
        lesion("c", "followup-1", 40.0, relation=LesionRelation.MERGED, from_lesions=both),
    ]
    answer = row(*found, title="R-L2")
    assert (answer.value_mm, answer.value_words, answer.change_mm, answer.missing) == (None, "in R-L1", None, ())
    assert row(*found, title="R-L1").value_mm == 40.0
    assert row(*found, title="Sum of targets").category_of("recist-1.1").rule.endswith("; R-L2 merged into R-L1")


def test_a_new_lesion_has_no_baseline_and_lacks_none():
    new = lesion("c", "followup-1", 8.0, name="R-L2", relation=LesionRelation.NEW)
    answer = row(lesion("a", "baseline", 30.0), lesion("b", "followup-1", 30.0), new, title="R-L2")
    assert (answer.baseline_words, answer.change_mm, answer.missing) == ("new", None, ())


def test_nothing_left_on_a_side_is_nothing_of_each_lesion():
    nothing = lesion("c", "followup-1", 0.0, name="R-L3")
    found = [lesion("a", "baseline", 30.0), lesion("b", "baseline", 20.0, name="R-L2"), nothing]
    assert [a.title for a in ask(*found).rows] == ["Largest lesion", "Sum of targets", "R-L1", "R-L2"]
    assert {a.value_words for a in ask(*found).rows} == {"0 mm"}
    assert labels(row(*found, title="Sum of targets")) == {"recist-1.1": "○ CR"}


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([lesion("a", "baseline", 30.0)], "No follow-up of R-L1 yet."),
        ([lesion("a", "followup-1", 30.0)], "No baseline of R-L1."),
        ([extent("a", "baseline", 30.0)], "MLO not measured at baseline."),
        ([extent("a", "baseline", 30.0, view=View.MLO)], "CC not measured at baseline."),
        ([extent("a", "followup-1", 30.0)], "No baseline of L calcifications."),
    ],
)
def test_what_is_missing_is_said(findings, sentence):
    (answer,) = ask(*findings).rows
    assert sentence in answer.missing


def test_a_lesion_that_came_later_has_no_row_before():
    found = ask(
        lesion("a", "baseline", 30.0), lesion("b", "followup-1", 30.0), lesion("c", "followup-2", 9.0, name="R-L2")
    )
    assert [(a.title, a.timepoint) for a in found.rows if a.lesion_id] == [
        ("R-L1", "followup-1"),
        ("R-L1", "followup-2"),
        ("R-L2", "followup-2"),
    ]


def test_a_lesion_not_looked_at_again_keeps_a_row():
    answer = row(
        lesion("a", "baseline", 30.0),
        lesion("b", "baseline", 20.0, name="R-L2"),
        lesion("c", "followup-1", 18.0),
        title="R-L2",
    )
    assert (answer.value_words, answer.missing, answer.key) == ("not measured", ("No follow-up of R-L2 yet.",), "b")


def test_drafts_are_marked_until_everything_is_signed():
    before, after = lesion("a", "baseline", 30.0), lesion("b", "followup-1", 18.0)
    assert row(before, after, title="R-L1").is_draft
    assert row(signed(before), after, title="R-L1").is_draft
    assert not row(signed(before), signed(after), title="R-L1").is_draft


def test_different_calibrations_are_not_compared():
    pixels = extent("b", "followup-1", 28.0, image=replace(extent("b", "baseline", 1.0).annotation.image, spacing=None))
    answer = row(extent("a", "baseline", 33.0), pixels, title="L calcifications")
    assert (answer.value_mm, answer.change_mm) == (None, None)
    assert labels(answer)["extent-10"] == "? not comparable"
    assert "E_SPACING_UNKNOWN" in answer.value_words


def test_unfinished_findings_become_sentences():
    broken = lesion("b", "followup-1", 18.0, points=((7.0, 10.0, 20.0),))
    found = ask(lesion("a", "baseline", 30.0), broken)
    assert len(found.missing) == 1
    assert found.missing[0].startswith("R-L1 does not count yet: ")
    assert found.rows[0].missing == ("No follow-up of R-L1 yet.",)


def test_an_open_drawing_and_a_deleted_signature_are_said():
    gone = signed(lesion("a", "baseline", 30.0))
    reading = replace(reading_of(gone).drop("a"), unfinished=Unfinished("caliper", None, ()))
    assert answers(reading, profiles=PROFILES).missing == (
        "A drawing is not finished: it does not count yet.",
        "Signed before and deleted since: R-L1. Signing retracts it.",
    )


def test_nothing_measured_is_an_empty_answer():
    assert ask() == Answers(profile_names())


def test_without_profiles_the_numbers_stand():
    found = answers(reading_of(lesion("a", "baseline", 30.0), lesion("b", "followup-1", 18.0)), profiles=[])
    assert [(a.change_mm, a.categories) for a in found.rows] == [(-12.0, ())]


def test_every_category_has_a_shape():
    assert set(WORDS) <= set(SYMBOLS)
    assert {*ExtentChange, *Response, *ImmuneResponse, NonTargetStatus.NON_CR_NON_PD} == set(SYMBOLS)


@pytest.mark.parametrize(
    ("category", "label", "words"),
    [
        ("PR", "▼ PR", "partial response"),
        ("not_comparable", "? not comparable", "not comparable"),
        ("iUPD", "△ iUPD", "immune progressive disease, unconfirmed"),
        ("iCPD", "▲ iCPD", "immune progressive disease, confirmed"),
        ("non-CR/non-PD", "■ non-CR/non-PD", "non-target lesions are left, no progression"),
        ("good enough", "◆ good enough", "good enough"),
    ],
)
def test_a_category_has_shape_name_and_words(category, label, words):
    made = Category("own", category, "rule")
    assert (made.label, made.words) == (label, words)


def test_every_profile_that_ships_judges_a_lesion():
    small = {"volume_mm3": 900.0}
    found = answers(
        reading_of(lesion("a", "baseline", 30.0, **small), lesion("b", "followup-1", 40.0, **small)), profiles=SHIPPED
    )
    assert labels(found.rows[0]) == {
        "paper-2023": "▲ PD", "recist-1.1": "▲ PD", "irecist": "△ iUPD", "who": "? NE", "ftv": "■ SD"
    }  # fmt: skip


def test_non_targets_alone_are_judged_without_lengths():
    stated = lesion("a", "baseline", 30.0, role=LesionRole.NON_TARGET)
    found = answers(reading_of(stated, lesion("b", "followup-1", 18.0)), profiles=SHIPPED[2:4])
    assert labels(found.rows[0]) == {"recist-1.1": "■ non-CR/non-PD", "irecist": "■ non-iCR/non-iUPD"}


def test_volumes_of_several_lesions_are_added():
    found = answers(
        reading_of(
            lesion("a", "baseline", 30.0, volume_mm3=900.0),
            lesion("b", "baseline", 20.0, name="R-L2", volume_mm3=500.0),
            lesion("c", "followup-1", 18.0, volume_mm3=90.0),
            lesion("d", "followup-1", 16.0, name="R-L2", volume_mm3=90.0),
        ),
        profiles=SHIPPED[-1:],
    )
    whole = found.rows[0]
    assert (whole.title, whole.baseline_words, whole.value_words) == ("Total volume", "1400 mm³", "180 mm³")
    assert (whole.change_mm, round(whole.change_percent, 1), labels(whole)) == (None, -87.1, {"ftv": "▼ PR"})
    assert timeline(found, profiles=SHIPPED[-1:])[0].limits == ()


def test_limits_of_areas_and_volumes_are_not_drawn_among_lengths():
    found = answers(
        reading_of(lesion("a", "baseline", 30.0), lesion("b", "followup-1", 18.0)), profiles=[SHIPPED[4], SHIPPED[2]]
    )
    (plot,) = timeline(found, profiles=[SHIPPED[4], SHIPPED[2]])
    assert [limit.label for limit in plot.limits] == ["PR −30 %", "PD +20 %, ≥ 5 mm"]


def test_a_lymph_node_alone_is_judged_in_a_row_of_its_own():
    square = ((7.0, 0.0, 0.0), (7.0, 60.0, 0.0), (7.0, 60.0, 40.0), (7.0, 0.0, 40.0))
    node = {"site": LesionSite.LYMPH_NODE, "geometry": GeometryKind.OUTLINE, "points": square}
    found = answers(
        reading_of(lesion("a", "baseline", 30.0, **node), lesion("b", "followup-1", 30.0, **node)),
        profiles=SHIPPED[2:3],
    )
    assert [(one.title, labels(one)) for one in found.rows] == [
        ("Sum of targets", {"recist-1.1": "■ SD"}),
        ("R-L1", {}),
    ]
    assert found.rows[0].baseline_mm < found.rows[1].baseline_mm


FIELDS = st.fixed_dictionaries(
    {
        "lesion_id": st.sampled_from(["R-L1", "R-L2", "L-L1"]),
        "relation": st.sampled_from([None, *LesionRelation]),
        "from_lesions": st.sampled_from([(), ("R-L1",), ("R-L1", "R-L2"), ("R-L9",)]),
        "flags": st.sampled_from([(), ("E_NOT_MEASURABLE",), ("too_small_to_measure",), ("visit_order_unknown",)]),
        "geometry": st.sampled_from(list(GeometryKind)),
    }
)
VISITS = st.sampled_from(["baseline", "followup-1", "followup-2", "visit-x"])
FINDINGS = st.lists(
    st.tuples(st.sampled_from([lesion, extent]), VISITS, st.sampled_from([0.0, 0.5, 9.0, 12.0, 33.0]), FIELDS),
    max_size=7,
)


@settings(deadline=None, max_examples=60)
@given(FINDINGS)
def test_no_half_finished_reading_breaks_it(findings):
    made = [make(f"k{n}", visit, mm, **fields) for n, (make, visit, mm, fields) in enumerate(findings)]
    found = ask(*made)
    timeline(found, profiles=PROFILES)
    for answer in found.rows:
        assert answer.key in {finding.key for finding in made}
        assert all(category.category in SYMBOLS for category in answer.categories)
        if answer.change_mm is not None:
            assert answer.change_mm == pytest.approx(answer.value_mm - answer.baseline_mm, abs=0.0011)


def test_only_what_changed_is_measured_again(monkeypatch):
    reading = reading_of(lesion("a", "baseline", 30.0), lesion("b", "followup-1", 18.0))
    before = answers(reading, profiles=PROFILES)
    measured = []

    def measure(finding, of):
        measured.append(finding.key)
        return measure_finding(finding, of)

    monkeypatch.setattr("napari_calcmeasure.reading.courses.measure_finding", measure)
    longer = reading.put(lesion("b", "followup-1", 19.0))
    after = answers(longer, profiles=PROFILES, before=before)
    assert measured == ["b"]
    assert after == answers(longer, profiles=PROFILES)


def test_twenty_findings_are_answered_while_a_hand_moves():
    found = [
        finding
        for n in range(4)
        for finding in (
            lesion(f"b{n}", "baseline", 30.0 - n, name=f"R-L{n}"),
            lesion(f"f{n}", "followup-1", 20.0 - n, name=f"R-L{n}"),
            lesion(f"g{n}", "followup-2", 19.0 - n, name=f"R-L{n}"),
            extent(f"c{n}", "baseline", 30.0 - n),
            extent(f"d{n}", "followup-1", 20.0 - n),
        )
    ]
    before = ask(*found)
    seconds = []
    for step in range(7):
        moved = reading_of(*found).put(extent("d3", "followup-1", 17.0 + step / 10))
        start = time.process_time()
        before = answers(moved, profiles=PROFILES, before=before)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.06

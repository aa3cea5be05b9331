"""What a reader stated about lesions: split, merged, new, gone, the same; and what then counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.model.measurement import Measurement, ResponseRow
from calcmeasure.response.criteria import load_profile
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Flag, Laterality, LesionRelation, Method, Modality, Quantity, View

PROFILES = {"paper": load_profile("paper-2023"), "recist": load_profile("recist-1.1")}
SAME, SPLIT, MERGED, NEW, GONE = LesionRelation


def lesion(
    visit: int,
    value_mm: float | None,
    name: str = "A",
    relation: LesionRelation | None = None,
    *of: str,
    **more: object,
) -> Measurement:
    timepoint = f"followup-{visit}" if visit else "baseline"
    base = Measurement("P1", timepoint, Quantity.LESION_DIAMETER, value_mm, Laterality.LEFT, name)
    return replace(base, modality=Modality.MR, relation=relation, from_lesions=of, **more)


def last(measurements: list[Measurement], profile: str) -> ResponseRow:
    return score_measurements(measurements, profile=PROFILES[profile])[-1]


A, B, C = lesion(0, 40), lesion(0, 20, "B"), lesion(0, 12, "C")


@dataclass(frozen=True)
class Case:
    """What was measured, and category, mm and the words after the rule by both profiles."""

    name: str
    measurements: tuple[Measurement, ...]
    paper: tuple[str, float | None]
    recist: tuple[str, float | None]
    paper_words: str = ""
    recist_words: str = ""


CASES = [
    Case(
        "parts are added, or the largest counts",
        (A, lesion(1, 18, "A", SPLIT, "A"), lesion(1, 15, "A", SPLIT, "A")),
        ("PR", 18.0),
        ("SD", 33.0),
        "; A in 2 parts, the largest counts",
        "; A in 2 parts, added",
    ),
    Case(
        "one part said so, the other carries the id",
        (A, lesion(1, 18, "A", SPLIT, "A"), lesion(1, 15, "A")),
        ("PR", 18.0),
        ("SD", 33.0),
        "; A in 2 parts, the largest counts",
        "; A in 2 parts, added",
    ),
    Case(
        "a part drawn under an id of its own",
        (A, lesion(1, 18, "A", SPLIT, "A"), lesion(1, 15, "D", SPLIT, "A"), lesion(1, 10, "E", SPLIT, "A")),
        ("PR", 18.0),
        ("SD", 43.0),
        "; A in 3 parts, the largest counts",
        "; A in 3 parts, added",
    ),
    Case(
        "without a word two lines on one lesion are one lesion",
        (A, lesion(1, 18), lesion(1, 15)),
        ("PR", 18.0),
        ("PR", 18.0),
    ),
    Case(
        "split stays split at the next visit",
        (A, lesion(1, 20, "A", SPLIT, "A"), lesion(1, 20, "A", SPLIT, "A"), lesion(2, 25), lesion(2, 25)),
        ("PR", 25.0),
        ("PD", 50.0),
        "; A in 2 parts, the largest counts",
        "; A in 2 parts, added",
    ),
    Case(
        "a part without a length leaves the sum open",
        (A, lesion(1, 18, "A", SPLIT, "A"), lesion(1, None, "A", SPLIT, "A", flags=("E_NOT_MEASURABLE",))),
        ("NE", None),
        ("NE", None),
        "; A in 2 parts, the largest counts",
        "; A in 2 parts, added",
    ),
    Case(
        "measured parts alone may be progression",
        (A, lesion(1, 50, "A", SPLIT, "A"), lesion(1, None, "A", SPLIT, "A")),
        ("PD", 50.0),
        ("PD", 50.0),
        "; A in 2 parts, the largest counts",
        "; A in 2 parts, added",
    ),
    Case(
        "merged lesions count once",
        (A, B, lesion(1, 48, "A", MERGED, "A", "B")),
        ("SD", 48.0),  # exactly +20 %
        ("SD", 48.0),
        "; B merged into A",
        "; B merged into A",
    ),
    Case(
        "merged under the smaller name: the target carries the length",
        (A, B, C, lesion(1, 48, "C", MERGED, "C", "A"), lesion(1, 20, "B")),
        ("SD", 48.0),
        ("SD", 68.0),
        "; C merged into A",
        "; C merged into A",
    ),
    Case(
        "merged stays merged at the next visit",
        (A, B, lesion(1, 48, "A", MERGED, "A", "B"), lesion(2, 30)),
        ("SD", 30.0),
        ("PR", 30.0),  # 60 -> 30
        "; B merged into A",
        "; B merged into A",
    ),
    Case(
        "merged, later measured under the other name",
        (A, B, lesion(1, 48, "A", MERGED, "A", "B"), lesion(2, 30, "B", SAME, "B")),
        ("SD", 30.0),
        ("PR", 30.0),
        "; B merged into A",
        "; B merged into A",
    ),
    Case(
        "merged, later told apart again",
        (A, B, lesion(1, 48, "A", MERGED, "A", "B"), lesion(2, 30), lesion(2, 10, "B")),
        ("SD", 30.0),
        ("PR", 40.0),
    ),
    Case(
        "merged and not measured",
        (A, B, lesion(1, None, "A", MERGED, "A", "B", flags=("E_NOT_MEASURABLE",))),
        ("NE", None),
        ("NE", None),
        "; B merged into A",
        "; B merged into A",
    ),
    Case(
        "merged with one that came after baseline",
        (A, lesion(1, 30), lesion(1, 8, "N", NEW), lesion(2, 30, "A", MERGED, "A", "N")),
        ("SD", 30.0),
        ("PD", 30.0),
        "; N merged into A",
        "; N merged into A",
    ),
    Case(
        "gone, one after the other",
        (A, B, lesion(1, 0.0, "A", GONE, "A"), lesion(1, 0.0, "B", GONE, "B")),
        ("CR", 0.0),
        ("CR", 0.0),
        "; A stated gone; B stated gone",
        "; A stated gone; B stated gone",
    ),
    Case(
        "gone, both in one statement and without millimetres",
        (A, B, lesion(1, None, "A", GONE, "A", "B", flags=("E_SPACING_UNKNOWN",))),
        ("CR", 0.0),
        ("CR", 0.0),
        "; A stated gone; B stated gone",
        "; A stated gone; B stated gone",
    ),
    Case(
        "gone speaks of the lesions named and not of the side",
        (A, B, lesion(1, 0.0, "A", GONE, "A")),
        ("NE", None),
        ("NE", None),
        "; A stated gone",
        "; A stated gone",
    ),
    Case(
        "a new one that is gone says nothing of the others",
        (A, lesion(1, 30), lesion(1, 9, "N", NEW), lesion(2, 0.0, "N", GONE, "N")),
        ("NE", None),
        ("NE", None),
        "; N stated gone",
        "; N stated gone",
    ),
    Case(
        "a length drawn on what is gone still counts",
        (A, lesion(1, 30, "A", GONE, "A")),
        ("SD", 30.0),
        ("SD", 30.0),
        "; A stated gone, and yet measured",
        "; A stated gone, and yet measured",
    ),
    Case(
        "new, stated on an automatic finding",
        (A, lesion(1, 10), lesion(1, 8, "N", NEW)),
        ("PR", 10.0),
        ("PD", 10.0),
        "; N stated new",
        "; N stated new",
    ),
    Case(
        "new under a name of the baseline",
        (A, B, lesion(1, 40), lesion(1, 20, "B"), lesion(1, 9, "B", NEW)),
        ("SD", 40.0),
        ("PD", 60.0),
        "; B (new) stated new",
        "; B (new) stated new",
    ),
    Case(
        "new and without a length",
        (A, lesion(1, 10), lesion(1, None, "N", NEW)),
        ("NE", None),
        ("PD", 10.0),
        "; N stated new",
        "; N stated new",
    ),
    Case(
        "stated new once, seen again by the detector",
        (A, lesion(1, 10), lesion(1, 8, "N", NEW), lesion(2, 10), lesion(2, 8, "N")),
        ("PR", 10.0),
        ("PD", 10.0),
    ),
    Case(
        "the same under another name",
        (A, lesion(1, 10, "X", SAME, "A")),
        ("PR", 10.0),
        ("PR", 10.0),
        "; X is A",
        "; X is A",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("profile", ["paper", "recist"])
def test_what_counts_and_what_is_said(case, profile):
    row = last(list(case.measurements), profile)
    assert (row.category, row.value_mm) == getattr(case, profile)
    assert row.rule.startswith(f"{row.category}: ")
    words = getattr(case, f"{profile}_words")
    assert row.rule.endswith(words)
    assert words or not any(word in row.rule for word in ("parts", "merged", "stated", " is A"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("profile", ["paper", "recist"])
def test_the_order_of_the_input_does_not_matter(case, profile):
    assert last(list(case.measurements), profile) == last(list(case.measurements[::-1]), profile)


def test_an_unlinked_automatic_lesion_stays_a_candidate():
    row = last([A, lesion(1, 10), lesion(1, 8, "N")], "recist")
    assert (row.category, Flag.NEW_LESION_CANDIDATE in row.flags) == ("PR", True)
    confirmed = last([A, lesion(1, 10), lesion(1, 8, "N", NEW)], "recist")
    assert (confirmed.category, Flag.NEW_LESION_CANDIDATE in confirmed.flags) == ("PD", False)


def test_a_nadir_is_a_sum_of_parts():
    course = [A, lesion(1, 10, "A", SPLIT), lesion(1, 10, "A", SPLIT), lesion(2, 24), lesion(2, 2)]
    row = last(course, "recist")
    assert (row.category, row.reference_mm, row.value_mm) == ("PD", 20.0, 26.0)


def test_an_unlinked_course_says_nothing_of_links():
    assert last([A, lesion(1, 40, method=Method.MANUAL)], "recist").rule.endswith("increase)")


def cluster(visit: int, value_mm: float | None, view: View, relation: LesionRelation | None = None) -> Measurement:
    timepoint = f"followup-{visit}" if visit else "baseline"
    return Measurement(
        "P1", timepoint, Quantity.CALCIFICATION_EXTENT, value_mm, Laterality.LEFT, "L-C1",
        view=view, relation=relation, from_lesions=("L-C1",) if relation else (),
    )  # fmt: skip


def test_extents_take_the_largest_part_and_count_parts_within_a_view():
    before = [cluster(0, 30, View.CC), cluster(0, 28, View.MLO)]
    parts = [cluster(1, mm, view, SPLIT) for mm, view in [(20, View.CC), (8, View.CC), (18, View.MLO), (9, View.MLO)]]
    row = last([*before, *parts], "paper")
    assert (row.category, row.value_mm) == ("decrease", 20.0)
    assert row.rule.endswith("; L-C1 in 2 parts, the largest counts")


def test_calcifications_that_are_gone_need_no_scale():
    row = last([cluster(0, 30, View.CC), cluster(1, None, View.CC, GONE)], "paper")
    assert (row.category, row.value_mm, row.change_percent) == ("decrease", 0.0, -100.0)
    assert row.rule.endswith("; L-C1 stated gone")


PARTS_UM = st.lists(st.integers(1, 60_000), min_size=2, max_size=5)


@settings(deadline=None)
@given(PARTS_UM)
def test_parts_always_add_up_exactly(parts_um):
    parts = [lesion(1, um / 1000, "A", SPLIT, "A") for um in parts_um]
    row = last([A, *parts], "recist")
    assert round(row.value_mm * 1000) == sum(parts_um)
    assert round(last([A, *parts], "paper").value_mm * 1000) == max(parts_um)

"""RECIST 1.1: lymph nodes, non-target and new lesions, target limits, and the EORTC clarifications as one case table.

Rules: Eisenhauer 2009 (Eur J Cancer 45:228-247); https://www.eortc.be/Recist/questions_clarifications.html and the
questions and answers at https://recist.eortc.org.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from calcmeasure.response.criteria import load_profile
from calcmeasure.response.score import score_measurements
from calcmeasure.terms import Flag, LesionRole, LesionSite, Method, NonTargetStatus
from response.timelines import NODE, NON_TARGET, RECIST, SKIP, SMALL, TARGET, UNSEEN, Lesion, categories, rows, timeline

CR, LEFT, PD, FURTHER, NE = NonTargetStatus


@dataclass(frozen=True)
class Case:
    """A course, its categories, and what the last sentence has to say."""

    name: str
    lesions: tuple[Lesion, ...]
    categories: str
    says: str = ""


CASES = [
    # -- order and reference -----------------------------------------------------------------
    Case("growth under 5 mm is none", (Lesion("A", (10, 12.5)),), "SD", "+25.0 %"),
    Case("PD is tested before PR", (Lesion("A", (40, 20, 26)),), "PR PD", "+30.0 % from nadir at followup-1"),
    Case("exactly -30 %", (Lesion("A", (100, 70)),), "PR"),
    Case("exactly +20 % and 10 mm", (Lesion("A", (50, 60)),), "PD"),
    Case(
        "SD is counted from baseline down and from nadir up",
        (Lesion("A", (100, 80, 90)),),
        "SD SD",
        "from baseline and",
    ),
    Case(
        "once PR, PR until progression (EORTC: 100, 70, 70, 80, 80, 80)",
        (Lesion("A", (100, 70, 70, 80, 80, 80)),),
        "PR PR PR PR PR",
        "continues, 70.0 → 80.0 mm is +14.3 % from nadir at followup-1",
    ),
    Case("continuing from 165 over 63 to 65 (EORTC)", (Lesion("A", (165, 63, 65)),), "PR PR", "165.0 → 65.0"),
    Case("after progression nothing continues", (Lesion("A", (100, 60, 75, 71)),), "PR PD SD"),
    Case(
        "nor after progression of a non-target",
        (Lesion("A", (100, 60, 60, 71)), Lesion("B", (8, LEFT, PD, LEFT), role=NON_TARGET)),
        "PR PD SD",
    ),
    # -- too small, missing ------------------------------------------------------------------
    Case("measured below 5 mm: the measurement counts (EORTC)", (Lesion("A", (20, 3)),), "PR", "20.0 → 3.0"),
    Case("present and not measurable: 5 mm (EORTC)", (Lesion("A", (20, SMALL)),), "PR", "20.0 → 5.0"),
    Case("a node too small to measure: 5 mm as well", (Lesion("N", (20, SMALL), NODE),), "CR", "20.0 → 5.0"),
    Case("a missing target leaves the sum open", (Lesion("A", (30, 20)), Lesion("B", (20, UNSEEN))), "NE", "target B"),
    Case(
        "unless the measured ones are PD alone",
        (Lesion("A", (30, 60)), Lesion("B", (20, SKIP))),
        "PD",
        "without B, not measured",
    ),
    # -- lymph nodes -------------------------------------------------------------------------
    Case("a node counts by its short axis", (Lesion("A", (30, 30)), Lesion("N", (20, 14), NODE)), "SD", "50.0 → 44.0"),
    Case("node of 14.9 mm is no target", (Lesion("N", (14.9, 5), NODE),), "NE", "(lymph node: 15 mm)"),
    Case("node of 15 mm is", (Lesion("N", (15, 10), NODE),), "PR"),
    Case(
        "CR with a sum that is not 0",
        (Lesion("A", (30, 0)), Lesion("N", (20, 9.9), NODE)),
        "CR",
        "50.0 → 9.9 mm, only lymph",
    ),
    Case("node of 10 mm is still there", (Lesion("A", (30, 0)), Lesion("N", (20, 10), NODE)), "PR", "50.0 → 10.0"),
    Case("growth within normal size is no progression", (Lesion("N", (20, 4, 9.5), NODE),), "CR CR", "normal size"),
    Case(
        "a non-target node of 10 to 15 mm",
        (Lesion("A", (30, 0)), Lesion("N", (12, 12), NODE)),
        "PR",
        "N, no target, is left",
    ),
    Case("that must be under 10 mm for CR", (Lesion("A", (30, 0)), Lesion("N", (12, 9.9), NODE)), "CR"),
    Case(
        "a node of 10 mm at baseline is one", (Lesion("A", (30, 0)), Lesion("N", (10, 10), NODE)), "PR", "N, no target"
    ),
    Case("a node of normal size is no lesion", (Lesion("A", (30, 0)), Lesion("N", (9.9, 9.9), NODE)), "CR"),
    Case(
        "a node without a short axis is not measured",
        (Lesion("N", (20, 20), NODE, short_mm=(16, None)),),
        "NE",
        "target N",
    ),
    Case(
        "CR, and a node is back at 10 mm (EORTC)",
        (Lesion("N", (20, 8, 10), NODE),),
        "CR PD",
        "back after complete response at followup-1",
    ),
    Case(
        "from 9 to 11 mm may be nothing: a reader decides (EORTC)",
        (Lesion("A", (30, 0)), Lesion("N", (9, 11), NODE)),
        "NE",
        "N was found and not yet confirmed",
    ),
    Case("and 10 mm are enough to ask", (Lesion("A", (30, 0)), Lesion("N", (9, 10), NODE)), "NE", "not yet confirmed"),
    Case(
        "confirmed, it is new", (Lesion("A", (30, 0)), Lesion("N", (9, 11), NODE, LesionRole.NEW)), "PD", "new lesion N"
    ),
    # -- reappearance ------------------------------------------------------------------------
    Case("back after CR of everything", (Lesion("A", (30, 0, 3)),), "CR PD", "back after complete response"),
    Case("not measured after CR is not back", (Lesion("A", (30, 0, UNSEEN)),), "CR NE", "target A not measured"),
    Case("and still there at the next visit", (Lesion("A", (30, 0, 3, 3)),), "CR PD PD", "at followup-1"),
    Case(
        "back after CR of the targets alone: by the numbers (EORTC)",
        (Lesion("A", (30, 0, 3)), Lesion("B", (8, 8, 8), role=NON_TARGET)),
        "PR PR",
        "30.0 → 3.0",
    ),
    Case(
        "and with 5 mm it is progression",
        (Lesion("A", (30, 0, 5)), Lesion("B", (8, 8, 8), role=NON_TARGET)),
        "PR PD",
        "0.0 → 5.0",
    ),
    Case(
        "a non-target back after CR",
        (Lesion("A", (30, 0, 0)), Lesion("B", (8, 0, 4), role=NON_TARGET)),
        "CR PD",
        "non-target B back after complete response at followup-1",
    ),
    Case(
        "a non-target node is not, unless it has unequivocally progressed (EORTC)",
        (Lesion("A", (30, 0, 0)), Lesion("N", (12, 8, 11), NODE)),
        "CR PR",
        "N, no target, is left",
    ),
    # -- non-target lesions ------------------------------------------------------------------
    Case(
        "no length of a non-target is progression", (Lesion("A", (30, 30)), Lesion("B", (9, 40), role=NON_TARGET)), "SD"
    ),
    Case(
        "unequivocal progression, stated",
        (Lesion("A", (30, 15)), Lesion("B", (9, PD), role=NON_TARGET)),
        "PD",
        "unequivocal progression of non-target B",
    ),
    Case(
        "targets and non-targets progress: the numbers are told",
        (Lesion("A", (30, 40)), Lesion("B", (9, PD), role=NON_TARGET)),
        "PD",
        "30.0 → 40.0 mm is +33.3 % from nadir at baseline",
    ),
    Case("a further one is one", (Lesion("A", (30, 15)), Lesion("B", (9, FURTHER), role=NON_TARGET)), "PD"),
    Case("stated gone", (Lesion("A", (30, 0)), Lesion("B", (9, CR), role=NON_TARGET)), "CR"),
    Case("stated left", (Lesion("A", (30, 0)), Lesion("B", (9, LEFT), role=NON_TARGET)), "PR", "B, no target, is left"),
    Case(
        "not evaluated",
        (Lesion("A", (30, 0)), Lesion("B", (9, NE), role=NON_TARGET)),
        "PR",
        "B, no target, is not known to be gone",
    ),
    Case(
        "not looked at", (Lesion("A", (30, 0)), Lesion("B", (9, SKIP), role=NON_TARGET)), "PR", "not known to be gone"
    ),
    Case(
        "a missing target beside a progressing non-target",
        (Lesion("A", (30, UNSEEN)), Lesion("B", (9, PD), role=NON_TARGET)),
        "PD",
    ),
    # -- non-target lesions alone (table 2) --------------------------------------------------
    Case("alone and gone", (Lesion("B", (9, CR), role=NON_TARGET),), "CR", "no lesion left"),
    Case(
        "alone and gone, but a node has grown",
        (Lesion("B", (9, CR), role=NON_TARGET), Lesion("N", (9, 11), NODE)),
        "NE",
        "N was found and not yet confirmed",
    ),
    Case("alone and left", (Lesion("B", (9, 9), role=NON_TARGET),), "non-CR/non-PD", "there is no target"),
    Case("alone and not evaluated", (Lesion("B", (9, NE), role=NON_TARGET),), "NE", "B not evaluated"),
    Case("alone and progressing", (Lesion("B", (9, PD), role=NON_TARGET),), "PD"),
    Case(
        "alone, and a new one",
        (Lesion("B", (9, 9), role=NON_TARGET), Lesion("X", (SKIP, 6), is_new=True)),
        "PD",
        "new lesion X",
    ),
    # -- new lesions -------------------------------------------------------------------------
    Case(
        "new and smaller than a target",
        (Lesion("A", (30, 10)), Lesion("X", (SKIP, 4), is_new=True)),
        "PD",
        "new lesion X",
    ),
    Case("new by its role alone", (Lesion("A", (30, 10)), Lesion("X", (SKIP, 4), role=LesionRole.NEW)), "PD"),
    Case("new, and not measurable", (Lesion("A", (30, 10)), Lesion("X", (SKIP, UNSEEN), role=LesionRole.NEW)), "PD"),
    Case("a new node of normal size is none", (Lesion("A", (30, 10)), Lesion("X", (SKIP, 9), NODE)), "PR"),
    # -- thick slices ------------------------------------------------------------------------
    Case("5 mm slices: 10 mm is measurable", (Lesion("A", (10, 5), slice_mm=5),), "PR"),
    Case("6 mm slices: 11.9 mm is not", (Lesion("A", (11.9, 5), slice_mm=6),), "NE", "no lesion of at least"),
    Case("6 mm slices: 12 mm is", (Lesion("A", (12, 5), slice_mm=6),), "PR"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    assert categories(*case.lesions) == case.categories
    row = rows(*case.lesions)[-1]
    assert case.says in row.rule
    assert row.rule.startswith(f"{row.category}: ")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_row_names_the_rules_it_was_judged_by(case):
    assert {row.criteria_sha256 for row in rows(*case.lesions)} == {RECIST.sha256}


def followed(*lesions: Lesion) -> float | None:
    return rows(*lesions)[0].baseline_mm


def test_two_targets_in_an_organ_and_five_in_all():
    liver, lung = LesionSite.LIVER, LesionSite.LUNG
    assert followed(*(Lesion(k, (mm, 5)) for k, mm in [("A", 40), ("B", 30), ("C", 20)])) == 70.0
    organs = [(None, 40), (None, 30), (None, 20), (liver, 39), (liver, 29), (liver, 19), (lung, 38), (lung, 28)]
    many = [Lesion(f"L{k}", (mm, mm), site) for k, (site, mm) in enumerate(organs)]
    assert followed(*many) == 40 + 39 + 38 + 30 + 29


def test_all_lymph_nodes_are_one_organ_and_so_are_both_breasts():
    nodes = [Lesion(f"N{k}", (mm, mm), NODE) for k, mm in enumerate((25, 24, 23))]
    assert (
        followed(Lesion("A", (30, 30)), Lesion("B", (20, 20), LesionSite.BREAST), Lesion("C", (15, 15)), *nodes) == 99.0
    )


def test_a_reader_chooses_the_targets():
    largest, chosen = Lesion("A", (40, 40)), Lesion("B", (20, 10), role=TARGET)
    row = rows(largest, chosen)[0]
    assert (row.baseline_mm, row.category, row.target_response, row.non_target_response) == (20.0, "PR", "PR", LEFT)
    excluded = rows(Lesion("A", (40, 40), role=NON_TARGET), Lesion("B", (20, 10)))[0]
    assert excluded.baseline_mm == 20.0


def test_a_stated_target_beyond_the_limit_is_followed_as_a_non_target():
    row = rows(*(Lesion(k, (mm, mm), role=TARGET) for k, mm in [("A", 40), ("B", 30), ("C", 20)]))[0]
    assert (row.baseline_mm, row.flags) == (70.0, (Flag.TARGET_LIMIT,))
    assert row.rule.endswith("; C stated target, beyond the limit, followed as non-target")


def test_a_stated_target_that_is_too_small_is_followed_as_a_non_target():
    row = rows(Lesion("A", (40, 0), role=TARGET), Lesion("B", (8, 8), role=TARGET))[0]
    assert (row.category, row.flags) == ("PR", (Flag.BELOW_MEASURABLE_SIZE,))
    assert "B stated target, not measurable, followed as non-target" in row.rule


def test_the_parts_of_a_verdict_stand_in_columns_of_their_own():
    lesions = (Lesion("A", (30, 15)), Lesion("B", (9, PD), role=NON_TARGET), Lesion("X", (SKIP, 4), is_new=True))
    (row,) = rows(*lesions)
    assert (row.category, row.target_response, row.non_target_response, row.new_lesions) == ("PD", "PR", "PD", ("X",))
    (lone,) = rows(Lesion("A", (30, 15)))
    assert (lone.target_response, lone.non_target_response, lone.new_lesions) == ("PR", "", ())
    assert (lone.unit, lone.value, lone.new_lesion_sum_mm) == ("mm", None, None)


def test_without_targets_there_are_no_numbers():
    (row,) = rows(Lesion("B", (9, 9), role=NON_TARGET))
    assert (row.baseline_mm, row.value_mm, row.change_percent, row.reference_timepoint) == (None, None, None, "")
    assert (row.target_response, row.non_target_response) == ("", LEFT)


def test_a_site_stated_at_baseline_holds_at_every_visit():
    """A follow-up that does not repeat it is still measured by its short axis."""
    before, after = Lesion("N", (20,), NODE), Lesion("N", (SKIP, 18), short_mm=(None, 12))
    assert rows(before, after)[0].value_mm == 12.0


@pytest.mark.parametrize(("site", "category"), [(None, "CR"), (LesionSite.BREAST, "CR"), (LesionSite.LIVER, "NE")])
def test_nothing_in_the_breast_says_nothing_of_another_organ(site, category):
    assert categories(Lesion("A", (30, SKIP), site), Lesion("", (SKIP, 0))) == category


def test_a_reader_may_say_that_an_automatic_finding_is_new():
    new = timeline(Lesion("A", (30, 10)), Lesion("X", (SKIP, 4), role=LesionRole.NEW))
    (row,) = score_measurements([replace(m, method=Method.AUTO) for m in new], profile=RECIST)
    assert (row.category, row.new_lesions, row.flags) == ("PD", ("X",), ())


def test_the_largest_lesion_is_one_of_the_breasts():
    node, liver = Lesion("N", (40, 60), NODE), Lesion("H", (50, 80), LesionSite.LIVER)
    (row,) = rows(Lesion("A", (30, 15)), node, liver, profile=load_profile("paper-2023"))
    assert (row.category, row.baseline_mm, row.value_mm) == ("PR", 30.0, 15.0)


def test_a_named_lesion_without_a_length_is_told():
    """Nobody said that it is new, and nothing measures it: it may be new, and no response is complete."""
    (gone,) = rows(Lesion("A", (30, 0)), Lesion("X", (SKIP, UNSEEN)))
    assert (gone.category, gone.flags) == ("NE", (Flag.NEW_LESION_CANDIDATE,))
    assert "new lesion X" in gone.rule
    (stable,) = rows(Lesion("A", (30, 29)), Lesion("X", (SKIP, SMALL)))
    assert (stable.category, stable.flags) == ("SD", (Flag.NEW_LESION_CANDIDATE,))

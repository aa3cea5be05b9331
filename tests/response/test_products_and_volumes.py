"""WHO products and tumour volumes: other units, other cut-offs, the same exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest

from calcmeasure.response.criteria import load_profile
from response.timelines import NON_TARGET, SKIP, SMALL, UNSEEN, Lesion, categories, rows

WHO, FTV = load_profile("who"), load_profile("ftv")


def bidimensional(name: str, *pairs: tuple[float, float | None], **more: object) -> Lesion:
    return Lesion(name, tuple(pair[0] for pair in pairs), short_mm=tuple(pair[1] for pair in pairs), **more)


@pytest.mark.parametrize(
    ("lesions", "expected"),
    [
        ([bidimensional("A", (20, 10), (10, 10))], "PR"),  # exactly -50 %
        ([bidimensional("A", (20, 10), (10.001, 10))], "SD"),
        ([bidimensional("A", (20, 10), (25, 10))], "PD"),  # exactly +25 %
        ([bidimensional("A", (20, 10), (24.999, 10))], "SD"),
        ([bidimensional("A", (20, 10), (0, None))], "CR"),
        # one lesion grows by 25 % while the sum shrinks by more than half
        ([bidimensional("A", (60, 40), (20, 20)), bidimensional("B", (10, 8), (10, 10))], "PD"),
        # from its own smallest product, not from baseline
        ([bidimensional("A", (20, 10), (10, 8), (10, 10))], "PR PD"),
        ([bidimensional("A", (20, 10), (10, 8), (10, 9), (10, 10))], "PR PR PD"),
        # no limit to the number of lesions
        ([bidimensional(k, (20, 10), (20, 4)) for k in "ABCDEFG"], "PR"),
        ([bidimensional("A", (20, 10), (20, None))], "NE"),
        ([bidimensional("A", (20, None), (20, 10))], "NE"),
        ([bidimensional("A", (20, 10), (10, 5)), Lesion("X", (SKIP, 5), short_mm=(None, 5), is_new=True)], "PD"),
    ],
)
def test_who(lesions, expected):
    assert categories(*lesions, profile=WHO) == expected


def test_who_rows_carry_their_unit_and_no_millimetres():
    (row,) = rows(bidimensional("A", (20, 10), (12, 5)), bidimensional("B", (10, 10), (10, 4)), profile=WHO)
    assert (row.baseline_mm, row.reference_mm, row.value_mm, row.change_mm) == (None, None, None, None)
    assert (row.unit, row.baseline_value, row.reference_value, row.value) == ("mm2", 300.0, 300.0, 100.0)
    assert row.change_percent == pytest.approx(-200 / 3)
    assert row.rule.startswith("PR: 300 → 100 mm² is -66.7 % from baseline (≥ 50 % decrease)")


def test_who_names_the_lesion_that_grew():
    (row,) = rows(bidimensional("A", (20, 10), (25, 10)), profile=WHO)
    assert row.rule == "PD: A 200 → 250 mm² is +25.0 % from baseline (≥ 25 % increase of one lesion)"


def test_who_asks_for_confirmation():
    found = rows(bidimensional("A", (20, 10), (10, 5), (10, 5)), profile=WHO, days=(0, 30, 60))
    assert [(row.category, row.best_response) for row in found] == [("PR", "SD"), ("PR", "PR")]


def test_a_lesion_too_small_counts_both_ways():
    (row,) = rows(bidimensional("A", (20, 10), (SMALL, None)), profile=WHO)
    assert row.value == 25.0


def volumes(*mm3: float | None, name: str = "A") -> Lesion:
    return Lesion(name, tuple(UNSEEN if v is None else v / 100 for v in mm3), volumes=mm3)


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ((1000, 343), "PR"),  # exactly -65.7 %
        ((1000, 343.001), "SD"),
        ((1000, 1728), "PD"),  # exactly +72.8 %
        ((1000, 1727.999), "SD"),
        ((1000, 500, 864), "SD PD"),  # from the smallest volume
        ((1000, 0), "CR"),
        ((1000, None), "NE"),
    ],
)
def test_volume(course, expected):
    assert categories(volumes(*course), profile=FTV) == expected


def test_volume_cut_offs_are_the_cubes_of_the_diameters():
    assert Fraction(FTV.lesion.response_percent) == 100 * (1 - Fraction(7, 10) ** 3)
    assert Fraction(FTV.lesion.progression_percent) == 100 * (Fraction(12, 10) ** 3 - 1)


def test_all_lesions_add_to_the_volume_new_ones_included():
    new = Lesion("X", (SKIP, 5), volumes=(None, 400.0), is_new=True)
    (row,) = rows(volumes(1000, 300), volumes(500, 200, name="B"), new, profile=FTV)
    assert (row.unit, row.baseline_value, row.value, row.category) == ("mm3", 1500.0, 900.0, "SD")
    (unknown,) = rows(volumes(1000, 300), Lesion("B", (5, 5)), profile=FTV)
    assert unknown.rule == "NE: volume of B not known at baseline"
    (open_sum,) = rows(volumes(1000, 300), Lesion("X", (SKIP, 5), is_new=True), profile=FTV)
    assert open_sum.rule.startswith("NE: lesion X not measured")


def test_a_lesion_without_a_short_axis_is_a_non_target_of_who():
    (row,) = rows(bidimensional("A", (20, 10), (0, None)), bidimensional("B", (8, None), (8, None)), profile=WHO)
    assert (row.category, row.non_target_response) == ("PR", "non-CR/non-PD")


def test_who_calls_what_is_neither_gone_nor_worse_stable():
    alone = bidimensional("B", (9, None), (9, None), role=NON_TARGET)
    (row,) = rows(alone, profile=WHO)
    assert (row.category, row.rule) == ("SD", "SD: non-target B is left, and there is no target")

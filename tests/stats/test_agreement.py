"""The six ICCs against published tables, and what must not change them."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calcmeasure.errors import TableError
from calcmeasure.stats.agreement import IccForm, icc, icc_all_forms, icc_interval, mean_squares

# Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428, Table 2: six subjects, one column per judge.
SHROUT_FLEISS = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
# Eight wines, four judges: the data and output of pingouin's help page of intraclass_corr.
WINES = [[1, 1, 3, 6, 6, 7, 8, 9], [2, 3, 8, 4, 5, 5, 7, 9], [0, 3, 1, 3, 5, 6, 7, 9], [1, 2, 4, 3, 6, 2, 9, 8]]
FORMS = list(IccForm)
FEW = settings(max_examples=40)

# form: (value printed by Shrout and Fleiss, then low and high as printed by R: psych::ICC(sf))
EXPECTED = {
    IccForm.ONE_WAY_SINGLE: (0.17, -0.133, 0.72),
    IccForm.AGREEMENT_SINGLE: (0.29, 0.019, 0.76),
    IccForm.CONSISTENCY_SINGLE: (0.71, 0.342, 0.95),
    IccForm.ONE_WAY_MEAN: (0.44, -0.884, 0.91),
    IccForm.AGREEMENT_MEAN: (0.62, 0.071, 0.93),
    IccForm.CONSISTENCY_MEAN: (0.91, 0.676, 0.99),
}
# form: ICC, F, CI95% as printed by pingouin.intraclass_corr(wine) and R's psych
WINE_EXPECTED = {
    IccForm.ONE_WAY_SINGLE: (0.728, 11.680, 0.43, 0.93),
    IccForm.AGREEMENT_SINGLE: (0.728, 11.787, 0.43, 0.93),
    IccForm.CONSISTENCY_SINGLE: (0.729, 11.787, 0.43, 0.93),
    IccForm.ONE_WAY_MEAN: (0.914, 11.680, 0.75, 0.98),
    IccForm.AGREEMENT_MEAN: (0.914, 11.787, 0.75, 0.98),
    IccForm.CONSISTENCY_MEAN: (0.915, 11.787, 0.75, 0.98),
}


@st.composite
def tables(draw) -> np.ndarray:
    """Subjects x raters with some true differences, away from degenerate cases."""
    n, k = draw(st.integers(3, 12)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(20, 5, (n, 1)) + rng.normal(0, 1, (1, k)) + rng.normal(0, 3, (n, k))


def values(table: np.ndarray) -> list[float]:
    return [found.value for found in icc_all_forms(list(table.T)).values()]


@pytest.mark.parametrize("form", FORMS)
def test_shrout_and_fleiss(form):
    value, low, high = EXPECTED[form]
    found = icc(SHROUT_FLEISS, form=form)
    assert round(found.value, 2) == value
    assert round(found.interval.low, 3) == low
    assert round(found.interval.high, 2) == high
    assert (found.form, found.n, found.k, found.left_out) == (form, 6, 4, 0)


def test_shrout_and_fleiss_to_more_digits():
    """Against fractions worked by hand from the printed mean squares 11.24, 32.49, 1.02, 6.26 (unrounded here)."""
    ms = mean_squares(np.array(SHROUT_FLEISS, float).T)
    assert (ms.subjects, ms.raters, ms.error, ms.within) == pytest.approx(
        (11.2417, 32.4861, 1.01944, 6.26389), abs=5e-5
    )
    assert values(np.array(SHROUT_FLEISS, float).T) == pytest.approx(
        [0.16574, 0.28976, 0.71484, 0.44280, 0.62005, 0.90932], abs=5e-6
    )


def test_f_and_p_of_shrout_and_fleiss():
    """R: psych::ICC(sf) prints F 1.8 and 11.0, p 0.16477 and 0.00013."""
    one_way, two_way = (icc(SHROUT_FLEISS, form=f) for f in (IccForm.ONE_WAY_SINGLE, IccForm.CONSISTENCY_SINGLE))
    assert (round(one_way.f, 1), round(one_way.p, 5)) == (1.8, 0.16477)
    assert (round(two_way.f, 1), round(two_way.p, 5)) == (11.0, 0.00013)


@pytest.mark.parametrize("form", FORMS)
def test_wines(form):
    found = icc(WINES, form=form)
    digits = (round(found.value, 3), round(found.f, 3), round(found.interval.low, 2), round(found.interval.high, 2))
    assert digits == WINE_EXPECTED[form]


def test_a_constant_offset_costs_agreement_not_consistency():
    found = icc_all_forms([[2, 4, 6], [4, 6, 8]])
    assert found[IccForm.CONSISTENCY_SINGLE].value == 1
    assert found[IccForm.AGREEMENT_SINGLE].value == pytest.approx(2 / 3)


@pytest.mark.parametrize("form", FORMS)
def test_full_agreement(form):
    found = icc([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], form=form)
    assert (found.value, found.interval.low, found.interval.high, found.p) == (1, 1, 1, 0)


@pytest.mark.parametrize("raters", [[[0.1] * 4, [0.1] * 4], [[1.0], [2.0]], [[], []], [[None, 1.0], [2.0, None]]])
@pytest.mark.parametrize("form", FORMS)
def test_undefined_says_so(raters, form):
    found = icc(raters, form=form)
    assert isnan(found.value)
    assert isnan(found.interval.low)
    assert "undefined" in found.notes[-1]


@pytest.mark.parametrize(
    ("raters", "form"),
    [
        ([[1, 5, 3, 4], [5, 1, 4, 3]], IccForm.AGREEMENT_MEAN),
        ([[1, 5, 3, 4], [5, 1, 3, 2]], IccForm.ONE_WAY_MEAN),
    ],
)
def test_the_mean_form_can_be_undefined_where_the_single_one_is_not(raters, form):
    """No or too little variation between subjects: the denominator of the mean form is not above 0."""
    found, single = icc(raters, form=form), icc(raters, form=form.single)
    assert not isnan(single.value)
    assert isnan(found.value)
    assert isnan(found.interval.low)
    assert isnan(found.interval.high)
    assert "undefined" in found.notes[-1]


def test_missing_ratings_leave_the_subject_out():
    found = icc([[1, 2, 3, None, 5], [1, 3, 3, 4, float("nan")]], form=IccForm.CONSISTENCY_SINGLE)
    assert (found.n, found.left_out) == (3, 2)
    assert found.value == icc([[1, 2, 3], [1, 3, 3]], form=IccForm.CONSISTENCY_SINGLE).value


def test_zeros_are_warned_about():
    found = icc([[0, 0, 3.0, 4, 5], [1.0, 2, 3, 4, 6]], form=IccForm.CONSISTENCY_SINGLE)
    assert found.notes[0].startswith("zero-heavy: 2 of 5 values in column 1")
    assert len(found.notes) == 1


@FEW
@given(tables(), st.floats(-50, 50), st.floats(0.1, 20))
def test_units_do_not_matter(table, shift, scale):
    assert values(shift + scale * table) == pytest.approx(values(table), rel=1e-6, abs=1e-6, nan_ok=True)


@FEW
@given(tables(), st.randoms(use_true_random=False))
def test_order_of_subjects_and_raters_does_not_matter(table, random):
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    assert values(table[np.ix_(rows, columns)]) == pytest.approx(values(table), rel=1e-9, abs=1e-9, nan_ok=True)


@FEW
@given(tables(), st.floats(-20, 20))
def test_consistency_forgives_an_offset(table, offset):
    moved = table.copy()
    moved[:, 0] += offset
    for form in (IccForm.CONSISTENCY_SINGLE, IccForm.CONSISTENCY_MEAN):
        assert icc(list(moved.T), form=form).value == pytest.approx(icc(list(table.T), form=form).value, abs=1e-6)


@FEW
@given(tables())
def test_the_mean_of_k_follows_spearman_and_brown(table):
    found = icc_all_forms(list(table.T))
    k = table.shape[1]
    for form in FORMS[3:]:
        single = found[form.single].value
        stepped = k * single / (1 + (k - 1) * single)
        assert isnan(found[form].value) or found[form].value == pytest.approx(stepped, rel=1e-6, abs=1e-9)


@FEW
@given(tables())
def test_intervals_hold_their_estimate(table):
    for found in icc_all_forms(list(table.T)).values():
        assert isnan(found.value) or found.interval.low <= found.value <= found.interval.high


@FEW
@given(tables())
def test_the_interval_follows_from_value_and_n(table):
    n, k = table.shape
    for form in (f for f in FORMS if f.single is not IccForm.AGREEMENT_SINGLE):
        found = icc(list(table.T), form=form)
        again = icc_interval(found.value, n=n, k=k, form=form)
        assert (again.low, again.high) == pytest.approx((found.interval.low, found.interval.high), rel=1e-6, abs=1e-6)


@FEW
@given(tables(), st.floats(0.5, 0.94))
def test_a_lower_level_is_narrower(table, level):
    for form in FORMS:
        wide, narrow = icc(list(table.T), form=form), icc(list(table.T), form=form, level=level)
        if isnan(wide.value):
            assert isnan(wide.interval.low)
            continue
        assert wide.interval.low <= narrow.interval.low <= narrow.interval.high <= wide.interval.high


def test_agreement_below_zero_keeps_its_interval_in_order():
    """Subjects alike, raters alike, only noise: Satterthwaite's degrees of freedom would fall to 0.03 here."""
    raters = [[19.6, 17.1, 17.7], [15.0, 13.8, 17.9], [20.7, 12.9, 11.0], [17.5, 18.0, 17.6], [14.5, 24.7, 23.2]]
    found = icc(raters, form=IccForm.AGREEMENT_SINGLE)
    assert found.interval.low < found.value < found.interval.high < 0
    assert found.notes == ()


def test_the_agreement_interval_covers():
    """Two raters without bias, true ICC 0.8: 95 % intervals hold it in about 95 of 100 samples."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(1000):
        subjects = rng.normal(0, 2, 30)
        held += 0.8 in icc([subjects + rng.normal(0, 1, 30) for _ in range(2)], form=IccForm.AGREEMENT_SINGLE).interval
    assert 930 <= held <= 970


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": 0.5, "n": 30, "form": IccForm.AGREEMENT_SINGLE},
        {"value": 0.5, "n": 30, "form": IccForm.AGREEMENT_MEAN},
        {"value": 0.5, "n": 1},
        {"value": 0.5, "n": 30, "k": 1},
        {"value": 1.2, "n": 30},
        {"value": -0.6, "n": 30, "k": 3},
        {"value": 0.5, "n": 30, "level": 95},
    ],
)
def test_intervals_that_cannot_be(wrong):
    with pytest.raises(TableError):
        icc_interval(wrong.pop("value"), **wrong)


@pytest.mark.parametrize(
    "raters", [[[1.0, 2.0]], [[1.0, 2.0], [1.0]], [[1.0, "x"], [1.0, 2.0]], [[1.0, np.inf], [1.0, 2]]]
)
def test_columns_that_cannot_be_compared(raters):
    with pytest.raises(TableError):
        icc(raters, form=IccForm.CONSISTENCY_SINGLE)


def test_forms_name_themselves():
    assert [form.shrout_fleiss for form in FORMS] == [
        "ICC(1,1)",
        "ICC(2,1)",
        "ICC(3,1)",
        "ICC(1,k)",
        "ICC(2,k)",
        "ICC(3,k)",
    ]
    assert IccForm.CONSISTENCY_SINGLE.words == "two-way, consistency, single measures"
    assert len({form.words for form in FORMS}) == 6

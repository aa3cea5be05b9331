"""Cut-offs in whole numbers against fractions, and changes in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.response.exact import CutOff, Limits, Percent, percent_change, percent_words

LIMITS = st.decimals("0", "1000", places=3)
LENGTHS_UM = st.integers(0, 200_000)


@given(LENGTHS_UM.filter(bool), LENGTHS_UM, LIMITS, st.booleans())
def test_cut_offs_are_those_of_fractions(before_um, after_um, limit, inclusive):
    change, exact = Fraction(after_um - before_um, before_um) * 100, Fraction(limit)
    percent, cut_off = percent_change(before_um, after_um), CutOff.at(limit, inclusive=inclusive)
    assert cut_off.is_reached(*percent) == (change > exact or (inclusive and change == exact))
    assert cut_off.is_reached_down(percent) == (change < 0 and (-change > exact or (inclusive and -change == exact)))


@pytest.mark.parametrize(("before_um", "limit"), [(33_000, 10), (109_000, 20), (7, 100), (64_250, 30)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_tie_is_a_tie(before_um, limit, sign):
    percent = Percent(sign * before_um * limit, before_um)
    reached = [CutOff.at(Decimal(limit), inclusive=inclusive) for inclusive in (True, False)]
    passes = [c.is_reached(*percent) if sign > 0 else c.is_reached_down(percent) for c in reached]
    assert passes == [True, False]


@given(LENGTHS_UM.filter(bool), LENGTHS_UM, st.sampled_from(["10", "20", "30", "65.7", "72.8", "12.25"]))
def test_no_change_is_written_like_a_cut_off_it_does_not_equal(before_um, after_um, limit):
    percent = percent_change(before_um, after_um)
    number = percent_words(percent, limits=Limits(Decimal(limit))).removesuffix(" %")
    is_tie = abs(Fraction(*percent)) == Fraction(limit)
    decimals = len(number.partition(".")[2])
    assert number == f"{float(Fraction(*percent)):+.{decimals}f}"
    assert (abs(Decimal(number)) == Decimal(limit)) <= (is_tie or decimals == 6)
    assert decimals == 1 or not is_tie

"""Centimetres under millimetres: what is suspected, what is not, and how they are turned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.cohort.units import looks_like_centimetres, millimetres_of


@pytest.mark.parametrize(
    ("values", "suspected"),
    [
        ([3.3, 2.8, 0.9, 4.8], True),
        ([0.0, 0.0, 0.4, 1.5, 2.0], True),
        ([0.8, 1.2, 13.6], True),  # one very long extent
        ([33.0, 28.0, 9.0, 48.0], False),
        ([3.0, 2.0, 5.0, 4.0], False),  # whole numbers: small tumours in mm
        ([12.5, 9.5, 8.2, 14.1], False),  # small tumours measured to 0.1 mm
        ([3.3, 2.8, 0.9, 48.0], False),  # units mixed within a column: this is not for us to guess
        ([3.3, 2.8], False),
        ([0.0, 0.0, 0.0], False),
        ([], False),
    ],
)
def test_suspicion(values, suspected):
    assert looks_like_centimetres(values) is suspected


@given(st.decimals(min_value=0, max_value=40, places=2))
def test_a_written_number_of_centimetres_has_ten_times_the_millimetres(written):
    assert str(millimetres_of(float(written))) == str(float(written * 10))


def test_ten_times_in_floating_point_would_not_do():
    assert 0.07 * 10 != 0.7
    assert millimetres_of(0.07) == 0.7

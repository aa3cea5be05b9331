from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.dicom.times import (
    DAY_S,
    Moment,
    elapsed_s,
    moment,
    nearest_offset_s,
    parse_datetime,
    parse_day,
    parse_offset_s,
    parse_time_s,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("123456", 45296.0),
        ("123456.5", 45296.5),
        ("123456.1234567", 45296.1234567),
        ("123456.44000 ", 45296.44),
        ("12:34:56", 45296.0),
        ("12:34:56.25", 45296.25),
        ("1234", 45240.0),
        ("12", 43200.0),
        ("000000", 0.0),
        ("235959.999", 86399.999),
        ("235960", 86400.0),
        ("240000", 86400.0),
        ("240001", None),
        ("126000", None),
        ("123461", None),
        ("", None),
        ("7", None),
        ("noon", None),
        ("12345", None),
        ("-10000", None),
        ("12.5", None),
        ("1e5", None),
    ],
)
def test_time_of_day(text, seconds):
    assert parse_time_s(text) == (None if seconds is None else pytest.approx(seconds, abs=1e-9))


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999))
def test_every_regular_time_is_read(hour, minute, second, micro):
    text = f"{hour:02d}{minute:02d}{second:02d}.{micro:06d}"
    assert parse_time_s(text) == pytest.approx(hour * 3600 + minute * 60 + second + micro / 1e6, abs=1e-6)


@given(st.text(max_size=12))
def test_no_text_raises(text):
    value = parse_time_s(text)
    assert value is None or 0 <= value <= DAY_S
    parse_day(text)
    parse_datetime(text)
    parse_offset_s(text)


@pytest.mark.parametrize("text", ["20240301", "2024-03-01", "2024.03.01"])
def test_dates(text):
    assert parse_day(text) == parse_day("20240229") + 1


@pytest.mark.parametrize("text", ["", "20240230", "00010101", "2024", "202403011"])
def test_impossible_dates(text):
    assert parse_day(text) is None


def test_datetime_takes_its_own_offset_before_the_stated_one():
    own = parse_datetime("20240301120000.5+0200", offset_s=0.0)
    assert own == Moment(43200.5, parse_day("20240301"), 7200.0)
    assert parse_datetime("20240301120000", offset_s=-3600.0).offset_s == -3600.0
    assert parse_datetime("20240301") is None


def test_dates_carry_over_midnight():
    night = [moment("235930", "20240301"), moment("000045", "20240302")]
    assert elapsed_s(night) == ((0.0, 75.0), True)


def test_midnight_is_unwrapped_once_without_dates_in_any_order():
    assert elapsed_s([moment("000045"), moment("235930")]) == ((75.0, 0.0), True)


def test_midnight_is_unwrapped_when_the_date_was_not_rolled():
    assert elapsed_s([moment("235930", "20240301"), moment("000045", "20240301")]) == ((0.0, 75.0), True)


def test_two_days_are_not_one_acquisition():
    assert elapsed_s([moment("120000", "20240301"), moment("120000", "20240303")]) is None
    assert elapsed_s([]) is None


def test_clock_change_is_bridged_by_offsets():
    before = parse_datetime("20241027025930+0200")
    after = parse_datetime("20241027020030+0100")
    assert elapsed_s([before, after])[0] == (0.0, 60.0)


def test_clock_distance_takes_the_short_way():
    assert nearest_offset_s(10.0, DAY_S - 10.0) == 20.0
    assert nearest_offset_s(DAY_S - 10.0, 10.0) == -20.0

"""Rounding for people."""

from __future__ import annotations

import pytest

from calcmeasure.report.text import format_flag, format_mm, format_percent


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not measurable"),
        (0.0, "0 mm"),
        (0.04, "0.0 mm"),
        (9.96, "10.0 mm"),
        (12.34, "12.3 mm"),
        (120.0, "120.0 mm"),
    ],
)
def test_lengths(value, words):
    assert format_mm(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, ""), (0.0, "0.0 %"), (-0.0, "0.0 %"), (20.0, "+20.0 %"), (-30.04, "−30.0 %"), (-100.0, "−100.0 %")],
)
def test_changes(value, words):
    assert format_percent(value) == words


def test_flags_are_words_and_codes_stay_codes():
    assert format_flag("one_view_only") == "one view only"
    assert format_flag("E_SPACING_UNKNOWN") == "E_SPACING_UNKNOWN"

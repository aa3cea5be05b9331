"""Lines joined by hand are those of the csv module."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from calcmeasure.report.files import csv_lines

CELLS = st.text(st.sampled_from(["a", "→", ",", '"', "'", " ", "\n", "\r", ";"]), max_size=4)


@given(st.lists(st.lists(CELLS, max_size=4), max_size=5))
def test_lines_are_those_of_the_csv_module(rows):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    assert csv_lines(rows) == text.getvalue()

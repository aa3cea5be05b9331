"""What was measured: the defaults of a row that a bare table gave."""

from __future__ import annotations

import pickle

import pytest

from calcmeasure.model.measurement import AUTO_READER, Measurement, ResponseRow
from calcmeasure.terms import Laterality, Method, Quantity
from factories import measured

ROW = ResponseRow(
    "P1", Laterality.LEFT, Quantity.CALCIFICATION_EXTENT, "extent-10", "followup-1",
    20.0, 20.0, "baseline", 23.0, 3.0, 15.0, "increase", "> 10 %",
)  # fmt: skip


def test_a_bare_row_is_automatic_and_has_no_image():
    bare = Measurement("P1", "baseline", Quantity.LESION_DIAMETER, 12.0)
    assert (bare.reader, bare.method) == (AUTO_READER, Method.AUTO) == ("auto", "auto")
    assert (bare.image, bare.phase, bare.ends, bare.flags, bare.n_marks) == (None, None, (), (), None)
    assert (bare.lesion_id, bare.study_date, bare.annotation_id) == ("", "", "")


def test_zero_and_not_measurable_are_different_things():
    assert measured(0.0) != measured(None)


@pytest.mark.parametrize("row", [measured(3.5), ROW])
def test_rows_are_values(row):
    assert pickle.loads(pickle.dumps(row)) == row
    assert len({row, pickle.loads(pickle.dumps(row))}) == 1


def test_response_rows_name_no_reader_unless_told():
    assert (ROW.reader, ROW.flags) == ("", ())

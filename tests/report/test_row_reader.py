"""Readers of rows: what they remember of cells, and what they are in another process."""

from __future__ import annotations

import pickle
from decimal import Decimal
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.model.measurement import Measurement
from calcmeasure.report import cell_values
from calcmeasure.report.cell_values import EMPTY, CellError, KnownCells, parsers
from calcmeasure.report.row_reader import Column, RowReader
from calcmeasure.terms import Quantity

NAMES = ("patient_id", "timepoint", "quantity", "value_mm")
READER = RowReader(
    Path("t.csv"),
    tuple(Column(name, index, name) for index, name in enumerate(NAMES)),
    len(NAMES),
    values={"patient_id": {"one": "P1"}},
    separator=";",
)


def test_a_row_is_the_measurement_its_cells_say():
    (found, problems) = READER.read_text(2, "one;baseline;lesion_diameter; 12.50 \n")
    assert problems == ()
    assert found == Measurement("P1", "baseline", Quantity.LESION_DIAMETER, 12.5, reader="", method=None)
    assert hash(found) == hash(Measurement("P1", "baseline", Quantity.LESION_DIAMETER, 12.5, reader="", method=None))


def test_rows_share_nothing():
    first, _ = READER.read_text(2, "P1;baseline;lesion_diameter;12.5")
    second, _ = READER.read_text(3, "P2;baseline;lesion_diameter;")
    assert (first.patient_id, first.value_mm, second.patient_id, second.value_mm) == ("P1", 12.5, "P2", None)


def test_the_same_wrong_cell_is_told_on_every_line():
    told = [READER.read_text(line, "P1;baseline;lesion_diameter;long")[1] for line in (2, 3)]
    assert [[(p.code, p.reason.split(",")[0]) for p in problems] for problems in told] == [
        [(ErrorCode.NOT_A_NUMBER, "line 2")],
        [(ErrorCode.NOT_A_NUMBER, "line 3")],
    ]


@pytest.mark.parametrize(
    ("text", "cell"), [("one;a;b", "one"), ('"one";a', "one"), ('"o;ne";a', "o;ne"), ("one\r\n", "one"), ("", "")]
)
def test_the_patient_is_found_without_reading_the_row(text, cell):
    assert READER.patient_cell(text).strip() == cell
    assert READER.patient_id(" one ") == "P1"


def test_what_was_found_in_cells_stays_in_its_process():
    fresh = len(pickle.dumps(READER))
    for i in range(500):
        READER.read_text(i, f"P{i};baseline;lesion_diameter;{i / 10}")
    sent = pickle.loads(pickle.dumps(READER))
    assert len(pickle.dumps(READER)) == fresh
    assert sent == READER
    assert sent.read_text(2, "one;baseline;lesion_diameter;3") == READER.read_text(2, "one;baseline;lesion_diameter;3")


def test_cells_known_are_forgotten_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(cell_values, "_MOST_KNOWN", 10)
    known = KnownCells(parsers(".", Decimal(1))["value_mm"], {"none": "0"}, frozenset({"-"}))
    assert [known[f"{i}"] for i in range(25)] == [float(i) for i in range(25)]
    assert len(known) <= 10
    assert (known["none"], known[" - "], known[""]) == (0.0, EMPTY, EMPTY)
    with pytest.raises(CellError):
        known["-1"]

"""Whose lengths count as repeated readings, whatever the sources they come from."""

from __future__ import annotations

import math

import pytest

from calcmeasure.pipeline import repeated_readings
from calcmeasure.pipeline.repeated_readings import errors_in, errors_of
from calcmeasure.pipeline.score_input import TableChoices, gather
from calcmeasure.store.annotation_files import write_annotations
from calcmeasure.terms import Quantity
from factories import marks, measured

EXTENT, DIAMETER = Quantity
HEADER = "patient_id,timepoint,laterality,lesion_id,quantity,reader,value_mm"


def found(folder, *rows, header=HEADER):
    path = folder / "t.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return gather([str(path)], TableChoices())


def test_two_readers_of_one_patient_among_many_read_once(tmp_path):
    """40 and 42 mm have a variance of 2 about their mean, with one degree of freedom."""
    once = [f"P{i},baseline,L,L1,lesion_diameter,mk,{30 + i}" for i in range(20)]
    twice = [f"Q1,baseline,L,L1,lesion_diameter,{reader},{mm}" for reader, mm in (("mk", 40), ("mk-2", 42))]
    (error,) = errors_in(found(tmp_path, *once, *twice)).values()
    assert error.repeatability_mm == pytest.approx(1.96 * math.sqrt(2) * math.sqrt(2))
    assert error.n_repeated == 1


@pytest.mark.parametrize("other", ["auto", "consensus", "mk", " mk "])
def test_no_reading_of_their_own(tmp_path, other, monkeypatch):
    rows = [f"P1,baseline,L,L{i},lesion_diameter,{reader},40" for i, reader in enumerate(("mk", other))]
    monkeypatch.setattr(repeated_readings, "measurements_of", None)
    assert errors_in(found(tmp_path, *rows)) == {}


def test_a_consensus_repeats_one_of_its_readers():
    pair = [measured(10.0, reader="mk"), measured(12.0, reader="jl")]
    assert errors_of([*pair, measured(12.0, reader="consensus"), measured(99.0, reader="auto")]) == errors_of(pair)


def test_a_table_without_readers_is_read_by_nobody_twice(tmp_path):
    rows = ["P1,baseline,L,L1,lesion_diameter,40", "P1,followup-1,L,L1,lesion_diameter,30"]
    assert errors_in(found(tmp_path, *rows, header=HEADER.replace("reader,", ""))) == {}


def test_drawings_of_two_readers(tmp_path):
    for reader, end in (("mk", 60.0), ("jl", 50.0)):
        drawn = marks(points=((10.0, 10.0), (end, 10.0)))
        path = tmp_path / f"P1.{reader}.annotations.json"
        write_annotations(path, patient_id="P1", reader=reader, annotations=[drawn])
    assert set(errors_in(gather([str(tmp_path)], TableChoices()))) == {EXTENT}


def test_what_contradicts_itself_is_no_reading(tmp_path):
    mk = [f"P1,baseline,L,L1,lesion_diameter,mk,{mm}" for mm in (40, 50)]
    assert errors_in(found(tmp_path, *mk, "P1,baseline,L,L1,lesion_diameter,jl,40")) == {}

"""Whole readings by mouse and keyboard, from the folder to the table."""

from __future__ import annotations

import csv
import operator

import numpy as np
import pytest

from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.store.database import MeasurementStore
from napari_calcmeasure.reading.live_numbers import measure_finding
from napari_calcmeasure.reading.signing import stored_annotations
from napari_calcmeasure.reading.tool import ToolName

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.timeout(600)]


def export(reader, folder):
    reader.will_answer("Export", f'"{folder}', "Enter")
    reader.press("Control-Shift-E")
    with (folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lengths(reader):
    """What is shown beside the lines, before it is rounded for the eye."""
    return {one.key: measure_finding(one, reader.reading).value_mm for one in reader.reading.findings}


def check_rows(rows, store, *, method, shown):
    """Every number shown and written equals the core's, from the points that are stored."""
    stored = [one.annotation for one in stored_annotations(str(store), reader="mk")]
    assert {row["method"] for row in rows} == method
    key = operator.itemgetter("timepoint", "lesion_id", "view")
    written = {key(row): row for row in rows}
    assert len(written) == len(rows) == len(stored)
    for annotation in stored:
        row = written[annotation.timepoint, annotation.lesion_id, str(annotation.view or "")]
        measured = measure_annotation(annotation, patient_id=row["patient_id"], reader="mk")
        assert shown[annotation.annotation_id] == pytest.approx(measured.value_mm, abs=1e-9)
        assert float(row["value_mm"]) == round(measured.value_mm, 3)
        assert row["reader"] == "mk"
        assert row["spacing_source"] == str(annotation.image.spacing.source)
        assert row["method"] == str(annotation.method)
        assert row["relation"] == str(annotation.relation or "")
    with MeasurementStore(str(store)) as opened:
        assert opened.verify() == len(rows)


def values(reader):
    """What the panel says is measured, by finding."""
    return [reader.room.measure.entries.item(n).text() for n in range(reader.room.measure.entries.count())]


def turn_to(reader, number):
    """Turn to a slice with the arrow keys."""
    dims = reader.viewer.dims
    axis = dims.order[-3]
    while dims.current_step[axis] != number:
        reader.hand.key("Up" if dims.current_step[axis] < number else "Down")
    reader.settle()


def test_by_hand(sit_down, patients, tmp_path):
    store = tmp_path / "m.sqlite"
    reader = sit_down(patients, store)
    assert [case.name for case in reader.session.cases] == ["P1", "P2"]
    reader.press("E")
    reader.drag(reader.panel("R-CC"), (300, 500), (420, 600))
    reader.drag(reader.panel("L-MLO"), (300, 200), (400, 260))
    reader.press("K")
    for corner in ((500, 250), (500, 300), (560, 270)):
        reader.click(reader.panel("L-CC"), corner)
    reader.press("Enter")
    baseline = reader.reading.findings
    assert [str(one.annotation.geometry) for one in baseline] == ["caliper", "caliper", "marks"]
    for seen, meant in zip(baseline[0].annotation.points, ((300, 500), (420, 600)), strict=True):
        assert np.allclose(seen, meant, atol=3), "within a screen pixel"

    before = values(reader)
    for key in ("H", "V", "1", "=", "F2", "I", "W", "."):
        reader.press(key)
        assert values(reader) == before
        assert reader.reading.findings == baseline
    reader.press("H", "V", "I", ",")

    reader.press("Shift-PageDown")
    assert reader.session.shown.series is not None
    panel = next(one for one in reader.room.stage.canvas.visible_panels if one.target is not None)
    turn_to(reader, 10)
    reader.press("D")
    reader.drag(panel, (10, 40, 30), (10, 50, 45))
    reader.press("S")
    reader.click(panel, (10, 47, 126))
    lesion = reader.chosen
    assert lesion.mask is not None
    assert lesion.mask.seed_zrc is not None
    reader.press("Shift-Up", "Shift-Up")
    assert reader.chosen.mask.level < lesion.mask.level
    assert reader.chosen.mask.voxels.sum() >= lesion.mask.voxels.sum()
    reader.press("B")
    seeded = reader.chosen
    reader.drag(panel, (10, 47, 126), (10, 47, 140))
    assert reader.chosen.mask.voxels.sum() > seeded.mask.voxels.sum()
    painted = reader.chosen
    reader.press("Control-Z")
    assert reader.chosen.annotation == seeded.annotation
    reader.press("Control-Y")
    assert reader.chosen.annotation == painted.annotation

    reader.press("Shift-PageDown")
    assert reader.session.shown.timepoint == "followup-1"
    reader.press("E")
    reader.drag(reader.panel("R-CC"), (320, 520), (400, 580))
    reader.will_answer("Earlier lesion", "Enter")
    reader.press("L")
    assert str(reader.chosen.annotation.relation) == "same"
    assert reader.chosen.annotation.from_lesions == (baseline[0].annotation.lesion_id,)

    reader.press("Control-Enter")
    assert reader.reading.is_signed, reader.sentence
    rows = export(reader, tmp_path / "out")
    check_rows(rows, store, method={"manual"}, shown=lengths(reader))
    assert [row["relation"] for row in rows].count("same") == 1
    reader.press("PageDown")
    assert reader.session.case.name == "P2"
    assert not reader.reading.findings


def test_automatic(sit_down, patients, tmp_path):
    store = tmp_path / "m.sqlite"
    reader = sit_down(patients, store)
    for caption in ("R-CC", "L-CC", "R-MLO", "L-MLO"):
        reader.click(reader.panel(caption), (500, 400))
        assert caption in reader.room.stage.active.caption
        reader.press("A")
    found = [one for one in reader.reading.findings if len(one.annotation.points) > 3]
    assert found, reader.sentence
    while reader.chosen is None or reader.chosen.key != found[0].key:
        reader.press("F")
    panel = next(one for one in reader.room.stage.canvas.visible_panels if one.target.shows(found[0].annotation))
    reader.press("K")
    removed, moved = found[0].annotation.points[0], found[0].annotation.points[1]
    reader.click(panel, removed, shift=True)
    edited = reader.reading.find(found[0].key)
    assert len(edited.annotation.points) == len(found[0].annotation.points) - 1
    reader.drag(panel, moved, (moved[0] + 30, moved[1] + 30))
    edited = reader.reading.find(found[0].key)
    assert str(edited.annotation.method) == "edited"
    reader.room.measure.card.morphology.setFocus()
    reader.press("Down")
    assert reader.reading.find(found[0].key).annotation.morphology is not None
    reader.canvas.setFocus()
    reader.press("Control-Enter")
    assert reader.reading.is_signed, reader.sentence
    check_rows(export(reader, tmp_path / "out"), store, method={"auto", "edited"}, shown=lengths(reader))
    assert reader.session.desk.tool is ToolName.MARKS

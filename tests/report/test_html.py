"""The page: escaped, complete, and honest about what is missing."""

from __future__ import annotations

import base64
from pathlib import Path

from calcmeasure.errors import ErrorCode
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.model.measurement import ResponseRow
from calcmeasure.report.html import render_report
from calcmeasure.terms import Laterality, Quantity
from factories import marks, measured, outline

HOSTILE = '<script>alert("x")</script>&"\''


def of(annotation, patient_id="P1"):
    return measure_annotation(annotation, patient_id=patient_id, reader="auto")


def response(**changes) -> ResponseRow:
    values = {
        "patient_id": "P1", "laterality": Laterality.RIGHT, "quantity": Quantity.LESION_DIAMETER,
        "criteria": "paper-2023", "timepoint": "followup-1", "baseline_mm": 28.0, "reference_mm": 28.0,
        "reference_timepoint": "baseline", "value_mm": 16.0, "change_mm": -12.0, "change_percent": -42.857,
        "category": "PR", "rule": "PR: because", "flags": ("view_switched",), "reader": "auto",
    }  # fmt: skip
    return ResponseRow(**{**values, **changes})


def test_hostile_text_stays_text(tmp_path):
    rows = [of(marks(lesion_id=HOSTILE), HOSTILE)]
    page = render_report(rows, [response(patient_id=HOSTILE, rule=HOSTILE)], out=tmp_path)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_numbers_spacing_phase_and_flags_are_shown(tmp_path):
    rows = [of(marks(flags=("low_confidence",))), of(outline())]
    page = render_report(rows, [], out=tmp_path)
    for words in ("10.0 mm", "low confidence", "÷ 1.06", "3 marks", "phase 1 at 62 s after injection", "automatic"):
        assert words in page, words
    assert "short axis 8.0 mm" in page or "short axis" in page


def test_a_value_that_is_missing_says_so(tmp_path):
    page = render_report([of(marks(flags=(ErrorCode.SPACING_UNKNOWN,)))], [], out=tmp_path)
    assert "not measurable" in page
    assert "E_SPACING_UNKNOWN" in page


def test_a_picture_is_embedded_and_a_missing_one_leaves_the_number(tmp_path: Path):
    folder = tmp_path / "pictures" / "P1"
    folder.mkdir(parents=True)
    (folder / "a1.png").write_bytes(b"\x89PNG picture")
    rows = [of(marks()), of(marks(annotation_id="a2", timepoint="followup-1", study_date="2021-09-01"))]
    page = render_report(rows, [], out=tmp_path)
    assert page.count("<img ") == 1
    assert base64.b64encode(b"\x89PNG picture").decode() in page
    assert page.count("<figure") == 2


def test_a_visit_without_image_is_said(tmp_path):
    rows = [of(marks()), of(outline(timepoint="followup-1", study_date="2021-09-01"))]
    assert render_report(rows, [], out=tmp_path).count("no image at this visit") == 2


def test_one_time_point_is_said(tmp_path):
    assert "measurements at one time point only" in render_report([of(marks())], [], out=tmp_path)


def test_verdicts_carry_category_rule_and_flags(tmp_path):
    page = render_report([measured()], [response()], out=tmp_path)
    for words in ('class="cat cat-PR"', "PR: because", "view switched", "28.0 mm → 16.0 mm", "−42.9 %"):
        assert words in page, words


def test_nothing_at_all_is_a_page(tmp_path):
    page = render_report([], [], out=tmp_path)
    assert page.startswith("<!doctype html>")
    assert "Research use only" in page


def test_the_same_input_gives_the_same_page(tmp_path):
    rows = [of(marks()), of(outline())]
    assert render_report(rows, [response()], out=tmp_path) == render_report(rows[::-1], [response()], out=tmp_path)


def test_patients_are_kept_apart(tmp_path):
    page = render_report([of(marks(), "P1"), of(marks(), "P2")], [response(patient_id="P2")], out=tmp_path)
    first, second = page.index('<section class="patient" id="P1"'), page.index('<section class="patient" id="P2"')
    assert first < second
    assert "PR: because" not in page[first:second]

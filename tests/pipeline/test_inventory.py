"""What an index holds, as JSON and as lines for people."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from calcmeasure.errors import ErrorCode
from calcmeasure.geometry import ImageGrid, Spacing, SpacingSource
from calcmeasure.model.imaging import (
    DynamicSeries,
    FolderIndex,
    FrameReference,
    Mammogram,
    Patient,
    Phase,
    Skipped,
    Study,
)
from calcmeasure.pipeline.inventory import index_as_json, index_as_text
from calcmeasure.terms import Flag, Laterality, PresentationIntent, View

RULE = "k-space-centre-90s"
MR_SPACING = Spacing(0.9, 0.8, SpacingSource.PATIENT, slice_mm=2.5)
AXES = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
MAMMOGRAM = Mammogram(
    FrameReference(Path("a/mg.dcm"), "1.2.1"),
    "1.2",
    "1.1",
    Laterality.RIGHT,
    View.CC,
    PresentationIntent.FOR_PRESENTATION,
    3328,
    2560,
    Spacing(0.0661, 0.07, SpacingSource.MAGNIFICATION_CORRECTED, magnification=1.06),
)
SERIES = DynamicSeries(
    ("1.4",),
    "1.1",
    "GE",
    "TriggerTime",
    "TriggerTime splits the images",
    "injection",
    tuple(
        Phase(k, centre_s, centre_s - 30, 60.0, (FrameReference(Path("a/mr"), "1.9"),) * 4, "1.4")
        for k, centre_s in enumerate((-70.0, 55.0, 115.0))
    ),
    1,
    ImageGrid((4, 8, 6), (0.0, 0.0, 0.0), AXES, MR_SPACING),
    description="AX DYN",
    flags=(Flag.SLICE_GAP,),
)
STUDY = Study("1.1", date(2024, 1, 10), "baseline", "study_date", (MAMMOGRAM,), (SERIES,))
LEFT_OUT = Skipped(Path("a/x.txt"), ErrorCode.NOT_DICOM, "no DICOM file")


def described(*studies, skipped=(LEFT_OUT,), rule=RULE):
    index = FolderIndex((Patient("P1", "p1", studies),), skipped, {"seen": 9, "used": 8})
    return index_as_json(index, rule=rule)


def only_study(**changes):
    return described(replace(STUDY, **changes))["patients"][0]["studies"][0]


def lines(*studies):
    return index_as_text(described(*studies)).splitlines()


def test_it_is_plain_json():
    content = described(STUDY)
    assert json.loads(json.dumps(content)) == content
    assert content["skipped"] == [{"path": "a/x.txt", "code": str(ErrorCode.NOT_DICOM), "reason": "no DICOM file"}]
    assert content["counts"] == {"seen": 9, "used": 8}
    assert [patient["patient_id"] for patient in content["patients"]] == ["P1"]


def test_a_mammogram_with_and_without_millimetres():
    (entry,) = only_study()["mammograms"]
    assert (entry["sop_uid"], entry["path"], entry["laterality"], entry["view"]) == ("1.2.1", "a/mg.dcm", "R", "CC")
    assert (entry["rows"], entry["columns"], entry["usable"], entry["flags"]) == (3328, 2560, True, [])
    assert entry["spacing"] == {
        "row_mm": 0.0661,
        "col_mm": 0.07,
        "slice_mm": None,
        "source": "magnification_corrected",
        "magnification": 1.06,
    }
    assert only_study(mammograms=(replace(MAMMOGRAM, spacing=None),))["mammograms"][0]["spacing"] is None


def test_a_dynamic_series_with_the_phase_that_would_be_measured():
    (entry,) = only_study()["dynamic_series"]
    assert entry["phases"] == [
        {"index": k, "time_s": time_s, "n_slices": 4} for k, time_s in enumerate((-70.0, 55.0, 115.0))
    ]
    assert (entry["vendor"], entry["sort_key"], entry["time_zero"]) == ("GE", "TriggerTime", "injection")
    assert (entry["early_phase"]["index"], entry["early_phase"]["time_s"]) == (2, 115.0)
    assert entry["early_phase"]["rule"] == RULE
    assert (entry["spacing"]["slice_mm"], entry["flags"]) == (2.5, [str(Flag.SLICE_GAP)])


@pytest.mark.parametrize(("rule", "index"), [("first-post-contrast", 1), ("within-2-min", 2), ("no such rule", None)])
def test_the_rule_decides_the_phase(rule, index):
    early = described(STUDY, rule=rule)["patients"][0]["studies"][0]["dynamic_series"][0]["early_phase"]
    assert (early and early["index"]) == index


def test_a_series_that_cannot_be_measured_has_no_early_phase():
    changed = replace(SERIES, usable=False, grid=None, phases=(), first_post_contrast=None)
    (entry,) = only_study(dynamic_series=(changed,))["dynamic_series"]
    assert (entry["early_phase"], entry["spacing"], entry["phases"], entry["usable"]) == (None, None, [], False)


def test_a_study_without_a_date():
    assert only_study()["study_date"] == "2024-01-10"
    assert only_study(study_date=None)["study_date"] is None


def test_lines_for_people():
    assert lines(STUDY) == [
        "P1",
        "  baseline  2024-01-10",
        "    R-CC   3328x2560  0.0661 mm magnification_corrected",
        f"    DCE    GE  3 phases by TriggerTime  early phase 2 at 115 s  {Flag.SLICE_GAP}",
        f"left out: {ErrorCode.NOT_DICOM}  a/x.txt  no DICOM file",
    ]


def test_lines_say_what_is_unknown():
    mammogram = replace(MAMMOGRAM, laterality=None, view=None, spacing=None, usable=False, flags=("E_SPACING",))
    series = replace(SERIES, first_post_contrast=None, flags=())
    study = replace(STUDY, study_date=None, mammograms=(mammogram,), dynamic_series=(series,))
    assert lines(study)[1:4] == [
        "  baseline  no date",
        "    ?-?    3328x2560  pixels only  not measured  E_SPACING",
        "    DCE    GE  3 phases by TriggerTime",
    ]


def test_an_early_phase_without_a_time_is_not_dressed_up():
    untimed = replace(SERIES, phases=tuple(replace(p, time_s=None, start_s=None) for p in SERIES.phases), flags=())
    content = described(replace(STUDY, dynamic_series=(untimed,)), rule="first-post-contrast")
    assert "    DCE    GE  3 phases by TriggerTime" in index_as_text(content).splitlines()


def test_an_empty_index():
    content = index_as_json(FolderIndex((), ()), rule=RULE)
    assert content == {"patients": [], "skipped": [], "counts": {}}
    assert index_as_text(content) == ""

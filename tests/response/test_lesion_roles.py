"""Role, site and status of a lesion go through saved annotations and tables unchanged, and change nothing unsaid."""

from __future__ import annotations

import jsonschema
import pytest

from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.report.read_tables import read_measurements
from calcmeasure.report.tables import measurement_record, response_record, write_measurements
from calcmeasure.store.annotation_files import annotation_schema
from calcmeasure.store.annotation_json import annotation_from_json, annotation_to_json
from calcmeasure.terms import LesionRole, LesionSite, NonTargetStatus
from factories import outline
from response.timelines import IRECIST, SKIP, Lesion, rows

NAMES = ("role", "site", "status")
SAID = outline(role=LesionRole.NON_TARGET, site=LesionSite.LYMPH_NODE, status=NonTargetStatus.FURTHER_PD)


def test_a_saved_annotation_keeps_them():
    content = annotation_to_json(SAID)
    assert [content[name] for name in NAMES] == ["non-target", "lymph-node", "further-PD"]
    assert annotation_from_json(content, study_date="", place="$") == SAID


def test_they_are_left_out_where_nobody_said():
    assert not set(NAMES) & set(annotation_to_json(outline()))


def test_the_schema_knows_every_word():
    rule = annotation_schema()["$defs"]["annotation"]["properties"]
    for name, kind in zip(NAMES, (LesionRole, LesionSite, NonTargetStatus), strict=True):
        assert set(rule[name]["enum"]) == {*kind, None}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate("other words", rule[name])


def test_the_table_keeps_them(tmp_path):
    write_measurements(tmp_path / "m.csv", [measure_annotation(SAID, patient_id="P1", reader="a")])
    (back,) = read_measurements(tmp_path / "m.csv")
    assert (back.role, back.site, back.status) == (SAID.role, SAID.site, SAID.status)
    record = measurement_record(measure_annotation(outline(), patient_id="P1", reader="a"))
    assert [record[name] for name in NAMES] == ["", "", ""]


def test_words_in_tables_are_stable():
    assert set(LesionRole) == {"target", "non-target", "new"}
    assert set(NonTargetStatus) == {"CR", "non-CR/non-PD", "PD", "further-PD", "NE"}


def test_a_response_row_as_a_record():
    new = [Lesion(name, (SKIP, mm), is_new=True) for name, mm in [("=X", 12.5), ("Y", 4)]]
    record = response_record(rows(Lesion("A", (30, 15)), *new, profile=IRECIST)[0])
    assert (record["category"], record["target_response"], record["non_target_response"]) == ("iUPD", "PR", "")
    assert (record["new_lesions"], record["new_lesion_sum_mm"]) == ("'=X;Y", "12.5")
    assert (record["best_response"], record["unit"]) == ("iUPD", "mm")
    assert [record[name] for name in ("baseline_value", "reference_value", "value")] == ["", "", ""]
    assert record["criteria_sha256"] == IRECIST.sha256


@pytest.mark.parametrize("role", [None, LesionRole.TARGET])
@pytest.mark.parametrize("site", [None, LesionSite.BREAST])
def test_a_target_in_the_breast_is_what_is_meant_when_nothing_is_said(role, site):
    (row,) = rows(Lesion("A", (30, 15), site, role))
    assert (row.category, row.baseline_mm, row.flags) == ("PR", 30.0, ())

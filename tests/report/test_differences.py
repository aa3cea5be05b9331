"""Two runs compared: which rows differ, and every reason that can be told."""

from __future__ import annotations

import json

import pytest

from calcmeasure.errors import TableError
from calcmeasure.report.differences import (
    DIFFERENCE_COLUMNS,
    DifferenceCounts,
    ResponseCells,
    Why,
    find_differences,
    read_earlier,
)

ROW = ResponseCells("P1", "L", "lesion_diameter", "who", "followup-1", "mk", "SD", "30.0", "40.0", "SD: …", "aa")


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (ROW._replace(category="PR", rule="PR: …", value_mm="20.0"), (Why.VALUE,)),
        (ROW._replace(category="PR", rule="PR: …", baseline_mm="60.0"), (Why.BASELINE,)),
        (ROW._replace(category="PR", rule="PR: …", criteria_sha256="bb"), (Why.PROFILE,)),
        (ROW._replace(value_mm="20.0", baseline_mm="60.0"), (Why.BASELINE, Why.VALUE)),
        (ROW._replace(rule="SD: other words"), (Why.COURSE,)),
    ],
)
def test_why_a_row_differs(after, why):
    (difference,) = find_differences([ROW], [after])
    assert difference.why == why
    cells = dict(zip(DIFFERENCE_COLUMNS, difference.cells, strict=True))
    assert (cells["category_before"], cells["category_after"]) == ("SD", after.category)
    assert (cells["rule_before"], cells["value_after_mm"]) == (ROW.rule, after.value_mm)


@pytest.mark.parametrize("after", [ROW, ROW._replace(criteria_sha256="bb"), ROW._replace(laterality="B")])
def test_what_says_the_same_is_the_same(after):
    assert find_differences([ROW], [after]) == []


def test_new_and_gone_rows():
    other = ROW._replace(timepoint="followup-2")
    assert [d.why for d in find_differences([ROW], [other])] == [(Why.GONE_ROW,), (Why.NEW_ROW,)]
    sides = [ROW._replace(quantity="calcification_extent", laterality=side) for side in "LR"]
    assert [d.why for d in find_differences(sides[:1], sides)] == [(Why.NEW_ROW,)]


def test_counts_in_words():
    counts = DifferenceCounts()
    counts.add(find_differences([ROW], [ROW._replace(category="PR", value_mm="20.0")]))
    more = DifferenceCounts()
    more.add(find_differences([ROW], []))
    counts.merge(more)
    assert list(counts.lines()) == [
        "2 rows differ from the earlier run; 1 of them changed class",
        "  who: SD → PR: 1",
        "  gone_row: 1",
        "  value: 1",
    ]


HEADER = "patient_id,laterality,quantity,criteria,timepoint,baseline_mm,value_mm,category,rule,reader"


def test_an_older_run_keeps_its_hashes_in_run_json(tmp_path):
    lines = [HEADER, "'=P1,L,lesion_diameter,who,followup-1,40.0,30.0,SD,SD: …,mk", "P2,L,x,other,f,1,1,SD,r,mk", ""]
    (tmp_path / "responses.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "run.json").write_text(json.dumps({"criteria": {"who": "aa"}}), encoding="utf-8")
    for place in (tmp_path, tmp_path / "responses.csv"):
        assert read_earlier(place, criteria=["who"]) == {"=P1": [ROW._replace(patient_id="'=P1")]}
    (tmp_path / "run.json").write_text("[]", encoding="utf-8")
    ((row,),) = read_earlier(tmp_path, criteria=["who"]).values()
    assert row.criteria_sha256 == ""
    assert find_differences([row], [ROW._replace(patient_id="'=P1")]) == []


@pytest.mark.parametrize("text", ["", "patient_id,category\nP,SD\n", HEADER + "\nP1,L\n"])
def test_what_is_no_earlier_run_is_refused(tmp_path, text):
    (tmp_path / "responses.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TableError):
        read_earlier(tmp_path, criteria=["who"])

from __future__ import annotations

from datetime import date

import pytest

from calcmeasure.dicom.timepoints import (
    Placement,
    StudyDescription,
    TimepointTable,
    place_studies,
    read_date,
    read_timepoints,
)
from calcmeasure.errors import TableError


def study(uid: str, day: date | None, modality: str = "MG", trial: str = "") -> StudyDescription:
    return StudyDescription(uid, day, frozenset({modality}), trial)


def names(studies, **options):
    return {uid: placement.timepoint for uid, placement in place_studies(studies, **options).items()}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([(1, "MG"), (1, "MR")], ["baseline", "baseline"]),
        ([(1, "MG"), (29, "MR")], ["baseline", "baseline"]),
        ([(1, "MG"), (30, "MR")], ["baseline", "followup-1"]),
        ([(1, "MG"), (8, "MG")], ["baseline", "followup-1"]),
        ([(1, "MG"), (1, "MG")], ["baseline", "baseline"]),
        ([(1, "MG"), (5, "MR"), (9, "MR")], ["baseline", "baseline", "followup-1"]),
        ([(1, "MG"), (8, "MG"), (9, "MR")], ["baseline", "followup-1", "followup-1"]),
    ],
)
def test_visits_by_date(days, expected):
    studies = [study(str(i), date(2020, 1, d), m) for i, (d, m) in enumerate(days)]
    assert list(names(studies).values()) == expected


def test_order_of_input_does_not_matter():
    studies = [study("a", date(2020, 1, 1)), study("b", date(2020, 7, 1)), study("c", date(2021, 1, 1))]
    assert names(studies) == names(studies[::-1]) == {"a": "baseline", "b": "followup-1", "c": "followup-2"}


def test_undated_studies_come_last():
    assert names([study("x", None), study("a", date(2020, 1, 1))]) == {"a": "baseline", "x": "followup-1"}


def sources(studies, **options):
    return {uid: placement.source for uid, placement in place_studies(studies, **options).items()}


def test_the_place_of_an_undated_study_is_assumed_unless_it_is_the_only_one():
    assert sources([study("x", None), study("a", date(2020, 1, 1))]) == {"a": "study_date", "x": "assumed"}
    assert sources([study("x", None)]) == {"x": "study_date"}
    table = TimepointTable({("P", "x"): "baseline", ("P", "y"): "followup-1"})
    told = sources([study("x", None), study("y", None)], patient_id="P", table=table)
    assert told == {"x": "table", "y": "table"}


@pytest.mark.parametrize(
    ("identifiers", "order", "source"),
    [
        (("T1", "T0"), ["followup-1", "baseline"], "dicom"),
        (("10", "9"), ["followup-1", "baseline"], "dicom"),
        (("PRE", "POST"), ["baseline", "followup-1"], "assumed"),
        (("PRE1", "POST2"), ["baseline", "followup-1"], "assumed"),
    ],
)
def test_trial_time_points_without_dates_follow_their_numbers(identifiers, order, source):
    studies = [study(uid, None, trial=identifier) for uid, identifier in zip("ab", identifiers, strict=True)]
    placed = place_studies(studies)
    assert [placed[uid] for uid in "ab"] == [Placement(name, source) for name in order]


def test_a_study_the_table_passes_over_is_not_mixed_with_one_it_moved():
    """Screening, baseline, follow-up, where the table names the last two only."""
    table = TimepointTable({("P", "b"): "baseline", ("P", "c"): "followup-1"})
    studies = [study("a", date(2019, 1, 1)), study("b", date(2020, 1, 1)), study("c", date(2020, 7, 1))]
    assert sources(studies, patient_id="P", table=table) == {"a": "assumed", "b": "table", "c": "table"}
    same_visit = [*studies[1:], study("d", date(2020, 7, 2), "MR")]
    assert sources(same_visit, patient_id="P", table=table)["d"] == "study_date"


def test_trial_time_points_count_only_when_all_have_one():
    both = [study("a", date(2020, 1, 1), trial="T0"), study("b", date(2020, 1, 9), trial="T0")]
    assert names(both) == {"a": "baseline", "b": "baseline"}
    assert place_studies(both)["a"].source == "dicom"
    half = [both[0], study("b", date(2020, 1, 9))]
    assert names(half) == {"a": "baseline", "b": "followup-1"}


def test_table_overrides_date_and_leaves_the_rest():
    table = TimepointTable({("P", "a"): "followup-2"}, {("P", "2020-07-01"): "baseline"})
    studies = [study("a", date(2020, 1, 1)), study("b", date(2020, 7, 1)), study("c", date(2021, 1, 1))]
    assert names(studies, patient_id="P", table=table) == {"a": "followup-2", "b": "baseline", "c": "followup-2"}
    assert names(studies, patient_id="Q", table=table)["a"] == "baseline"


def test_reading_a_table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "patient_id,study_date,study_uid,timepoint\nP,2020-01-01,,baseline\nP,,1.2,followup-1\n", encoding="utf-8-sig"
    )
    table = read_timepoints(path)
    assert table == TimepointTable({("P", "1.2"): "followup-1"}, {("P", "2020-01-01"): "baseline"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patient_id,study_date\n", "line 1"),
        ("patient_id,timepoint,study_date\nP,baseline,2020-02-30\n", "line 2"),
        ("patient_id,timepoint,study_date\nP,baseline,20200101\n,baseline,20200101\n", "line 3"),
        ("patient_id,timepoint,study_date\nP,before,20200101\n", "line 2"),
        ("patient_id,timepoint,study_date\nP,baseline,20200101\nP,followup-1,2020-01-01\n", "line 3"),
    ],
)
def test_bad_tables_name_the_line(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        read_timepoints(path)


def test_missing_table_is_an_error(tmp_path):
    with pytest.raises(TableError, match="cannot be read"):
        read_timepoints(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20200229", date(2020, 2, 29)),
        ("2020.02.29", date(2020, 2, 29)),
        ("20210229", None),
        ("", None),
        ("２０２００２２９", None),
    ],
)
def test_dates(text, day):
    assert read_date(text) == day

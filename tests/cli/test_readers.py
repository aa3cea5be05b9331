"""``calcmeasure readers``: from a store to the report, and the consensus recorded beside its originals."""

from __future__ import annotations

import csv

import pytest

from calcmeasure.cli import main
from calcmeasure.measure.annotations import measure_annotation
from calcmeasure.store.database import MeasurementStore, Reading
from calcmeasure.terms import GeometryKind
from factories import outline


def line(length_px: float, **changes: object):
    points = ((7.0, 10.0, 40.0), (7.0, 10.0 + length_px, 40.0)) if length_px else ()
    return outline(geometry=GeometryKind.CALIPER, points=points, **changes)


@pytest.fixture
def store(tmp_path):
    """Two readers of three patients, before and after; they differ after treatment in P2."""
    path = tmp_path / "study.sqlite"
    lengths = {"ann": [(40, 20), (30, 10), (50, 0)], "ben": [(41, 20), (31, 25), (50, 0)]}
    with MeasurementStore(str(path)) as opened:
        for reader, courses in lengths.items():
            for number, (before, after) in enumerate(courses, start=1):
                follow_up = {"annotation_id": "l2", "timepoint": "followup-1", "study_date": "2021-08-01"}
                drawn = (line(before), line(after, **follow_up))
                values = {a.annotation_id: measure_annotation(a, patient_id="", reader="").value_mm for a in drawn}
                opened.record(Reading(f"P{number}", reader, drawn, values))
    return path


def rows(path):
    with path.open() as table:
        return list(csv.DictReader(table))


def test_what_is_written_and_said(store, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["readers", str(store), "--out", str(out), "--criteria", "recist-1.1"]) == 0
    said = capsys.readouterr()
    assert "Lesion diameter on MRI, ann and ben: ICC(A,1)" in said.out
    assert "5 of 6 cases agree within 10 %" in said.out
    assert "2 disagreements" in said.err
    assert {p.name for p in out.iterdir()} >= {"agreement.csv", "categories.csv", "discordant.csv", "readers.html"}
    assert not (out / "to_settle.csv").exists()
    (agreement,) = rows(out / "agreement.csv")
    assert (agreement["n"], agreement["within_limit"], agreement["looked_at_by_both"]) == ("6", "5", "6")
    assert [(r["patient_id"], r["reason"]) for r in rows(out / "discordant.csv")] == [
        ("P2", "category"),
        ("P2", "lengths"),
    ]
    page = (out / "readers.html").read_text()
    assert "http" not in page.replace("http://www.w3.org", "")


def test_a_second_time_gives_the_same_bytes(store, tmp_path):
    for name in ("a", "b"):
        assert main(["readers", str(store), "--out", str(tmp_path / name), "--quiet"]) == 0
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert files
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)


def test_a_consensus_is_recorded_and_compared_only_when_named(store, tmp_path, capsys):
    both = ["--reader", "ann", "--reader", "ben"]
    assert main(["readers", str(store), "--out", str(tmp_path / "out"), *both, "--consensus"]) == 0
    assert "1 cases have no consensus yet" in capsys.readouterr().err
    assert [r["timepoint"] for r in rows(tmp_path / "out" / "to_settle.csv")] == ["followup-1"]
    with MeasurementStore(str(store)) as opened:
        assert len(opened.current(reader="consensus")) == 5
    main(["readers", str(store), "--out", str(tmp_path / "later")])
    assert {r["reader_2"] for r in rows(tmp_path / "later" / "agreement.csv")} == {"ben"}
    main(["readers", str(store), "--out", str(tmp_path / "named"), "--reader", "ann", "--reader", "consensus"])
    assert [r["reader_2"] for r in rows(tmp_path / "named" / "agreement.csv")] == ["consensus"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--reader", "ann"], "two readers are compared, found ann"),
        (["--reader", "zoe", "--reader", "yan"], "found none"),
    ],
)
def test_one_reader_is_no_comparison(store, tmp_path, capsys, options, words):
    assert main(["readers", str(store), "--out", str(tmp_path / "out"), *options]) == 3
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out" / "readers.html").exists()


def test_a_consensus_needs_a_store(store, tmp_path, capsys):
    main(["export", str(store), "--out", str(tmp_path / "tables"), "--quiet"])
    table = str(tmp_path / "tables" / "measurements.csv")
    both = ["--reader", "ann", "--reader", "ben"]
    assert main(["readers", table, "--out", str(tmp_path / "out"), *both]) == 0
    assert main(["readers", table, "--out", str(tmp_path / "out"), *both, "--consensus"]) == 3
    assert "recorded in a store" in capsys.readouterr().err


def test_a_store_may_be_called_anything(store, tmp_path):
    renamed = store.rename(tmp_path / "study.measurements")
    both = ["--reader", "ann", "--reader", "ben", "--consensus"]
    assert main(["readers", str(renamed), "--out", str(tmp_path / "out"), *both, "--quiet"]) == 0
    with MeasurementStore(str(renamed)) as opened:
        assert opened.current(reader="consensus")


@pytest.mark.parametrize("limit", ["ten", "-1", "201"])
def test_a_limit_is_a_percentage(store, tmp_path, limit):
    with pytest.raises(SystemExit) as stopped:
        main(["readers", str(store), "--out", str(tmp_path), "--limit-percent", limit])
    assert stopped.value.code == 2


def test_rows_that_cannot_be_used_are_listed(tmp_path, capsys):
    lines = ["patient_id,timepoint,laterality,lesion_id,quantity,value_mm,reader"]
    lines += [f"P{i},baseline,L,L-L1,lesion_diameter,{20 + i},{who}" for i in range(4) for who in ("ann", "ben")]
    (tmp_path / "t.csv").write_text("\n".join([*lines, "P9,pre,L,L-L1,lesion_diameter,20,ann", ""]), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["readers", str(tmp_path / "t.csv"), "--out", str(out)]) == 5
    assert "t.csv: line 10, column timepoint" in capsys.readouterr().err
    assert any(row["code"] == "E_UNKNOWN_CATEGORY" for row in rows(out / "skipped.csv"))

"""``cohort`` and ``phantom --study``: what is written, what is told where, and the exit codes."""

from __future__ import annotations

import pytest

from calcmeasure.cli import main
from calcmeasure.cli.exits import ExitCode
from calcmeasure.store.database import MeasurementStore, Reading
from factories import marks, outline
from program import table

FOLLOWUP = {"timepoint": "followup-1", "study_date": "2021-08-09"}
HEADER = "patient_id,laterality,pathology_size_mm,miller_payne,residual,er,pr,her2\n"
GOOD = "P1,R,12.5,3,invasive,1,0,0\n"


@pytest.fixture
def store(tmp_path):
    """Extent and lesion of one right breast at two visits, read by two readers."""
    path = tmp_path / "study.sqlite"
    with MeasurementStore(str(path)) as opened:
        for reader in ("auto", "mk"):
            found = (
                marks(annotation_id="e1"),
                marks(annotation_id="e2", points=((10.0, 10.0), (60.0, 10.0)), **FOLLOWUP),
                outline(annotation_id="d1"),
                outline(annotation_id="d2", points=(), **FOLLOWUP),
            )
            opened.record(Reading("P1", reader, found, {}))
    return path


@pytest.fixture
def join(tmp_path, store):
    """Join the store with lines of a pathology table."""

    def run(lines, *options):
        pathology = tmp_path / "pathology.csv"
        pathology.write_text(HEADER + lines, encoding="utf-8")
        arguments = [str(store), "--pathology", str(pathology), "--out", str(tmp_path / "cohort.csv"), *options]
        return main(["cohort", *arguments])

    return run


def test_a_cohort_is_joined_and_can_be_studied(join, tmp_path, capsys):
    assert join(GOOD, "--reader", "mk") == ExitCode.OK
    (row,) = table(tmp_path / "cohort.csv")
    lengths = [row[f"{name}_mm"] for name in ("extent_baseline", "extent_followup", "diameter_followup")]
    assert lengths == ["10.0", "5.0", "0.0"]
    assert row["excluded"] == ""
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "1 of 1 sides count" in printed.err


def test_the_same_cohort_gives_the_same_bytes(join, tmp_path):
    written = []
    for _ in range(2):
        join(GOOD, "--reader", "mk")
        written.append((tmp_path / "cohort.csv").read_bytes())
    assert written[0] == written[1]


def test_refused_rows_are_told_by_line_and_column(join, tmp_path, capsys):
    bad = GOOD.replace("P1", "P2").replace("12.5", "much")
    assert join(GOOD + bad, "--reader", "mk") == ExitCode.PARTIAL
    assert [row["excluded"] for row in table(tmp_path / "cohort.csv")] == ["", "E_NOT_A_NUMBER"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("calcmeasure: line 3, column pathology_size_mm: must be a number, found 'much'")
    assert lines[0].endswith("[E_NOT_A_NUMBER]")
    assert lines[-1] == "left out: 1 [E_NOT_A_NUMBER]"


def test_nobody_left(join):
    assert join(GOOD, "--reader", "mk", "--followup", "followup-2", "--quiet") == ExitCode.INPUT_REFUSED


@pytest.mark.parametrize(
    ("options", "words"),
    [([], "readings of auto, mk; name one"), (["--reader", "jb"], "nothing was read by jb")],
)
def test_one_reader_is_named(join, capsys, options, words):
    assert join(GOOD, *options) == ExitCode.INPUT_REFUSED
    assert words in capsys.readouterr().err


def test_phantom_study_writes_a_cohort(tmp_path, capsys):
    assert main(["phantom", "--study", "--out", str(tmp_path)]) == ExitCode.OK
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "cohort.csv"]
    assert len(table(tmp_path / "cohort.csv")) == 138
    assert "cohort.csv written" in capsys.readouterr().err


def test_lines_of_the_measurements_that_cannot_be_used_are_told(tmp_path, capsys):
    lines = ["patient_id,timepoint,laterality,lesion_id,quantity,value_mm"]
    for timepoint in ("baseline", "followup-1"):
        lines += [f"P1,{timepoint},R,L1,lesion_diameter,20", f"P1,{timepoint},R,C1,calcification_extent,30"]
    measurements, pathology = tmp_path / "measurements.csv", tmp_path / "pathology.csv"
    measurements.write_text("\n".join([*lines, "P2,baseline,R,L1,lesion_diameter,much"]), encoding="utf-8")
    pathology.write_text(HEADER + GOOD, encoding="utf-8")
    arguments = [str(measurements), "--pathology", str(pathology), "--out", str(tmp_path / "cohort.csv")]
    assert main(["cohort", *arguments]) == ExitCode.PARTIAL
    told = capsys.readouterr().err.splitlines()
    assert told[0] == (
        "calcmeasure: measurements.csv: line 6, column value_mm: must be a number, found 'much' [E_NOT_A_NUMBER]"
    )

"""Hold the categories of a run against a phantom's truth: ``python -m calcmeasure.cli.demo RESULTS TRUTH.csv``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

from calcmeasure.cli.exits import ExitCode

Key = tuple[str, str, str, str]


def main(results: Path, truth: Path) -> int:
    """Print a line per expected category; the exit code says whether all are right."""
    with (results / "responses.csv").open(encoding="utf-8", newline="") as file:
        found = {_key(row, row["criteria"]): row for row in csv.DictReader(file)}
    with truth.open(encoding="utf-8", newline="") as file:
        expected = [(row, column) for row in csv.DictReader(file) for column in _profiles(row) if row[column]]
    wrong = 0
    for row, criteria in expected:
        answer = found.get(_key(row, criteria), {}).get("category", "missing")
        wrong += answer != row[criteria]
        mark = "ok   " if answer == row[criteria] else "WRONG"
        name = f"{row['patient_id']} {row['laterality']} {row['quantity']}"
        print(f"{mark} {name:32} {criteria:11} {answer:14} truth {row[criteria]:10} {_lengths(row)}")
    print(f"{len(expected) - wrong} of {len(expected)} categories equal the truth")
    return ExitCode.OK if expected and not wrong else ExitCode.UNEXPECTED


def _profiles(row: Mapping[str, str]) -> list[str]:
    return [column for column in row if column in ("paper-2023", "recist-1.1", "extent-10")]


def _key(row: Mapping[str, str], criteria: str) -> Key:
    # A lesion row is the patient's: its side follows from the lesions counted.
    side = row["laterality"] if row["quantity"] == "calcification_extent" else ""
    return (row["patient_id"], side, row["quantity"], f"{criteria}/{row['timepoint']}")


def _lengths(row: Mapping[str, str]) -> str:
    return f"{row['baseline_mm']} -> {row['followup_mm']} mm"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""``study``: from one cohort table to tables, figures, a page and ``results.json``."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.cli.exits import ExitCode

if TYPE_CHECKING:
    from calcmeasure.cohort.row import Cohort
    from calcmeasure.model.measurement import Measurement
    from calcmeasure.study.results import StudyResults


def study(options: argparse.Namespace) -> int:
    """Analyse a cohort table and write the study."""
    from calcmeasure.report.outputs import prepare_folder
    from calcmeasure.report.study_outputs import write_study
    from calcmeasure.response.criteria import load_profile
    from calcmeasure.study.analysis import analyze_cohort

    cohort = _read_cohort(options)
    measurements = [] if options.run is None else _measurements(options.run)
    prepare_folder(options.out)
    results = analyze_cohort(cohort)
    write_study(options.out, cohort, results, criteria=load_profile(options.criteria), measurements=measurements)
    _show(options, cohort, results)
    if not cohort.included:
        return ExitCode.INPUT_REFUSED
    return ExitCode.PARTIAL if cohort.problems else ExitCode.OK


def _read_cohort(options: argparse.Namespace) -> Cohort:
    from calcmeasure.cohort.reading import read_cohort
    from calcmeasure.cohort.units import LengthUnit
    from calcmeasure.model.pathology import CompleteResponse

    return read_cohort(
        options.cohort,
        criteria=options.criteria,
        complete_response=CompleteResponse(options.complete_response),
        unit=None if options.unit is None else LengthUnit(options.unit),
    )


def _measurements(run: Path) -> list[Measurement]:
    """Measurements of a run, one reader per patient: whoever read it, or nobody where several people did."""
    from calcmeasure.model.measurement import AUTO_READER
    from calcmeasure.report.read_tables import read_measurements

    chosen: list[Measurement] = []
    table = sorted(read_measurements(run / "measurements.csv"), key=lambda m: m.patient_id)
    for _, own in groupby(table, key=lambda m: m.patient_id):
        measured = list(own)
        people = {m.reader for m in measured} - {AUTO_READER}
        if len(people) <= 1:
            reader = next(iter(people), AUTO_READER)
            chosen += [m for m in measured if m.reader == reader]
    return chosen


def _show(options: argparse.Namespace, cohort: Cohort, results: StudyResults) -> None:
    from calcmeasure.report.study_html import problem_words
    from calcmeasure.report.study_sentences import key_findings

    for problem in cohort.problems:
        print(f"calcmeasure: {problem_words(problem)}", file=sys.stderr)
    if not options.quiet:
        for warning in results.warnings:
            print(f"note: {warning}", file=sys.stderr)
        print(
            f"{results.n} of {results.flow.assessed} cases analysed; see {options.out / 'study.html'}", file=sys.stderr
        )
    if options.json:
        print((options.out / "results.json").read_text(encoding="utf-8"), end="")
    else:
        print("\n".join(key_findings(results)))

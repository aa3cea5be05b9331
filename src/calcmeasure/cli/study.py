"""``study``: from one cohort table to tables, figures, a page and ``results.json``."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.cli.exits import ExitCode, naming
from calcmeasure.errors import ErrorCode

if TYPE_CHECKING:
    from calcmeasure.cohort.row import Cohort
    from calcmeasure.model.measurement import Measurement
    from calcmeasure.report.study.figures import StudyFigure
    from calcmeasure.study.results import StudyResults


def study(options: argparse.Namespace) -> int:
    """Analyse a cohort table and write the study."""
    from calcmeasure.report.outputs import prepare_folder
    from calcmeasure.report.study.outputs import write_study
    from calcmeasure.study.analysis import analyze_cohort

    if (options.images or options.show) and not (options.run and options.images):
        print("calcmeasure: patients are drawn from a run and its images; give --run and --images", file=sys.stderr)
        return ExitCode.USAGE
    cohort = _read_cohort(options)
    prepare_folder(options.out)
    results = analyze_cohort(cohort)
    figures = _draw_figures(options, cohort, results)
    write_study(options.out, results, figures=figures, problems=cohort.problems)
    _show(options, cohort, results)
    if not cohort.included:
        print(f"calcmeasure: no row of the cohort counts; nothing was analysed [{ErrorCode.TABLE}]", file=sys.stderr)
        return ExitCode.INPUT_REFUSED
    return ExitCode.PARTIAL if cohort.problems else ExitCode.OK


def _read_cohort(options: argparse.Namespace) -> Cohort:
    from calcmeasure.cohort.reading import read_cohort
    from calcmeasure.cohort.units import LengthUnit
    from calcmeasure.model.pathology import CompleteResponse
    from calcmeasure.response.criteria import load_profile

    with naming(options.criteria):
        load_profile(options.criteria)
    with naming(options.cohort):
        return read_cohort(
            options.cohort,
            criteria=options.criteria,
            complete_response=CompleteResponse(options.complete_response),
            unit=None if options.unit is None else LengthUnit(options.unit),
        )


def _draw_figures(options: argparse.Namespace, cohort: Cohort, results: StudyResults) -> list[StudyFigure]:
    from calcmeasure.report.study.figures import draw_study_figures
    from calcmeasure.report.study.figures.before_after import draw_before_after
    from calcmeasure.response.criteria import load_profile

    measurements = [] if options.run is None else _measurements(options.run)
    profile = load_profile(options.criteria)
    figures = list(draw_study_figures(cohort, results, criteria=profile, measurements=measurements))
    if options.images:
        from calcmeasure.pipeline.before_after import find_before_after

        figures += map(draw_before_after, find_before_after(options.run, options.images, patients=options.show or ()))
    return figures


def _measurements(run: Path) -> list[Measurement]:
    """Measurements of a run, of one reader per patient: the one who read it, or the detector."""
    from calcmeasure.model.measurement import AUTO_READER
    from calcmeasure.report.read_tables import read_measurements

    chosen: list[Measurement] = []
    with naming(run / "measurements.csv"):
        table = sorted(read_measurements(run / "measurements.csv"), key=lambda m: m.patient_id)
    for _, own in groupby(table, key=lambda m: m.patient_id):
        measured = list(own)
        people = sorted({m.reader for m in measured} - {AUTO_READER})
        reader = people[0] if len(people) == 1 else AUTO_READER
        chosen += [m for m in measured if m.reader == reader]
    return chosen


def _show(options: argparse.Namespace, cohort: Cohort, results: StudyResults) -> None:
    from calcmeasure.report.study.page import problem_words
    from calcmeasure.report.study.sentences import key_findings

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

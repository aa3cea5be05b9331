"""``cohort``: one reader's measurements and a pathology table joined into the table that ``study`` analyses."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from calcmeasure.cli.exits import ExitCode, exit_code_for, naming
from calcmeasure.errors import AnnotationError, ErrorCode

if TYPE_CHECKING:
    from calcmeasure.cohort.row import Cohort
    from calcmeasure.model.imaging import Skipped
    from calcmeasure.model.measurement import Measurement


def cohort(options: argparse.Namespace) -> int:
    """Join a cohort and write its table."""
    from calcmeasure.cohort.joining import join_cohort
    from calcmeasure.cohort.pathology_table import read_pathology_table
    from calcmeasure.cohort.units import LengthUnit
    from calcmeasure.cohort.writing import cohort_csv
    from calcmeasure.model.pathology import CompleteResponse
    from calcmeasure.report.files import write_text
    from calcmeasure.response.criteria import load_profile

    measurements, refused = _measurements(options.source, reader=options.reader, unit=options.measurements_unit)
    with naming(options.pathology):
        pathology = read_pathology_table(options.pathology, unit=LengthUnit(options.unit) if options.unit else None)
    with naming(options.criteria):
        profile = load_profile(options.criteria)
    joined = join_cohort(
        measurements,
        pathology,
        profile=profile,
        followup=options.followup,
        complete_response=CompleteResponse(options.complete_response),
    )
    write_text(options.out, cohort_csv(joined))
    for entry in refused:
        print(f"calcmeasure: {entry.path.name}: {entry.reason} [{entry.code}]", file=sys.stderr)
    _tell(joined, options.out, quiet=options.quiet)
    if not joined.included:
        return ExitCode.INPUT_REFUSED
    left_out = any(row.excluded in set(ErrorCode) for row in joined.rows)
    return ExitCode.PARTIAL if left_out or joined.problems else exit_code_for(entry.code for entry in refused)


def _measurements(source: str, *, reader: str, unit: str | None) -> tuple[list[Measurement], list[Skipped]]:
    """Measurements of the reader named, or of the only one there is, and what could not be used of the source."""
    from calcmeasure.pipeline.rescoring import ScorePlan, score_in_chunks
    from calcmeasure.pipeline.score_input import TableChoices, gather

    found = gather([source], TableChoices(unit=unit))
    scored = list(score_in_chunks(list(found.chunks()), ScorePlan((), keep=True)))
    measurements = [measurement for chunk in scored for measurement in chunk.measurements]
    skipped = [*found.skipped, *(entry for chunk in scored for entry in chunk.skipped)]
    readers = sorted({measurement.reader for measurement in measurements})
    if reader and reader not in readers:
        raise AnnotationError(f"nothing was read by {reader}; there are readings of {', '.join(readers) or 'nobody'}")
    if not reader and len(readers) > 1:
        raise AnnotationError(f"there are readings of {', '.join(readers)}; name one of them with --reader")
    # What was measured and has nothing to be compared with is told by the row of its side.
    refused = [entry for entry in skipped if entry.code not in (ErrorCode.NO_BASELINE, ErrorCode.NO_FOLLOWUP)]
    return [measurement for measurement in measurements if reader in ("", measurement.reader)], refused


def _tell(joined: Cohort, out: Path, *, quiet: bool) -> None:
    from calcmeasure.report.study.page import problem_words

    for problem in joined.problems:
        print(f"calcmeasure: {problem_words(problem)}", file=sys.stderr)
    if quiet:
        return
    print(f"{len(joined.included)} of {len(joined.rows)} sides count; see {out}", file=sys.stderr)
    for code, count in sorted(Counter(row.excluded for row in joined.rows if row.excluded).items()):
        print(f"left out: {count} [{code}]", file=sys.stderr)

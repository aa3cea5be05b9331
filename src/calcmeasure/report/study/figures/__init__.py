"""The figures of a study, for print: one module per kind, each with the numbers it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from calcmeasure.cohort.row import Cohort
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.study.figures.bland_altman import draw_bland_altman
from calcmeasure.report.study.figures.cutoffs import Cutoffs, criteria_of, cutoffs_of
from calcmeasure.report.study.figures.figure import StudyFigure, write_study_figures
from calcmeasure.report.study.figures.flowchart import draw_flowchart
from calcmeasure.report.study.figures.forest import draw_forest
from calcmeasure.report.study.figures.roc import draw_roc
from calcmeasure.report.study.figures.scatter import draw_scatter
from calcmeasure.report.study.figures.spider import draw_spider
from calcmeasure.report.study.figures.two_by_two import draw_two_by_two
from calcmeasure.report.study.figures.waterfall import draw_waterfall
from calcmeasure.response.rules import CriteriaProfile
from calcmeasure.study.courses import Course, courses, measured_courses
from calcmeasure.study.plots import changes, outcomes, paired_sizes
from calcmeasure.study.results import StudyResults
from calcmeasure.study.variables import ALL
from calcmeasure.terms import Quantity

__all__ = ["StudyFigure", "draw_study_figures", "write_study_figures"]


def draw_study_figures(
    cohort: Cohort,
    results: StudyResults,
    *,
    criteria: CriteriaProfile | None = None,
    measurements: Sequence[Measurement] = (),
) -> tuple[StudyFigure, ...]:
    """Draw every figure of a study.

    Parameters
    ----------
    cohort
        The rows.
    results
        What they say.
    criteria
        The profile the cohort was judged by, for its cut-offs; one of ours is found by its name and hash.
    measurements
        Of one reader per patient, at any number of visits: the courses are then drawn over all of them. Patients
        without an included row are left out.

    Returns
    -------
    tuple of StudyFigure
        In the order of a paper. Each is there for every cohort; one without a case says so.
    """
    profile = criteria if criteria is not None else criteria_of(cohort)
    cutoffs = {quantity: cutoffs_of(profile, quantity) for quantity in Quantity}
    lines = {quantity: _courses(cohort, quantity, measurements, profile) for quantity in Quantity}
    return (
        draw_flowchart(results.flow, outcomes(cohort)),
        *(draw_waterfall(changes(cohort, q), cutoffs[q], criteria=cohort.criteria) for q in Quantity),
        draw_spider(lines, _course_cutoffs(lines, profile), criteria=cohort.criteria),
        *_agreement_figures(cohort, results),
        draw_forest(results.agreement),
        *(draw_two_by_two(found) for found in results.diagnostic if found.subgroup == ALL),
        draw_roc(results.curves),
    )


def _courses(
    cohort: Cohort, quantity: Quantity, measurements: Sequence[Measurement], profile: CriteriaProfile | None
) -> tuple[Course, ...]:
    included = {row.patient_id for row in cohort.included}
    known = [m for m in measurements if m.patient_id in included]
    if not known or profile is None:
        return courses(cohort, quantity)
    return measured_courses(known, quantity, profile=profile) or courses(cohort, quantity)


def _course_cutoffs(
    lines: Mapping[Quantity, Sequence[Course]], profile: CriteriaProfile | None
) -> dict[Quantity, Cutoffs]:
    longest = {quantity: max((len(course.points) for course in own), default=0) for quantity, own in lines.items()}
    return {quantity: cutoffs_of(profile, quantity, more_visits=longest[quantity] > 2) for quantity in lines}


def _agreement_figures(cohort: Cohort, results: StudyResults) -> Iterator[StudyFigure]:
    everybody = [found for found in results.agreement if found.subgroup == ALL]
    for found in everybody:
        yield draw_bland_altman(paired_sizes(cohort, found.pair), found)
    for found in everybody:
        yield draw_scatter(paired_sizes(cohort, found.pair), found)

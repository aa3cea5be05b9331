"""Spider: the course of every case from before treatment on, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from calcmeasure.report.study.figures.cutoffs import Cutoffs, cutoff_words, draw_cutoffs
from calcmeasure.report.study.figures.figure import StudyFigure, as_numbers
from calcmeasure.report.study.figures.style import (
    BLACK,
    CATEGORY_MARKS,
    PAGE_MM,
    in_print_style,
    mark_of,
    print_figure,
    say_nothing_to_show,
)
from calcmeasure.report.study.figures.words import QUANTITY_TITLES, abbreviations
from calcmeasure.study.courses import Course, CoursePoint
from calcmeasure.terms import Quantity

HEIGHT_MM = 84.0
EDGE_PERCENT = 108.0
"""Lines that go on above this leave the figure: one that grew fivefold would flatten all others."""


@in_print_style
def draw_spider(
    courses: Mapping[Quantity, Sequence[Course]], cutoffs: Mapping[Quantity, Cutoffs], *, criteria: str
) -> StudyFigure:
    """Draw the courses of both sizes beside each other.

    Parameters
    ----------
    courses
        By size; over weeks where every visit of every course has a date, otherwise over visits.
    cutoffs
        Lines across.
    criteria
        Name of the profile behind the categories.
    """
    figure = print_figure(PAGE_MM, HEIGHT_MM)
    axes = figure.subplots(1, len(courses), sharey=True, squeeze=False)[0]
    in_weeks = all(point.weeks is not None for own in courses.values() for course in own for point in course.points)
    in_weeks = in_weeks and any(courses.values())
    for axis, (quantity, own) in zip(axes, courses.items(), strict=True):
        axis.set_title(f"{QUANTITY_TITLES[quantity]}, n = {len(own)}")
        _draw_courses(axis, own, in_weeks=in_weeks)
        draw_cutoffs(axis, cutoffs[quantity])
    axes[0].set_ylabel("Change from before treatment, %")
    return StudyFigure(
        name="spider",
        title="Course of every case",
        caption=_caption(courses, cutoffs, criteria=criteria),
        figure=figure,
        numbers=as_numbers(
            ("quantity", "patient_id", "laterality", "visit", "timepoint", "weeks", "value_mm", "change_percent",
             "category"),
            (
                (quantity, c.patient_id, c.laterality, p.visit, p.timepoint, p.weeks, p.value_mm, p.percent, c.category)
                for quantity, own in courses.items()
                for c in own
                for p in c.points
            ),
        ),
    )  # fmt: skip


def _draw_courses(axis: Axes, courses: Sequence[Course], *, in_weeks: bool) -> None:
    axis.axhline(0.0, color=BLACK, linewidth=0.6)
    axis.set_ylim(-106.0, EDGE_PERCENT)
    if not courses:
        say_nothing_to_show(axis)
    present = {course.category for course in courses}
    for category in sorted(present, key=_rank):
        own = [course for course in courses if course.category == category]
        for number, course in enumerate(own):
            label = "" if number else f"{mark_of(category).label} ({len(own)})"
            _draw_course(axis, course, in_weeks=in_weeks, label=label)
    if courses:
        axis.legend(loc="upper left", ncols=5, columnspacing=1.0, handlelength=2.6, bbox_to_anchor=(-0.02, -0.13))
    _name_visits(axis, courses, in_weeks=in_weeks)


def _rank(category: str) -> int:
    """From growth to disappearance, as the marks are listed."""
    names = list(CATEGORY_MARKS)
    return names.index(category) if category in names else len(names)


def _draw_course(axis: Axes, course: Course, *, in_weeks: bool, label: str) -> None:
    mark = mark_of(course.category)
    xs = [_place(point, in_weeks=in_weeks) for point in course.points]
    percents = [point.percent for point in course.points]
    axis.plot(
        xs, percents, color=mark.colour, linestyle=mark.line, linewidth=0.6, alpha=0.8, marker=mark.marker,
        markersize=2.6, markevery=range(1, len(xs)), markerfacecolor="none", markeredgewidth=0.6,
        label=label or "_nolegend_", gid="cases",
    )  # fmt: skip
    beyond = next((point for point in course.points if point.percent > EDGE_PERCENT), None)
    if beyond is not None:
        _mark_leaving(axis, course, beyond, in_weeks=in_weeks)


def _mark_leaving(axis: Axes, course: Course, beyond: CoursePoint, *, in_weeks: bool) -> None:
    """Put an arrow where a line leaves the figure."""
    before = course.points[course.points.index(beyond) - 1]
    share = (EDGE_PERCENT - before.percent) / (beyond.percent - before.percent)
    start, end = _place(before, in_weeks=in_weeks), _place(beyond, in_weeks=in_weeks)
    x = start + share * (end - start)
    axis.plot([x], [EDGE_PERCENT], marker="^", color=mark_of(course.category).colour, markersize=4.0, clip_on=False)


def _place(point: CoursePoint, *, in_weeks: bool) -> float:
    return float(point.visit) if not in_weeks or point.weeks is None else point.weeks


def _name_visits(axis: Axes, courses: Sequence[Course], *, in_weeks: bool) -> None:
    if in_weeks:
        axis.set_xlabel("Weeks from the first examination")
        return
    last = max((len(course.points) for course in courses), default=2) - 1
    names = ["after treatment"] if last == 1 else [f"follow-up {visit}" for visit in range(1, last + 1)]
    axis.set_xticks(range(last + 1), ["before treatment", *names])
    axis.set_xlim(-0.08, last + 0.08)


def _caption(
    courses: Mapping[Quantity, Sequence[Course]], cutoffs: Mapping[Quantity, Cutoffs], *, criteria: str
) -> str:
    words = next((c for c in cutoffs.values() if c.lines), Cutoffs())
    beyond = [p.percent for own in courses.values() for c in own for p in c.points if p.percent > EDGE_PERCENT]
    cut = f"Triangles: lines that go on above the figure (up to {max(beyond):+.0f}%). " if beyond else ""
    return (
        "Change of every case from before treatment, a line each; colour, dashes and marker by the category at the "
        f"last visit. {cutoff_words(words, criteria)}{cut}Cases with 0 mm before treatment are not shown. "
        f"{abbreviations('MRI', 'CR', 'PR', 'SD', 'PD')}"
    )

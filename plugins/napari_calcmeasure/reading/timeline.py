"""Millimetres over the visits as lines, limits and ticks: what the timeline draws, in data units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calcmeasure.response.criteria import CriteriaProfile, ExtentRule, LesionRule, ProgressionReference
from calcmeasure.response.exact import MM
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import ExtentChange, Quantity
from napari_calcmeasure.reading.answers import Answers
from napari_calcmeasure.reading.comparison import Answer


@dataclass(frozen=True, slots=True)
class Place:
    """One value on a line.

    Parameters
    ----------
    x
        Days after the first visit, or the number of the visit where a date is not known.
    """

    x: float
    value_mm: float
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One lesion, the calcifications of one side, or all lesions together."""

    title: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a category would change, against one line.

    Parameters
    ----------
    from_x
        It holds from here on: progression is counted from the smallest value so far.
    """

    value_mm: float
    label: str
    from_x: float


@dataclass(frozen=True, slots=True)
class Plot:
    """One quantity over the visits.

    Parameters
    ----------
    ticks
        (x, words) of each visit.
    limits
        Of the line `limits_of`.
    has_band
        Whether everything between the two limits is one class: unchanged.
    """

    title: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    limits: tuple[Limit, ...] = ()
    limits_of: str = ""
    has_band: bool = False


_TITLES = {Quantity.CALCIFICATION_EXTENT: "Calcifications, extent", Quantity.LESION_DIAMETER: "Lesions, diameter"}


def timeline(answers: Answers, *, profiles: Sequence[CriteriaProfile], selected: str = "") -> tuple[Plot, ...]:
    """Lay out a plot for every quantity that was measured.

    Parameters
    ----------
    answers
        Of one patient.
    profiles
        The limits are those of the first one that judges the line.
    selected
        Title of the line that limits are drawn for; else the first one judged. Its plot comes first.
    """
    plots = [_plot(quantity, answers, profiles=profiles, selected=selected) for quantity in _TITLES]
    drawn = [plot for plot in plots if plot.lines]
    return tuple(sorted(drawn, key=lambda plot: selected not in [line.title for line in plot.lines]))


def _plot(quantity: Quantity, answers: Answers, *, profiles: Sequence[CriteriaProfile], selected: str) -> Plot:
    xs, ticks = _ticks(quantity, answers)
    judged = {row.title: row for row in reversed(answers.rows) if row.quantity is quantity and row.categories}
    title = selected if selected in judged else next(iter(reversed(judged)), "")
    lines = (*_together(judged.get(title), answers, xs), *_single(quantity, answers, xs))
    line = next((line for line in lines if line.title == title and line.places[0].x == xs.get(BASELINE)), None)
    rule = _rule(judged.get(title), profiles)
    if line is None or rule is None or not _is_comparable(title, answers):
        return Plot(_TITLES[quantity], lines, ticks)
    limits = _extent_limits(line, rule) if isinstance(rule, ExtentRule) else _lesion_limits(line, rule)
    return Plot(_TITLES[quantity], lines, ticks, limits, line.title, has_band=isinstance(rule, ExtentRule))


def _is_comparable(title: str, answers: Answers) -> bool:
    """Whether limits against the baseline mean anything at every follow-up."""
    categories = {category.category for row in answers.rows if row.title == title for category in row.categories}
    return ExtentChange.NOT_COMPARABLE not in categories


def _rule(row: Answer | None, profiles: Sequence[CriteriaProfile]) -> ExtentRule | LesionRule | None:
    """Rule of the first profile that judges a row by lengths: what is drawn are millimetres."""
    if row is None:
        return None
    judging = [profile for profile in profiles if row.category_of(profile.name) is not None]
    if row.quantity is Quantity.CALCIFICATION_EXTENT:
        return next((profile.extent for profile in judging), None)
    return next((p.lesion for p in judging if p.lesion is not None and p.lesion.value.scale is MM), None)


def _ticks(quantity: Quantity, answers: Answers) -> tuple[dict[str, float], tuple[tuple[float, str], ...]]:
    """Place the visits: by date where every one has a date and no two share it, else one after the other."""
    dates: dict[str, str] = {}
    for stand in (s for course in answers.courses if course.quantity is quantity for s in course.stands):
        dates[stand.timepoint] = min(filter(None, (dates.get(stand.timepoint, ""), stand.study_date)), default="")
    visits = [name for name in answers.timepoints if name in dates]
    days = [_day(dates[name]) for name in visits]
    known = [day for day in days if day is not None]
    if len(known) < len(visits) or known != sorted(set(known)):
        xs = {name: float(place) for place, name in enumerate(visits)}
        return xs, tuple((x, name) for name, x in xs.items())
    xs = {name: float(day - known[0]) for name, day in zip(visits, known, strict=True)}
    return xs, tuple((x, f"{name}\n{dates[name]}") for name, x in xs.items())


def _day(words: str) -> int | None:
    try:
        return date.fromisoformat(words).toordinal()
    except ValueError:
        return None


def _single(quantity: Quantity, answers: Answers, xs: dict[str, float]) -> Iterable[Line]:
    for course in (one for one in answers.courses if one.quantity is quantity):
        places = tuple(
            Place(xs[stand.timepoint], stand.value_mm, stand.is_draft)
            for stand in course.stands
            if stand.value_mm is not None
        )
        if places:
            yield Line(course.title, places)


def _together(row: Answer | None, answers: Answers, xs: dict[str, float]) -> Iterable[Line]:
    """All lesions as one line, where there are several and they are judged together."""
    if row is None or row.lesion_id or row.quantity is not Quantity.LESION_DIAMETER or row.baseline_mm is None:
        return
    group = [other for other in answers.rows if other.title == row.title]
    after = (Place(xs[r.timepoint], r.value_mm, r.is_draft) for r in group if r.value_mm is not None)
    yield Line(row.title, (Place(xs[BASELINE], row.baseline_mm), *after))


def _extent_limits(line: Line, rule: ExtentRule) -> tuple[Limit, ...]:
    baseline = line.places[0]
    up, down = float(rule.increase_percent), float(rule.decrease_percent)
    return (
        Limit(baseline.value_mm * (1 + up / 100), f"+{up:g} %", baseline.x),
        Limit(baseline.value_mm * (1 - down / 100), f"−{down:g} %", baseline.x),
    )


def _lesion_limits(line: Line, rule: LesionRule) -> tuple[Limit, ...]:
    baseline = line.places[0]
    down, up = float(rule.response_percent), float(rule.progression_percent)
    reference = baseline
    if rule.reference is ProgressionReference.NADIR:
        # The last value is judged by the smallest before it.
        before = line.places[:-1] or line.places
        reference = min(before, key=lambda place: place.value_mm)
    limit_mm = max(reference.value_mm * (1 + up / 100), reference.value_mm + float(rule.progression_min_mm))
    least = f", ≥ {rule.progression_min_mm:g} mm" if rule.progression_min_mm else ""
    return (
        Limit(baseline.value_mm * (1 - down / 100), f"PR −{down:g} %", baseline.x),
        Limit(limit_mm, f"PD +{up:g} %{least}", reference.x),
    )

"""How long every lesion and every side's calcifications were at every visit, drafts included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from calcmeasure.errors import CalcMeasureError
from calcmeasure.model.measurement import Measurement
from calcmeasure.report.text import format_mm
from calcmeasure.response.exact import micrometres, millimetres
from calcmeasure.response.extent_change import SideExtent, side_extent
from calcmeasure.response.links import LinkedVisit, Links, lesion_key, link_visit
from calcmeasure.response.visits import BASELINE, in_time_order
from calcmeasure.terms import Laterality, LesionRelation, Modality, Quantity, View
from napari_calcmeasure.reading.finding import Finding, FindingState, PatientReading
from napari_calcmeasure.reading.live_numbers import measure_finding

_SIDES = (Laterality.RIGHT, Laterality.LEFT, Laterality.BOTH, None)


@dataclass(frozen=True, slots=True)
class Measured:
    """Findings of one reading as numbers.

    Parameters
    ----------
    findings, measurements
        Those that have a length, or a reason for none, in the same order.
    drafts
        Keys of findings that are not signed as they stand.
    problems
        Sentences about findings that could not be measured because they are not finished.
    """

    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    drafts: frozenset[str]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stand:
    """One lesion, or the calcifications of one side, at one visit.

    Parameters
    ----------
    value_mm
        The larger view of an extent; the length of a lesion, its parts added; None without one.
    words
        The value for people: a length, or why there is none.
    measurements
        All that was measured, every view and part.
    decisive
        Those the value rests on.
    is_draft
        Whether any of them is not signed.
    merged_into
        Lesion that stands for this one as well.
    side
        Of calcifications, as the core judges them.
    """

    timepoint: str
    study_date: str
    value_mm: float | None
    words: str
    measurements: tuple[Measurement, ...]
    decisive: tuple[Measurement, ...]
    is_draft: bool
    merged_into: str = ""
    side: SideExtent | None = None

    @property
    def parts(self) -> tuple[float, ...]:
        """Lengths of a lesion that was measured in several parts; empty for a whole one."""
        is_lesion = self.side is None and len(self.decisive) > 1
        return tuple(m.value_mm for m in self.decisive if m.value_mm is not None) if is_lesion else ()


@dataclass(frozen=True, slots=True)
class LesionCourse:
    """One lesion, or the calcifications of one side, over all visits.

    Parameters
    ----------
    lesion_id
        Empty for the calcifications of a side.
    title
        Such as ``L calcifications`` or ``R-L1``.
    stands
        By visit, in time order.
    """

    quantity: Quantity
    laterality: Laterality | None
    lesion_id: str
    title: str
    stands: tuple[Stand, ...]

    @property
    def baseline(self) -> Stand | None:
        """Before treatment; None when it was not looked at then."""
        return next((stand for stand in self.stands if stand.timepoint == BASELINE), None)

    @property
    def followups(self) -> tuple[Stand, ...]:
        """After treatment began."""
        return tuple(stand for stand in self.stands if stand.timepoint != BASELINE)


def measure_reading(reading: PatientReading, *, known: Measured | None = None) -> Measured:
    """Measure every finding on the desk; one that is not finished becomes a sentence.

    Parameters
    ----------
    known
        Measured before, of the same reading: findings that have not changed since are not measured again.
    """
    before = {} if known is None else {id(f): m for f, m in zip(known.findings, known.measurements, strict=True)}
    measured: list[tuple[Finding, Measurement]] = []
    problems = []
    for finding in reading.findings:
        try:
            measured.append((finding, before.get(id(finding)) or measure_finding(finding, reading)))
        except CalcMeasureError as error:
            name = finding.annotation.lesion_id or "A finding"
            problems.append(f"{name} does not count yet: {error} [{error.code}].")
    return Measured(
        tuple(finding for finding, _ in measured),
        tuple(measurement for _, measurement in measured),
        frozenset(finding.key for finding in reading.findings if finding.state is not FindingState.SIGNED),
        tuple(problems),
    )


def courses(measured: Measured) -> tuple[LesionCourse, ...]:
    """Follow calcifications by side and lesions one by one, right before left."""
    return (*_extent_courses(measured), *_lesion_courses(measured))


def _extent_courses(measured: Measured) -> Iterator[LesionCourse]:
    extents = [m for m in measured.measurements if m.quantity is Quantity.CALCIFICATION_EXTENT]
    for laterality in _SIDES:
        links, stands = Links(), []
        for group in in_time_order([m for m in extents if m.laterality is laterality]).values():
            visit = link_visit(group, before=links)
            links = visit.links
            stands.append(_side_stand(visit, measured.drafts))
        if stands:
            title = f"{laterality or 'Unknown side'} calcifications"
            yield LesionCourse(Quantity.CALCIFICATION_EXTENT, laterality, "", title, tuple(stands))


def _side_stand(visit: LinkedVisit, drafts: frozenset[str]) -> Stand:
    side = side_extent(visit.measurements)
    value_mm = None if side.value_um is None else millimetres(side.value_um)
    words = side.reason if value_mm is None else format_mm(value_mm)
    return _stand(visit.measurements, (value_mm, words), decisive=side.largest, drafts=drafts, side=side)


def _lesion_courses(measured: Measured) -> Iterator[LesionCourse]:
    lesions = [
        m for m in measured.measurements if m.quantity is Quantity.LESION_DIAMETER and m.modality is not Modality.MG
    ]
    visits = tuple(_linked(in_time_order(lesions)))
    sides: dict[str, Laterality | None] = {}
    for m in (m for visit in visits for m in visit.measurements):
        if m.value_mm != 0 or m.relation is LesionRelation.GONE:
            sides.setdefault(lesion_key(m), m.laterality)
    for key in sorted(sides, key=lambda name: (_SIDES.index(sides[name]), name)):
        stands = [_lesion_stand(key, visit, drafts=measured.drafts, sides=sides) for visit in visits]
        said = tuple(stand for stand in stands if stand is not None)
        yield LesionCourse(Quantity.LESION_DIAMETER, sides[key], key, key, said)


def _linked(visits: Mapping[str, Sequence[Measurement]]) -> Iterator[LinkedVisit]:
    """Put every visit under the lesions it continues, the largest of the baseline first."""
    baseline = sorted(visits.get(BASELINE, ()), key=lambda m: (-(m.value_mm or 0.0), m.lesion_id))
    followed = tuple(dict.fromkeys(map(lesion_key, baseline)))
    links = Links()
    for timepoint, group in visits.items():
        if timepoint == BASELINE:
            yield LinkedVisit(tuple(group))
            continue
        visit = link_visit(group, before=links, targets=followed, known=frozenset(followed))
        links = visit.links
        yield visit


def _lesion_stand(
    key: str, visit: LinkedVisit, *, drafts: frozenset[str], sides: Mapping[str, Laterality | None]
) -> Stand | None:
    """Say how a lesion stood at a visit; None when nothing was said about it."""
    into = visit.swallowed.get(key, "")
    own = tuple(m for m in visit.measurements if lesion_key(m) == (into or key))
    if not own:
        cleared = tuple(m for m in visit.measurements if _clears(m, sides[key], known=set(sides)))
        return _stand(cleared, (0.0, format_mm(0.0)), decisive=cleared[:1], drafts=drafts) if cleared else None
    if into:
        return _stand(own, (None, f"in {into}"), decisive=(), drafts=drafts, merged_into=into)
    decisive = visit.parts.get(key) or (max(own, key=lambda m: -1.0 if m.value_mm is None else m.value_mm),)
    lengths = [m.value_mm for m in decisive]
    if any(length is None for length in lengths):
        return _stand(own, (None, _why_not(decisive)), decisive=decisive, drafts=drafts)
    value_mm = millimetres(sum(micrometres(length or 0.0) for length in lengths)) if len(lengths) > 1 else lengths[0]
    return _stand(own, (value_mm, format_mm(value_mm)), decisive=decisive, drafts=drafts)


def _clears(measurement: Measurement, side: Laterality | None, *, known: set[str]) -> bool:
    """Whether a finding says that nothing is left on a side, rather than that one lesion is gone."""
    speaks_of_side = measurement.value_mm == 0 and lesion_key(measurement) not in known
    return speaks_of_side and measurement.laterality in (None, Laterality.BOTH, side)


def _stand(
    measurements: Sequence[Measurement],
    value: tuple[float | None, str],
    *,
    decisive: Sequence[Measurement],
    drafts: frozenset[str],
    merged_into: str = "",
    side: SideExtent | None = None,
) -> Stand:
    first = measurements[0]
    return Stand(
        timepoint=first.timepoint,
        study_date=min((m.study_date for m in measurements if m.study_date), default=""),
        value_mm=value[0],
        words=value[1],
        measurements=tuple(measurements),
        decisive=tuple(decisive),
        is_draft=any(m.annotation_id in drafts for m in measurements),
        merged_into=merged_into,
        side=side,
    )


def _why_not(measurements: Iterable[Measurement]) -> str:
    codes = sorted({flag for m in measurements for flag in m.flags if flag.startswith("E_")})
    return f"not measurable ({', '.join(codes)})" if codes else "not measurable"


def missing_views(stand: Stand) -> tuple[View, ...]:
    """Projections the study measures on that this visit has no length of."""
    if stand.side is None or not stand.side.views:
        return ()
    return tuple(view for view in (View.CC, View.MLO) if view not in stand.side.views)

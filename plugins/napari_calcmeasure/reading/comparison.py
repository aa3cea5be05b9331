"""Baseline to one follow-up in numbers and words: what a row of the response panel says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from calcmeasure.model.measurement import Measurement
from calcmeasure.response.exact import micrometres, millimetres, percent_change
from calcmeasure.response.extent_change import why_not_comparable
from calcmeasure.response.visits import is_order_known
from calcmeasure.terms import (
    ExtentChange,
    ImmuneResponse,
    Laterality,
    LesionRelation,
    NonTargetStatus,
    Quantity,
    Response,
    merge_flags,
)
from napari_calcmeasure.reading.courses import LesionCourse, Stand, missing_views
from napari_calcmeasure.wording import flag_sentences, spacing_words

SYMBOLS: Mapping[str, str] = {
    ExtentChange.INCREASE: "▲",
    ExtentChange.DECREASE: "▼",
    ExtentChange.UNCHANGED: "■",
    ExtentChange.NOT_COMPARABLE: "?",
    Response.CR: "○",
    Response.PR: "▼",
    Response.SD: "■",
    Response.PD: "▲",
    Response.NE: "?",
    ImmuneResponse.ICR: "○",
    ImmuneResponse.IPR: "▼",
    ImmuneResponse.ISD: "■",
    ImmuneResponse.NON_ICR_NON_IUPD: "■",
    ImmuneResponse.IUPD: "△",
    ImmuneResponse.ICPD: "▲",
    NonTargetStatus.NON_CR_NON_PD: "■",
}
"""Shape of each category: none is told by its colour alone."""
UNKNOWN_SYMBOL = "◆"
"""Shape of a category that only an own profile knows."""

WORDS: Mapping[str, str] = {
    ExtentChange.NOT_COMPARABLE: "not comparable",
    Response.CR: "complete response",
    Response.PR: "partial response",
    Response.SD: "stable disease",
    Response.PD: "progressive disease",
    Response.NE: "not evaluable",
    ImmuneResponse.ICR: "immune complete response",
    ImmuneResponse.IPR: "immune partial response",
    ImmuneResponse.ISD: "immune stable disease",
    ImmuneResponse.NON_ICR_NON_IUPD: "non-target lesions are left, no progression",
    ImmuneResponse.IUPD: "immune progressive disease, unconfirmed",
    ImmuneResponse.ICPD: "immune progressive disease, confirmed",
    NonTargetStatus.NON_CR_NON_PD: "non-target lesions are left, no progression",
}
"""Categories spelled out, where their name is not a word."""


@dataclass(frozen=True, slots=True)
class Category:
    """What one profile says.

    Parameters
    ----------
    profile
        Name of the profile.
    category
        `ExtentChange`, `Response`, `ImmuneResponse` or `NonTargetStatus` value, or a word of an own profile.
    rule
        The rule that fired, as a sentence.
    pixels
        Pixels at each end of one line that would change the category; None when no shift does.
    flags
        What to know about it, as sentences.
    """

    profile: str
    category: str
    rule: str
    pixels: int | None = None
    flags: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Shape and name for a narrow column, such as ``▼ PR``."""
        name = self.words if self.category in set(ExtentChange) else self.category
        return f"{SYMBOLS.get(self.category, UNKNOWN_SYMBOL)} {name}"

    @property
    def words(self) -> str:
        """The category spelled out."""
        return WORDS.get(self.category, self.category)


@dataclass(frozen=True, slots=True)
class Length:
    """One line behind an answer.

    Parameters
    ----------
    name
        View of a projection, else the lesion.
    is_decisive
        Whether the answer rests on it.
    key
        The finding.
    """

    name: str
    value_mm: float | None
    is_decisive: bool
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Baseline to one follow-up of a side's calcifications, of one lesion, or of all lesions together.

    Parameters
    ----------
    lesion_id
        Empty for calcifications and for all lesions together.
    title
        Such as ``L calcifications``, ``R-L1`` or ``Sum of targets``.
    timepoint, study_date
        Of the follow-up; empty while there is none.
    baseline_words, value_words
        Both values for people: a length, or why there is none.
    change_mm, change_percent
        Against baseline; None when not comparable, per cent also when there was nothing at baseline.
    before, after
        Lines behind both values.
    categories
        By every profile that judges this, in the order chosen; none for one lesion among several.
    spacing
        Where the millimetres come from, in words.
    flags, missing
        What to know about the values, and what is not there yet, in sentences.
    is_draft
        Whether anything it rests on is not signed.
    key
        Finding to go to; empty when there is none.
    """

    quantity: Quantity
    laterality: Laterality | None
    lesion_id: str
    title: str
    timepoint: str
    study_date: str
    baseline_mm: float | None
    value_mm: float | None
    baseline_words: str
    value_words: str
    change_mm: float | None = None
    change_percent: float | None = None
    before: tuple[Length, ...] = ()
    after: tuple[Length, ...] = ()
    categories: tuple[Category, ...] = ()
    spacing: str = ""
    flags: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    is_draft: bool = False
    key: str = ""

    def category_of(self, profile: str) -> Category | None:
        """Look up what a profile says; None when it does not judge this."""
        return next((category for category in self.categories if category.profile == profile), None)


def compare(course: LesionCourse, after: Stand | None) -> Answer:
    """Compare a side or lesion with its baseline, without the categories.

    Parameters
    ----------
    after
        How it stood at the follow-up; None when it was not measured there.
    """
    before = course.baseline
    change = None if before is None or after is None else _change_um(before, after)
    stands = [stand for stand in (before, after) if stand is not None]
    decisive = [m for stand in reversed(stands) for m in (*stand.decisive, *stand.measurements)]
    return Answer(
        course.quantity,
        course.laterality,
        course.lesion_id,
        course.title,
        after.timepoint if after else "",
        after.study_date if after else "",
        before.value_mm if before else None,
        after.value_mm if after else None,
        before.words if before else _absent(course),
        after.words if after else "not measured",
        change_mm=None if change is None else millimetres(change[1] - change[0]),
        change_percent=None if change is None or not change[0] else float(percent_change(*change) or 0),
        before=_lengths(before),
        after=_lengths(after),
        spacing=_spacing(stands),
        flags=_flags(stands),
        missing=tuple(_missing(course, after)),
        is_draft=any(stand.is_draft for stand in stands),
        key=decisive[0].annotation_id if decisive else "",
    )


def _change_um(before: Stand, after: Stand) -> tuple[int, int] | None:
    """Both lengths in µm; None when they cannot be compared."""
    if before.value_mm is None or after.value_mm is None:
        return None
    if not is_order_known((*before.measurements, *after.measurements)):
        return None
    if before.side and after.side and why_not_comparable(before.side, after.side) is not None:
        return None
    return micrometres(before.value_mm), micrometres(after.value_mm)


def _absent(course: LesionCourse) -> str:
    """Say why there is no baseline: a lesion stated to be new has none."""
    stated = {m.relation for stand in course.stands for m in stand.measurements}
    return "new" if LesionRelation.NEW in stated else "not measured"


def _lengths(stand: Stand | None) -> tuple[Length, ...]:
    if stand is None:
        return ()
    decisive = {m.annotation_id for m in stand.decisive}
    shown = [m for m in stand.measurements if stand.side is not None or m.annotation_id in decisive]
    return tuple(
        Length(str(m.view or m.lesion_id), m.value_mm, m.annotation_id in decisive, m.annotation_id) for m in shown
    )


def _spacing(stands: Sequence[Stand]) -> str:
    """Where the millimetres come from; both visits are named when they differ."""
    words = {
        stand.timepoint: " and ".join(_sources(stand.decisive or stand.measurements))
        for stand in stands
        if stand.value_mm
    }
    if len(set(words.values())) <= 1:
        return next(iter(words.values()), "")
    return "; ".join(f"{timepoint}: {source}" for timepoint, source in words.items())


def _sources(measurements: Sequence[Measurement]) -> list[str]:
    return sorted({spacing_words(m.image.spacing if m.image else None) for m in measurements})


def _flags(stands: Sequence[Stand]) -> tuple[str, ...]:
    sentences = []
    for stand in stands:
        known = merge_flags(*(m.flags for m in stand.decisive or stand.measurements))
        sentences += [f"{stand.timepoint}: {words.removeprefix('Note: ')}" for words in flag_sentences(known)]
        if stand.parts:
            lengths = " + ".join(f"{part:.1f}" for part in stand.parts)
            sentences.append(f"{stand.timepoint}: in {len(stand.parts)} parts, {lengths} mm")
    return tuple(sentences)


def _missing(course: LesionCourse, after: Stand | None) -> Iterator[str]:
    before = course.baseline
    if before is None and _absent(course) != "new":
        yield f"No baseline of {course.title}."
    if after is None:
        yield f"No follow-up of {course.title} yet."
    for stand in (before, after):
        for view in missing_views(stand) if stand is not None else ():
            yield f"{view} not measured at {stand.timepoint if stand else ''}."

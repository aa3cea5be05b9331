"""The case list as plain values: patients, their time points, and what there is to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from calcmeasure.errors import PhaseError
from calcmeasure.measure.early_phase import choose_early_phase
from calcmeasure.model.imaging import DynamicSeries, FolderIndex, Mammogram, Patient, Study
from calcmeasure.terms import View
from napari_calcmeasure.wording import flag_sentences, spacing_words, view_name


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be shown: the mammograms of a visit, one mammogram, or one dynamic series.

    Parameters
    ----------
    key
        Unique within a case list.
    patient
        Surrogate such as ``P1``: what layers are named after.
    title, summary
        One line for the list: what it is, and the facts that matter most.
    details
        Sentences: spacing in words, early phase and reason, flags.
    mammograms
        One, or all of a visit; empty for a dynamic series.
    views
        For the mammograms of a visit: each of them as an item of its own.
    studies
        DICOM studies its images come from.
    """

    key: str
    patient: str
    timepoint: str
    title: str
    summary: str
    details: tuple[str, ...]
    mammograms: tuple[Mammogram, ...] = ()
    series: DynamicSeries | None = None
    views: tuple[Item, ...] = ()
    studies: tuple[Study, ...] = ()

    def study_of(self, study_uid: str) -> Study | None:
        """Find the study an image belongs to: its date, and what is known about it."""
        return next((study for study in self.studies if study.study_uid == study_uid), None)


@dataclass(frozen=True, slots=True)
class Visit:
    """One time point of a patient; often several DICOM studies."""

    timepoint: str
    dates: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One patient.

    Parameters
    ----------
    name
        Surrogate such as ``P1``, numbered in the order of the list.
    patient_id
        As in the header: shown in the case list, so that the reader knows whose images these are, and nowhere else.
    """

    name: str
    patient_id: str
    visits: tuple[Visit, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """What to look at, in reading order."""
        return tuple(item for visit in self.visits for item in visit.items)


def list_cases(index: FolderIndex) -> tuple[Case, ...]:
    """Turn an index into a case list.

    Parameters
    ----------
    index
        Of a folder; nothing is decoded.
    """
    return tuple(_case(patient, number) for number, patient in enumerate(index.patients, start=1))


def find_item(cases: Sequence[Case], key: str) -> Item | None:
    """Look an item up by its key, single views included."""
    for case in cases:
        for item in case.items:
            for candidate in (item, *item.views):
                if candidate.key == key:
                    return candidate
    return None


def prior_of(case: Case, item: Item) -> Item | None:
    """Find the same kind of examination at the visit before; None at the first."""
    is_dynamic = item.series is not None
    before: Item | None = None
    for visit in case.visits:
        if visit.timepoint == item.timepoint:
            return before
        before = next((one for one in visit.items if (one.series is not None) is is_dynamic), before)
    return None


def standard_views(mammograms: Sequence[Mammogram]) -> tuple[Mammogram, ...]:
    """Pick at most one CC and one MLO per side: usable ones first, in the order of the index."""
    picked: dict[tuple[object, object], Mammogram] = {}
    for mammogram in sorted(mammograms, key=lambda m: not m.usable):
        if mammogram.view in (View.CC, View.MLO) and mammogram.laterality is not None and not mammogram.modifiers:
            picked.setdefault((mammogram.view, mammogram.laterality), mammogram)
    return tuple(picked.values())


def _case(patient: Patient, number: int) -> Case:
    by_timepoint: dict[str, list[Study]] = {}
    for study in patient.studies:
        by_timepoint.setdefault(study.timepoint, []).append(study)
    name = f"P{number}"
    return Case(name, patient.patient_id, tuple(_visit(name, point, group) for point, group in by_timepoint.items()))


def _visit(patient: str, timepoint: str, studies: Sequence[Study]) -> Visit:
    dates = dict.fromkeys(study.study_date.isoformat() for study in studies if study.study_date)
    with_mammograms = tuple(study for study in studies if study.mammograms)
    exam = (_exam(patient, timepoint, with_mammograms),) if with_mammograms else ()
    series = ((study, one) for study in studies for one in study.dynamic_series)
    dynamic = tuple(
        replace(_dynamic(patient, timepoint, one, number), studies=(study,))
        for number, (study, one) in enumerate(series)
    )
    return Visit(timepoint, ", ".join(dates) or "no date", (*exam, *dynamic))


def _exam(patient: str, timepoint: str, studies: tuple[Study, ...]) -> Item:
    mammograms = tuple(mammogram for study in studies for mammogram in study.mammograms)
    views = tuple(
        replace(_view(patient, timepoint, one), studies=(study,)) for study in studies for one in study.mammograms
    )
    hung = standard_views(mammograms)
    spacings = tuple(dict.fromkeys(spacing_words(one.spacing) for one in hung or mammograms))
    return Item(
        key=f"{patient}/{timepoint}/MG",
        patient=patient,
        timepoint=timepoint,
        title="Mammograms",
        summary=" ".join(sorted(view_name(one) for one in hung)) or f"{len(mammograms)} images",
        details=(*(f"Spacing: {words}." for words in spacings), f"{len(mammograms)} images; standard views are hung."),
        mammograms=mammograms,
        views=views,
        studies=studies,
    )


def _view(patient: str, timepoint: str, mammogram: Mammogram) -> Item:
    return Item(
        key=f"{patient}/{timepoint}/{mammogram.image.sop_uid}/{mammogram.image.frame}",
        patient=patient,
        timepoint=timepoint,
        title=view_name(mammogram),
        summary=", ".join(_view_remarks(mammogram)),
        details=(
            f"Spacing: {spacing_words(mammogram.spacing)}.",
            f"{mammogram.rows} × {mammogram.columns} pixels, {(mammogram.intent or 'intent unknown').lower()}.",
            *flag_sentences(mammogram.flags),
        ),
        mammograms=(mammogram,),
    )


def _view_remarks(mammogram: Mammogram) -> Iterator[str]:
    """Spacing, and what sets the image apart from an ordinary one."""
    if not mammogram.usable:
        yield "not measured"
    yield from (str(modifier) for modifier in mammogram.modifiers)
    yield spacing_words(mammogram.spacing)


def _dynamic(patient: str, timepoint: str, series: DynamicSeries, number: int) -> Item:
    summary, reason = _early_phase(series)
    return Item(
        key=f"{patient}/{timepoint}/MR/{number}",
        patient=patient,
        timepoint=timepoint,
        title="Dynamic MR",
        summary=summary,
        details=(
            f"Early phase: {reason}.",
            f"Spacing (row × column × slice): {spacing_words(series.grid.spacing if series.grid else None)}.",
            f"{len(series.phases)} phases, sorted by {series.sort_key or 'nothing that worked'}.",
            *flag_sentences(series.flags),
        ),
        series=series,
    )


def _early_phase(series: DynamicSeries) -> tuple[str, str]:
    """One line for the list, and the reason."""
    try:
        early = choose_early_phase(series)
    except PhaseError as error:
        return (f"no early phase ({error.code})", f"none, {error}")
    time = "" if early.time_s is None else f", {early.time_s:.0f} s"
    return (f"early phase {early.index}{time}", early.reason)

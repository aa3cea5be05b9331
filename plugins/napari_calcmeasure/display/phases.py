"""Which phase of a dynamic series is measured, by rule or by the reader, and what findings on it belong to."""

from __future__ import annotations

from dataclasses import dataclass

from calcmeasure.errors import PhaseError
from calcmeasure.measure.early_phase import READER_RULE, EarlyPhase, choose_early_phase, early_phase_of_reader
from calcmeasure.model.annotation import ImageReference, PhaseReference
from calcmeasure.model.imaging import DynamicSeries
from calcmeasure.terms import Modality, Quantity, merge_flags
from napari_calcmeasure.cases import Item
from napari_calcmeasure.reading.finding import Target
from napari_calcmeasure.wording import phase_words


@dataclass(frozen=True, slots=True)
class PhaseChoices:
    """Phases a reader can take as the early one.

    Parameters
    ----------
    indices, words
        Phases after contrast, and each with its time.
    by_rule
        What the rule takes; None where it refuses.
    chosen
        What the reader took instead; None for the rule's.
    sentence
        The phase that is measured, its time and the reason; or why there is none.
    """

    indices: tuple[int, ...]
    words: tuple[str, ...]
    by_rule: int | None
    chosen: int | None
    sentence: str


def pick_early_phase(series: DynamicSeries, *, choice: int | None = None) -> EarlyPhase:
    """Take the reader's phase, or without a choice the default rule's.

    Raises
    ------
    PhaseError
        As `choose_early_phase` and `early_phase_of_reader`.
    """
    return choose_early_phase(series) if choice is None else early_phase_of_reader(series, index=choice)


def phase_choices(series: DynamicSeries, *, chosen: int | None = None) -> PhaseChoices:
    """List what a reader can choose from, and say what is measured now.

    Parameters
    ----------
    chosen
        What the reader took; None for the rule's.
    """
    after = series.phases[series.first_post_contrast :] if series.first_post_contrast else ()
    try:
        by_rule: int | None = choose_early_phase(series).index
    except PhaseError:
        by_rule = None
    try:
        sentence = early_sentence(series, pick_early_phase(series, choice=chosen))
    except PhaseError as error:
        sentence = f"No early phase, so nothing is measured here: {error.message} [{error.code}]"
    words = tuple(phase_words(phase, series, early=by_rule).replace(", early phase", " (rule)") for phase in after)
    return PhaseChoices(tuple(phase.index for phase in after), words, by_rule, chosen, sentence)


def early_sentence(series: DynamicSeries, early: EarlyPhase) -> str:
    """Name the phase measured, its time and the reason.

    Returns
    -------
    str
        Such as "Early phase 1: 85 s after injection, chosen by rule k-space-centre-90s because ...".
    """
    time = "time unknown"
    if early.time_s is not None:
        time = f"{early.time_s:.0f} s after {series.time_zero.replace('_', ' ')}"
    if early.rule == READER_RULE:
        return f"Early phase {early.index}: {time}; {early.reason}."
    return f"Early phase {early.index}: {time}, chosen by rule {early.rule} because {early.reason}."


def series_of_phase(series: DynamicSeries, index: int) -> str:
    """UID of the DICOM series that a phase is stored in: all phases may share one, or each have its own."""
    return series.phases[index].series_uid or series.series_uids[0]


def dynamic_target(item: Item, early: EarlyPhase) -> Target:
    """Say what findings on the early phase of a series belong to, as the automatic run does.

    Parameters
    ----------
    item
        With a series.
    early
        The phase measured.

    Returns
    -------
    Target
        The side is left open: `laterality_at` tells it from a point. The UIDs of the slices are those of the phase.

    Raises
    ------
    ValueError
        Without a series.
    """
    series = item.series
    if series is None:
        raise ValueError("the item has no dynamic series")
    grid, phase = series.grid, series.phases[early.index]
    study = item.study_of(series.study_uid)
    return Target(
        timepoint=item.timepoint,
        study_date=study.study_date.isoformat() if study is not None and study.study_date else "",
        modality=Modality.MR,
        quantity=Quantity.LESION_DIAMETER,
        laterality=None,
        view=None,
        image=ImageReference(
            sop_uid="",
            series_uid=series_of_phase(series, early.index),
            frame=0,
            rows=grid.shape[1] if grid else 0,
            columns=grid.shape[2] if grid else 0,
            spacing=grid.spacing if grid else None,
            study_uid=series.study_uid,
        ),
        phase=PhaseReference(early.index, early.time_s, early.rule, series.time_zero),
        flags=merge_flags(study.flags if study is not None else (), series.flags, early.flags),
        slice_uids=tuple(frame.sop_uid for frame in phase.frames),
        series_uids=series.series_uids,
    )

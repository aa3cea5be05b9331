"""Which lesion a new finding is: the same in the other view, the one followed from before, or a new name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from calcmeasure.model.annotation import Annotation
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import Laterality, LesionRelation, Quantity
from napari_calcmeasure.reading.finding import PatientReading, Target


@dataclass(frozen=True, slots=True)
class LesionName:
    """Identity of a finding until a reader says otherwise.

    Parameters
    ----------
    lesion_id
        Such as ``R-C1`` (calcifications) or ``L-L2`` (lesion).
    relation, from_lesions
        As in an annotation; None where the reader has to say whether it is new.
    """

    lesion_id: str
    relation: LesionRelation | None = None
    from_lesions: tuple[str, ...] = ()


def name_lesion(reading: PatientReading, target: Target, *, but: str = "") -> LesionName:
    """Suggest the identity of a finding that is about to be made.

    Parameters
    ----------
    reading
        What is on the desk.
    target
        Image drawn on; without a side, lesions of both sides count.
    but
        Key of a finding that does not count: the one being named.

    Notes
    -----
    The other view of the same visit comes first: its lesion that has no finding in this view. Then, at a follow-up, the
    one lesion known from before and not seen at this visit yet. Everything else gets the next free name.
    """
    others = [a for a in _annotations(reading, but) if _is_alike(a, target)]
    here = [a for a in others if a.timepoint == target.timepoint]
    twin = _of_other_view(here, target)
    if twin is not None:
        return LesionName(twin.lesion_id, twin.relation, twin.from_lesions)
    before = known_before(reading, target)
    unseen = [lesion for lesion in before if lesion not in {a.lesion_id for a in here}]
    if len(before) == 1 and unseen:
        return LesionName(unseen[0], LesionRelation.SAME, (unseen[0],))
    return LesionName(fresh_name(reading, target.quantity, laterality=target.laterality, but=but))


def fresh_name(reading: PatientReading, quantity: Quantity, *, laterality: Laterality | None, but: str = "") -> str:
    """Give the first free name of a side, such as ``R-C1`` or ``L-L2``; ``X`` where the side is not known.

    Parameters
    ----------
    but
        Key of a finding whose name counts as free.
    """
    prefix = f"{laterality or 'X'}-{'C' if quantity is Quantity.CALCIFICATION_EXTENT else 'L'}"
    annotations = list(_annotations(reading, but))
    taken = {a.lesion_id for a in annotations} | {name for a in annotations for name in a.from_lesions}
    number = next(n for n in range(1, len(taken) + 2) if f"{prefix}{n}" not in taken)
    return f"{prefix}{number}"


def known_before(reading: PatientReading, target: Target) -> tuple[str, ...]:
    """Lesions of this quantity and side that were there at an earlier visit, in the order they were named.

    Notes
    -----
    What was only ever looked for in vain is none, and neither is a lesion that has merged into another since.
    """
    earlier = [a for a in _annotations(reading) if _is_alike(a, target) and is_before(a, target)]
    merged = [a for a in earlier if a.relation is LesionRelation.MERGED]
    absorbed = {name for a in merged for name in a.from_lesions if name != a.lesion_id}
    present = dict.fromkeys(a.lesion_id for a in earlier if a.lesion_id and (a.points or not a.measurable))
    return tuple(name for name in present if name not in absorbed)


def is_before(annotation: Annotation, target: Target) -> bool:
    """Whether an annotation is of an earlier visit: the baseline, or an earlier date; unknown dates never are."""
    if target.timepoint in (BASELINE, annotation.timepoint):
        return False
    if annotation.timepoint == BASELINE:
        return True
    return bool(annotation.study_date and target.study_date) and annotation.study_date < target.study_date


def _of_other_view(here: Iterable[Annotation], target: Target) -> Annotation | None:
    """First finding of this visit in another view whose lesion has none in this view."""
    if target.view is None:
        return None
    mine = {a.lesion_id for a in here if a.view is target.view}
    return next((a for a in here if a.view not in (None, target.view) and a.lesion_id not in mine), None)


def _is_alike(annotation: Annotation, target: Target) -> bool:
    on_side = target.laterality is None or annotation.laterality is target.laterality
    return on_side and annotation.quantity is target.quantity


def _annotations(reading: PatientReading, but: str = "") -> Iterator[Annotation]:
    return (finding.annotation for finding in reading.findings if finding.key != but)

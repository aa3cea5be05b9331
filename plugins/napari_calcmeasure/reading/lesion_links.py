"""How a finding continues what was seen before: the same, split, merged, new or gone, as the reader says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from calcmeasure.model.annotation import Annotation
from calcmeasure.response.visits import BASELINE
from calcmeasure.terms import Laterality, LesionRelation
from napari_calcmeasure.reading.drafting import Drawing, MakeId, empty_geometry, make_id, new_finding, target_of
from napari_calcmeasure.reading.finding import Finding, PatientReading, Target
from napari_calcmeasure.reading.lesion_names import LesionName, fresh_name, name_lesion
from napari_calcmeasure.reading.tool import Step

SELECT_FIRST = "Nothing is selected: click a finding first."
AT_BASELINE = "This is the first visit: a lesion can be split, merged, new or gone at a follow-up only."
WHICH_LESION = "Choose the lesion of the earlier visit first."
WHICH_LESIONS = "Choose at least two lesions of the earlier visit that have merged."
NOT_GONE = "This lesion is drawn at this visit: delete the drawing first if it is gone."


def link_finding(reading: PatientReading, relation: LesionRelation, *, from_lesions: Sequence[str]) -> Step:
    """Say what the selected finding was before.

    Parameters
    ----------
    reading
        On the desk; the same lesion in other views of the visit is linked with it.
    relation
        Any but gone.
    from_lesions
        Identifiers of the earlier lesions: one for same and split, several for merged, none for new.
    """
    lesions = tuple(dict.fromkeys(name for name in from_lesions if name))
    chosen = reading.selected_finding
    timepoint = "" if chosen is None else chosen.annotation.timepoint
    fault = _fault(relation, lesions, timepoint=timepoint)
    if chosen is None or fault:
        return Step(reading, message=SELECT_FIRST if chosen is None else fault)
    keys = same_lesion(reading, chosen)
    name = _name(reading, chosen, relation=relation, lesions=lesions)
    return Step(change_annotations(reading, keys, edit=lambda one: _named(one, name)), is_done=True)


def say_gone(
    reading: PatientReading, target: Target | None, *, from_lesions: Sequence[str], new_id: MakeId = make_id
) -> Step:
    """Say that lesions seen before are not there any more: 0 mm each.

    Parameters
    ----------
    reading
        On the desk. A selected finding without points becomes the first of them.
    target
        Image looked at; None for the image of the selected finding.
    from_lesions
        Identifiers of the lesions.
    new_id
        Gives annotation ids.
    """
    chosen = reading.selected_finding
    place = target_of(chosen.annotation) if target is None and chosen is not None else target
    lesions = tuple(dict.fromkeys(name for name in from_lesions if name))
    if place is None:
        return Step(reading, message=SELECT_FIRST)
    fault = _fault(LesionRelation.GONE, lesions, timepoint=place.timepoint)
    here = [f.annotation for f in reading.findings if f.annotation.timepoint == place.timepoint]
    if not fault and any(a.points and a.lesion_id in lesions for a in here):
        fault = NOT_GONE
    if fault:
        return Step(reading, message=fault)
    after = reading
    for lesion in lesions:
        after = _with_gone(after, place, lesion=lesion, new_id=new_id)
    return Step(after, is_done=True)


def move_to_side(reading: PatientReading, laterality: Laterality) -> Step:
    """Say on which side the selected finding lies; its lesion is named anew if that is another side."""
    chosen = reading.selected_finding
    if chosen is None:
        return Step(reading, message=SELECT_FIRST)
    if chosen.annotation.laterality is laterality:
        return Step(reading)
    target = replace(target_of(chosen.annotation), laterality=laterality)
    name = name_lesion(reading, target, but=chosen.key)
    moved = replace(_named(chosen.annotation, name), laterality=laterality)
    return Step(reading.put(replace(chosen, annotation=moved)), is_done=True)


def same_lesion(reading: PatientReading, finding: Finding) -> tuple[str, ...]:
    """Give the keys of a finding and of the same lesion in other views of the visit."""
    mine = _lesion_of(finding.annotation)
    others = (
        one.key
        for one in reading.findings
        if mine[0] and _lesion_of(one.annotation) == mine and one.annotation.view is not finding.annotation.view
    )
    return (finding.key, *others)


def change_annotations(
    reading: PatientReading, keys: Sequence[str], *, edit: Callable[[Annotation], Annotation]
) -> PatientReading:
    """Change some findings but not what is selected."""
    after = reading
    for key in keys:
        after = after.change(key, lambda finding: replace(finding, annotation=edit(finding.annotation)))
    return replace(after, selected=reading.selected)


def _fault(relation: LesionRelation, lesions: tuple[str, ...], *, timepoint: str) -> str:
    """Say in a sentence what is missing; empty when nothing is."""
    if timepoint == BASELINE and relation is not LesionRelation.SAME:
        return AT_BASELINE
    if relation is LesionRelation.MERGED:
        return "" if len(lesions) > 1 else WHICH_LESIONS
    return "" if lesions or relation is LesionRelation.NEW else WHICH_LESION


def _name(
    reading: PatientReading, chosen: Finding, *, relation: LesionRelation, lesions: tuple[str, ...]
) -> LesionName:
    if relation is LesionRelation.NEW:
        return LesionName(_name_of_new(reading, chosen), relation)
    if chosen.annotation.timepoint == BASELINE:
        # There is nothing before it: the link only says which finding of the other view it is.
        return LesionName(lesions[0])
    return LesionName(lesions[0], relation, lesions if relation is LesionRelation.MERGED else lesions[:1])


def _name_of_new(reading: PatientReading, chosen: Finding) -> str:
    """Keep a name that no other finding has, or give a free one."""
    annotation, keys = chosen.annotation, same_lesion(reading, chosen)
    taken = {finding.annotation.lesion_id for finding in reading.findings if finding.key not in keys}
    if annotation.lesion_id and annotation.lesion_id not in taken:
        return annotation.lesion_id
    return fresh_name(reading, annotation.quantity, laterality=annotation.laterality)


def _with_gone(reading: PatientReading, target: Target, *, lesion: str, new_id: MakeId) -> PatientReading:
    name = LesionName(lesion, LesionRelation.GONE, (lesion,))
    meant = _empty_for(reading, target, lesion=lesion)
    if meant is not None:
        return change_annotations(reading, (meant.key,), edit=lambda one: _named(one, name))
    sides = (f.annotation.laterality for f in reading.findings if f.annotation.lesion_id == lesion)
    placed = replace(target, laterality=target.laterality or next(sides, None))
    drawing = Drawing(empty_geometry(target.quantity), ())
    gone = new_finding(placed, drawing, name=name, key=new_id())
    return replace(reading.put(gone), selected=reading.selected or gone.key)


def _empty_for(reading: PatientReading, target: Target, *, lesion: str) -> Finding | None:
    """Find what says 0 mm of this lesion on this image already, or of none in particular and is selected."""
    empty = [f for f in reading.findings if not f.annotation.points and target.shows(f.annotation)]
    mine = next((f for f in empty if f.annotation.lesion_id == lesion), None)
    return mine or next(
        (f for f in empty if f.key == reading.selected and f.annotation.relation is not LesionRelation.GONE), None
    )


def _named(annotation: Annotation, name: LesionName) -> Annotation:
    return replace(annotation, lesion_id=name.lesion_id, relation=name.relation, from_lesions=name.from_lesions)


def _lesion_of(annotation: Annotation) -> tuple[str, str, str]:
    return annotation.lesion_id, annotation.timepoint, annotation.quantity

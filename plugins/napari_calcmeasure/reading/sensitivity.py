"""Automatic groups of one image at another sensitivity; what the reader's hand has touched stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from calcmeasure.measure.hull_kernels import convex_hull
from calcmeasure.model.annotation import Annotation
from calcmeasure.terms import GeometryKind, Method
from napari_calcmeasure.reading.adoption import adopt_annotations
from napari_calcmeasure.reading.desk import Desk
from napari_calcmeasure.reading.drafting import MakeId, findings_on, make_id
from napari_calcmeasure.reading.finding import Finding, PatientReading, Target
from napari_calcmeasure.reading.tool import Step


@dataclass(slots=True)
class Sensitivity:
    """The reader's slider: as far as it moves in one go, it is one step for undo.

    Parameters
    ----------
    new_id
        Gives annotation ids.
    """

    new_id: MakeId = make_id
    _left_at: PatientReading | None = field(default=None, init=False)

    def move(self, desk: Desk, annotations: Sequence[Annotation], *, target: Target, false_marks: float) -> None:
        """Put the groups of one image at another operating point on the desk.

        Parameters
        ----------
        annotations
            At the new operating point.
        target
            The image.
        false_marks
            The operating point, for the words.
        """
        if self._left_at is not None and desk.reading is self._left_at:
            desk.undo()
        before = desk.reading
        step = regroup_drafts(before, annotations, target=target, new_id=self.new_id)
        kept = " What was edited, drawn or signed stays as it is." if _touched(before, target) else ""
        desk.take(replace(step, message=f"Searched at {words_of(false_marks)}: {step.message}{kept}"))
        # What changed nothing is no step: there is nothing of it to take back.
        is_step = replace(before, selected="") != replace(desk.reading, selected="")
        self._left_at = desk.reading if is_step else None


def words_of(false_marks: float) -> str:
    """Name an operating point.

    Examples
    --------
    >>> words_of(1.0), words_of(0.3)
    ('1 false mark per image', '0.3 false marks per image')
    """
    return f"{false_marks:g} false mark{'' if false_marks == 1 else 's'} per image"


def regroup_drafts(
    reading: PatientReading, annotations: Sequence[Annotation], *, target: Target, new_id: MakeId = make_id
) -> Step:
    """Replace the untouched automatic drafts of an image.

    Parameters
    ----------
    reading
        On the desk.
    annotations
        Automatic findings of the image at another operating point.
    target
        The image.
    new_id
        Gives the ids of groups that were not there before.

    Notes
    -----
    A group that shares marks with a draft takes its place under its name, with what the reader said of it. A group that
    reaches into one that was edited, drawn or signed is left out: the reader has spoken there.
    """
    touched = _touched(reading, target)
    drafts = [finding for finding in findings_on(reading, target) if finding not in touched]
    new = [one for one in annotations if not any(_meet(one, finding.annotation) for finding in touched)]
    if touched:
        new = [one for one in new if one.points]
    pairs = _pairs(drafts, new)
    gone = {finding.key for finding in drafts} - set(pairs.values())
    after = replace(reading, findings=tuple(f for f in reading.findings if f.key not in gone))
    for place, key in pairs.items():
        after = after.change(key, partial(_in_place_of, group=new[place]))
    unknown = [one for place, one in enumerate(new) if place not in pairs]
    after = adopt_annotations(after, unknown, new_id=new_id).reading if unknown else after
    chosen = reading.selected if after.find(reading.selected) else next(iter(pairs.values()), after.selected)
    groups = sum(bool(one.points) for one in new)
    words = f"{groups} group{'' if groups == 1 else 's'}." if groups else "no further group." if touched else "nothing."
    return Step(replace(after, selected=chosen if after.find(chosen) else ""), is_done=True, message=words)


def _touched(reading: PatientReading, target: Target) -> list[Finding]:
    """List the findings of an image that are no longer the detector's alone."""
    return [
        finding
        for finding in findings_on(reading, target)
        if finding.annotation.method is not Method.AUTO
        or finding.annotation.geometry is not GeometryKind.MARKS
        or finding.signed is not None
    ]


def _pairs(drafts: Sequence[Finding], new: Sequence[Annotation]) -> dict[int, str]:
    """Which new group (by place) stands for which draft: those that share most marks first, each once."""
    shared = sorted(
        (-len(set(one.points) & set(draft.annotation.points)), place, draft.key)
        for place, one in enumerate(new)
        for draft in drafts
        if set(one.points) & set(draft.annotation.points) or not (one.points or draft.annotation.points)
    )
    pairs: dict[int, str] = {}
    for _, place, key in shared:
        if place not in pairs and key not in pairs.values():
            pairs[place] = key
    return pairs


def _in_place_of(draft: Finding, *, group: Annotation) -> Finding:
    before = draft.annotation
    annotation = replace(
        group,
        annotation_id=before.annotation_id,
        lesion_id=before.lesion_id,
        relation=before.relation,
        from_lesions=before.from_lesions,
        morphology=before.morphology,
        distribution=before.distribution if group.points else group.distribution,
    )
    return replace(draft, annotation=annotation)


def _meet(group: Annotation, touched: Annotation) -> bool:
    """Whether a group reaches into a finding: shares a mark with it, or has one inside its outline."""
    if set(group.points) & set(touched.points):
        return True
    return any(_is_inside(point, touched.points) for point in group.points)


def _is_inside(point: tuple[float, ...], corners: Sequence[tuple[float, ...]]) -> bool:
    hull = convex_hull(np.asarray(corners, dtype=float).reshape(-1, 2))
    if len(hull) < 3:
        return False
    edges = np.roll(hull, -1, axis=0) - hull
    aside = edges[:, 0] * (point[1] - hull[:, 1]) - edges[:, 1] * (point[0] - hull[:, 0])
    return bool((aside >= 0).all() or (aside <= 0).all())

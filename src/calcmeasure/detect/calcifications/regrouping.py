"""From marks to groups at any operating point: pure, and quick enough to follow a reader's sensitivity slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.calcifications.against_chance import link_against_chance
from calcmeasure.detect.calcifications.clustering import (
    Indices,
    link_by_density,
    merge_close,
    part_at_gaps,
    typical_gap_mm,
)
from calcmeasure.detect.calcifications.confidence import group_confidence
from calcmeasure.detect.calcifications.distribution import breast_frame, hint_distribution
from calcmeasure.detect.calcifications.membership import Group, WeighedMarks, assign_once, complete_group
from calcmeasure.detect.calcifications.operating_points import (
    DEFAULT_FALSE_MARKS,
    least_confidence,
    least_probability,
)
from calcmeasure.detect.calcifications.settings import GroupSettings, MembershipSettings
from calcmeasure.detect.calcifications.weighing import benign_odds, in_question, odds, odds_on_image
from calcmeasure.detect.contract import CalcificationCluster, CalcificationFindings, CalcificationMarks, Values
from calcmeasure.geometry import Spacing
from calcmeasure.terms import MarkLabel

ODDS_MOVE = 0.3
"""Sensitivity moves the odds of marks by this share of what would make weak marks found groups as strong ones do: with
all of it groups run together and noise makes others. For the rest it shows groups of less confidence."""


def regroup(
    findings: CalcificationFindings,
    *,
    spacing: Spacing,
    false_marks: float = DEFAULT_FALSE_MARKS,
    settings: GroupSettings = GroupSettings(),  # noqa: B008 - frozen
) -> CalcificationFindings:
    """Group the marks of an image anew, as at another sensitivity.

    Parameters
    ----------
    findings
        Of a detector, or of this function. Its marks decide, its clusters do not: the answer is the same whatever
        operating point was used before.
    spacing
        Of the image.
    false_marks
        Operating point: false marks per image (see `operating_points`); more finds more.
    settings
        Lengths in mm.

    Returns
    -------
    CalcificationFindings
        The same marks with labels that fit the new clusters: suspicious in a cluster or below the operating point,
        scattered above it and in no cluster. What was taken for vascular, skin, coarse, foreign or an artefact stays.
    """
    on_image = odds_on_image(findings.marks, breast=findings.breast, spacing=spacing)
    asked = _asked(findings.marks, on_image, settings=settings)
    marks = findings.marks.take(asked)
    weighed = WeighedMarks(
        points_mm=marks.points_rc * spacing.rc_mm,
        odds=on_image[asked] * _sensitivity(false_marks),
        strengths=np.log(np.maximum(marks.snr, 1.0)),
        benign_odds=benign_odds(marks),
    )
    area_mm2 = float(findings.breast.sum()) * spacing.area_mm2
    groups = find_groups(weighed, area_mm2=area_mm2, settings=settings)
    wide = replace(settings, farthest_link_mm=settings.wider_link_mm, parting_mm=np.inf)
    wider = find_groups(weighed, area_mm2=area_mm2, settings=wide)
    frame = breast_frame(findings.breast, spacing=spacing)
    found = [
        CalcificationCluster(
            marks.take(group.members),
            confidence=group_confidence(group, weighed, marks),
            distribution=hint_distribution(weighed.points_mm[group.members], frame=frame),
            wider_rc=marks.points_rc[_wider_members(group, wider)],
        )
        for group in groups
    ]
    least = least_confidence(false_marks)
    shown = np.array([cluster.confidence >= least for cluster in found], dtype=bool)
    members = [asked[group.members] for group, show in zip(groups, shown, strict=True) if show]
    clusters = sorted((c for c, show in zip(found, shown, strict=True) if show), key=_rank)
    sure = on_image >= odds(least_probability(false_marks))
    labels = _labels(findings.marks, members=members, sure=sure)
    return replace(findings, clusters=tuple(clusters), marks=replace(findings.marks, labels=labels))


def find_groups(marks: WeighedMarks, *, area_mm2: float, settings: GroupSettings) -> list[Group]:
    """Find groups by the density of their marks, and among the marks left over those that are together beyond chance.

    A group of marks far apart may have lost others beyond the link distance: it is looked for again among all marks
    that no denser group holds, and becomes what it was part of.

    Parameters
    ----------
    marks
        With odds shifted so that the operating point lies where `DEFAULT_FALSE_MARKS` has it.
    area_mm2
        Of the breast.
    """
    dense = _dense_groups(marks, settings=settings)
    found = dense + _sparse_groups(marks, dense, area_mm2=area_mm2, settings=settings)
    firm = [g for g in found if typical_gap_mm(marks.points_mm[g.members]) < settings.sparse_gap_mm]
    if len(firm) == len(found):
        return found
    return _superseded(found, by=_sparse_groups(marks, firm, area_mm2=area_mm2, settings=settings))


def _dense_groups(marks: WeighedMarks, *, settings: GroupSettings) -> list[Group]:
    """Link the marks above the operating point, look around each group again, unite what has met, part what has not."""
    sure = np.flatnonzero(marks.odds >= settings.founding_odds)
    linked = link_by_density(
        marks.points_mm[sure],
        weights=marks.odds[sure] / (1.0 + marks.odds[sure]),
        nearest_mm=settings.nearest_link_mm,
        farthest_mm=settings.farthest_link_mm,
    )
    grown = _complete([sure[group] for group in linked], marks, settings=settings.membership)
    united = merge_close([g.members for g in grown], marks.points_mm, gap_mm=settings.farthest_link_mm)
    if len(united) < len(grown):
        grown = _complete(united, marks, settings=settings.membership)
    parted = [part for group in assign_once(grown) for part in _parts(group, marks, settings=settings)]
    return _large_enough(parted, settings=settings)


def _parts(group: Group, marks: WeighedMarks, *, settings: GroupSettings) -> list[Group]:
    parts = part_at_gaps(marks.points_mm[group.members], least_mm=settings.parting_mm, fewest=settings.fewest_members)
    return [group.take(part) for part in parts]


def _sparse_groups(
    marks: WeighedMarks, others: Sequence[Group], *, area_mm2: float, settings: GroupSettings
) -> list[Group]:
    """Take the second look, as far as the gaps ask for, around free marks that are together beyond chance."""
    held = np.concatenate([np.empty(0, dtype=np.intp), *(group.members for group in others)])
    free = np.setdiff1d(np.arange(len(marks.odds)), held)
    left = marks.take(free)
    sure = np.flatnonzero(left.odds >= settings.sparse_odds)
    linked = link_against_chance(
        left.points_mm[sure],
        area_mm2=area_mm2,
        farthest_mm=settings.sparse_link_mm,
        most_by_chance=settings.sparse_by_chance,
    )
    wide = replace(
        settings.membership,
        scale_mm=(settings.membership.scale_mm[0], settings.sparse_link_mm),
        least_chance=settings.sparse_chance,
    )
    grown = assign_once(_complete([sure[group] for group in linked], left, settings=wide))
    return _large_enough([replace(group, members=free[group.members]) for group in grown], settings=settings)


def _superseded(groups: Sequence[Group], *, by: Sequence[Group]) -> list[Group]:
    """Replace groups by one that shares marks with them and has more members than they have together."""
    left = list(groups)
    for larger in by:
        met = [bool(np.isin(group.members, larger.members).any()) for group in left]
        if any(met) and len(larger.members) > sum(len(left[k].members) for k in np.flatnonzero(met)):
            left = [*(group for group, is_met in zip(left, met, strict=True) if not is_met), larger]
    return left


def _large_enough(groups: Sequence[Group], *, settings: GroupSettings) -> list[Group]:
    return [group for group in groups if len(group.members) >= settings.fewest_members]


def _complete(seeds: Sequence[Indices], marks: WeighedMarks, *, settings: MembershipSettings) -> list[Group]:
    grown = [complete_group(seed, marks, settings=settings) for seed in seeds]
    return [group for group in grown if len(group.members) > 1]


def _asked(marks: CalcificationMarks, on_image: Values, *, settings: GroupSettings) -> Indices:
    """Choose the marks whose kind leaves open whether they belong to a group: the strongest, as many as allowed."""
    asked = np.flatnonzero(in_question(marks) & (on_image >= settings.least_odds))
    strongest = np.argsort(-on_image[asked], kind="stable")[: settings.most_marks]
    return np.sort(asked[strongest])


def _sensitivity(false_marks: float) -> float:
    """Factor on all odds that brings an operating point nearer to where `DEFAULT_FALSE_MARKS` lies."""
    ratio = odds(least_probability(DEFAULT_FALSE_MARKS)) / odds(least_probability(false_marks))
    return float(ratio**ODDS_MOVE)


def _wider_members(group: Group, wider: Sequence[Group]) -> Indices:
    """Members of the group and of those that hold one of them when linked over the wider distance."""
    met = [other.members for other in wider if np.isin(group.members, other.members).any()]
    return np.unique(np.concatenate([group.members, *met]))


def _rank(cluster: CalcificationCluster) -> tuple[float, int, float]:
    return (-cluster.confidence, -len(cluster.marks), float(cluster.points_rc[0, 0]))


def _labels(marks: CalcificationMarks, *, members: Sequence[Indices], sure: NDArray[np.bool_]) -> tuple[MarkLabel, ...]:
    labels = np.array(marks.labels, dtype=object)
    single = marks.labelled(MarkLabel.SUSPICIOUS, MarkLabel.SCATTERED)
    labels[single] = MarkLabel.SUSPICIOUS
    labels[single & sure] = MarkLabel.SCATTERED
    labels[np.concatenate([np.empty(0, dtype=np.intp), *members])] = MarkLabel.SUSPICIOUS
    return tuple(labels)

"""Candidates of simulated mammograms with what they truly are: what mark and kind model are trained on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from calcmeasure.detect.calcifications.bands import build_stack
from calcmeasure.detect.calcifications.candidates import find_candidates
from calcmeasure.detect.calcifications.features import Table, describe
from calcmeasure.detect.calcifications.marks import LEAST_SNR
from calcmeasure.detect.contract import Points, ProjectionImage, Values
from calcmeasure.detect.mammogram.preparation import prepare
from calcmeasure.phantom.mammogram.deposits import LABEL_CODES
from calcmeasure.phantom.mammogram.scenes import Scene
from calcmeasure.terms import MarkLabel

TISSUE, CALCIFICATION, FOREIGN, SECOND, LEFT_OUT = 0, 1, 2, 3, -1
"""What a candidate is; second is a further maximum on a calcification that one mark is to stand for. Left out are those
on arteries and in the skin: whether two plaques are one is nobody's question."""
_ONE_MARK = (MarkLabel.SUSPICIOUS, MarkLabel.SCATTERED, MarkLabel.COARSE)
NEAREST_MM, MARGIN_MM = 0.2, 0.1
"""A candidate belongs to a mark within this distance of its centre, or this far beyond its radius."""
_FOREIGN = (MarkLabel.FOREIGN, MarkLabel.ARTEFACT)


@dataclass(frozen=True, slots=True)
class Samples:
    """Candidates of several scenes.

    Parameters
    ----------
    table
        (n, features).
    kinds
        (n,) one of `TISSUE`, `CALCIFICATION`, `FOREIGN`, `SECOND`, `LEFT_OUT`.
    labels
        (n,) what owns the place of each (`calcmeasure.phantom.mammogram.deposits.LABEL_CODES`), 0 nothing.
    points_mm
        (n, 2).
    skin_mm
        (n,) depth below the skin line.
    seeds
        (n,) scene of each.
    area_cm2
        Searched in all scenes.
    marks
        True calcifications in all scenes.
    """

    table: Table
    kinds: NDArray[np.int8]
    labels: NDArray[np.uint8]
    points_mm: Points
    skin_mm: Values
    seeds: NDArray[np.int64]
    area_cm2: float
    marks: int

    @classmethod
    def join(cls, parts: Iterable[Samples]) -> Samples:
        """Several as one, in order of their seeds."""
        listed = sorted((part for part in parts if len(part.seeds)), key=lambda part: int(part.seeds[0]))
        arrays: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in listed]) for name in _ARRAYS}
        return cls(**arrays, area_cm2=sum(p.area_cm2 for p in listed), marks=sum(p.marks for p in listed))

    def take(self, which: NDArray[np.intp]) -> Samples:
        """Keep some of the candidates, of the same scenes."""
        return replace(self, **{name: getattr(self, name)[which] for name in _ARRAYS})

    def evened(self) -> Samples:
        """Every second, third … candidate of scenes that have more than `MOST_PER_SCENE`."""
        scenes = (np.flatnonzero(self.seeds == seed) for seed in np.unique(self.seeds))
        return self.take(np.concatenate([scene[:: -(-len(scene) // MOST_PER_SCENE)] for scene in scenes]))

    def save(self, path: Path) -> None:
        """Write as plain arrays."""
        np.savez(path, allow_pickle=False, **{name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def load(cls, path: Path) -> Samples:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays: dict[str, Any] = {name: stored[name] for name in _ARRAYS}
            return cls(**arrays, area_cm2=float(stored["area_cm2"]), marks=int(stored["marks"]))


MOST_PER_SCENE = 1500
"""A scene with more candidates, whose noise could not be told, must not decide what all others are judged by."""
_NOTHING_TO_SEARCH = Samples(
    table=np.empty((0, 0), np.float32),
    kinds=np.empty(0, np.int8),
    labels=np.empty(0, np.uint8),
    points_mm=np.empty((0, 2)),
    skin_mm=np.empty(0),
    seeds=np.empty(0, np.int64),
    area_cm2=0.0,
    marks=0,
)
_ARRAYS = ("table", "kinds", "labels", "points_mm", "skin_mm", "seeds")


def measure_scene(scene: Scene, *, seed: int) -> Samples:
    """Measure every candidate of a scene and tell what it truly is."""
    prepared = prepare(ProjectionImage(scene.attenuation, scene.valid, scene.spacing))
    if not prepared.search.any():
        return _NOTHING_TO_SEARCH
    box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(prepared.breast))
    stack = build_stack(
        prepared.attenuation[box], valid=scene.valid[box], inside=prepared.search[box], spacing=scene.spacing
    )
    found = find_candidates(stack, search=prepared.search[box], least_snr=LEAST_SNR)
    points_rc = found.points_rc + np.array([part.start for part in box])
    labels = owners(points_rc, scene)
    return Samples(
        table=describe(stack, found),
        kinds=mark_seconds(kinds_of(points_rc, found.snr, scene), labels),
        labels=labels,
        points_mm=points_rc * scene.spacing.rc_mm,
        skin_mm=prepared.skin.at(points_rc),
        seeds=np.full(len(found), seed),
        area_cm2=float(prepared.search.sum()) * scene.spacing.area_mm2 / 100.0,
        marks=sum(label not in _FOREIGN for label in scene.labels),
    )


def kinds_of(points_rc: Points, snr: Values, scene: Scene) -> NDArray[np.int8]:
    """Tell what each candidate is: the strongest of several on one calcification stands for it."""
    kinds = _kinds_by_owner(points_rc, scene)
    if not len(scene.marks_rc) or not len(snr):
        return kinds
    tree = cKDTree(points_rc * scene.spacing.rc_mm)
    reach_mm = np.maximum(NEAREST_MM, scene.diameters_mm / 2.0 + MARGIN_MM)
    taken = np.zeros(len(snr), dtype=bool)
    for mark in np.argsort(-scene.diameters_mm, kind="stable"):
        near = np.sort(tree.query_ball_point(scene.marks_rc[mark] * scene.spacing.rc_mm, reach_mm[mark])).astype(int)
        if scene.labels[mark] in _FOREIGN:
            kinds[near] = FOREIGN
            continue
        free = near[~taken[near]]
        kinds[free] = LEFT_OUT
        if len(free):
            best = free[snr[free].argmax()]
            taken[best], kinds[best] = True, CALCIFICATION
    return kinds


def mark_seconds(kinds: NDArray[np.int8], labels: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Tell second maxima from what is left out, by what owns the place."""
    second = (kinds == LEFT_OUT) & np.isin(labels, [LABEL_CODES[label] for label in _ONE_MARK])
    return np.where(second, SECOND, kinds).astype(np.int8)


def _kinds_by_owner(points_rc: Points, scene: Scene) -> NDArray[np.int8]:
    """Tell what lies at and beside each point: nothing, something foreign, or a calcification's body."""
    codes = _codes_around(points_rc, scene)
    kinds = np.where((codes > 0).any(axis=0), LEFT_OUT, TISSUE).astype(np.int8)
    foreign = np.isin(codes, [LABEL_CODES[label] for label in _FOREIGN]).any(axis=0)
    kinds[foreign] = FOREIGN
    return kinds


def owners(points_rc: Points, scene: Scene) -> NDArray[np.uint8]:
    """Label code at and beside each point; of several the smallest: a member of a group comes first."""
    codes = _codes_around(points_rc, scene).astype(int)
    owner = np.where(codes > 0, codes, len(LABEL_CODES) + 1).min(axis=0)
    return np.where(owner > len(LABEL_CODES), 0, owner).astype(np.uint8)


def _codes_around(points_rc: Points, scene: Scene) -> NDArray[np.uint8]:
    """(9, n) label codes of the pixels at and beside each point."""
    last = np.array(scene.label_map.shape) - 1
    around = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)]
    places = (np.clip(np.rint(points_rc + shift).astype(int), 0, last) for shift in around)
    return np.array([scene.label_map[place[:, 0], place[:, 1]] for place in places])

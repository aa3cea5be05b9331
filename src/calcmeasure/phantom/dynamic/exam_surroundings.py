"""What else lies in the breasts of an examination: drawn from settings, kept clear of the lesions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.distractors import Distractor, DistractorKind, Surroundings
from calcmeasure.phantom.dynamic.exam_settings import ExamSettings, SurroundingSettings
from calcmeasure.phantom.dynamic.lesions import LesionSpec
from calcmeasure.phantom.dynamic.ranges import Range, log_uniform, uniform
from calcmeasure.terms import Laterality

Triple = tuple[float, float, float]

IMPLANT_FRONT = 0.45
"""Depth behind which an implant leaves no room for lesions."""
_CLEAR_MM = 3.0
_COVERING = (DistractorKind.NODE, DistractorKind.SEROMA, DistractorKind.FOCUS, DistractorKind.AXILLARY_NODE)


def draw_surroundings(
    settings: ExamSettings, sides: tuple[Laterality, ...], *, field: FieldOfView, rng: np.random.Generator
) -> Surroundings:
    """Draw vessels, uptake and distractors of the breasts in the picture."""
    shares = settings.surroundings
    distractors: list[Distractor] = []
    if rng.random() < shares.implants:
        looks_bright = bool(rng.random() < 0.4)
        distractors += [_implant(side, field, rng, is_bright=looks_bright) for side in sides]
    for side in sides:
        distractors += _of_one_breast(shares, side, len(sides), rng)
    return Surroundings(
        tuple(distractors),
        vessels=round(uniform(shares.vessels, rng)),
        vessel_width=uniform(shares.vessel_width, rng),
        skin_uptake=uniform(shares.skin_uptake, rng),
        uneven_uptake=uniform(settings.uneven_uptake, rng),
    )


def has_implants(surroundings: Surroundings) -> bool:
    """Whether lesions must keep in front of implants."""
    return any(d.kind is DistractorKind.IMPLANT for d in surroundings.distractors)


def clear_of(
    distractors: tuple[Distractor, ...], lesions: tuple[LesionSpec, ...], *, field: FieldOfView
) -> tuple[Distractor, ...]:
    """Those that touch no lesion; nipples and implants stay where they are."""
    return tuple(d for d in distractors if d.kind not in _COVERING or not any(_touches(d, s, field) for s in lesions))


def _touches(distractor: Distractor, lesion: LesionSpec, field: FieldOfView) -> bool:
    places = [field.breast_point_lps(thing.laterality, thing.position) for thing in (distractor, lesion)]
    reach_mm = (max(distractor.diameters_mm) + 1.25 * lesion.diameter_mm) / 2
    return float(np.linalg.norm(places[0] - places[1])) < reach_mm + _CLEAR_MM


def _of_one_breast(
    shares: SurroundingSettings, side: Laterality, sides: int, rng: np.random.Generator
) -> Iterator[Distractor]:
    kind = DistractorKind
    for _ in range(rng.poisson(shares.nodes / sides)):
        where = (uniform((0.25, 0.65), rng), uniform((0.15, 0.45), rng), uniform((0.1, 0.6), rng))
        yield Distractor(kind.NODE, side, where, _oval((4.0, 9.0), rng), strength=uniform((0.6, 1.4), rng))
    for _ in range(rng.poisson(shares.axillary_nodes / sides)):
        where = (uniform((0.85, 1.02), rng), uniform((-0.12, 0.08), rng), uniform((0.1, 0.85), rng))
        yield Distractor(kind.AXILLARY_NODE, side, where, _oval((6.0, 14.0), rng), strength=uniform((0.5, 1.3), rng))
    for _ in range(rng.poisson(shares.foci / sides)):
        where = (uniform((-0.55, 0.55), rng), uniform((0.2, 0.7), rng), uniform((-0.6, 0.6), rng))
        yield Distractor(kind.FOCUS, side, where, _oval((2.0, 4.5), rng), strength=log_uniform((0.3, 0.9), rng))
    if rng.random() < shares.nipples:
        yield Distractor(kind.NIPPLE, side, (0.0, 0.975, 0.0), _oval((6.0, 10.0), rng), uniform((0.3, 1.5), rng))
    yield from _surgery(shares, side, sides, rng)


def _surgery(
    shares: SurroundingSettings, side: Laterality, sides: int, rng: np.random.Generator
) -> Iterator[Distractor]:
    where = (uniform((-0.4, 0.4), rng), uniform((0.2, 0.55), rng), uniform((-0.4, 0.4), rng))
    if rng.random() < shares.seromas / sides:
        yield Distractor(
            DistractorKind.SEROMA, side, where, _oval((12.0, 28.0), rng), is_bright=bool(rng.random() < 0.5)
        )
    if rng.random() < shares.clips / sides:
        yield Distractor(DistractorKind.CLIP, side, where, _oval((2.5, 5.0), rng))


def _implant(side: Laterality, field: FieldOfView, rng: np.random.Generator, *, is_bright: bool) -> Distractor:
    """Behind the gland, in front of the chest wall, as wide as the breast allows."""
    across_mm, depth_mm, height_mm = field.half_mm
    size = (0.62 * across_mm, 0.62 * depth_mm, 1.25 * height_mm)
    diameters = tuple(length * uniform((0.85, 1.0), rng) for length in size)
    return Distractor(
        DistractorKind.IMPLANT, side, (0.0, 0.15, 0.0), (diameters[0], diameters[1], diameters[2]), is_bright=is_bright
    )


def _oval(longest_mm: Range, rng: np.random.Generator) -> Triple:
    longest = uniform(longest_mm, rng)
    shares = rng.permutation([1.0, rng.uniform(0.65, 1.0), rng.uniform(0.6, 0.9)])
    return float(longest * shares[0]), float(longest * shares[1]), float(longest * shares[2])

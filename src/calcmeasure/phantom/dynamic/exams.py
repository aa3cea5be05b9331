"""Examinations to train and to judge a lesion detector on: whole dynamic series of which everything is known.

`draw_exam` gives one examination, `draw_exam_pair` the same patient before and after treatment. A seed and settings
decide an examination; seeds of training and of testing are disjoint (`ExamSettings.seeds`). Streams of random numbers
are kept apart, so that the same seed under settings that differ in one thing (``dataclasses.replace(TESTING,
noise=(20.0, 20.0))``) shows the same patient.

Examples
--------
>>> from calcmeasure.phantom.dynamic.exam_settings import TRAINING
>>> exam = draw_exam(7, settings=TRAINING)
>>> exam.phases.shape[0] == len(exam.timings)
True
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from calcmeasure.phantom.dynamic.anatomy import FieldOfView
from calcmeasure.phantom.dynamic.distractors import Distractor, DistractorKind
from calcmeasure.phantom.dynamic.exam_acquisitions import acquire, reposition
from calcmeasure.phantom.dynamic.exam_lesions import LesionDrawer
from calcmeasure.phantom.dynamic.exam_settings import TRAINING, Disease, ExamSettings, Layout
from calcmeasure.phantom.dynamic.exam_surroundings import IMPLANT_FRONT, clear_of, draw_surroundings, has_implants
from calcmeasure.phantom.dynamic.examination import DcePhantom, make_grid, synthesize_dce
from calcmeasure.phantom.dynamic.lesions import LesionSpec
from calcmeasure.phantom.dynamic.ranges import pick, uniform
from calcmeasure.phantom.dynamic.spec import DceSpec
from calcmeasure.terms import Laterality
from calcmeasure.terms.lesions import Response

_MARKED = 0.3
"""Share of treated lesions whose place is marked by a clip."""
_COURSES = (("gone", 0.16), ("smaller", 0.46), ("as it was", 0.20), ("larger", 0.18))
_FACTORS = {"gone": (0.0, 0.0), "smaller": (0.12, 0.85), "as it was": (0.85, 1.10), "larger": (1.10, 1.65)}
_SMALLEST_MM = 3.0
_RESPONSE_SHARE, _PROGRESSION_SHARE = 0.30, 0.20


@dataclass(frozen=True, slots=True)
class ExamPair:
    """The same patient before and after treatment.

    Parameters
    ----------
    response
        Class of the change of the largest lesion, see `response_of`.
    """

    before: DcePhantom
    after: DcePhantom
    response: Response


def draw_exam(seed: int, *, settings: ExamSettings = TRAINING) -> DcePhantom:
    """Draw one examination.

    Raises
    ------
    ValueError
        If the seed does not belong to these settings.
    """
    patient = _draw_patient(settings, rng=_stream(seed, settings, "patient"))
    return _visit(patient, seed, settings, name="first")


def draw_exam_pair(seed: int, *, settings: ExamSettings = TRAINING) -> ExamPair:
    """Draw one patient at two visits: the second with other positioning, another acquisition and treated lesions.

    Raises
    ------
    ValueError
        If the seed does not belong to these settings.
    """
    patient = _draw_patient(settings, rng=_stream(seed, settings, "patient"))
    treated = _treated(patient, settings, rng=_stream(seed, settings, "treatment"))
    before = _visit(patient, seed, settings, name="first")
    after = _visit(treated, seed, settings, name="second")
    return ExamPair(before, after, response_of(largest_mm(before), largest_mm(after)))


def largest_mm(exam: DcePhantom) -> float:
    """Greatest in-plane diameter of the largest lesion; 0 without any."""
    return max((lesion.diameter_mm for lesion in exam.lesions), default=0.0)


def response_of(before_mm: float, after_mm: float) -> Response:
    """Class of the largest lesion against baseline: more than 30 % down, more than 20 % up, on whole micrometres.

    Source: Zhu et al., Quant Imaging Med Surg 2023;13(9):5593-5604; exact ties are stable.
    """
    before_um, after_um = round(1000 * before_mm), round(1000 * after_mm)
    if after_um == 0:
        return Response.CR
    if 100 * (before_um - after_um) > round(100 * _RESPONSE_SHARE) * before_um:
        return Response.PR
    if 100 * (after_um - before_um) > round(100 * _PROGRESSION_SHARE) * before_um:
        return Response.PD
    return Response.SD


def _stream(seed: int, settings: ExamSettings, name: str) -> np.random.Generator:
    if seed not in settings.seeds:
        raise ValueError(f"seed {seed} is not one of these settings' seeds ({settings.seeds})")
    return np.random.default_rng([seed, *name.encode()])


def _draw_patient(settings: ExamSettings, *, rng: np.random.Generator) -> DceSpec:
    """Grid, breasts, lesions and what else there is: all that two visits share."""
    what, shape, around, within = rng.spawn(4)
    disease = pick(settings.diseases, what)
    layout = settings.layouts[what.integers(len(settings.layouts))]
    side = Laterality.LEFT if what.random() < 0.5 else Laterality.RIGHT
    spec = replace(
        _gridded(layout, side, shape),
        density=uniform(settings.density, shape),
        background_enhancement=uniform(settings.background, shape),
        anatomy_seed=int(shape.integers(2**31)),
        is_lean=True,
    )
    grid = make_grid(spec)
    field = FieldOfView.of(grid)
    sides = (side,) if layout.is_one_breast else (Laterality.RIGHT, Laterality.LEFT)
    surroundings = draw_surroundings(settings, sides, field=field, rng=around)
    behind = IMPLANT_FRONT if has_implants(surroundings) else 0.0
    lesions = LesionDrawer(settings, grid, side, behind=behind).draw(Disease(disease), within)
    clear = clear_of(surroundings.distractors, lesions, field=field)
    return replace(spec, lesions=lesions, surroundings=replace(surroundings, distractors=clear))


def _gridded(layout: Layout, side: Laterality, rng: np.random.Generator) -> DceSpec:
    """Spacing, tilt and centre of the volume."""
    row_mm = uniform(layout.in_plane_mm, rng)
    column_mm = row_mm * (rng.uniform(0.9, 1.1) if rng.random() < 0.1 else 1.0)
    slice_mm = uniform(layout.slice_mm, rng)
    half_mm = layout.shape[0] * slice_mm / 2
    across_mm = (1.0 if side is Laterality.LEFT else -1.0) * half_mm if layout.is_one_breast else rng.uniform(-4, 4)
    tilt = rng.normal(size=3) * 2.0
    return DceSpec(
        shape=layout.shape,
        spacing_zrc_mm=(slice_mm, row_mm, float(column_mm)),
        tilt_deg=(float(tilt[0]), float(tilt[1]), float(tilt[2])),
        centre_lps=(float(across_mm), float(rng.uniform(-70, -30)), float(rng.uniform(-20, 40))),
        plane=layout.plane,
    )


def _treated(spec: DceSpec, settings: ExamSettings, *, rng: np.random.Generator) -> DceSpec:
    """Change the lesions, mark some, calm the background, hang the breasts differently."""
    factor = uniform(_FACTORS[pick(_COURSES, rng)], rng)
    weaker = uniform((0.6, 1.0), rng) if factor < 1 else 1.0
    lesions = tuple(_changed(lesion, factor, weaker, rng) for lesion in spec.lesions)
    clips = tuple(
        Distractor(DistractorKind.CLIP, lesion.laterality, lesion.position, (3.0, 3.0, 3.0))
        for lesion in lesions[:1]
        if factor < 1 and rng.random() < _MARKED
    )
    surroundings = replace(spec.surroundings, distractors=(*spec.surroundings.distractors, *clips))
    return replace(
        spec,
        lesions=lesions,
        surroundings=surroundings,
        background_enhancement=spec.background_enhancement * uniform((0.5, 1.0), rng),
        positioning=reposition(settings, rng),
    )


def _changed(lesion: LesionSpec, factor: float, weaker: float, rng: np.random.Generator) -> LesionSpec:
    own = factor * uniform((0.9, 1.1), rng) if lesion.lesion_id != "L1" else factor
    diameter_mm = max(_SMALLEST_MM, own * lesion.diameter_mm) if own else 0.0
    return replace(lesion, diameter_mm=diameter_mm, strength=weaker * lesion.strength)


def _visit(spec: DceSpec, seed: int, settings: ExamSettings, *, name: str) -> DcePhantom:
    acquired = acquire(spec, settings, rng=_stream(seed, settings, f"{name} visit"))
    return synthesize_dce(acquired, rng=_stream(seed, settings, f"{name} noise"))

"""What the lesion detector is judged on: examinations of seeds and settings that no training has seen."""

from __future__ import annotations

from dataclasses import replace

from accuracy.suites import Suite
from calcmeasure.phantom.dynamic.artefacts import FatSuppression
from calcmeasure.phantom.dynamic.exam_settings import AXIAL, TESTING, Disease, ExamSettings
from calcmeasure.phantom.dynamic.examination import DcePhantom
from calcmeasure.phantom.dynamic.exams import draw_exam, draw_exam_pair

DISEASED = tuple((disease, share) for disease, share in TESTING.diseases if disease is not Disease.NONE)
MASSES = ((Disease.MASS, 0.6), (Disease.RIM, 0.4))
GOOD_FAT = ((FatSuppression.GOOD, 1.0),)
REFERENCE = replace(
    TESTING,
    diseases=MASSES,
    layouts=(AXIAL,),
    background=(0.05, 0.35),
    contact_share=0.0,
    noise=(9.0, 9.0),
    motion_mm=(0.0, 0.0),
    fat=GOOD_FAT,
    ghosts=0.0,
    surroundings=replace(TESTING.surroundings, implants=0.0, seromas=0.0),
)
"""What the targets were set for: masses on axial slices, fat suppressed, no ghosts; still, unless said otherwise."""


def draw_single(seed: int, settings: ExamSettings) -> tuple[DcePhantom, ...]:
    """One examination of a seed."""
    return (draw_exam(seed, settings=settings),)


def draw_visits(seed: int, settings: ExamSettings) -> tuple[DcePhantom, ...]:
    """The patient of a seed before and after treatment."""
    pair = draw_exam_pair(seed, settings=settings)
    return (pair.before, pair.after)


MAIN = Suite("everything", TESTING, draw_single)
STILL = Suite("reference, still", REFERENCE, draw_single, 0.5)
MOVED = Suite("reference, 1 mm of motion", replace(REFERENCE, motion_mm=(1.0, 1.0), moved_share=1.0), draw_single, 0.5)
NORMAL = Suite("no lesion", replace(TESTING, diseases=((Disease.NONE, 1.0),)), draw_single, 0.3)
PAIRS = Suite("before and after", replace(TESTING, diseases=DISEASED), draw_visits, 0.5)
PLAIN_PAIRS = Suite("before and after, reference", REFERENCE, draw_visits, 0.5)
ROBUSTNESS_SHARE = 0.12


def robustness() -> tuple[Suite, ...]:
    """Change one thing at a time; every suite shows the same patients."""
    axial = replace(AXIAL, in_plane_mm=(1.0, 1.0))
    changes = {
        "as it is": {},
        **{f"motion {mm} mm": {"motion_mm": (mm, mm), "moved_share": 1.0} for mm in (1.0, 2.0, 4.0, 6.0)},
        **{f"noise {sd:.0f}": {"noise": (sd, sd)} for sd in (5.0, 14.0, 20.0)},
        **{f"background {100 * b:.0f} %": {"background": (b, b)} for b in (0.05, 0.30, 0.60)},
        **{f"slices of {mm} mm, 1 mm in plane": {"layouts": (_thick(axial, mm),)} for mm in (1.0, 2.0, 4.0)},
        **{f"fat suppression: {kind}": {"fat": ((kind, 1.0),)} for kind in FatSuppression if kind.value != "good"},
        "ghosts": {"ghosts": 1.0, "heart_ghost": (0.12, 0.12), "body_ghost": (0.02, 0.02)},
        "implants": {"surroundings": replace(TESTING.surroundings, implants=1.0)},
        "seroma and clip": {"surroundings": replace(TESTING.surroundings, seromas=2.0, clips=2.0)},
        "chest-wall contact": {"contact_share": 1.0},
    }
    return tuple(
        Suite(name, replace(REFERENCE, **change), draw_single, ROBUSTNESS_SHARE) for name, change in changes.items()
    )


def _thick(layout, slice_mm: float):
    """The same extent of the breast in slices of another thickness."""
    slices, rows, columns = layout.shape
    return replace(layout, shape=(round(2.1 * slices / slice_mm), rows, columns), slice_mm=(slice_mm, slice_mm))

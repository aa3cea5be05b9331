"""Enhancing lesions of a dynamic series at its early phase: found, told from what only resembles them, and outlined.

Pre-contrast is moved onto the early phase; candidates are components of percent enhancement at several heights and
spots brighter than their surroundings; each is outlined on the subtraction and weighed by a model trained on simulated
examinations. What is no lesion is listed with what it looks like.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from calcmeasure.detect.contract import DynamicImage, LesionFinding, LesionFindings
from calcmeasure.detect.lesions.describing import FTV_PERCENT, describe
from calcmeasure.detect.lesions.extents import joined_parts, widest_mm
from calcmeasure.detect.lesions.judging import Judged, judge
from calcmeasure.detect.lesions.scene import Scene, see
from calcmeasure.detect.lesions.weighing import ACCEPTED
from calcmeasure.errors import DetectorError, ErrorCode
from calcmeasure.geometry import Spacing
from calcmeasure.terms import Flag

_LOGGER = logging.getLogger(__name__)

MAX_OTHERS = 10
"""So many of what is no lesion are listed."""


def detect_lesions(image: DynamicImage) -> LesionFindings:
    """Find enhancing lesions, the largest first: the detector ``largest-lesion``.

    Parameters
    ----------
    image
        All phases; only the one before contrast and the early one are needed.

    Returns
    -------
    LesionFindings
        Largest first; no lesions when nothing is likely to be one.

    Raises
    ------
    DetectorError
        `ErrorCode.DETECTION` if the phases differ in shape, hold no finite signal or show no breast.
    """
    _check(image)
    scene = see(image)
    judged = judge(scene)
    accepted = [candidate for candidate in judged if candidate.probability >= ACCEPTED]
    lesions = [describe(candidate, scene, is_lesion=True) for candidate in _largest_first(accepted)]
    rest = [candidate for candidate in judged if candidate.probability < ACCEPTED][:MAX_OTHERS]
    _LOGGER.debug("%d lesions, background %.0f %%", len(lesions), scene.maps.background.median)
    return LesionFindings(
        lesions=tuple(lesions),
        breast=scene.region.mask,
        enhancement=scene.maps.percent,
        flags=_flags(scene),
        others=tuple(describe(candidate, scene, is_lesion=False) for candidate in rest),
        background=scene.maps.background.as_found(),
        motion=scene.aligned.motion,
        moved=scene.aligned.moved,
        parameters=_parameters(scene),
    )


def detect_extent(image: DynamicImage) -> LesionFindings:
    """Find enhancing lesions and join those of one breast: the detector ``extent-of-disease``.

    The extent is the greatest in-plane distance within all parts together, as on a maximum intensity projection along
    the slices; with one part it is the lesion's own diameter.

    Parameters, returns and errors are those of `detect_lesions`.
    """
    found = detect_lesions(image)
    spacing = image.grid.spacing
    sides = dict.fromkeys(lesion.laterality for lesion in found.lesions)
    joined = [joined_parts([x for x in found.lesions if x.laterality is side], spacing=spacing) for side in sides]
    return replace(found, lesions=tuple(sorted(joined, key=lambda lesion: -_widest_mm(lesion, spacing))))


def _check(image: DynamicImage) -> None:
    if not image.pre.shape == image.early.shape == image.grid.shape:
        raise DetectorError(
            f"phases and grid differ in shape: {image.pre.shape}, {image.early.shape}, {image.grid.shape}",
            code=ErrorCode.DETECTION,
        )
    if not all(np.isfinite(phase).all() for phase in image.phases):
        raise DetectorError("the phases hold values that are not finite", code=ErrorCode.DETECTION)


def _largest_first(accepted: list[Judged]) -> list[Judged]:
    return sorted(accepted, key=lambda candidate: -candidate.diameter_mm)


def _widest_mm(lesion: LesionFinding, spacing: Spacing) -> float:
    return widest_mm(lesion.contours_zrc, spacing)


def _flags(scene: Scene) -> tuple[str, ...]:
    single = (Flag.SINGLE_SLICE.value,) if scene.image.grid.shape[0] == 1 else ()
    return (*scene.region.flags, *scene.motion_flags, *single)


def _parameters(scene: Scene) -> dict[str, float]:
    background = scene.maps.background
    return {
        "accepted_probability": ACCEPTED,
        "background_high_percent": background.high,
        "demand_percent": background.demand,
        "divisor_floor": scene.maps.floor,
        "ftv_percent": FTV_PERCENT,
    }

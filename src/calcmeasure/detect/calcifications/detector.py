"""The ``group-likelihood`` detector: groups of calcifications on one mammogram.

Prepared mammogram → bands over local noise → local maxima → probability per mark → what each is taken for → groups.
It needs no grey level calibration and no knowledge of the vendor; it works on For Presentation and For Processing
images alike. It is a tool for measuring an extent that a reader confirms, not for finding cancer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calcmeasure.detect.calcifications.bands import build_stack
from calcmeasure.detect.calcifications.benign import CoarseObjects, find_coarse
from calcmeasure.detect.calcifications.context import SeenMarks, shipped_context_model
from calcmeasure.detect.calcifications.kinds import shipped_kind_model
from calcmeasure.detect.calcifications.labels import label_marks, likely_foreign
from calcmeasure.detect.calcifications.marks import Marks, find_marks
from calcmeasure.detect.calcifications.regrouping import regroup
from calcmeasure.detect.calcifications.settings import CalcificationSettings
from calcmeasure.detect.contract import (
    BoolImage,
    CalcificationFindings,
    CalcificationMarks,
    ProjectionImage,
    Values,
)
from calcmeasure.detect.mammogram.preparation import PreparedMammogram, prepare
from calcmeasure.terms import Flag, MarkLabel, merge_flags

_log = logging.getLogger(__name__)


def detect_calcifications(
    image: ProjectionImage,
    *,
    settings: CalcificationSettings = CalcificationSettings(),  # noqa: B008 - frozen
) -> CalcificationFindings:
    """Find groups of calcifications.

    Parameters
    ----------
    image
        Attenuation-up mammogram with its pixel spacing; read only.
    settings
        All lengths in mm.

    Returns
    -------
    CalcificationFindings
        Clusters, strongest first, and every mark down to the most sensitive operating point. An image without a
        breast, or too small for one, gives no clusters and the flag ``no_breast``; a breast that could not be told
        from the background is searched whole and flagged.

    Raises
    ------
    DetectorError
        If the arrays do not fit together or the pixel size is outside 0.02-0.4 mm (`ErrorCode.DETECTION`).
    """
    prepared = prepare(image, skin_mm=settings.skin_mm, padding_mm=settings.padding_mm)
    if not prepared.breast.any():
        return CalcificationFindings((), prepared.breast, CalcificationMarks.none(), flags=prepared.flags)
    marks, flags = find_labelled_marks(prepared, image, settings=settings)
    seen = CalcificationFindings((), prepared.breast, marks, flags=merge_flags(prepared.flags, flags))
    return regroup(seen, spacing=image.spacing, false_marks=settings.false_marks, settings=settings.groups)


def find_labelled_marks(
    prepared: PreparedMammogram, image: ProjectionImage, *, settings: CalcificationSettings
) -> tuple[CalcificationMarks, tuple[str, ...]]:
    """Every mark on an image with what it is taken for, before grouping; and what to know about them.

    One mark stands for each coarse object, however many maxima lie on it.
    """
    fine, seen, coarse = see_marks(prepared, image, settings=settings)
    kinds = shipped_context_model().kinds_in_context(seen)
    labels = label_marks(fine, kinds=kinds, skin_mm=seen.skin_mm, spacing=image.spacing)
    return _as_contract(fine, labels, suspicious=kinds[:, 0], coarse=coarse), _flags(labels, settings=settings)


def see_marks(
    prepared: PreparedMammogram,
    image: ProjectionImage,
    *,
    settings: CalcificationSettings = CalcificationSettings(),  # noqa: B008 - frozen
) -> tuple[Marks, SeenMarks, CoarseObjects]:
    """Find the marks worth keeping, each judged by its own looks, and the coarse objects."""
    crop = _box(prepared.breast)
    stack = build_stack(
        prepared.attenuation[crop.of],
        valid=image.valid[crop.of],
        inside=prepared.search[crop.of],
        spacing=image.spacing,
    )
    found = find_marks(stack, search=prepared.search[crop.of])
    coarse = find_coarse(stack, smallest_mm=settings.coarse_mm, snr=settings.coarse_snr)
    _log.debug("%d candidate marks, %d coarse objects", len(found), len(coarse.centres_rc))
    kept = _kept(found, coarse=coarse, settings=settings)
    fine = found.take(kept[: settings.most_marks]).moved(crop.origin_rc)
    seen = SeenMarks(
        points_mm=fine.points_rc * image.spacing.rc_mm,
        probabilities=fine.probabilities,
        kinds=shipped_kind_model().chances(fine.table),
        diameters_mm=fine.diameters_mm,
        skin_mm=prepared.skin.at(fine.points_rc),
    )
    return fine, seen, coarse.moved(crop.origin_rc)


def _flags(labels: tuple[MarkLabel, ...], *, settings: CalcificationSettings) -> tuple[Flag, ...]:
    noted = {
        Flag.TOO_MANY_MARKS: len(labels) == settings.most_marks,
        Flag.CALCIFIED_ARTERIES: labels.count(MarkLabel.VASCULAR) >= settings.many_plaques,
    }
    return tuple(flag for flag, applies in noted.items() if applies)


@dataclass(frozen=True, slots=True)
class _Crop:
    """Box of the image around the breast; `origin_rc` is its first pixel."""

    of: tuple[slice, slice]

    @property
    def origin_rc(self) -> NDArray[np.float64]:
        return np.array([part.start for part in self.of], dtype=float)


def _box(mask: BoolImage) -> _Crop:
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return _Crop((slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)))


def _kept(found: Marks, *, coarse: CoarseObjects, settings: CalcificationSettings) -> NDArray[np.intp]:
    """Choose the marks worth keeping that are not on a coarse object, most probable first."""
    likely = (found.body_chances >= settings.least_probability) | likely_foreign(found)
    fine = np.flatnonzero(likely & ~coarse.covers(found.points_rc))
    return fine[np.argsort(-found.probabilities[fine], kind="stable")]


def _as_contract(
    fine: Marks, labels: tuple[MarkLabel, ...], *, suspicious: Values, coarse: CoarseObjects
) -> CalcificationMarks:
    unknown, sure = np.full(len(coarse.centres_rc), np.nan), np.ones(len(coarse.centres_rc))
    return CalcificationMarks(
        points_rc=np.concatenate([fine.points_rc, coarse.centres_rc]),
        diameters_mm=np.concatenate([fine.diameters_mm, coarse.diameters_mm]),
        probabilities=np.concatenate([fine.probabilities, sure]),
        contrasts=np.concatenate([fine.contrasts, unknown]),
        snr=np.concatenate([fine.snr, unknown]),
        labels=labels + (MarkLabel.COARSE,) * len(sure),
        suspicious_chances=np.concatenate([suspicious, 0.0 * sure]),
        body_chances=np.concatenate([fine.body_chances, sure]),
    )
